#include "compiler/plan/forward.h"

#include <algorithm>

#include "compiler/plan/cost.h"

namespace rollout::plan {

namespace {

/// Walks the steps in order and knows of every scope when it is over, if it goes back and the others go on.
class Walk {
 public:
  Walk(const Plan& plan, const Back& back)
      : plan_(plan), back_(back), scope_of_(scopes_of_steps(plan)), over_ns_(plan.scopes.size()) {}

  /// When what comes after `before` may begin. Whoever waits for a part that has failed waits until it has gone back.
  int64_t ended_ns(uint32_t before, uint32_t step, const std::vector<int64_t>& ends) const {
    int64_t at = ends[before];
    for (uint32_t scope = scope_of_[before]; scope != none && plan_.scopes[scope].last_step < step;
         scope = plan_.scopes[scope].parent)
      if (goes_on(plan_.scopes[scope])) at = std::max(at, over_ns_[scope]);
    return at;
  }
  void end(uint32_t step, int64_t at_ns) {
    for (uint32_t scope = scope_of_[step]; scope != none; scope = plan_.scopes[scope].parent)
      latest(scope, at_ns);
    // An inner scope is over before the one around it.
    for (uint32_t scope = scope_of_[step]; scope != none && plan_.scopes[scope].last_step == step;
         scope = plan_.scopes[scope].parent) {
      over_ns_[scope] = longer(over_ns_[scope], back_.scope_over_ns[scope]);
      last_ns_ = std::max(last_ns_, over_ns_[scope]);
      if (uint32_t parent = plan_.scopes[scope].parent; parent != none) latest(parent, over_ns_[scope]);
    }
    last_ns_ = std::max(last_ns_, at_ns);
  }
  int64_t last_ns() const { return last_ns_; }

 private:
  void latest(uint32_t scope, int64_t at_ns) { over_ns_[scope] = std::max(over_ns_[scope], at_ns); }

  const Plan& plan_;
  const Back& back_;
  std::vector<uint32_t> scope_of_;
  std::vector<int64_t> over_ns_;  ///< by scope: the last end in it, and once it is left its end on its own
  int64_t last_ns_ = 0;
};

/// How long each phase takes by itself: the longest path inside of it.
void measure_phase(const Step& step, uint32_t index, const StepCost& cost, std::vector<StepCost>& inside,
                   const Plan& plan, std::vector<PhaseFacts>& phases) {
  if (step.phase == none) return;
  StepCost& own = inside[index];
  for (uint32_t before : step.after) {
    if (plan.steps[before].phase != step.phase) continue;
    own.best_ns = std::max(own.best_ns, inside[before].best_ns);
    own.typical_ns = std::max(own.typical_ns, inside[before].typical_ns);
    own.worst_ns = std::max(own.worst_ns, inside[before].worst_ns);
  }
  own = {longer(own.best_ns, cost.best_ns), longer(own.typical_ns, cost.typical_ns),
         longer(own.worst_ns, cost.worst_ns)};
  PhaseFacts& phase = phases[step.phase];
  phase.best_ns = std::max(phase.best_ns, own.best_ns);
  phase.typical_ns = std::max(phase.typical_ns, own.typical_ns);
  phase.worst_ns = std::max(phase.worst_ns, own.worst_ns);
}

}  // namespace

/// A step is a joint if it ends every chain so far and nothing after it reaches back behind it.
std::vector<uint32_t> joints_of(const Plan& plan, uint32_t first, uint32_t end) {
  uint32_t steps = end - first;
  // By step: behind how many of them it, or a later one, comes at the earliest; what comes after none begins at once.
  std::vector<uint32_t> behind(steps + 1, steps);
  std::vector<uint32_t> joints(steps, none);
  for (uint32_t i = steps; i-- > 0;) {
    uint32_t least = steps;
    for (uint32_t before : plan.steps[first + i].after)
      if (before >= first) least = std::min(least, before - first + 1);
    behind[i] = std::min(behind[i + 1], least == steps ? 0 : least);
  }
  std::vector<bool> followed(steps);
  uint32_t open = 0, last = none;
  for (uint32_t i = 0; i < steps; ++i) {
    for (uint32_t before : plan.steps[first + i].after)
      if (before >= first && !followed[before - first]) followed[before - first] = true, --open;
    ++open;
    if (open == 1 && behind[i + 1] > i) last = first + i;
    joints[i] = last;
  }
  return joints;
}

Forward prove_forward(const Plan& plan, const Back& back) {
  Forward out;
  size_t steps = plan.steps.size();
  out.best_begin_ns.resize(steps), out.best_end_ns.resize(steps);
  out.worst_begin_ns.resize(steps), out.worst_end_ns.resize(steps);
  out.joint = joints_of(plan, 0, uint32_t(steps));
  out.dominators = Dominators(plan);
  out.phases.resize(plan.phases.size());
  std::vector<int64_t> typical_end(steps);
  std::vector<StepCost> inside(steps);
  std::vector<uint32_t> scope_of = scopes_of_steps(plan);
  Walk walk(plan, back);
  for (uint32_t i = 0; i < steps; ++i) {
    const Step& step = plan.steps[i];
    bool retried = plan.retry.times > 0 && i > plan.retry.from_step && scope_of[i] == none;
    StepCost cost = cost_of(plan, i, retried);
    int64_t typical_begin = 0;
    if (step.after.empty()) out.worst_begin_ns[i] = capture_ns(plan);
    for (uint32_t before : step.after) {
      out.best_begin_ns[i] = std::max(out.best_begin_ns[i], out.best_end_ns[before]);
      typical_begin = std::max(typical_begin, typical_end[before]);
      out.worst_begin_ns[i] = std::max(out.worst_begin_ns[i], walk.ended_ns(before, i, out.worst_end_ns));
    }
    out.best_end_ns[i] = longer(out.best_begin_ns[i], cost.best_ns);
    typical_end[i] = longer(typical_begin, cost.typical_ns);
    out.worst_end_ns[i] = longer(out.worst_begin_ns[i], cost.worst_ns);
    walk.end(i, out.worst_end_ns[i]);
    out.best_ns = std::max(out.best_ns, out.best_end_ns[i]);
    out.typical_ns = std::max(out.typical_ns, typical_end[i]);
    out.parks = out.parks || may_park(plan, step);
    measure_phase(step, i, cost, inside, plan, out.phases);
    if (step.phase != none)
      out.phases[step.phase].back_ns = std::max(out.phases[step.phase].back_ns, back.up_to_ns[i]);
  }
  out.worst_ns = walk.last_ns();
  return out;
}

int64_t between_ns(const Forward& forward, uint32_t from, uint32_t to) {
  // Everything passes it on its way to both: what took longer before it delays both steps.
  uint32_t fork = to == none ? forward.joint[from] : forward.dominators.common(from, to);
  int64_t worst = to == none ? forward.worst_ns : forward.worst_begin_ns[to];
  if (fork == from) return std::max<int64_t>(0, worst - forward.worst_begin_ns[from]);
  if (fork != none) worst -= forward.worst_end_ns[fork];
  int64_t best = forward.best_begin_ns[from];
  if (fork != none) best -= forward.best_end_ns[fork];
  return std::max<int64_t>(0, worst - best);
}

}  // namespace rollout::plan
