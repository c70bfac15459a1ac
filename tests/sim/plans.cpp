#include "tests/sim/plans.h"

namespace rollout::sim_test {

namespace {

using eval::Value;
using plan::Role;
using plan::Variable;

Value image(const char* text) { return Value::of(Value::Kind::Image, std::string(text)); }
Value percent(int64_t whole) { return Value::of(Value::Kind::Percent, whole * eval::percent_one); }
Value count(int64_t number) { return Value::of(Value::Kind::Int, number); }

plan::Action action(std::string capability, std::string name, std::vector<plan::Setting> sets,
                    std::string text) {
  plan::Action out;
  out.capability = std::move(capability);
  out.name = std::move(name);
  out.service = 0;
  out.target = out.capability == "TrafficRouter" ? 1 : 0;
  out.sets = std::move(sets);
  out.within_ns = 30 * second;
  out.attempts = 3;
  out.text = std::move(text);
  return out;
}

plan::Action deploy() {
  return action("Workload", "deploy",
                {{Variable::Version, Role::Canary, image("shop:2")},
                 {Variable::Instances, Role::Canary, count(4)}},
                "deploy shop:2");
}
plan::Action shift(int64_t whole) {
  return action("TrafficRouter", "shift", {{Variable::Share, Role::Canary, percent(whole)}},
                "shift checkout to " + std::to_string(whole) + "%");
}
plan::Action promote() {
  return action("Workload", "promote",
                {{Variable::Version, Role::Stable, image("shop:2")},
                 {Variable::Share, Role::Canary, percent(0)},
                 {Variable::Version, Role::Canary, {}},
                 {Variable::Instances, Role::Canary, count(0)}},
                "promote checkout");
}
plan::Action retire() {
  return action(
      "Workload", "retire",
      {{Variable::Version, Role::Canary, {}}, {Variable::Instances, Role::Canary, count(0)}},
      "retire the canary");
}
plan::Action restore() {
  return action("Workload", "restore", {{Variable::Version, Role::Stable, image("shop:1")}},
                "restore shop:1");
}

plan::Plan base() {
  plan::Plan p;
  p.rollout = "release_checkout";
  p.observed = {
      {"version(checkout, stable)", image("shop:1"), "target hosts", plan::Recheck::Exact}};
  p.targets = {{"hosts", "local", {}}, {"edge", "haproxy", {}}, {"prom", "prometheus", {}}};
  p.services = {{"checkout", "", {}, 200'000'000, 4}};
  p.signals = {{0, "error_rate", 2, "ratio", {}, plan::Evidence::Counts, Value::Kind::Percent},
               {0, "latency", 2, "histogram", {}, plan::Evidence::Buckets, Value::Kind::Duration}};
  p.undo = {shift(0), retire(), restore()};
  p.rollback.within_ns = 2 * minute;
  p.phases = {{"canary"}, {"half"}};
  return p;
}

void add_gates(plan::Plan& p, bool verify) {
  plan::Term canary{error_rate, Role::Canary, 0}, stable{error_rate, Role::Stable, 0},
      all{error_rate, Role::All, 0};
  plan::Term slow{latency, Role::Canary, 990'000'000},
      slow_stable{latency, Role::Stable, 990'000'000};
  using plan::Comparison;
  using plan::ConditionKind;
  p.conditions = {
      {ConditionKind::Reject, canary, Comparison::Greater, stable, plan::none, 1, 0, 0.001 * 1e9, 990'000'000, 1,
       40, "canary errors > stable + 0.1%"},
      {ConditionKind::Reject, slow, Comparison::Greater, slow_stable, plan::none, 1.5, 0, 0, 0, 3, 1,
       "canary p99 > 1.5 stable"},
      {ConditionKind::Require, canary, Comparison::LessEqual, std::nullopt, plan::none, 1, 0, 0.01 * 1e9, 0, 2, 1,
       "canary errors <= 1%"},
      {ConditionKind::Require, all, Comparison::LessEqual, std::nullopt, plan::none, 1, 0, 0.005 * 1e9, 0, 2, 1,
       "errors <= 0.5%"},
      {ConditionKind::Watch, slow, Comparison::Greater, std::nullopt, plan::none, 1, 0, 0.8 * 1e9, 0, 1, 1,
       "canary p99 > 800ms"},
  };
  plan::Response extend{30 * second, plan::Fallback::Fail};
  p.gates = {{"healthy(checkout)", 5 * second, 20, {0, 1, 2}, 0, extend, extend, extend},
             {"steady(checkout)", 5 * second, 20, {3}, 0, extend, extend, extend}};
  p.watches = {
      {4, 15 * second, 5 * second, 0, uint32_t(p.steps.size() - 1), "canary p99 > 800ms held 15s"}};
  if (verify) {
    p.rollback.verify_gate = 1;
    p.rollback.verify_within_ns = minute;
  }
}

void add_act(plan::Plan& p, plan::Action act, std::vector<uint32_t> rollback, uint32_t phase) {
  plan::Step step;
  step.action = std::move(act);
  step.text = step.action.text;
  step.rollback = std::move(rollback);
  step.phase = phase;
  if (!p.steps.empty()) step.after = {uint32_t(p.steps.size() - 1)};
  p.steps.push_back(std::move(step));
}

void add_hold(plan::Plan& p, int64_t hold_ns, std::vector<uint32_t> gates, uint32_t phase) {
  plan::Step step;
  step.kind = plan::StepKind::Hold;
  step.hold_ns = hold_ns;
  step.gates = std::move(gates);
  step.phase = phase;
  step.text = "hold";
  step.after = {uint32_t(p.steps.size() - 1)};
  p.steps.push_back(std::move(step));
}

plan::Plan two_phases(int64_t hold_ns, const std::vector<uint32_t>& gates) {
  plan::Plan p = base();
  add_act(p, deploy(), {1}, plan::none);
  add_act(p, shift(5), {0, 1}, 0);
  add_hold(p, hold_ns, gates, 0);
  add_act(p, shift(50), {0, 1}, 1);
  add_hold(p, hold_ns, gates, 1);
  add_act(p, promote(), {2, 0, 1}, plan::none);
  return p;
}

}  // namespace

plan::Plan canary_plan(int64_t hold_ns, bool verify) {
  plan::Plan p = two_phases(hold_ns, {0});
  add_gates(p, verify);
  return p;
}

plan::Plan ungated_plan() { return two_phases(3 * minute, {}); }

plan::Plan parallel_plan() {
  plan::Plan p = base();
  p.services.push_back({"search", "", {}, 0, 2});
  add_act(p, deploy(), {1}, plan::none);
  plan::Action other = deploy();
  other.service = 1;
  other.text = "deploy search";
  plan::Action other_undo = retire();
  other_undo.service = 1;
  other_undo.text = "retire the canary of search";
  p.undo.push_back(other_undo);
  add_act(p, other, {3}, plan::none);
  p.steps[1].after = {};
  add_act(p, shift(5), {0, 1}, 0);
  p.steps[2].after = {0, 1};
  return p;
}

plan::Plan approval_plan(plan::Unapproved on_timeout) {
  plan::Plan p = canary_plan();
  p.approvals = {{"sre", {"anna", "ben", "carla"}, 2, 10 * minute, on_timeout}};
  plan::Step wait;
  wait.kind = plan::StepKind::Approval;
  wait.approval = 0;
  wait.text = "approve by " + plan::approval_text(p.approvals[0]);
  wait.after = {2};
  p.steps.insert(p.steps.begin() + 3, wait);
  for (uint32_t i = 4; i < p.steps.size(); ++i) p.steps[i].after = {i - 1};
  p.watches[0].last_step = uint32_t(p.steps.size() - 1);
  return p;
}

plan::Plan asking_plan(plan::Unapproved on_timeout) {
  plan::Plan p = canary_plan();
  p.approvals = {{"sre", {"anna", "ben", "carla"}, 2, 10 * minute, on_timeout},
                 {"sre", {"anna", "ben", "carla"}, 1, 10 * minute, on_timeout}};
  p.approvals[1].escalation = plan::Escalation{"managers", {"mia"}, minute};
  p.gates[0].fail = {0, plan::Fallback::Ask, 0};
  p.gates[0].no_data = p.gates[0].undecided = p.gates[0].error = {30 * second, plan::Fallback::Ask, 1};
  return p;
}

plan::Plan two_approvals_plan() {
  plan::Plan p = base();
  p.approvals = {{"sre", {"anna", "ben"}, 1, 10 * minute}, {"qa", {"dora"}, 1, 20 * minute}};
  add_act(p, deploy(), {1}, plan::none);
  for (uint32_t approval : {0u, 1u}) {
    plan::Step wait;
    wait.kind = plan::StepKind::Approval;
    wait.approval = approval;
    wait.text = "approve by " + plan::approval_text(p.approvals[approval]);
    wait.after = {0};
    p.steps.push_back(wait);
  }
  add_act(p, shift(5), {0, 1}, 0);
  p.steps.back().after = {1, 2};
  return p;
}

plan::Plan scoped_plan() {
  plan::Plan p = canary_plan();
  plan::UndoScope scope{plan::OnFailure::Continue, 1, plan::none, 0, 0, uint32_t(p.steps.size() - 1), {}, "here"};
  scope.rollback = {2 * minute, 1, minute};
  p.scopes = {scope};
  return p;
}

plan::Plan watched_plan(int64_t hold_ns) {
  plan::Plan p = canary_plan(hold_ns, false);
  plan::Condition proof = p.conditions[0];
  proof.kind = plan::ConditionKind::Watch;
  proof.planned_blocks = 2 * hold_ns / (5 * second);
  p.watches = {{uint32_t(p.conditions.size()), 0, 5 * second, 0, uint32_t(p.steps.size() - 1), proof.text}};
  p.conditions.push_back(std::move(proof));
  p.conditions[2].offset = 1e9;  // the gate passes whatever has requests
  p.gates[0].conditions = {2};
  return p;
}

plan::Plan control_plan() {
  plan::Plan p = canary_plan();
  auto add = [](plan::Action& action, Variable variable, Value value) {
    action.sets.push_back({variable, Role::Control, std::move(value)});
  };
  add(p.steps[0].action, Variable::Instances, count(1));
  add(p.steps[1].action, Variable::Share, percent(5));
  add(p.steps[3].action, Variable::Share, percent(25));
  add(p.steps[5].action, Variable::Instances, count(0));
  add(p.steps[5].action, Variable::Share, percent(0));
  add(p.undo[0], Variable::Share, percent(0));
  add(p.undo[1], Variable::Instances, count(0));
  for (plan::Condition& condition : p.conditions)
    if (condition.right) condition.right->role = Role::Control;
  plan::Condition proof = p.conditions[0];
  proof.kind = plan::ConditionKind::Watch;
  p.watches.push_back({uint32_t(p.conditions.size()), 0, 5 * second, 0, uint32_t(p.steps.size() - 1), proof.text});
  p.conditions.push_back(std::move(proof));
  return p;
}

plan::Plan checkpoint_plan() {
  plan::Plan p = canary_plan();
  plan::Step checkpoint;
  checkpoint.kind = plan::StepKind::Checkpoint;
  checkpoint.text = "checkpoint \"nothing has begun\"";
  p.steps.insert(p.steps.begin(), checkpoint);
  for (uint32_t i = 1; i < p.steps.size(); ++i) p.steps[i].after = {i - 1};
  p.watches[0].last_step = uint32_t(p.steps.size() - 1);
  p.scopes = {{plan::OnFailure::Checkpoint, 0, plan::none, 0, 1, p.watches[0].last_step, p.rollback, "here"}};
  return p;
}

plan::Plan commit_plan() {
  plan::Plan p = canary_plan();
  plan::Step promote = p.steps.back();
  plan::Step commit;
  commit.kind = plan::StepKind::Commit;
  commit.text = "commit \"it is well\"";
  commit.after = promote.after;
  p.steps.back() = commit;
  promote.after = {uint32_t(p.steps.size() - 1)};
  promote.action.reversibility = plan::Reversibility::Irreversible;
  promote.rollback.clear();
  p.steps.push_back(promote);
  return p;
}

sim::Truth errors(plan::Role role, double percent_value, int64_t at_ns) {
  return {error_rate, role, {{at_ns, percent_value * double(eval::percent_one)}}};
}

sim::Fault fault(sim::FaultKind kind, std::string action_name, int times) {
  sim::Fault out;
  out.kind = kind;
  out.action = std::move(action_name);
  out.times = times;
  return out;
}

}  // namespace rollout::sim_test
