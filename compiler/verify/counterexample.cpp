#include "compiler/verify/counterexample.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/plan/cost.h"
#include "compiler/plan/pace.h"
#include "compiler/plan/plan_json.h"
#include "compiler/verify/course.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

using plan::Back;
using plan::Forward;
using plan::Plan;
using plan::Region;
using plan::Step;
using plan::StepKind;
using plan::longer;
using plan::none;

namespace {

constexpr size_t id_digits = 8;

/// The path of one finding, moment by moment.
class Path {
 public:
  /// `torn`: holds that nothing passes, which a replay goes on without.
  Path(const Plan& plan, const Finding& finding, const std::vector<uint32_t>& torn)
      : plan_(plan), finding_(finding), site_(finding.site), torn_(torn) {}

  Counterexample make() {
    switch (finding_.claim) {
      case Claim::RollbackTime: back(); break;
      case Claim::WayBack:
      case Claim::Commit: refused(); break;
      case Claim::Exposure: exposed(); break;
      case Claim::Constant: constant(); break;
      case Claim::Contradiction: contradicted(); break;
      case Claim::Power: blind(); break;
      case Claim::Starved: judged("no evidence"); break;
      case Claim::IdleWatch: idle(); break;
      case Claim::Window:
      case Claim::Start: closed(finding_.claim == Claim::Window); break;
      case Claim::Answer: late(); break;
      case Claim::Capacity:
      case Claim::Takeover: overloaded(); break;
      case Claim::Growth: shrunk(); break;
      case Claim::Beside: meet(fmt::format("{} runs beside {}", finding_.parts[0], finding_.parts[1])); break;
      case Claim::Quota: meet(fmt::format("{} holds {} instances", finding_.parts[0], finding_.bound_ns)); break;
      case Claim::Policy: refused_by_policy(); break;
    }
    std::stable_sort(out_.path.begin(), out_.path.end(),
                     [](const Moment& a, const Moment& b) { return a.at_ns < b.at_ns; });
    shorten(out_.path);
    return std::move(out_);
  }

 private:
  static void shorten(std::vector<Moment>& path) {
    if (path.size() <= max_moments) return;
    size_t more = path.size() - max_moments;
    auto middle = path.begin() + max_moments / 2;
    middle->text = fmt::format("{} more moments", more + 1), middle->outcome.clear();
    path.erase(middle + 1, middle + 1 + long(more));
  }
  World& world() { return out_.world; }
  const World& world() const { return out_.world; }
  void add(int64_t at_ns, std::string text, std::string outcome = {}) {
    out_.path.push_back({at_ns, std::move(text), std::move(outcome)});
  }
  bool has_step() const { return site_.step < plan_.steps.size(); }
  const Step& step() const { return plan_.steps[site_.step]; }

  /// What a run has come to when the step begins; `none`: the end. Then when that is.
  int64_t forward(uint32_t until, int64_t before_ns = INT64_MAX) {
    course_ = course_of(plan_, world());
    int64_t last_ns = 0;
    for (uint32_t i : course_.order) {
      if (i == until) {  // what ends later, beside it, is not over
        std::erase_if(out_.path, [&](const Moment& moment) { return moment.at_ns > course_.begin_ns[i]; });
        return course_.begin_ns[i];
      }
      if (course_.begin_ns[i] >= before_ns) return before_ns;
      pass(i, before_ns);
      last_ns = std::max(last_ns, course_.end_ns[i]);
    }
    return last_ns;
  }
  void pass(uint32_t index, int64_t before_ns) {
    const Step& of = plan_.steps[index];
    bool judged = !of.gates.empty();
    if (of.kind == StepKind::Act || of.kind == StepKind::Commit) add(course_.begin_ns[index], of.text);
    if (of.kind == StepKind::Hold && (!judged || world().late_gates))
      add(course_.begin_ns[index], of.text, judged ? "takes as long as it may" : "");
    if (of.kind == StepKind::Lock && world().late_locks) add(course_.begin_ns[index], of.text, "another run holds it");
    if (course_.end_ns[index] >= before_ns) return;
    if (of.kind == StepKind::Approval) add(course_.end_ns[index], of.text, "approved");
    bool torn = world().late_gates || std::find(torn_.begin(), torn_.end(), index) != torn_.end();
    for (uint32_t gate : of.gates)
      add(course_.end_ns[index], plan_.gates[gate].text, torn ? "is taken to pass" : "passes");
  }
  int64_t undo(int64_t at_ns) {
    for (uint32_t index : site_.undone) {
      add(at_ns, plan_.undo[index].text);
      if (world().back == Pace::Once) at_ns = longer(at_ns, once_ns(plan_.undo[index]));
    }
    return at_ns;
  }
  /// In the unit of the signal.
  std::string value_text(uint32_t signal, double value) const {
    eval::Value::Kind unit = plan_.signals[signal].unit;
    if (unit == eval::Value::Kind::Float) return fmt::format("{}", value);
    return eval::to_text(eval::Value::of(unit, int64_t(value)));
  }
  void stop(bool fails) {
    world().stops_at = site_.step, world().fails = fails;
    add(forward(site_.step), step().text, fails ? "fails half-way" : half_way());
  }

