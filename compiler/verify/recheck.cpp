#include "compiler/verify/recheck.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/pace.h"
#include "compiler/verify/recheck_exposure.h"
#include "compiler/verify/recheck_beside.h"
#include "compiler/verify/recheck_gates.h"
#include "compiler/verify/recheck_quota.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

class Recheck {
 public:
  explicit Recheck(const Plan& plan) : plan_(plan), facts_(*plan.facts), scope_of_(plan::scopes_of_steps(plan)) {}

  std::vector<std::string> go() {
    check_back();
    check_forward();
    recheck_exposure(plan_, walk(plan_), broken_);
    recheck_sight(plan_, broken_);
    recheck_beside(plan_, broken_);
    recheck_quota(plan_, broken_);
    check_start();
    return std::move(broken_);
  }

 private:
  void compare(std::string_view what, int64_t says, Time is) {
    if (Time(says) == is) return;
    broken_.push_back(fmt::format("the plan says {} takes {} at most; it is {}", what, eval::duration_text(says),
                                  eval::duration_text(int64_t(is))));
  }

  void check_back() {
    uint32_t steps = uint32_t(plan_.steps.size());
    running_.resize(steps);
    Time worst = 0, once_only = 0, over = 0;
    for (uint32_t first = 0, end = 0; first < steps; first = end) {
      end = first + 1;
      while (end < steps && plan_.steps[end].kind != StepKind::Commit) ++end;
      Chain chain = chain_of(plan_, first, end, none, &running_);
      worst = std::max(worst, chain.worst), once_only = std::max(once_only, chain.once);
      if (chain.acts) over = std::max(over, give_up(plan_, none, chain));
    }
    Time hooks = 0;
    for (const plan::Hook& hook : plan_.hooks)
      for (uint32_t action : hook.actions) hooks = std::max(hooks, all_attempts(plan_.undo[action]));
    over = capped(over + hooks);
    compare("the way back", facts_.back_ns, worst);
    compare("the way back with one attempt of each action", facts_.back_once_ns, once_only);
    compare("a rollback that fails", facts_.give_up_ns, over);
  }

  /// From the last step to the first: how much is still ahead when a step begins.
  void check_forward() {
    std::vector<Time> best(plan_.steps.size()), typical = best, worst = best, scope_ahead(plan_.scopes.size());
    std::vector<Takes> inside(plan_.steps.size()), phases(plan_.phases.size());
    std::vector<Time> backs(plan_.phases.size());
    Takes total;
    bool parks = false;
    for (uint32_t i = uint32_t(plan_.steps.size()); i-- > 0;) {
      const Step& step = plan_.steps[i];
      Takes takes = time_of(plan_, i, scope_of_[i] != none);
      leave_scopes(i, scope_ahead);
      for (uint32_t scope = scope_of_[i]; scope != none; scope = plan_.scopes[scope].parent)
        worst[i] = std::max(worst[i], scope_ahead[scope]);
      best[i] = capped(best[i] + takes.best), typical[i] = capped(typical[i] + takes.typical);
      worst[i] = capped(worst[i] + takes.worst);
      total = {std::max(total.best, best[i]), std::max(total.typical, typical[i]), std::max(total.worst, worst[i])};
      inside[i] = {capped(inside[i].best + takes.best), capped(inside[i].typical + takes.typical),
                   capped(inside[i].worst + takes.worst)};
      for (uint32_t before : step.after) {
        best[before] = std::max(best[before], best[i]), typical[before] = std::max(typical[before], typical[i]);
        worst[before] = std::max(worst[before], worst[i]);
        wait_for_scopes(before, i, worst[i], scope_ahead);
        if (step.phase == none || plan_.steps[before].phase != step.phase) continue;
        Takes& ahead = inside[before];
        ahead = {std::max(ahead.best, inside[i].best), std::max(ahead.typical, inside[i].typical),
                 std::max(ahead.worst, inside[i].worst)};
      }
      if (step.phase != none) {
        Takes& phase = phases[step.phase];
        phase = {std::max(phase.best, inside[i].best), std::max(phase.typical, inside[i].typical),
                 std::max(phase.worst, inside[i].worst)};
        backs[step.phase] = std::max(backs[step.phase], running_[i]);
      }
      parks = parks || silence_parks(step);
    }
    if (plan::captures(plan_) && !plan_.steps.empty())
      total.worst = capped(total.worst + (plan::capture_attempts - 1) * plan::capture_pause_ns);
    compare("the way forward, with luck,", facts_.best_ns, total.best);
    compare("the way forward, as a rule,", facts_.typical_ns, total.typical);
    compare("the way forward", facts_.worst_ns, total.worst);
    if (parks != facts_.parks)
      broken_.push_back(parks ? "the plan does not say that it may park for want of an answer"
                              : "the plan says that it may park for want of an answer, and nobody is asked");
    for (size_t i = 0; i < phases.size(); ++i) {
      std::string name = fmt::format("phase `{}`", plan_.phases[i].name);
      compare(name + " with luck", facts_.phases[i].best_ns, phases[i].best);
      compare(name + " as a rule", facts_.phases[i].typical_ns, phases[i].typical);
      compare(name, facts_.phases[i].worst_ns, phases[i].worst);
      compare("the way back from " + name, facts_.phases[i].back_ns, backs[i]);
    }
  }

