// What the versions of a plan live beside, as lines of its preview. For `plan` and `show`.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::cli {

/// `checkout 2.0.0 meets schemas V12__prices and V13__add_currency of orders, declares 12..13 (its label)`
std::vector<std::string> beside_texts(const plan::Plan& plan);

/// `hosts holds 10 of 12 instances at most`, of targets with a quota.
std::vector<std::string> peak_texts(const plan::Plan& plan);

}  // namespace rollout::cli