  std::string half_way() const { return world().half_done ? "aborted half-way" : "aborted once it has had its effect"; }

  void back() {
    world().back = Pace::Once, world().half_done = true;
    stop(site_.scope != none);
    add(undo(out_.path.back().at_ns), "everything is restored");
  }
  void refused() {
    if (!has_step()) return;
    if (finding_.claim == Claim::WayBack) {
      stop(false);
      add(undo(out_.path.back().at_ns), finding_.what);
    } else {
      int64_t at_ns = forward(site_.step);
      add(at_ns, step().text, finding_.what);
    }
  }

  /// The version goes wrong with the step: more of its requests fail than before, by its harm.
  void worsen(uint32_t signal, int64_t harm_ppb) {
    double usual = assumed_rate * double(eval::percent_all);
    world().said = {{signal, plan::Role::Stable, usual, none},
                    {signal, plan::Role::Canary, usual + double(harm_ppb), site_.step}};
    int64_t at_ns = forward(site_.step);
    if (step().kind == StepKind::Act) add(at_ns, step().text);
    add(at_ns, fmt::format("{} of the canary rises by {}", plan_.signals[signal].name, eval::percent_text(harm_ppb)));
  }
  /// No canary has traffic then, so it is the service that gets worse.
  void worsen_all(uint32_t signal, int64_t harm_ppb) {
    world().said = {{signal, plan::Role::All, assumed_rate * double(eval::percent_all) + double(harm_ppb), site_.step}};
    add(forward(site_.step),
        fmt::format("{} rises by {}", plan_.signals[signal].name, eval::percent_text(harm_ppb)));
  }
  bool canary_has_traffic(uint32_t service) const {
    Portions portions;
    for (uint32_t i = 0; i < site_.step; ++i)
      if (plan_.steps[i].kind == StepKind::Act && plan_.steps[i].action.service == service)
        follow(plan_.steps[i].action, portions);
    return !portions.all_is_one();
  }
  void exposed() {
    world().back = Pace::Worst;
    world().late_answers = !plan_.approvals.empty();  // while people are asked, users meet it
    if (site_.service >= plan_.services.size() || !has_step()) return;
    Back back = prove_back(plan_);
    Forward begins = prove_forward(plan_, back);
    Looks looks(plan_, begins);
    Watchers watchers = watchers_of(plan_, looks)[site_.service];
    if (watchers.empty()) return;
    worsen(watchers[0].signal, watchers[0].harm_ppb);
    last_ns_ = longer(begins.worst_ns, longest_back_ns(back));
    auto [required_ns, passed] = met_ns(finding_.required_ns);
    if (passed) add(required_ns, eval::duration_text(finding_.required_ns) + " of full traffic have met it");
    auto [bound_ns, reached] = met_ns(finding_.bound_ns);
    std::string met = eval::duration_text(finding_.bound_ns) + " of full traffic";
    add(bound_ns, reached ? "it is proven and taken back, after " + met : "it is over; at its slowest, after " + met);
  }
  static int64_t longest_back_ns(const Back& back) {
    int64_t most = 0;
    for (const Region& region : back.runs) most = std::max(most, region.worst_ns);
    return most;
  }
  /// When so much of full traffic has met what began with the step, and whether it has: a bound may be more than the
  /// path meets, whose actions take no time. Then when it is over.
  std::pair<int64_t, bool> met_ns(int64_t wanted_ns) const {
    int64_t share = 0, at_ns = course_.begin_ns[site_.step];
    __int128 left = __int128(wanted_ns) * eval::percent_all;
    Met users;
    auto until = [&](int64_t to_ns) {
      __int128 met = __int128(share) * std::max<int64_t>(0, to_ns - at_ns);
      if (share > 0 && met >= left) return at_ns += int64_t(left / share), true;
      left -= met, at_ns = std::max(at_ns, to_ns);
      return false;
    };
    for (uint32_t i : course_.order) {
      const Step& of = plan_.steps[i];
      if (of.kind != StepKind::Act || of.action.service != site_.service) continue;
      if (!is_met(of.action)) continue;
      follow(of.action, users);
      if (until(course_.begin_ns[i])) return {at_ns, true};
      share = std::max(share, users.all());  // it may be there from the beginning of the step on
      if (until(course_.end_ns[i])) return {at_ns, true};
      share = users.all();
    }
    bool reached = share > 0 && until(std::max(at_ns, last_ns_));
    return {at_ns, reached};
  }

