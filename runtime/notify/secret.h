// The value behind a reference of a secret: `env:TOKEN` or `file:run/token`. For whoever sends it to its backend, and
// nobody else: the value is never part of a message, an error or a record.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "runtime/effects/files.h"

namespace rollout::notify {

inline constexpr size_t max_secret_bytes = 4096;

/// Where secrets are found.
struct SecretSource {
  std::function<std::optional<std::string>(const char*)> variable;
  effects::Files& files;
  std::string root;  ///< paths are relative to it
};

/// One line of text, without the line break at its end. The error names the reference, never the value.
Result<std::string> read_secret(std::string_view reference, const SecretSource& from);

}  // namespace rollout::notify
