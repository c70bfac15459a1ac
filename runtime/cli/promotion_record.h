// The record of promotions, checked from outside as that of runs is: chains, noted heads, and what the store says
// beside their events. For `audit --verify`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/cli/beside_events.h"
#include "runtime/cli/record.h"
#include "runtime/journal/store.h"

namespace rollout::cli {

/// What is wrong with one promotion; empty: nothing. A promotion that goes on meanwhile is whole. `row`: of the list
/// that commands go by.
Result<std::vector<std::string>> promotion_problems(journal::Store& store, const journal::PromotionInfo& row,
                                                    const std::vector<NotedHead>& heads);

}  // namespace rollout::cli
