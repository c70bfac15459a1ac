#include "compiler/verify/recheck_gates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "compiler/judge/sight.h"

namespace rollout::verify {

using plan::Condition;
using plan::Gate;
using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

namespace {

constexpr double ppb = 1e9;
constexpr double errs = 0.001;    // what runs fails so often
constexpr double surely = 0.8;
// Of the smallest rise. Counts come in steps, so power does, too, and where a sum has too many terms it is taken as
// normal: a rise somewhat below the smallest may be seen again.
constexpr double nearly = 0.5;
constexpr double sought = 1.001;  // as near as it is sought: a rate that is rounded otherwise may shift it by a step

bool judges(const Plan& plan, const Gate& gate, const Condition& condition) {
  return gate.harm_of && gate.harm_ppb > 0 && condition.left.signal == gate.harm_of->signal &&
         condition.kind == plan::ConditionKind::Reject && shows(plan, condition);
}

/// Beside what the plan says; Nothing: the gate proves nothing about a harm.
enum class Sees { Nothing, Less, Just, More };

class Sights {
 public:
  Sights(const Brief& brief, std::vector<std::string>& broken)
      : brief_(brief), plan_(brief.plan), broken_(broken), just_(plan_.phases.size(), -1),
        shares_(plan_.services.size()) {}

  void go() {
    bool any = std::any_of(brief_.steps.begin(), brief_.steps.end(), [](const BriefStep& step) { return step.judges; });
    for (uint32_t i = 0; any && i < brief_.size(); ++i) {
      const BriefStep& step = brief_.steps[i];
      if (step.kind == StepKind::Act) follow(plan_.steps[i].action, shares_[step.service]);
      if (!step.judges || step.phase == none) continue;
      for (uint32_t gate : plan_.steps[i].gates) look(plan_.steps[i], gate);
    }
    for (size_t i = 0; i < just_.size(); ++i)
      if (plan_.facts->phases[i].sees_ppb.value_or(-1) != just_[i])
        broken_.push_back(fmt::format("the plan says wrongly what the gates of phase `{}` see", plan_.phases[i].name));
  }

 private:
  /// What the plan says is taken for the phase's if a gate of it just sees that much.
  void look(const Step& step, uint32_t index) {
    const Gate& gate = plan_.gates[index];
    if (!gate.harm_of) return;
    Shares shares = shares_[plan_.signals[gate.harm_of->signal].service];
    int64_t says = plan_.facts->phases[step.phase].sees_ppb.value_or(-1);
    int64_t& just = just_[step.phase];
    switch (compare(step, gate, shares, says)) {
      case Sees::Nothing: break;
      case Sees::Just: just = std::max(just, says); break;
      case Sees::Less: just = INT64_MAX; break;
      case Sees::More: just = std::max<int64_t>(just, 0); break;
    }
  }

  Sees compare(const Step& step, const Gate& gate, Shares shares, int64_t says) {
    bool any = false, at = false, below = false;
    for (uint32_t index : gate.conditions) {
      const Condition& condition = plan_.conditions[index];
      if (!judges(plan_, gate, condition)) continue;
      any = true;
      auto [known, fresh] = known_.try_emplace({index, gate.sample_ns, step.hold_ns, shares, says});
      if (fresh) {
        judge::Sight sight = sight_of(plan_, condition, gate.sample_ns, step.hold_ns, shares);
        // Without a canary among the requests it is the service that gets worse.
        if (shares.canary + shares.mirrored + shares.routed == 0) sight.dilution = 1;
        double rise = double(says) / ppb;
        known->second = {judge::sees(sight, rise) || judge::sees(sight, sought * rise),
                         judge::sees(sight, nearly * rise)};
      }
      at = at || known->second.at, below = below || known->second.below;
    }
    if (!any) return Sees::Nothing;
    if (!at && says < eval::percent_all) return Sees::Less;
    return below ? Sees::More : Sees::Just;
  }

