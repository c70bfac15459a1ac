// simulate_promotion: a promotion through environments, each a simulated world of its own, by the real engine in
// virtual time. For `simulate` and `test` and for the fault campaigns. Pure, as run_simulation is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/exec/promotion.h"
#include "runtime/sim/simulate.h"

namespace rollout::sim {

/// One environment. The times of its scenario count from its entry.
struct StageScript {
  std::string environment;
  int64_t soak_ns = 0;
  plan::Plan plan;
  Scenario scenario;
};

/// The times here count from the beginning of the promotion.
struct PromotionScript {
  std::string promotion, rollout;
  std::vector<StageScript> stages;  ///< at least one
  std::optional<int64_t> abort_at_ns;
  std::vector<int64_t> resume_at_ns;  ///< a person goes on with it then, where a run of it is parked
  std::optional<int64_t> take_back_after_ns;  ///< so long after its success all of it is taken back
  std::optional<int64_t> start_wall_ns;
  std::vector<int64_t> crash_at;    ///< operations of all runs and of the promotion itself
  std::vector<int64_t> crash_at_ns; ///< moments; ascending
  int64_t downtime_ns = 5'000'000'000;
  int64_t limit_ns = int64_t{365} * 86'400 * 1'000'000'000;
};

struct PromotionResult {
  std::optional<journal::Outcome> outcome;  ///< where it ended; none: it did not
  exec::PromotionState state;
  std::vector<journal::PromotionEvent> events;
  std::vector<std::optional<SimResult>> stages;  ///< none: not entered
  std::string cause;                    ///< why it did not end well
  int64_t run_ns = 0;                   ///< from the beginning to the end
  std::vector<Violation> violations;  ///< of the invariants of runs and of promotions
  std::vector<int64_t> durable_at;      ///< by event: as of SimResult
  int64_t operations = 0;
  int processes = 1;
  std::vector<int64_t> died_at_ns;      ///< those of PromotionScript::crash_at_ns at which there was a process
  std::vector<int64_t> resumed_at_ns;   ///< those of PromotionScript::resume_at_ns at which something was parked
  bool aborted = false;                 ///< the scripted abort came before the end
};

PromotionResult simulate_promotion(const PromotionScript& script);

}  // namespace rollout::sim
