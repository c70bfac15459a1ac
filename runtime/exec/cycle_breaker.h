// The life cycle of an endpoint that calls go to.
#pragma once

#include "runtime/exec/cycle_row.h"

namespace rollout::exec {

/// Of one endpoint, as a process knows it: whether calls are made. Nygard's circuit breaker ("Release It!", 2007).
enum class BreakerPhase { Closed, Open, Trying };
enum class BreakerTrigger { Trip, Due, Answered, Failed };
inline constexpr Row<BreakerPhase, BreakerTrigger> breaker_rows[] = {
    {BreakerPhase::Closed, BreakerTrigger::Trip, BreakerPhase::Open},
    {BreakerPhase::Open, BreakerTrigger::Due, BreakerPhase::Trying},  // one call goes out
    {BreakerPhase::Trying, BreakerTrigger::Answered, BreakerPhase::Closed},
    {BreakerPhase::Trying, BreakerTrigger::Failed, BreakerPhase::Open},
    {BreakerPhase::Open, BreakerTrigger::Answered, BreakerPhase::Closed},  // a call of a way back, which never waits
};

}  // namespace rollout::exec
