#include "compiler/verify/recheck_brief.h"

#include <algorithm>

#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

struct BriefGate {
  int64_t more = 0;       ///< by which it makes a hold longer
  int64_t people = 0;     ///< how long they may take to answer it
  bool parks = false, judges = false;
};

BriefGate gate_of(const Plan& plan, const plan::Gate& gate) {
  BriefGate out;
  Time people = 0;
  for (const plan::Response* one : {&gate.no_data, &gate.undecided, &gate.error, &gate.fail}) {
    if (one != &gate.fail) out.more = std::max(out.more, one->hold_ns);
    if (one->then == plan::Fallback::Ask)
      out.parks = out.parks || plan.approvals[one->approval].on_timeout == plan::Unapproved::Park;
  }
  auto deadline = [&](const plan::Response& response) -> Time {
    return response.then == plan::Fallback::Ask ? plan.approvals[response.approval].timeout_ns : 0;
  };
  people += std::max({deadline(gate.no_data), deadline(gate.undecided), deadline(gate.error)});
  out.people = capped(people + deadline(gate.fail));
  out.judges = gate.harm_of.has_value();
  for (uint32_t index : gate.conditions) {
    const plan::Condition& condition = plan.conditions[index];
    out.judges = out.judges || (condition.kind == plan::ConditionKind::Reject && condition.proven_ppb > 0);
  }
  return out;
}

/// Everything of the step but its gates, what it comes after and its scope.
BriefStep step_of(const Plan& plan, uint32_t index, bool in_scope) {
  const Step& step = plan.steps[index];
  BriefStep out;
  out.kind = step.kind, out.phase = step.phase;
  out.own_lists = !step.scope_rollback.empty();
  switch (step.kind) {
    case StepKind::Act: {
      BriefAction action = brief_of(step.action);
      out.service = step.action.service, out.change = change_of(step.action);
      const plan::Retry& retry = plan.retry;
      out.acting = capped(Time(action.all) * (retry.times + 1) + Time(retry.times) * retry.every_ns);
      bool again = retry.times > 0 && index > retry.from_step && !in_scope;
      out.typical = action.once, out.worst = again ? out.acting : action.all;
      break;
    }
    case StepKind::Hold:
    case StepKind::Preflight: out.best = out.typical = out.worst = capped(step.hold_ns); break;
    case StepKind::Approval:
      out.worst = capped(plan.approvals[step.approval].timeout_ns);
      out.parks = plan.approvals[step.approval].on_timeout == plan::Unapproved::Park;
      break;
    case StepKind::Lock: out.worst = capped(plan.locks[step.lock].within_ns); break;
    case StepKind::Unlock:
    case StepKind::Checkpoint:
    case StepKind::Commit:
    case StepKind::Notify: break;
  }
  out.answered = step.kind == StepKind::Approval ? 0 : out.worst;
  return out;
}

BriefList list_of(const std::vector<uint32_t>& list, const std::vector<BriefAction>& undo) {
  BriefList out;
  bool any = false;
  for (uint32_t index : list) {
    out.once = plus(out.once, undo[index].once), out.all = plus(out.all, undo[index].all);
    if (undo[index].changes) out.gone = out.all, any = true;
  }
  if (!any) out.gone = out.all;
  return out;
}

}  // namespace

Change change_of(const plan::Action& action) {
  Change out;
  for (const plan::Setting& set : action.sets) {
    bool shares = (set.variable == plan::Variable::Share && set.role == plan::Role::Canary) ||
                  set.variable == plan::Variable::Flag;
    if (!shares && set.variable != plan::Variable::Routed) continue;
    (shares ? out.share : out.routed) = std::clamp<int64_t>(set.value.number, 0, eval::percent_all);
  }
  return out;
}

BriefAction brief_of(const plan::Action& action) {
  BriefAction out;
  out.once = action.within_ns > 0 ? action.within_ns : plan::default_within_ns;
  Time attempts = std::max(1, action.attempts), total = attempts * out.once, pause = plan::first_pause_ns;
  Time pauses = attempts - 1;
  for (; pauses > 0 && pause < plan::max_pause_ns; --pauses, pause *= 2) total += pause;
  out.all = capped(total + pauses * plan::max_pause_ns);
  out.changes = change_of(action).any();
  return out;
}

Brief::Brief(const Plan& of) : plan(of), judged(of.gates.size()) {
  std::vector<BriefGate> gates;
  gates.reserve(of.gates.size());
  for (const plan::Gate& gate : of.gates) gates.push_back(gate_of(of, gate));
  undo.reserve(of.undo.size());
  for (const plan::Action& action : of.undo) undo.push_back(brief_of(action));
  std::vector<uint32_t> scopes = of.scopes.empty() ? std::vector<uint32_t>() : plan::scopes_of_steps(of);
  steps.reserve(of.steps.size() + 1), afters.reserve(of.steps.size());
  for (uint32_t i = 0; i < of.steps.size(); ++i) {
    const Step& step = of.steps[i];
    uint32_t scope = scopes.empty() ? none : scopes[i];
    BriefStep& out = steps.emplace_back(step_of(of, i, scope != none));
    out.scope = scope, out.after = uint32_t(afters.size());
    afters.insert(afters.end(), step.after.begin(), step.after.end());
    if (step.kind == StepKind::Act) out.back = list_of(step.rollback, undo);
    int64_t more = 0;
    Time people = 0;
    for (uint32_t index : step.gates) {
      const BriefGate& gate = gates[index];
      more = std::max(more, gate.more), people += gate.people, out.parks = out.parks || gate.parks;
      out.judges = out.judges || (gate.judges && step.kind == StepKind::Hold);
      if (step.kind == StepKind::Hold) judged[index] = true;
    }
    if (step.gates.empty()) continue;
    if (step.kind == StepKind::Hold && more < plan::settle_ns) more = plan::settle_ns;
    out.answered = capped(Time(out.worst) + more + plan::max_look_ns);
    out.worst = capped(out.answered + people);
  }
  steps.emplace_back().after = uint32_t(afters.size());
}

BriefList Brief::list(uint32_t step, uint32_t scope) const {
  if (scope == none || !steps[step].own_lists) return steps[step].back;
  return list_of(plan::undo_to(plan.steps[step], scope), undo);
}

}  // namespace rollout::verify
