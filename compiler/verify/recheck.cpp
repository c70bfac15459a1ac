#include "compiler/verify/recheck.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/pace.h"
#include "compiler/verify/recheck_back.h"
#include "compiler/verify/recheck_beside.h"
#include "compiler/verify/recheck_exposure.h"
#include "compiler/verify/recheck_gates.h"
#include "compiler/verify/recheck_policies.h"
#include "compiler/verify/recheck_quota.h"
#include "compiler/verify/recheck_told.h"

namespace rollout::verify {

using plan::Plan;
using plan::StepKind;
using plan::none;

namespace {

/// How long is ahead when a step begins; `in_`: inside its phase.
struct Ahead {
  int64_t best = 0, typical = 0, worst = 0, in_best = 0, in_typical = 0, in_worst = 0;
};

class Recheck {
 public:
  explicit Recheck(const Plan& plan) : plan_(plan), facts_(*plan.facts), brief_(plan), chains_(brief_) {}

  std::vector<std::string> go() {
    recheck_told(plan_, broken_);
    recheck_way_back(plan_, broken_);
    check_back();
    check_forward();
    Walked walked = walk(brief_, false);
    recheck_exposure(brief_, walked, broken_);
    recheck_sight(brief_, broken_);
    recheck_beside(brief_, broken_);
    recheck_quota(brief_, broken_);
    recheck_policies(plan_, broken_);
    int64_t answered = plan_.during ? walk(brief_, true).last_begin : 0;
    recheck_start(plan_, walked.last_begin, answered, broken_);
    recheck_declared(plan_, broken_);
    return std::move(broken_);
  }

 private:
  /// `parts`: what it is about, put together only where it does not hold.
  template <typename... Parts>
  void compare(int64_t says, int64_t is, const Parts&... parts) {
    if (says == is) return;
    std::string what;
    (what.append(parts), ...);
    broken_.push_back(fmt::format("the plan says {} takes {} at most; it is {}", what, eval::duration_text(says),
                                  eval::duration_text(is)));
  }

  void check_back() {
    uint32_t steps = brief_.size();
    running_.resize(steps);
    int64_t worst = 0, once_only = 0, over = 0, hooks = 0;
    for (uint32_t first = 0, end = 0; first < steps; first = end) {
      end = first + 1;
      while (end < steps && brief_.steps[end].kind != StepKind::Commit) ++end;
      Chain chain = chains_.of(first, end, none, &running_);
      worst = std::max(worst, chain.worst), once_only = std::max(once_only, chain.once);
      if (chain.acts) over = std::max(over, give_up(plan_, none, chain));
    }
    for (const plan::Hook& hook : plan_.hooks)
      for (uint32_t action : hook.actions) hooks = std::max(hooks, brief_.undo[action].all);
    compare(facts_.back_ns, worst, "the way back");
    compare(facts_.back_once_ns, once_only, "the way back with one attempt of each action");
    compare(facts_.give_up_ns, plus(over, hooks), "a rollback that fails");
  }

