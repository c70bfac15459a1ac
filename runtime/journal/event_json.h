// One event as one line of JSON, and back. What is written here is read by every later version of the tool.
#pragma once

#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "runtime/journal/event.h"

namespace rollout::journal {

std::string encode(const Event& event);

/// Refuses newer versions, unknown events and unknown words: a guess about a running change is worse than a stop.
Result<Event> decode(std::string_view line);
/// The same for every event, by a tree of JSON: three times as slow for those of which there are most.
Result<Event> decode_any(std::string_view line);

}  // namespace rollout::journal
