#include "compiler/verify/recheck_time.h"

#include <algorithm>

#include "compiler/plan/pace.h"

namespace rollout::verify {

using plan::Plan;
using plan::StepKind;
using plan::none;

Chain Chains::of(uint32_t first, uint32_t end, uint32_t scope, std::vector<int64_t>* running) {
  for (uint32_t i = first; i < end; ++i) {
    if (brief_.steps[i].kind != StepKind::Act) continue;
    Service& service = services_[brief_.steps[i].service];
    if (service.begins == none) service.begins = i, touched_.push_back(brief_.steps[i].service);
    BriefList list = brief_.list(i, scope);
    service.worst = std::max(service.worst, list.all), service.once = std::max(service.once, list.once);
  }
  ends_.assign(end - first, {});
  Chain all;
  for (uint32_t i = first; i < end; ++i) {
    const BriefStep& step = brief_.steps[i];
    Ends ends;
    for (uint32_t before : brief_.after(i)) {
      if (before < first) continue;
      const Ends& one = ends_[before - first];
      ends = {std::max(ends.worst, one.worst), std::max(ends.once, one.once)};
    }
    if (step.kind == StepKind::Lock) all.lock = std::max(all.lock, step.worst);
    if (step.kind == StepKind::Act) {
      Service& service = services_[step.service];
      all.acts = true;
      if (service.begins == i) {
        service.below = ends.worst;
        ends = {plus(ends.worst, service.worst), plus(ends.once, service.once)};
        all.once = std::max(all.once, ends.once);
      }
      all.worst = std::max(all.worst, plus(plus(all.lock, service.below), brief_.list(i, scope).all));
    }
    ends_[i - first] = ends;
    if (running) (*running)[i] = all.worst;
  }
  for (uint32_t service : touched_) services_[service] = {};
  touched_.clear();
  return all;
}

int64_t give_up(const Plan& plan, uint32_t scope, const Chain& chain) {
  int64_t bound = scope == none ? 0 : plan.scopes[scope].rollback.within_ns;
  if (bound <= 0) bound = plan.rollback.within_ns;
  if (bound <= 0) bound = plan::default_rollback_ns;
  return plus(plus(std::max(bound, chain.lock), plan::max_pause_ns), chain.once);
}

/// Step by step: a rollback of a part, when the rest goes on, keeps those waiting that come after it.
Walked walk(const Brief& brief, bool answered) {
  const Plan& plan = brief.plan;
  Walked out;
  out.steps.resize(brief.size());
  std::vector<int64_t> over(plan.scopes.size());
  Chains chains(brief);
  int64_t first = plan::captures(plan) ? (plan::capture_attempts - 1) * plan::capture_pause_ns : 0;
  for (uint32_t i = 0; i < brief.size(); ++i) {
    const BriefStep& step = brief.steps[i];
    Walk& at = out.steps[i];
    std::span<const uint32_t> after = brief.after(i);
    if (after.empty()) at.begin = first;
    for (uint32_t before : after) {
      at.best_begin = std::max(at.best_begin, out.steps[before].best_end);
      at.begin = std::max(at.begin, out.steps[before].end);
      for (uint32_t scope = brief.steps[before].scope; scope != none && plan.scopes[scope].last_step < i;
           scope = plan.scopes[scope].parent)
        if (plan::goes_on(plan.scopes[scope])) at.begin = std::max(at.begin, over[scope]);
    }
    at.best_end = plus(at.best_begin, step.best), at.end = plus(at.begin, answered ? step.answered : step.worst);
    out.last_begin = std::max(out.last_begin, at.begin), out.over = std::max(out.over, at.end);
    for (uint32_t scope = step.scope; scope != none; scope = plan.scopes[scope].parent)
      over[scope] = std::max(over[scope], at.end);
    for (uint32_t scope = step.scope; scope != none && plan.scopes[scope].last_step == i;
         scope = plan.scopes[scope].parent) {
      const plan::UndoScope& of = plan.scopes[scope];
      Chain chain = chains.of(of.first_step, of.last_step + 1, scope, nullptr);
      int64_t verify = of.rollback.verify_gate == none ? 0 : of.rollback.verify_within_ns;
      over[scope] = plus(plus(over[scope], give_up(plan, scope, chain)), verify);
      out.over = std::max(out.over, over[scope]);
      if (of.parent != none) over[of.parent] = std::max(over[of.parent], over[scope]);
    }
  }
  return out;
}

}  // namespace rollout::verify
