#include "compiler/plan/plan_bounds.h"

#include <fmt/format.h>

#include "compiler/eval/attempts.h"
#include "compiler/eval/range.h"

namespace rollout::plan {

namespace {

constexpr int64_t most_count = INT64_MAX;

class Bounds {
 public:
  std::string look_at(const Plan& plan) {
    entities(plan);
    gates(plan);
    steps(plan);
    around(plan);
    return std::move(wrong_);
  }

 private:
  void in(std::string_view field, int64_t value, int64_t least, int64_t most = most_count) {
    if ((value >= least && value <= most) || !wrong_.empty()) return;
    std::string possible = fmt::format("{} to {}", least, most);
    if (most == most_count) possible = fmt::format("at least {}", least);
    wrong_ = fmt::format("{}{} is {}, and can be {}", place_, field, value, possible);
  }
  void at(std::string_view list, size_t index) {
    if (wrong_.empty()) place_ = fmt::format("{}[{}].", list, index);
  }
  void in(std::string_view field, const eval::Range& range, int64_t value) {
    in(field, value, range.least, range.most);
  }

  void entities(const Plan& plan) {
    for (size_t i = 0; i < plan.targets.size(); ++i) {
      at("targets", i);
      in("quota", plan.targets[i].quota, 0);
      in("others", plan.targets[i].others, 0);
    }
    for (size_t i = 0; i < plan.services.size(); ++i) {
      at("services", i);
      in("traffic_uhz", plan.services[i].traffic_uhz, 0);
      in("replicas", plan.services[i].replicas, 0);
    }
    for (size_t i = 0; i < plan.approvals.size(); ++i) {
      at("approvals", i);
      in("timeout_ns", eval::time_range, plan.approvals[i].timeout_ns);
      if (plan.approvals[i].escalation) in("escalation.after_ns", plan.approvals[i].escalation->after_ns, 0);
    }
  }

  void gates(const Plan& plan) {
    for (size_t i = 0; i < plan.conditions.size(); ++i) {
      const Condition& condition = plan.conditions[i];
      at("conditions", i);
      in("left.quantile_ppb", condition.left.quantile_ppb, 0, eval::quantile_range.most);
      if (condition.right) in("right.quantile_ppb", condition.right->quantile_ppb, 0, eval::quantile_range.most);
      in("proven_ppb", condition.proven_ppb, 0, eval::proven_range.most);
      in("samples", eval::over_range, condition.samples);
    }
    for (size_t i = 0; i < plan.gates.size(); ++i) {
      const Gate& gate = plan.gates[i];
      at("gates", i);
      in("sample_ns", eval::sample_range, gate.sample_ns);
      in("minimum_requests", eval::minimum_range, gate.minimum_requests);
      in("harm_ppb", gate.harm_ppb, 0, eval::harm_range.most);
      if (gate.harm_of) in("harm_of.quantile_ppb", gate.harm_of->quantile_ppb, 0, eval::quantile_range.most);
      in("no_data.hold_ns", eval::time_range, gate.no_data.hold_ns);
      in("undecided.hold_ns", eval::time_range, gate.undecided.hold_ns);
      in("error.hold_ns", eval::time_range, gate.error.hold_ns);
      in("fail.hold_ns", eval::time_range, gate.fail.hold_ns);
    }
    for (size_t i = 0; i < plan.watches.size(); ++i) {
      at("watches", i);
      in("held_ns", eval::time_range, plan.watches[i].held_ns);
      in("sample_ns", eval::sample_range, plan.watches[i].sample_ns);
    }
  }

  void action(const Action& action, std::string_view prefix) {
    // The names of fields are put together only where one is wrong.
    bool wrong = action.within_ns < 0 || action.attempts < 1 || action.attempts > eval::max_attempts;
    for (const Setting& setting : action.sets) wrong |= !is_possible(setting);
    if (!wrong || !wrong_.empty()) return;
    place_ += prefix;
    in("within_ns", eval::time_range, action.within_ns);
    in("attempts", action.attempts, 1, eval::max_attempts);
    for (size_t i = 0; i < action.sets.size(); ++i)
      in(fmt::format("sets[{}].value", i), action.sets[i].value.number, 0, most_of(action.sets[i]));
  }
  static int64_t most_of(const Setting& setting) {
    return setting.value.is(eval::Value::Kind::Percent) ? eval::percent_all : most_count;
  }
  static bool is_possible(const Setting& setting) {
    return setting.value.number >= 0 && setting.value.number <= most_of(setting);
  }

  void steps(const Plan& plan) {
    for (size_t i = 0; i < plan.steps.size() && wrong_.empty(); ++i) {
      const Step& step = plan.steps[i];
      bool wrong = step.hold_ns < 0;
      if (step.kind != StepKind::Act && !wrong) continue;
      at("steps", i);
      in("hold_ns", eval::time_range, step.hold_ns);
      action(step.action, "action.");
    }
    for (size_t i = 0; i < plan.undo.size() && wrong_.empty(); ++i) {
      at("undo", i);
      action(plan.undo[i], "");
    }
  }

  void rollback(const Rollback& rollback) {
    in("rollback.within_ns", eval::time_range, rollback.within_ns);
    in("rollback.verify_within_ns", eval::time_range, rollback.verify_within_ns);
    in("rollback.kept_ns", eval::time_range, rollback.kept_ns);
  }
  /// What holds around steps: the way back, scopes, locks, and what is said of the run as a whole.
  void around(const Plan& plan) {
    for (size_t i = 0; i < plan.scopes.size(); ++i) {
      at("scopes", i);
      in("at_most", plan.scopes[i].at_most, 0);
      rollback(plan.scopes[i].rollback);
    }
    for (size_t i = 0; i < plan.locks.size(); ++i) {
      at("locks", i);
      in("within_ns", plan.locks[i].within_ns, 0, most_wait_ns);
    }
    if (!wrong_.empty()) return;
    place_.clear();
    rollback(plan.rollback);
    in("newer.within_ns", plan.newer.within_ns, 0, most_wait_ns);
    if (plan.budget_exposure_ns) in("budget_exposure_ns", eval::time_range, *plan.budget_exposure_ns);
  }

  std::string place_, wrong_;
};

}  // namespace

std::string out_of_bounds(const Plan& plan) { return Bounds().look_at(plan); }

}  // namespace rollout::plan
