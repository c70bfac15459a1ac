// SimWorld: services, routers and metrics as a model, with faults. For the engine it is the world; for tests it is
// also the judge: it keeps its own ledger of every effect, independent of the journal.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/exec/world.h"
#include "runtime/sim/crash_switch.h"
#include "runtime/sim/sim_faults.h"
#include "runtime/sim/traffic.h"
#include "runtime/sim/violation.h"
#include "runtime/sim/virtual_clock.h"

namespace rollout::sim {

/// One effect that was really set going.
struct LedgerEntry {
  std::string key;
  std::string text;
  int64_t at_ns = 0;
  uint32_t step = 0;
  bool undo = false;
};

class SimWorld : public exec::World {
 public:
  SimWorld(const plan::Plan& plan, const Scenario& scenario, VirtualClock& clock,
           CrashSwitch& crash);

  size_t at_once() const override { return scenario_.at_once; }
  Result<exec::Observation> observe(const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Action& action, const exec::EffectKey& key) override;
  /// A world that does several things at once has looked before what was decided is durable.
  std::vector<Result<exec::Observation>> observe_all(const std::vector<exec::Errand>& errands,
                                                     const std::function<void()>& meanwhile) override {
    if (scenario_.at_once == 1) return World::observe_all(errands, meanwhile);
    std::vector<Result<exec::Observation>> out = World::observe_all(errands, [] {});
    meanwhile();
    return out;
  }
  std::vector<exec::Reading> sample(const plan::Plan& plan,
                                    const std::vector<plan::Term>& terms) override;
  Result<journal::Captured> capture(const plan::Plan& plan) override;

  /// Says whether an effect's key is in the journal; asked before every effect.
  void require_intents(std::function<bool(const std::string&)> recorded) {
    recorded_ = std::move(recorded);
  }

  /// Another process looks from now on.
  void restart();
  /// On the run's clock, from the start of the simulation on.
  int64_t now_ns() const { return clock_.monotonic_ns(); }
  /// Lets time pass up to the clock: traffic flows, what is underway completes.
  void catch_up();

  /// What is so now; null: nothing was ever said of it.
  const eval::Value* get(uint32_t service, plan::Variable variable, plan::Role role) const;
  bool shows(const plan::Action& action) const;
  bool shows(uint32_t service, const plan::Setting& setting) const;
  /// A commit has passed: what is so now is what a rollback leads to.
  void pass_commit();
  void pass_checkpoint();
  /// A service is changed for good: a rollback leaves it alone.
  void leave(uint32_t service) { left_.insert(service); }
  /// Whether everything this plan may touch is as it was before the run, or at its last commit; else what is not.
  std::string difference_from_start() const { return difference_from(start_); }
  /// Whether it is as it was at the last checkpoint; else what is not.
  std::string difference_from_checkpoint() const { return difference_from(checkpoint_); }
  /// Whether everything is as the plan's forward steps say, but for those `left_out`; else what is not.
  std::string difference_from_goal(const std::vector<bool>& left_out) const;

  /// A control that is there now; empty: there is none.
  std::string control_left() const;
  /// A fault that the run has brought upon a version and not lifted; empty: there is none.
  std::string fault_left() const;

  /// Of the canary's traffic, or of the users of a flag.
  int64_t share_ppb(uint32_t service) const;
  /// Who has how much of the traffic of a service.
  Split split(uint32_t service) const;
  /// Of a flag its share, of a database its schema; None of a service.
  eval::Value state_of(uint32_t service) const;
  int64_t last_change_ns(uint32_t service) const { return last_change_ns_[service]; }
  const std::vector<int64_t>& exposure_ns() const { return exposure_ns_; }
  const std::vector<LedgerEntry>& ledger() const { return ledger_; }
  /// As Witnessed::faults.
  const std::vector<int64_t>& faults_seen() const { return faults_seen_; }
  const std::vector<Violation>& violations() const { return violations_; }

 private:
  using CellKey = std::tuple<uint32_t, plan::Variable, plan::Role>;
  struct Cell {
    eval::Value value;
    bool by_undo = false;
  };
  struct Underway {
    plan::Action action;
    bool undo = false;
    int64_t ready_ns = 0;
    bool dies = false;
    bool half = false;
  };

  void set(uint32_t service, const plan::Setting& setting, bool undo);
  void start_values();
  void start_state(uint32_t index);
  void complete(const Underway& underway);
  std::string difference_from(const std::map<CellKey, Cell>& start) const;
  void reset_routers();
  void pass_to(int64_t now_ns);
  Fault* fault_of(FaultKind kind, const plan::Action* action, const exec::EffectKey* key);
  bool is_unread(uint32_t service);
  bool matches(const Fault& fault, const plan::Action& action, const exec::EffectKey& key) const;
  const Underway* underway_like(const plan::Action& action) const;
  bool disturbed(const plan::Action& action) const;
  void drop_overlapping(const plan::Action& action);
  void check_capacity(uint32_t service, const std::string& text);
  void violate(Rule rule, std::string text);

  const plan::Plan& plan_;
  const Scenario& scenario_;
  VirtualClock& clock_;
  CrashSwitch& crash_;
  Traffic traffic_;
  SimFaults canary_faults_;
  std::vector<Fault> faults_;  ///< with what is left of `times`
  std::vector<int64_t> faults_seen_;
  std::map<CellKey, Cell> cells_, start_, checkpoint_;
  std::set<uint32_t> left_;
  std::vector<Underway> underway_;
  std::vector<plan::Action> dead_;  ///< actions whose last effect died at once
  std::vector<int64_t> exposure_ns_, last_change_ns_;
  std::vector<LedgerEntry> ledger_;
  std::vector<Violation> violations_;
  std::function<bool(const std::string&)> recorded_;
  int64_t now_ns_ = 0;
};

}  // namespace rollout::sim
