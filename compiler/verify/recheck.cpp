#include "compiler/verify/recheck.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/plan/pace.h"
#include "compiler/verify/recheck_gates.h"

namespace rollout::verify {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

/// Sums that do not leave 64 bits whatever the plan says.
using Time = __int128;
constexpr Time forever = INT64_MAX;

Time capped(Time ns) { return std::clamp<Time>(ns, 0, forever); }

// ---- how long one thing takes ----

Time once(const plan::Action& action) {
  return action.within_ns > 0 ? action.within_ns : plan::default_within_ns;
}

Time all_attempts(const plan::Action& action) {
  Time attempts = std::max(1, action.attempts), total = attempts * once(action), pause = plan::first_pause_ns;
  Time pauses = attempts - 1;
  for (; pauses > 0 && pause < plan::max_pause_ns; --pauses, pause *= 2) total += pause;
  return capped(total + pauses * plan::max_pause_ns);
}

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

struct Takes {
  Time best = 0, typical = 0, worst = 0;
};

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

// ---- the way back: the longest chain of services, each built upon the one before ----

struct Chain {
  Time worst = 0, once = 0;
  Time lock = 0;  ///< until every lock of it is taken again
  bool acts = false;
};

/// Of the steps [first, end). `running`: the worst so far, by step of the plan; null: nobody asks.
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
  for (uint32_t i = first; i < end; ++i) {
    if (plan.steps[i].kind != StepKind::Act) continue;
    Service& service = services[plan.steps[i].action.service];
    service.begins = std::min(service.begins, i);
    service.worst = std::max(service.worst, list(i, all_attempts));
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
      all.worst = std::max(all.worst, capped(all.lock + below + list(i, all_attempts)));
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

class Recheck {
 public:
  explicit Recheck(const Plan& plan) : plan_(plan), facts_(*plan.facts), scope_of_(plan::scopes_of_steps(plan)) {}

  std::vector<std::string> go() {
    check_back();
    check_forward();
    check_exposure();
    recheck_sight(plan_, broken_);
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
    recheck_start(plan_, int64_t(last_begin(plan_)), int64_t(last_begin(quick)), broken_);
  }

  /// Step by step: a rollback of a part, when the rest goes on, keeps those waiting that come after it.
  Time last_begin(const Plan& plan) const {
    std::vector<Time> ends(plan.steps.size()), over(plan.scopes.size());
    Time first = plan::captures(plan) ? Time(plan::capture_attempts - 1) * plan::capture_pause_ns : 0, last = 0;
    for (uint32_t i = 0; i < plan.steps.size(); ++i) {
      Time begin = plan.steps[i].after.empty() ? first : 0;
      for (uint32_t before : plan.steps[i].after) {
        begin = std::max(begin, ends[before]);
        for (uint32_t scope = scope_of_[before]; scope != none && plan.scopes[scope].last_step < i;
             scope = plan.scopes[scope].parent)
          if (plan::goes_on(plan.scopes[scope])) begin = std::max(begin, over[scope]);
      }
      last = std::max(last, begin);
      ends[i] = capped(begin + time_of(plan, i, scope_of_[i] != none).worst);
      for (uint32_t scope = scope_of_[i]; scope != none; scope = plan.scopes[scope].parent)
        over[scope] = std::max(over[scope], ends[i]);
      for (uint32_t scope = scope_of_[i]; scope != none && plan.scopes[scope].last_step == i;
           scope = plan.scopes[scope].parent) {
        const plan::UndoScope& of = plan.scopes[scope];
        Chain chain = chain_of(plan, of.first_step, of.last_step + 1, scope, nullptr);
        Time verify = of.rollback.verify_gate == none ? 0 : of.rollback.verify_within_ns;
        over[scope] = capped(over[scope] + give_up(plan, scope, chain) + verify);
        if (of.parent != none) over[of.parent] = std::max(over[of.parent], over[scope]);
      }
    }
    return last;
  }

  /// Not even the path that meets no trouble exposes to more than the plan says.
  void check_exposure() {
    std::vector<Time> begins(plan_.steps.size()), met(plan_.services.size()), since = met, share = met, most = met;
    Time end = 0;
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      for (uint32_t before : step.after)
        begins[i] = std::max(begins[i], begins[before] + time_of(plan_, before, true).best);
      end = std::max(end, capped(begins[i] + time_of(plan_, i, true).best));
      if (step.kind != StepKind::Act) continue;
      uint32_t service = step.action.service;
      for (const plan::Setting& set : step.action.sets) {
        bool shares = (set.variable == plan::Variable::Share && set.role == plan::Role::Canary) ||
                      set.variable == plan::Variable::Flag;
        if (!shares) continue;
        met[service] += share[service] * (begins[i] - since[service]) / eval::percent_all;
        since[service] = begins[i];
        share[service] = std::clamp<Time>(set.value.number, 0, eval::percent_all);
        most[service] = std::max(most[service], share[service]);
      }
    }
    std::vector<const plan::ExposureFacts*> said(plan_.services.size());
    for (const plan::ExposureFacts& one : facts_.exposure) said[one.service] = &one;
    for (uint32_t i = 0; i < plan_.services.size(); ++i) {
      std::string name = plan::service_text(plan_.services[i]);
      if (!said[i] && most[i] > 0) broken_.push_back(fmt::format("the plan does not say what users meet of {}", name));
      if (!said[i]) continue;
      Time least = met[i] + share[i] * (end - since[i]) / eval::percent_all;
      Time says = said[i]->unseen_ns, harm = said[i]->harm_ns.value_or(0);
      if (says < least || harm < 0 || harm > says)
        broken_.push_back(fmt::format("the plan says users meet {} for {} of full traffic at most; it is {} at least",
                                      name, eval::duration_text(int64_t(says)),
                                      eval::duration_text(int64_t(capped(least)))));
    }
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
