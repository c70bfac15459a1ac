// From a signal of the plan to the text of a query. Names and values are checked and quoted here,
// so nothing of a plan is ever read as a query of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"

namespace rollout::metrics {

/// The text of an argument, or the fallback.
std::string_view argument(const plan::Signal& signal, std::string_view name,
                          std::string_view fallback = {});

/// `shop_requests_total{service="checkout",track="canary"}`. Role All: all roles.
Result<std::string> selector_for(const plan::Service& service, const plan::Signal& signal,
                                 const std::string& metric, const std::string& by, plan::Role role);

/// `shop_request_seconds_bucket`.
std::string bucket_name(std::string_view name);

/// The bound in a bucket's label `le`.
std::optional<double> bucket_bound(std::string_view le);

}  // namespace rollout::metrics
