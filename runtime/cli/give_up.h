// The way out of a run that this version can neither drive nor take back, because an earlier rollout made its plan or
// its record is damaged: a person ends its record, and nothing in the world is changed. For `abort --give-up`, and for
// those who name that command.
#pragma once

#include <string>

#include "runtime/cli/session.h"

namespace rollout::cli {

/// `give it up: rollout abort r6 --give-up --reason TEXT …`
std::string give_up_text(const std::string& run);

/// What to do with a run that has not ended and whose plan an earlier rollout made, as `next` says it; empty: its plan
/// is one of today.
std::string next_of_earlier(const Planned& planned, const std::string& run);

/// How a run that nobody drives and that stands in the way comes to its end, for people.
std::string ways_to_end(journal::Store& store, const std::string& run);

/// The error of reading the plan or the record of a run that has not ended, with that way out where there is no other.
OpError with_way_out(OpError error, const std::string& run);

/// Refused while the run can be driven, or somebody drives it.
int give_up(const Context& context, NamedRun& named, journal::Request request);

}  // namespace rollout::cli
