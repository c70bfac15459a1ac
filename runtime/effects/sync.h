// Making durable what others have written. For copies of a whole state, which another library writes.
#pragma once

#include <string>

#include "compiler/base/result.h"

namespace rollout::effects {

/// A file, or the names in a folder, are on the disk as they are now.
Status sync_path(const std::string& path);

}  // namespace rollout::effects