  /// With its last step comes what is ahead of a scope: its own way back, and then whoever waits for it.
  void leave_scopes(uint32_t step, std::vector<Time>& ahead) const {
    std::vector<uint32_t> ending;
    for (uint32_t scope = scope_of_[step]; scope != none && plan_.scopes[scope].last_step == step;
         scope = plan_.scopes[scope].parent)
      ending.push_back(scope);
    std::reverse(ending.begin(), ending.end());  // of an inner one the end of the one around it is ahead
    for (uint32_t scope : ending) {
      const plan::UndoScope& of = plan_.scopes[scope];
      Chain chain = chain_of(plan_, of.first_step, of.last_step + 1, scope, nullptr);
      Time verify = of.rollback.verify_gate == none ? 0 : of.rollback.verify_within_ns;
      if (of.parent != none) ahead[scope] = std::max(ahead[scope], ahead[of.parent]);
      ahead[scope] = capped(ahead[scope] + give_up(plan_, scope, chain) + verify);
    }
  }
  void wait_for_scopes(uint32_t before, uint32_t step, Time ns, std::vector<Time>& ahead) const {
    for (uint32_t scope = scope_of_[before]; scope != none; scope = plan_.scopes[scope].parent) {
      const plan::UndoScope& of = plan_.scopes[scope];
      if (step > of.last_step && plan::goes_on(of))
        ahead[scope] = std::max(ahead[scope], ns);
    }
  }

  bool silence_parks(const Step& step) const {
    auto parks = [&](uint32_t approval) { return plan_.approvals[approval].on_timeout == plan::Unapproved::Park; };
    if (step.kind == StepKind::Approval) return parks(step.approval);
    for (uint32_t index : step.gates) {
      const plan::Gate& gate = plan_.gates[index];
      for (const plan::Response* one : {&gate.no_data, &gate.undecided, &gate.error, &gate.fail})
        if (one->then == plan::Fallback::Ask && parks(one->approval)) return true;
    }
    return false;
  }

  void check_start() {
    if (!plan_.during) return recheck_start(plan_, 0, 0, broken_);
    Plan quick = plan_;
    for (plan::Approval& approval : quick.approvals) approval.timeout_ns = 0;
    recheck_start(plan_, int64_t(walk(plan_).last_begin), int64_t(walk(quick).last_begin), broken_);
  }

  const Plan& plan_;
  const plan::Facts& facts_;
  std::vector<uint32_t> scope_of_;
  std::vector<Time> running_;  ///< by step: the way back from any point up to it
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> recheck(const Plan& plan) {
  if (!plan.facts) return {};
  return Recheck(plan).go();
}

}  // namespace rollout::verify
