// run_simulation: one run of a plan in the simulated world, by the real engine, in virtual time. For the commands
// `simulate` and `test` and for the fault campaigns. Pure: the same arguments give the same result to the bit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/exec/drive.h"
#include "runtime/sim/scenario.h"
#include "runtime/sim/sim_messenger.h"
#include "runtime/sim/sim_world.h"
#include "runtime/sim/violation.h"
#include "runtime/sim/witnessed.h"

namespace rollout::sim {

class CrashSwitch;

struct SimResult {
  std::optional<journal::Outcome> outcome;  ///< none: the run did not end, or was looked at for less
  std::string detail;                       ///< of RunEnded
  bool left = false;                        ///< it recorded as many events as the scenario allows, and did not end
  int64_t locks_left = 0;                   ///< held by the run in the end
  std::string cause;                        ///< of a rollback: what went wrong
  uint32_t phase = plan::none;          ///< index into Plan::phases: where forward progress ended
  std::vector<journal::Event> events;   ///< the timeline; times by `wall_ns - start_of(…)`
  int64_t run_ns = 0;                   ///< from start to end
  int64_t rollback_ns = 0;              ///< from the start of the rollback until all was restored
  int64_t verify_ns = 0;                ///< of the check after it
  std::vector<int64_t> exposure_ns;     ///< by service: share of the canary, or of a flag, times time
  std::vector<eval::Value> states;      ///< by service, in the end: of a flag its share, of a database its schema
  /// By service: all of it is done, or it was taken back; nothing: neither.
  std::vector<std::optional<journal::Outcome>> services;
  std::vector<Violation> violations;  ///< of the invariants; empty in a correct engine
  std::vector<LedgerEntry> ledger;      ///< every effect, as the world saw it
  std::vector<Told> told;               ///< what teams were told, each message once
  std::vector<int64_t> durable_at;  ///< by event: the first operation that could be killed with it durable
  int64_t operations = 0;  ///< points at which the process can be killed: Scenario::crash_at
  int processes = 1;       ///< how many took part
  exec::Walked walked;
  Witnessed witnessed;
  std::vector<int64_t> died_at_ns;  ///< those of Scenario::crash_at_ns at which there was a process
};

SimResult run_simulation(const plan::Plan& plan, const Scenario& scenario);
/// The process dies where `crash` says, and nowhere else.
SimResult run_simulation(const plan::Plan& plan, const Scenario& scenario, CrashSwitch& crash);

/// Over all events: equal runs have equal hashes.
std::string timeline_hash(const SimResult& result);

}  // namespace rollout::sim
