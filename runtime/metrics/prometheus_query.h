// From a signal of the plan to the text of a query. Names and values are checked and quoted here,
// so nothing of a plan is ever read as a query of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"
#include "runtime/metrics/metric_source.h"

namespace rollout::metrics {

/// The text of an argument, or the fallback.
std::string_view argument(const plan::Signal& signal, std::string_view name,
                          std::string_view fallback = {});

/// `shop_requests_total{service="checkout",track="canary",instance_set=~"|g3-1\\.1"}`. Role All: all
/// roles. Of labelled instances only those of the subject's sets; series without that label come from
/// a Prometheus that is set up by hand, and count by `by` alone.
Result<std::string> selector_for(const plan::Service& service, const plan::Signal& signal,
                                 const std::string& metric, const std::string& by, plan::Role role,
                                 const std::optional<Subject>& subject);

/// `up{service="checkout",instance_set!=""}`: all labelled instances of the service.
std::string scraped_selector(const plan::Service& service);

/// From a number as Prometheus has it, seconds or a ratio, to the unit of plan::Condition.
double unit_factor(const plan::Signal& signal);

/// `shop_request_seconds_bucket`.
std::string bucket_name(std::string_view name);

/// The bound in a bucket's label `le`.
std::optional<double> bucket_bound(std::string_view le);

}  // namespace rollout::metrics
