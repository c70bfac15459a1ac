#include "compiler/verify/watchers.h"

#include <algorithm>
#include <cmath>

namespace rollout::verify {

using plan::Condition;
using plan::Plan;
using plan::Step;
using plan::none;

namespace {

constexpr size_t max_watchers = 4;  // of one service, those that judge longest
constexpr double ppb = 1e9;

/// By signal: the smallest harm that a gate declares; 0: none does.
std::vector<int64_t> harms_of(const Plan& plan) {
  std::vector<int64_t> harms(plan.signals.size());
  for (const plan::Gate& gate : plan.gates) {
    if (gate.harm_ppb <= 0 || !gate.harm_of) continue;
    int64_t& harm = harms[gate.harm_of->signal];
    harm = harm == 0 ? gate.harm_ppb : std::min(harm, gate.harm_ppb);
  }
  return harms;
}

double traffic_per_s(const Plan& plan, const Condition& condition) {
  return double(plan.services[plan.signals[condition.left.signal].service].traffic_uhz) / 1e6;
}

}  // namespace

bool can_prove(const Plan& plan, const Condition& condition) {
  bool upward = condition.comparison == plan::Comparison::Greater ||
                condition.comparison == plan::Comparison::GreaterEqual;
  bool counts = plan.signals[condition.left.signal].evidence == plan::Evidence::Counts;
  bool past = condition.baseline != none;
  bool beside = condition.right && condition.left.role == plan::Role::Canary &&
                (condition.right->role == plan::Role::Stable || condition.right->role == plan::Role::Control) &&
                condition.right->signal == condition.left.signal;
  bool own_past = past && plan.baselines[condition.baseline].signal == condition.left.signal;
  bool own = condition.left.role == plan::Role::Canary || condition.left.role == plan::Role::All;
  bool alone = !condition.right && (!past || own_past) && own;
  return condition.kind != plan::ConditionKind::Require && condition.proven_ppb > 0 &&
         condition.proven_ppb < eval::percent_all && upward && counts && (beside || alone) && condition.factor >= 0 &&
         condition.offset >= 0 && condition.deviations == 0;
}

double samples_in(const Step& step, const plan::Gate& gate) {
  return std::floor(double(step.hold_ns) / double(std::max<int64_t>(1, gate.sample_ns)));
}

Claimed claimed_of(const Plan& plan, const Condition& condition) {
  bool past = condition.baseline != none;
  Claimed out{{condition.right || past ? condition.factor : 0, condition.offset / ppb, true},
              double(condition.proven_ppb) / ppb, assumed_power, 0};
  if (past) {
    // Half of the misses are the past's, when more of it had gone wrong than usual, half those of what is counted now.
    out.power = 1 - (1 - assumed_power) / 2;
    double requests = traffic_per_s(plan, condition) * double(plan.baselines[condition.baseline].window_ns) / ppb;
    out.hypothesis = judge::against_past(
        out.hypothesis, judge::unlucky_sample(requests, assumed_rate, out.power), out.confidence);
    out.confidence = judge::half_confidence(out.confidence);
  }
  double start = 0.5 / double(std::max<int64_t>(1, condition.planned_blocks - 1));
  out.needed = judge::evidence_needed(out.hypothesis, out.confidence, start);
  return out;
}

int64_t share_of(Portions portions, plan::Role role) {
  switch (role) {
    case plan::Role::All: break;
    case plan::Role::Canary: return portions.canary_ppb + portions.mirrored_ppb;
    case plan::Role::Control: return portions.control_ppb;
    case plan::Role::Stable: return eval::percent_all - portions.canary_ppb - portions.control_ppb;
  }
  return eval::percent_all;
}

judge::Traffic traffic_of(const Plan& plan, const Condition& condition, int64_t sample_ns, Portions portions) {
  auto share = [&](plan::Role role) { return double(share_of(portions, role)) / double(eval::percent_all); };
  double requests = traffic_per_s(plan, condition) * double(std::max<int64_t>(1, sample_ns)) / ppb;
  plan::Role beside = condition.right ? condition.right->role : plan::Role::Stable;
  return {requests * share(condition.left.role), requests * share(beside), assumed_rate};
}

double dilution_of(const Condition& condition, int64_t share_ppb) {
  return condition.left.role == plan::Role::All ? double(share_ppb) / double(eval::percent_all) : 1;
}

judge::Growth growth_of(const Plan& plan, const Condition& condition, const Claimed& claimed, int64_t harm_ppb,
                        int64_t sample_ns, Portions portions) {
  double rise = dilution_of(condition, portions.canary_ppb) * double(harm_ppb) / ppb;
  judge::Rates truth{judge::inner_rate(assumed_rate + rise), judge::inner_rate(assumed_rate)};
  return judge::growth_per_block(claimed.hypothesis, traffic_of(plan, condition, sample_ns, portions), truth);
}

namespace {

/// By condition, with the samples that it is sure to have.
std::vector<Watcher> known_watchers(const Plan& plan, const std::vector<int64_t>& harms, Looks& looks) {
  std::vector<Watcher> known(plan.conditions.size());
  auto add = [&](uint32_t condition, double samples, uint32_t watch) {
    uint32_t signal = plan.conditions[condition].left.signal;
    if (harms[signal] == 0 || !can_prove(plan, plan.conditions[condition])) return;
    known[condition] = {condition, signal, harms[signal], known[condition].samples + samples, watch};
  };
  for (const Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Hold) continue;
    for (uint32_t index : step.gates)
      for (uint32_t condition : plan.gates[index].conditions) add(condition, samples_in(step, plan.gates[index]), none);
  }
  for (uint32_t i = 0; i < plan.watches.size(); ++i) {
    const plan::Watch& watch = plan.watches[i];
    if (watch.held_ns > 0 || known[watch.condition].condition != none) continue;
    if (looks.under(i).empty()) continue;
    double samples = 0;
    for (uint32_t step : looks.under(i)) samples += looks.samples(i, step);
    add(watch.condition, samples, i);
  }
  return known;
}

}  // namespace