  void judged(std::string outcome) {
    if (!has_step()) return;
    const plan::Gate& gate = plan_.gates[site_.gate];
    int64_t more_ns = finding_.claim == Claim::Starved ? gate.undecided.hold_ns : 0;
    add(longer(forward(site_.step), longer(step().hold_ns, more_ns)), gate.text, std::move(outcome));
  }
  /// Which of several gates it is that does not pass, the values say, and whether it is rejected before its hold ends.
  void contradicted() {
    bool rejects = has_step() && std::any_of(step().gates.begin(), step().gates.end(), [&](uint32_t gate) {
      return std::any_of(plan_.gates[gate].conditions.begin(), plan_.gates[gate].conditions.end(),
                         [&](uint32_t of) { return plan_.conditions[of].kind == plan::ConditionKind::Reject; });
    });
    judged(site_.watch == none ? rejects ? "has not passed by then" : "does not pass"
                               : fmt::format("`rollback when {}` has fired, or it has not passed by then",
                                             plan_.watches[site_.watch].text));
    if (finding_.parts.size() < 3 || out_.path.empty()) return;
    out_.path.back().text = finding_.parts[2];
    if (site_.watch == none)
      out_.path.back().outcome = rejects ? "one of them has not passed by then" : "one of them does not pass";
  }
  void blind() {
    const plan::Gate& gate = plan_.gates[site_.gate];
    if (canary_has_traffic(plan_.signals[gate.harm_of->signal].service)) worsen(gate.harm_of->signal, gate.harm_ppb);
    else worsen_all(gate.harm_of->signal, gate.harm_ppb);
    add(longer(out_.path.back().at_ns, step().hold_ns), gate.text,
        plan_.budget_exposure_ns ? "does not see it, if the budget lasts" : "does not see it");
  }

  void say(const plan::Condition& condition) {
    double value = worst_value(plan_, condition);
    world().said = {{condition.left.signal, condition.left.role, value, none}};
    uint32_t signal = condition.left.signal;
    add(0, fmt::format("{} is {}", plan_.signals[signal].name, value_text(signal, value)));
  }
  void constant() {
    const plan::Condition& condition = plan_.conditions[site_.condition];
    say(condition);
    if (site_.gate != none) return judged(fmt::format("`{}` decides nothing", condition.text));
    add(forward(none), plan_.watches[site_.watch].text, "does not fire");
  }
  void idle() {
    world().forward = Pace::Worst;
    say(plan_.conditions[site_.condition]);
    forward(none);
    int64_t begin_ns = has_step() ? course_.begin_ns[site_.step] : 0;
    add(longer(begin_ns, finding_.bound_ns), plan_.watches[site_.watch].text,
        "is over before it has held for " + eval::duration_text(finding_.required_ns));
  }

