// Hook: what the file does beside the way back, when the run is aborted or goes back for any cause. For the planner,
// the engine and the previews. Always true: nothing of it stands in the way back, and each of its actions ends in time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rollout::plan {

/// What a team is told.
struct Note {
  uint32_t channel = 0;  ///< index into Plan::channels
  std::string text;
};

/// `on abort { … }` or `on rollback { … }`. Its actions begin when everything has gone back, and are not taken back.
struct Hook {
  bool on_abort = false;          ///< only when a person has aborted the run; otherwise whatever the cause
  std::vector<Note> notes;        ///< told when the run begins to go back
  std::vector<uint32_t> actions;  ///< indices into Plan::undo, each of a subject that no step changes
  std::string place;              ///< `release.rollout:12`, where it is written
};

struct Plan;
/// Whether the undo action with this index belongs to a hook: it then takes nothing back.
bool is_hook_action(const Plan& plan, uint32_t undo);

}  // namespace rollout::plan
