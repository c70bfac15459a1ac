// The events of which a long journal has most, read without a tree of JSON: a step begun, a step done, a sample. For
// event_json alone. Always true: what is given is what the tree would give; what was not written exactly so is left to
// it.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/journal/event.h"

namespace rollout::journal {

std::optional<Event> decode_common(std::string_view line);

}  // namespace rollout::journal
