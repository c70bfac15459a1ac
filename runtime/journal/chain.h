// The hash chain over a run's events: each row's hash covers its text and all rows before it, so that a row
// changed, lost or added by anybody else is seen when the run is read.
#pragma once

#include <string>
#include <string_view>

namespace rollout::journal {

/// The hash before the first event: it binds the events to their run and plan.
std::string chain_start(std::string_view run, std::string_view plan_hash);
std::string chain_next(std::string_view previous, std::string_view line);

}  // namespace rollout::journal
