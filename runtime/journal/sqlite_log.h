// The write-ahead log of a state file as SQLite lays it out, read before SQLite reads it: SQLite takes the log up to
// the first frame that does not fit, and whatever stood behind that is gone without a word. For SqliteDb alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rollout::journal {

/// Whether a log is beside the file whose beginning is one.
bool has_log(const std::string& path);

/// Commits that were in the log when it was in use last, and are not in it now.
struct LostFrames {
  uint32_t there = 0, were = 0;  ///< pages, up to the last commit
};
/// Told by the index beside the log, which outlives a crash. Nothing: none is missing, or nobody can say. For who is
/// alone with the file, before it is opened.
std::optional<LostFrames> lost_frames(const std::string& path);

}  // namespace rollout::journal