  void closed(bool whole) {
    world().forward = Pace::Worst, world().late_locks = true;
    std::optional<Opening> opening = opening_of(plan_, whole);
    if (!opening) return;
    world().start_wall_ns = opening->start_wall_ns;
    while (forward(none, opening->closes_ns) != opening->closes_ns && wait_longer()) out_.path.clear();
    add(opening->closes_ns, "the calendar closes");
    park(opening->closes_ns);
  }
  /// Where actions alone are not slow enough: holds take as long as they may, too, and then people.
  bool wait_longer() {
    bool& next = world().late_gates ? world().late_answers : world().late_gates;
    return !std::exchange(next, true);
  }
  /// What has begun before the close goes on to its end.
  void park(int64_t closes_ns) {
    int64_t next_ns = closes_ns;
    for (uint32_t i : course_.order)
      if (course_.begin_ns[i] >= closes_ns) {
        next_ns = course_.begin_ns[i];
        break;
      }
    add(next_ns, "no step may begin", "it parks");
  }
  void late() {
    world().late_answers = true;
    std::optional<Opening> opening = opening_of(plan_, true);
    if (!opening) return;
    world().start_wall_ns = opening->start_wall_ns;
    if (finding_.bound_ns <= finding_.required_ns) world().forward = Pace::Worst;  // they answer, and the rest is late
    int64_t asked_ns = forward(site_.step, opening->closes_ns);
    add(asked_ns, step().text);
    bool answered = asked_ns + finding_.bound_ns < opening->closes_ns;
    if (answered) add(asked_ns + finding_.bound_ns, "people answer", "as late as they may");
    add(opening->closes_ns, "the calendar closes", answered ? "" : "nobody has answered");
    park(opening->closes_ns);
  }
  void overloaded() {
    if (site_.undone.empty()) add(forward(site_.step), step().text);
    else stop(false);
    world().empty_cohorts = finding_.parts[0].ends_with(" stable");
    bool routed = std::any_of(plan_.steps.begin(), plan_.steps.begin() + site_.step, [&](const Step& of) {
      return of.kind == StepKind::Act && of.action.service == site_.service && of.action.name == "route";
    });
    std::string_view who = world().empty_cohorts && routed ? ", as nobody of the cohorts comes" : "";
    add(undo(out_.path.back().at_ns),
        fmt::format("{} has {} of the traffic{}", finding_.parts[0], finding_.parts[1], who),
        fmt::format("{} of {} instances", finding_.bound_ns, finding_.required_ns));
  }

  void shrunk() {
    add(forward(site_.step), step().text, fmt::format("less than {}", finding_.parts[2]));
  }

  /// What is there at once after the step, or while it is taken back.
  void meet(std::string what) {
    world().slow = site_.slow;
    int64_t at_ns = 0;
    if (!has_step()) add(0, "the run begins");
    else if (site_.fails < plan_.steps.size()) at_ns = fail_alone();
    else if (site_.goes_back) stop(false), at_ns = out_.path.back().at_ns;
    else add(at_ns = forward(site_.step), step().text);
    add(at_ns, std::move(what), finding_.claim == Claim::Beside ? finding_.what : "");
  }

  /// A part goes back alone; then the others go on to the step in which it shows.
  int64_t fail_alone() {
    world().stops_at = site_.fails, world().fails = true;
    int64_t at_ns = forward(site_.fails);
    add(at_ns, plan_.steps[site_.fails].text, "fails, and its part goes back");
    if (site_.goes_back) return at_ns;
    at_ns = longer(at_ns, std::max<int64_t>(0, course_.begin_ns[site_.step] - course_.end_ns[site_.fails]));
    add(at_ns, step().text);
    return at_ns;
  }

  /// Up to the step in which it shows; where a scope has to go back for it, that comes before.
  void refused_by_policy() {
    const plan::Breach& breach = finding_.breaches.front();
    if (breach.longest_ns || breach.nowhere) return refused_as_a_whole(breach);
    if (!has_step()) return;
    bool fails = breach.fails < plan_.steps.size();
    if (fails) world().stops_at = breach.fails, world().fails = true;
    int64_t at_ns = forward(fails ? breach.fails : site_.step);
    if (comes_in_time(breach)) {
      out_.path.clear(), world().late_answers = true;
      at_ns = forward(fails ? breach.fails : site_.step);
    }
    // Where chance, or several failures at once, would have to help, there is no path to show.
    if (comes_in_time(breach)) return out_.path.clear();
    if (fails) {
      add(at_ns, plan_.steps[breach.fails].text, "fails, and its part goes back");
      at_ns = longer(at_ns, course_.begin_ns[site_.step] - course_.end_ns[breach.fails]);
    }
    add(at_ns, step().text, breach.why);
  }

  /// Where gates that are undecided for long, or retries, would have to help, there is no path to show.
  void refused_as_a_whole(const plan::Breach& breach) {
    bool late = breach.longest_ns.has_value();
    if (late) world().forward = Pace::Worst, world().late_answers = world().late_locks = true;
    int64_t over_ns = forward(none), looks_ns = int64_t(plan_.steps.size()) * plan::max_look_ns;
    if (late && over_ns <= longer(*breach.longest_ns, looks_ns)) return out_.path.clear();
    add(over_ns, "it is over", breach.why);
  }

