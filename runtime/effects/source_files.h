// Source files: what people wrote, read below one folder. For the command line, which has no Effects yet.
// Always true: nothing outside `root` is read, whatever `..` and symbolic links say, not even when somebody changes
// them meanwhile; and nothing is waited for: a pipe, a device or a folder in the place of a file is refused.
#pragma once

#include <cstddef>
#include <string>

#include "compiler/base/result.h"

namespace rollout::effects {

/// The one name, relative to `root`, of a file that may be spelled in several ways. `root` has no links itself.
/// What leads out of it is `refused`.
Result<std::string> real_path_below(const std::string& root, const std::string& path);

/// The text of a regular file; an error when it is longer than `max_bytes`.
Result<std::string> read_below(const std::string& root, const std::string& path, size_t max_bytes);

}  // namespace rollout::effects
