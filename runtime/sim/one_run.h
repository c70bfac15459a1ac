// OneRun: a simulated run that is driven process by process, for simulations of more than one run. Its world, its clock
// and its judges are its own; the journal and what kills processes are shared.
#pragma once

#include <memory>
#include <optional>

#include "runtime/journal/memory_store.h"
#include "runtime/sim/crash_switch.h"
#include "runtime/sim/simulate.h"

namespace rollout::sim {

class OneRun {
 public:
  virtual ~OneRun() = default;
  /// Makes the run, as a stage of a promotion where one is given.
  virtual Result<std::string> create(std::optional<journal::StageOf> stage) = 0;
  /// As `rollout rollback` of one that stands as succeeded; of any other it does nothing.
  virtual Status reopen() = 0;
  /// Drives it until it ends, is parked, or its process dies.
  virtual void drive() = 0;
  /// Another process takes over, so much later.
  virtual void restart(int64_t downtime_ns) = 0;
  /// How long ago it was made.
  virtual int64_t elapsed_ns() const = 0;
  /// When nothing more happens to it.
  virtual SimResult report() = 0;
};

/// `plan` and `scenario` outlive it.
std::unique_ptr<OneRun> make_run(const plan::Plan& plan, const Scenario& scenario, CrashSwitch& crash,
                                 journal::MemoryStore& memory);

}  // namespace rollout::sim
