// Witnessed: which of the things that a scenario scripts came about. For tests and campaigns, in which a run counts
// only if what was to disturb it was met.
#pragma once

#include <cstdint>
#include <vector>

namespace rollout::sim {

/// How often what a scenario scripts came about, entry by entry in its order: what nobody witnessed proves nothing.
struct Witnessed {
  std::vector<int64_t> faults;         ///< calls and looks that failed by it
  std::vector<int64_t> answers;        ///< waits that asked this person
  std::vector<int64_t> locks;          ///< tries to take it in vain
  std::vector<int64_t> unreachable;    ///< messages that did not reach the team
  std::vector<int64_t> resumes;        ///< parked runs that went on then
  std::vector<int64_t> crashes;        ///< by Scenario::crash_in_phase
  int64_t deaths = 0;                  ///< processes that were killed, and another one went on
  int64_t unread = 0;                  ///< processes that could not read the record, and ended
  int64_t snapshots = 0;               ///< processes that went on from a snapshot
  bool aborted = false;
};

}  // namespace rollout::sim
