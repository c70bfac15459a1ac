// Secrets: the value behind a reference that a plan carries. For the backend that needs it, at the moment it does; the
// value is kept by nobody and stands in no message.
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "runtime/effects/files.h"

namespace rollout::effects {

inline constexpr size_t max_secret_bytes = 4096;

/// `place`: `env:NAME`, or `file:PATH` below `root` unless it begins with a slash; of a file without the new line at
/// its end. Empty where there is no such variable.
Result<std::string> read_secret(Files& files, const std::string& root, const std::string& place);

}  // namespace rollout::effects
