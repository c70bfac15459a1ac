// A unified diff of two short texts, for people. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rollout::golden {

/// Empty when the texts are equal; otherwise hunks with three lines of context.
std::string unified_diff(std::string_view expected, std::string_view found);

}  // namespace rollout::golden