  /// What a policy wants to come first does so on this path, if not on every one.
  bool comes_in_time(const plan::Breach& breach) const {
    std::vector<uint32_t> scopes = plan::scopes_of_steps(plan_);
    bool fails = breach.fails < plan_.steps.size();
    return !breach.alone && std::any_of(breach.missing.begin(), breach.missing.end(), [&](uint32_t first) {
      bool gone = fails && scopes[first] == scopes[breach.fails];
      return !gone && course_.end_ns[first] <= course_.begin_ns[site_.step];
    });
  }

  const Plan& plan_;
  const Finding& finding_;
  const Site& site_;
  const std::vector<uint32_t>& torn_;
  Course course_;
  int64_t last_ns_ = 0;  ///< when the run is over at the latest
  Counterexample out_;
};

}  // namespace

std::string_view name_of(const Finding& finding) {
  switch (finding.claim) {
    case Claim::RollbackTime: return diag::RollbackTooSlow.name;
    case Claim::WayBack:
    case Claim::Commit: return diag::NotProven.name;
    case Claim::Exposure: return diag::OverBudget.name;
    case Claim::Constant: return diag::ConditionConstant.name;
    case Claim::Contradiction: return diag::GateContradicts.name;
    case Claim::Power: return diag::GateBlind.name;
    case Claim::Starved: return diag::GateStarved.name;
    case Claim::IdleWatch: return diag::WatchIdle.name;
    case Claim::Window: return diag::WindowTooShort.name;
    case Claim::Start: return diag::NoSafeStart.name;
    case Claim::Answer: return diag::AnswerLate.name;
    case Claim::Capacity: return diag::CapacityShort.name;
    case Claim::Takeover: return diag::PromoteTooSmall.name;
    case Claim::Growth: return diag::ShareShrinks.name;
    case Claim::Beside: return diag::Incompatible.name;
    case Claim::Quota: return diag::QuotaShort.name;
    case Claim::Policy: return diag::PolicyBroken.name;
  }
  return "";
}

namespace {

Counterexample made_of(const Plan& plan, const Finding& finding, const std::vector<uint32_t>& torn) {
  Counterexample made = Path(plan, finding, torn).make();
  made.id = finding.shown.id;
  return made;
}

/// Holds that nothing passes; of many the first ones.
std::vector<uint32_t> torn_in(const Plan& plan, const std::vector<Finding>& findings) {
  std::vector<bool> torn(plan.gates.size());
  std::vector<uint32_t> steps;
  for (const Finding& finding : findings) {
    if (finding.claim != Claim::Contradiction || finding.site.step >= plan.steps.size()) continue;
    bool alone = finding.site.watch == none && finding.parts.size() < 3;
    if (alone) torn[finding.site.gate] = true;
    else steps.push_back(finding.site.step);
  }
  for (uint32_t i = 0; i < plan.steps.size() && steps.size() < max_explained; ++i) {
    const std::vector<uint32_t>& gates = plan.steps[i].gates;
    if (std::any_of(gates.begin(), gates.end(), [&](uint32_t gate) { return torn[gate]; })) steps.push_back(i);
  }
  return steps;
}

}  // namespace

Counterexample counterexample_of(const Plan& plan, const Finding& finding) { return made_of(plan, finding, {}); }

void explain(const Plan& plan, std::vector<Finding>& findings) {
  std::vector<uint32_t> torn = torn_in(plan, findings);
  std::map<std::string, int> known;  // of the same kind at the same place, in the order of the plan
  for (Finding& finding : findings) {
    std::string what = fmt::format("{}\n{}\n{}", name_of(finding), plan::rollout_text(plan), finding.place);
    int before = known[what]++;
    if (before > 0) what += fmt::format("\n{}", before);
    finding.shown.id = plan::hash_of(what).substr(0, id_digits);
    if (size_t(&finding - findings.data()) < max_explained) finding.shown = made_of(plan, finding, torn);
  }
}

const Finding* find(const std::vector<Finding>& findings, std::string_view id) {
  auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.shown.id == id; });
  return found == findings.end() ? nullptr : &*found;
}

}  // namespace rollout::verify