  /// From the last step to the first: how much is still ahead when a step begins.
  void check_forward() {
    std::vector<Ahead> ahead(brief_.size());
    std::vector<int64_t> scope_ahead(plan_.scopes.size());
    phases_.resize(plan_.phases.size());
    Ahead total;
    bool parks = false;
    for (uint32_t i = brief_.size(); i-- > 0;) {
      const BriefStep& step = brief_.steps[i];
      Ahead& at = ahead[i];
      if (step.scope != none) leave_scopes(i, scope_ahead);
      for (uint32_t scope = step.scope; scope != none; scope = plan_.scopes[scope].parent)
        at.worst = std::max(at.worst, scope_ahead[scope]);
      at = {plus(at.best, step.best),    plus(at.typical, step.typical),    plus(at.worst, step.worst),
            plus(at.in_best, step.best), plus(at.in_typical, step.typical), plus(at.in_worst, step.worst)};
      larger(total.best, at.best), larger(total.typical, at.typical), larger(total.worst, at.worst);
      for (uint32_t before : brief_.after(i)) {
        Ahead& of = ahead[before];
        larger(of.best, at.best), larger(of.typical, at.typical), larger(of.worst, at.worst);
        wait_for_scopes(before, i, at.worst, scope_ahead);
        if (step.phase == none || brief_.steps[before].phase != step.phase) continue;
        larger(of.in_best, at.in_best), larger(of.in_typical, at.in_typical), larger(of.in_worst, at.in_worst);
      }
      if (step.phase != none) {
        Phase& phase = phases_[step.phase];
        larger(phase.best, at.in_best), larger(phase.typical, at.in_typical), larger(phase.worst, at.in_worst);
        larger(phase.back, running_[i]);
      }
      parks = parks || step.parks;
    }
    if (plan::captures(plan_) && !plan_.steps.empty())
      total.worst = plus(total.worst, (plan::capture_attempts - 1) * plan::capture_pause_ns);
    compare_forward(total, parks);
  }
  void compare_forward(const Ahead& total, bool parks) {
    compare(facts_.best_ns, total.best, "the way forward, with luck,");
    compare(facts_.typical_ns, total.typical, "the way forward, as a rule,");
    compare(facts_.worst_ns, total.worst, "the way forward");
    if (parks != facts_.parks)
      broken_.push_back(parks ? "the plan does not say that it may park for want of an answer"
                              : "the plan says that it may park for want of an answer, and nobody is asked");
    for (size_t i = 0; i < phases_.size(); ++i) {
      const std::string& name = plan_.phases[i].name;
      const plan::PhaseFacts& says = facts_.phases[i];
      compare(says.best_ns, phases_[i].best, "phase `", name, "` with luck");
      compare(says.typical_ns, phases_[i].typical, "phase `", name, "` as a rule");
      compare(says.worst_ns, phases_[i].worst, "phase `", name, "`");
      compare(says.back_ns, phases_[i].back, "the way back from phase `", name, "`");
    }
  }
  static void larger(int64_t& a, int64_t b) { a = std::max(a, b); }

  /// With its last step comes what is ahead of a scope: its own way back, and then whoever waits for it.
  void leave_scopes(uint32_t step, std::vector<int64_t>& ahead) {
    std::vector<uint32_t> ending;
    for (uint32_t scope = brief_.steps[step].scope; scope != none && plan_.scopes[scope].last_step == step;
         scope = plan_.scopes[scope].parent)
      ending.push_back(scope);
    std::reverse(ending.begin(), ending.end());  // of an inner one the end of the one around it is ahead
    for (uint32_t scope : ending) {
      const plan::UndoScope& of = plan_.scopes[scope];
      Chain chain = chains_.of(of.first_step, of.last_step + 1, scope, nullptr);
      int64_t verify = of.rollback.verify_gate == none ? 0 : of.rollback.verify_within_ns;
      if (of.parent != none) larger(ahead[scope], ahead[of.parent]);
      ahead[scope] = plus(plus(ahead[scope], give_up(plan_, scope, chain)), verify);
    }
  }
  void wait_for_scopes(uint32_t before, uint32_t step, int64_t ns, std::vector<int64_t>& ahead) const {
    for (uint32_t scope = brief_.steps[before].scope; scope != none; scope = plan_.scopes[scope].parent) {
      const plan::UndoScope& of = plan_.scopes[scope];
      if (step > of.last_step && plan::goes_on(of)) larger(ahead[scope], ns);
    }
  }

  struct Phase {
    int64_t best = 0, typical = 0, worst = 0, back = 0;
  };
  const Plan& plan_;
  const plan::Facts& facts_;
  Brief brief_;
  Chains chains_;
  std::vector<int64_t> running_;  ///< by step: the way back from any point up to it
  std::vector<Phase> phases_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> recheck(const Plan& plan) {
  if (!plan.facts) return {};
  return Recheck(plan).go();
}

}  // namespace rollout::verify
