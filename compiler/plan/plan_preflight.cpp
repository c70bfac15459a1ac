// Preflight: what must be so before the first change. What is known when the plan is made is decided then; live values
// are judged in a hold of its own, so that they are read, recorded and simulated as those of every gate.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

constexpr int64_t default_sample_ns = 5 * eval::ns_per_s;
constexpr int samples = 3;  ///< that each check is read

}  // namespace

void Planner::plan_preflight(const ast::PreflightStatement* preflight, Scope& scope) {
  if (!plan_.steps.empty()) {
    diagnostics_.report(preflight->span, diag::PreflightHere).advise("move it above everything else that is done");
    return;
  }
  Gate gate;
  gate.text = "preflight";
  gate.sample_ns = default_sample_ns;
  if (preflight->sample) gate.sample_ns = duration(preflight->sample, scope, "sample every", least_sample_ns);
  for (const ast::PreflightCheck& check : preflight->checks) {
    Value text = eval(check.text, scope);
    if (!text.is(Value::Kind::String)) return;
    if (!program_.info(scope.module, check.condition).type->is(ir::TypeKind::Live)) {
      Value holds = eval(check.condition, scope);
      if (holds.is(Value::Kind::Bool) && !holds.number)
        diagnostics_.report(check.condition->span, diag::PreflightFails, text.text);
      continue;
    }
    std::optional<Condition> condition = make_condition(check.condition, scope, check.condition->span);
    if (!condition) return;
    condition->kind = ConditionKind::Require;
    condition->samples = samples;
    condition->text = fmt::format("{}: {}", text.text, condition_text(*condition));
    gate.conditions.push_back(condition_index(std::move(*condition)));
  }
  if (gate.conditions.empty()) return;
  // A sample that was lost, to a crash or a slow source, is read again once more; then it does not hold.
  gate.no_data = gate.undecided = gate.error = {samples * gate.sample_ns, Fallback::Fail};
  check_roles(gate, preflight->span);
  Step step;
  step.kind = StepKind::Preflight;
  step.hold_ns = samples * gate.sample_ns;
  step.gates = {uint32_t(plan_.gates.size())};
  step.text = fmt::format("preflight: {} check{}", gate.conditions.size(), gate.conditions.size() == 1 ? "" : "s");
  step.reason = "nothing is changed before all of it holds";
  plan_.gates.push_back(std::move(gate));
  add_step(std::move(step), preflight->span);
}

}  // namespace rollout::plan
