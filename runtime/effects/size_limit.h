// The limit on the size of files that a process was given (`ulimit -f`): reaching it is an error of the write, which
// says so, and not the end of the program.
#pragma once

#include <string>

namespace rollout::effects {

/// For the whole process; its children have the system's default again.
void outlive_size_limit();

/// Whether a write may have failed because the file has reached the limit, or is less than 64 KiB below it.
bool at_size_limit(const std::string& path);

}  // namespace rollout::effects
