#include "compiler/verify/recheck_time.h"

#include <algorithm>
#include <map>

#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

Time deadline(const Plan& plan, const plan::Response& response) {
  return response.then == plan::Fallback::Ask ? Time(plan.approvals[response.approval].timeout_ns) : 0;
}

Time longest_hold(const Plan& plan, const Step& step) {
  Time more = 0, people = 0;
  for (uint32_t index : step.gates) {
    const plan::Gate& gate = plan.gates[index];
    more = std::max<Time>({more, gate.no_data.hold_ns, gate.undecided.hold_ns, gate.error.hold_ns});
    people += std::max({deadline(plan, gate.no_data), deadline(plan, gate.undecided), deadline(plan, gate.error)});
    people += deadline(plan, gate.fail);
  }
  return capped(Time(step.hold_ns) + more + people + (step.gates.empty() ? 0 : plan::max_look_ns));
}

}  // namespace

Time capped(Time ns) { return std::clamp<Time>(ns, 0, forever); }

Time once(const plan::Action& action) {
  return action.within_ns > 0 ? action.within_ns : plan::default_within_ns;
}

Time all_attempts(const plan::Action& action) {
  Time attempts = std::max(1, action.attempts), total = attempts * once(action), pause = plan::first_pause_ns;
  Time pauses = attempts - 1;
  for (; pauses > 0 && pause < plan::max_pause_ns; --pauses, pause *= 2) total += pause;
  return capped(total + pauses * plan::max_pause_ns);
}

Takes time_of(const Plan& plan, uint32_t index, bool in_scope) {
  const Step& step = plan.steps[index];
  switch (step.kind) {
    case StepKind::Act: {
      bool again = plan.retry.times > 0 && index > plan.retry.from_step && !in_scope;
      Time worst = all_attempts(step.action);
      if (again) worst = capped(worst * (plan.retry.times + 1) + Time(plan.retry.times) * plan.retry.every_ns);
      return {0, once(step.action), worst};
    }
    case StepKind::Hold:
    case StepKind::Preflight: return {capped(step.hold_ns), capped(step.hold_ns), longest_hold(plan, step)};
    case StepKind::Approval: return {0, 0, capped(plan.approvals[step.approval].timeout_ns)};
    case StepKind::Lock: return {0, 0, capped(plan.locks[step.lock].within_ns)};
    case StepKind::Unlock:
    case StepKind::Checkpoint:
    case StepKind::Commit:
    case StepKind::Notify: break;
  }
  return {};
}

Chain chain_of(const Plan& plan, uint32_t first, uint32_t end, uint32_t scope, std::vector<Time>* running) {
  struct Service {
    uint32_t begins = none;
    Time worst = 0, once = 0;
  };
  auto list = [&](uint32_t step, Time (*cost)(const plan::Action&)) {
    Time total = 0;
    for (uint32_t undo : undo_to(plan.steps[step], scope)) total += cost(plan.undo[undo]);
    return capped(total);
  };
  std::map<uint32_t, Service> services;
  std::vector<Time> lists(end - first);
  for (uint32_t i = first; i < end; ++i) {
    if (plan.steps[i].kind != StepKind::Act) continue;
    Service& service = services[plan.steps[i].action.service];
    service.begins = std::min(service.begins, i);
    service.worst = std::max(service.worst, lists[i - first] = list(i, all_attempts));
    service.once = std::max(service.once, list(i, once));
  }
  std::vector<Time> worst(end - first), least(end - first);  // chains that end in front of each step
  Chain all;
  for (uint32_t i = first; i < end; ++i) {
    if (plan.steps[i].kind == StepKind::Lock)
      all.lock = std::max(all.lock, Time(plan.locks[plan.steps[i].lock].within_ns));
    for (uint32_t before : plan.steps[i].after) {
      if (before < first) continue;
      worst[i - first] = std::max(worst[i - first], worst[before - first]);
      least[i - first] = std::max(least[i - first], least[before - first]);
    }
    if (plan.steps[i].kind == StepKind::Act) {
      const Service& service = services[plan.steps[i].action.service];
      all.acts = true;
      if (service.begins == i) {
        worst[i - first] = capped(worst[i - first] + service.worst);
        least[i - first] = capped(least[i - first] + service.once);
        all.once = std::max(all.once, least[i - first]);
      }
      Time below = worst[service.begins - first] - service.worst;
      all.worst = std::max(all.worst, capped(all.lock + below + lists[i - first]));
    }
    if (running) (*running)[i] = all.worst;
  }
  return all;
}

Time give_up(const Plan& plan, uint32_t scope, const Chain& chain) {
  Time bound = scope == none ? 0 : plan.scopes[scope].rollback.within_ns;
  if (bound <= 0) bound = plan.rollback.within_ns;
  if (bound <= 0) bound = plan::default_rollback_ns;
  return capped(std::max(bound, chain.lock) + plan::max_pause_ns + chain.once);
}

/// Step by step: a rollback of a part, when the rest goes on, keeps those waiting that come after it.
Walked walk(const Plan& plan) {
  size_t steps = plan.steps.size();
  std::vector<int64_t> none_yet(steps);
  Walked out{none_yet, none_yet, none_yet, none_yet};
  std::vector<uint32_t> scope_of = plan::scopes_of_steps(plan);
  std::vector<Time> over(plan.scopes.size());
  Time first = plan::captures(plan) ? Time(plan::capture_attempts - 1) * plan::capture_pause_ns : 0;
  for (uint32_t i = 0; i < steps; ++i) {
    Time begin = plan.steps[i].after.empty() ? first : 0, soonest = 0;
    for (uint32_t before : plan.steps[i].after) {
      soonest = std::max<Time>(soonest, out.best_end[before]);
      begin = std::max<Time>(begin, out.end[before]);
      for (uint32_t scope = scope_of[before]; scope != none && plan.scopes[scope].last_step < i;
           scope = plan.scopes[scope].parent)
        if (plan::goes_on(plan.scopes[scope])) begin = std::max(begin, over[scope]);
    }
    Takes takes = time_of(plan, i, scope_of[i] != none);
    Time end = capped(begin + takes.worst);
    out.best_begin[i] = int64_t(soonest), out.best_end[i] = int64_t(capped(soonest + takes.best));
    out.begin[i] = int64_t(begin), out.end[i] = int64_t(end);
    out.last_begin = std::max(out.last_begin, begin), out.over = std::max(out.over, end);
    for (uint32_t scope = scope_of[i]; scope != none; scope = plan.scopes[scope].parent)
      over[scope] = std::max(over[scope], end);
    for (uint32_t scope = scope_of[i]; scope != none && plan.scopes[scope].last_step == i;
         scope = plan.scopes[scope].parent) {
      const plan::UndoScope& of = plan.scopes[scope];
      Chain chain = chain_of(plan, of.first_step, of.last_step + 1, scope, nullptr);
      Time verify = of.rollback.verify_gate == none ? 0 : of.rollback.verify_within_ns;
      over[scope] = capped(over[scope] + give_up(plan, scope, chain) + verify);
      out.over = std::max(out.over, over[scope]);
      if (of.parent != none) over[of.parent] = std::max(over[of.parent], over[scope]);
    }
  }
  return out;
}

}  // namespace rollout::verify