std::vector<Watchers> watchers_of(const Plan& plan, Looks& looks) {
  std::vector<int64_t> harms = harms_of(plan);
  std::vector<Watcher> known;
  if (std::any_of(harms.begin(), harms.end(), [](int64_t harm) { return harm > 0; }))
    known = known_watchers(plan, harms, looks);
  std::vector<Watchers> all(plan.services.size());
  for (const Watcher& one : known) {
    if (one.condition == none) continue;
    uint32_t service = plan.signals[one.signal].service;
    if (plan.services[service].traffic_uhz > 0) all[service].push_back(one);
  }
  for (Watchers& of : all) {
    std::stable_sort(of.begin(), of.end(), [](const Watcher& a, const Watcher& b) { return a.samples > b.samples; });
    if (of.size() > max_watchers) of.resize(max_watchers);
  }
  // Of a harm that nothing proves nobody says when it is seen.
  for (uint32_t signal = 0; signal < plan.signals.size(); ++signal) {
    Watchers& of = all[plan.signals[signal].service];
    bool proven = std::any_of(of.begin(), of.end(), [&](const Watcher& one) { return one.signal == signal; });
    if (harms[signal] > 0 && !proven) of.clear();
  }
  return all;
}

namespace {

bool is_share(const plan::Setting& set) {
  return (set.variable == plan::Variable::Share && set.role == plan::Role::Canary) ||
         set.variable == plan::Variable::Flag;
}

int64_t part_of_all(const plan::Setting& set) { return std::clamp<int64_t>(set.value.number, 0, eval::percent_all); }

}  // namespace

int64_t Met::all() const { return std::min(share_ppb + routed_ppb, eval::percent_all); }

bool is_met(const plan::Action& action) {
  return std::any_of(action.sets.begin(), action.sets.end(), [](const plan::Setting& set) {
    return is_share(set) || set.variable == plan::Variable::Routed;
  });
}

void follow(const plan::Action& action, Met& met) {
  for (const plan::Setting& set : action.sets) {
    if (is_share(set)) met.share_ppb = part_of_all(set);
    if (set.variable == plan::Variable::Routed) met.routed_ppb = part_of_all(set);
  }
}

/// Who is routed may be nobody, so evidence is what the share and the copies bring.
void follow(const plan::Action& action, Portions& portions) {
  for (const plan::Setting& set : action.sets) {
    if (is_share(set)) portions.canary_ppb = part_of_all(set);
    bool control = set.variable == plan::Variable::Share && set.role == plan::Role::Control;
    if (control) portions.control_ppb = part_of_all(set);
    if (set.variable == plan::Variable::Mirrored) portions.mirrored_ppb = part_of_all(set);
    if (set.variable == plan::Variable::Routed) portions.routed_ppb = part_of_all(set);
  }
}

}  // namespace rollout::verify