  const Brief& brief_;
  const Plan& plan_;
  std::vector<std::string>& broken_;
  std::vector<int64_t> just_;   ///< by phase: what its gates just see; -1: they prove nothing
  std::vector<Shares> shares_;  ///< by service
  struct Seen {
    bool at = false, below = false;
  };
  /// By condition and what it is judged with: many gates have the same one.
  std::map<std::tuple<uint32_t, int64_t, int64_t, Shares, int64_t>, Seen> known_;
};

/// Minutes of a week at each of which one may begin, if it needs the calendar open for longer than `needs_ns`.
std::vector<bool> minutes_of(const calendar::Calendar& calendar, int64_t needs_ns) {
  constexpr int week = calendar::minutes_a_week;
  constexpr int64_t minute_ns = 60 * eval::ns_per_s;
  std::vector<bool> open(week), safe(week);
  for (const calendar::Window& window : calendar.open)
    std::fill(open.begin() + window.from, open.begin() + window.to, true);
  bool always = std::find(open.begin(), open.end(), false) == open.end();
  int64_t stays = 0;
  for (int m = 2 * week - 1; m >= 0; --m) {  // from the week after, so that Sunday knows of Monday
    stays = open[size_t(m % week)] ? stays + 1 : 0;
    if (m < week) safe[size_t(m)] = always || (stays > 0 && (stays - 1) * minute_ns >= needs_ns);
  }
  return safe;
}

void compare_start(const Plan& plan, const plan::SafeStart& says, int64_t needs_ns, std::vector<std::string>& broken) {
  if (says.needs_ns != needs_ns) {
    broken.push_back(fmt::format("the plan says it needs the calendar open for {}; it is {}",
                                 eval::duration_text(says.needs_ns), eval::duration_text(needs_ns)));
    return;
  }
  std::vector<bool> safe = minutes_of(plan.during->calendar, needs_ns), said(safe.size());
  for (const calendar::Window& window : says.weekly)
    for (int m = std::max(window.from, 0); m < std::min(window.to, calendar::minutes_a_week); ++m)
      said[size_t(m)] = true;
  if (said != safe) broken.push_back("the plan says wrongly when it may begin and meet no close");
}

}  // namespace

bool shows(const Plan& plan, const Condition& condition) {
  const plan::Signal& signal = plan.signals[condition.left.signal];
  bool above = condition.comparison == plan::Comparison::Greater ||
               condition.comparison == plan::Comparison::GreaterEqual;
  bool proves = condition.kind != plan::ConditionKind::Require && above && condition.proven_ppb > 0 &&
                condition.proven_ppb < eval::percent_all && signal.evidence == plan::Evidence::Counts;
  bool line = condition.factor >= 0 && condition.offset >= 0 && condition.deviations == 0;
  bool own = condition.left.role == plan::Role::Canary || condition.left.role == plan::Role::All;
  if (condition.right)
    own = condition.left.role == plan::Role::Canary && condition.right->signal == condition.left.signal &&
          (condition.right->role == plan::Role::Stable || condition.right->role == plan::Role::Control);
  else if (condition.baseline != none) own = own && plan.baselines[condition.baseline].signal == condition.left.signal;
  return proves && line && own && plan.services[signal.service].traffic_uhz > 0;
}

void follow(const plan::Action& action, Shares& shares) {
  for (const plan::Setting& set : action.sets) {
    bool share = set.variable == plan::Variable::Share, flag = set.variable == plan::Variable::Flag;
    double value = double(std::clamp<int64_t>(set.value.number, 0, eval::percent_all)) / ppb;
    if ((share && set.role == plan::Role::Canary) || flag) shares.canary = value;
    if (share && set.role == plan::Role::Control) shares.control = value;
    if (set.variable == plan::Variable::Mirrored) shares.mirrored = value;
    if (set.variable == plan::Variable::Routed) shares.routed = value;
  }
}

judge::Sight sight_of(const Plan& plan, const Condition& condition, int64_t sample_ns, int64_t hold_ns,
                      Shares shares) {
  double per_s = double(plan.services[plan.signals[condition.left.signal].service].traffic_uhz) / 1e6;
  double sample_s = double(std::max<int64_t>(1, sample_ns)) / ppb, sure = double(condition.proven_ppb) / ppb;
  judge::Sight sight;
  sight.power = surely;
  sight.hypothesis = {condition.right ? condition.factor : 0, condition.offset / ppb, true};
  if (condition.baseline != none) {
    const plan::Baseline& past = plan.baselines[condition.baseline];
    sight.power = (1 + surely) / 2;
    judge::FixedSample counted = judge::unlucky_sample(per_s * double(past.window_ns) / ppb, errs, sight.power);
    sight.hypothesis = judge::against_past({condition.factor, condition.offset / ppb, true}, counted, sure);
    sure = judge::half_confidence(sure);
  }
  bool whole = condition.left.role == plan::Role::All;
  bool fresh = condition.right && condition.right->role == plan::Role::Control;
  double beside = fresh ? shares.control : 1 - shares.canary - shares.control;
  sight.traffic = {per_s * sample_s * (whole ? 1 : shares.canary + shares.mirrored), per_s * sample_s * beside, errs};
  sight.dilution = whole ? shares.canary : 1;
  sight.blocks = std::floor(double(hold_ns) / double(std::max<int64_t>(1, sample_ns)));
  double start = 0.5 / double(std::max<int64_t>(1, condition.planned_blocks - 1));
  sight.needed = judge::evidence_needed(sight.hypothesis, sure, start);
  return sight;
}

judge::Growth growth_of(const judge::Sight& sight, double rise) {
  double worse = judge::inner_rate(errs + sight.dilution * rise);
  return judge::growth_per_block(sight.hypothesis, sight.traffic, {worse, judge::inner_rate(errs)});
}

void recheck_sight(const Brief& brief, std::vector<std::string>& broken) {
  const Plan& plan = brief.plan;
  std::vector<bool> judged(plan.conditions.size());
  for (uint32_t gate = 0; gate < plan.gates.size(); ++gate)
    if (brief.judged[gate])
      for (uint32_t condition : plan.gates[gate].conditions) judged[condition] = true;
  for (const plan::Watch& watch : plan.watches) judged[watch.condition] = true;
  Time errors = -1;  // nothing is proven
  for (uint32_t index = 0; index < judged.size(); ++index) {
    const Condition& condition = plan.conditions[index];
    if (!judged[index] || condition.kind == plan::ConditionKind::Require || condition.proven_ppb <= 0) continue;
    errors = std::max<Time>(errors, 0) + eval::percent_all - condition.proven_ppb;
  }
  errors = std::min<Time>(errors, eval::percent_all);
  if (errors != plan.facts->false_alarm_ppb.value_or(-1))
    broken.push_back("the plan says wrongly how often its proofs take a good version back");
  Sights(brief, broken).go();
}

void recheck_start(const Plan& plan, int64_t begun_ns, int64_t answered_ns, std::vector<std::string>& broken) {
  const plan::Facts& facts = *plan.facts;
  bool expected = plan.during && !plan.steps.empty();
  if (facts.start.has_value() != expected ||
      facts.start_answered.has_value() != (expected && !plan.approvals.empty())) {
    broken.push_back("the plan does not say when it may begin and meet no close");
    return;
  }
  if (facts.start) compare_start(plan, *facts.start, begun_ns, broken);
  if (facts.start_answered) compare_start(plan, *facts.start_answered, answered_ns, broken);
}

}  // namespace rollout::verify
