// Snapshots: what a run has come to after so many of its events, kept beside them, so that whoever goes on with the run
// reads only what came later. For stores, which keep the newest one of a run, and for the engine, which makes the text
// and reads it. Always true: a snapshot is a copy of what the events say. What does not fit them is left aside, and
// nobody who checks a record looks at one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/journal/event.h"

namespace rollout::journal {

struct Snapshot {
  int64_t events = 0;  ///< how many it stands for
  std::string text;
};

/// Of a run that somebody goes on with.
struct Recent {
  std::optional<Snapshot> snapshot;
  std::vector<Event> events;  ///< behind the snapshot; without one all of them
};

/// A hash that binds the text to the run, its plan and the hash of the last event that it stands for, and so to all
/// before it.
std::string binding_of(std::string_view run, std::string_view plan_hash, std::string_view head, int64_t events,
                       std::string_view text);

}  // namespace rollout::journal
