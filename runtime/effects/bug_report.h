// What a bug of ours leaves behind, for whoever met it to look through and to send: a file with the version, the
// command line, what went wrong and where, and the texts that were read. For a broken ROLLOUT_CHECK and for the
// signals of a crash; both end the process with code 70. Values of `--set` stay out, and so do all environment
// variables. Always true: writing it asks for no memory, and ends within two seconds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollout::effects {

inline constexpr int bug_exit_code = 70;

/// From now on. The file is `rollout-bug-PID.txt` in `directory`, or in /tmp where that cannot be written.
void report_bugs(const std::string& directory, std::string_view version, const std::vector<std::string>& args);

/// What this thread does, `r12`: it stands in the report, and alone in the file that `note_bugs_in` names. Empty:
/// nothing in particular.
void work_on(std::string_view what);
/// As if a thread that does nothing in particular did that; empty: nobody can tell.
void work_on_alone(std::string_view what);
/// For whoever started this process: a bug leaves what was done when it was met in the file `path` and our process id
/// behind it. The folder is there.
void note_bugs_in(const std::string& path);

/// A file whose text belongs into the report, by its full path: the first 64, of each the first MiB.
void add_to_bug_reports(std::string_view path);

}  // namespace rollout::effects
