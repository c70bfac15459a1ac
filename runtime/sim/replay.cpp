#include "runtime/sim/replay.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "compiler/plan/cost.h"
#include "compiler/plan/pace.h"
#include "runtime/sim/replay_passing.h"
#include "runtime/sim/replay_states.h"
#include "runtime/sim/replay_world.h"

namespace rollout::sim {

using eval::duration_text;
using verify::Claim;
using verify::Finding;

namespace {

constexpr int moments = 5;     // of a step, at which a regression may begin
constexpr int max_seeds = 16;  // of chance, for each of them

const journal::GateDecided* verdict_of(const SimResult& result, uint32_t step, uint32_t gate) {
  for (const journal::Event& event : result.events) {
    const auto* decided = std::get_if<journal::GateDecided>(&event.what);
    if (decided != nullptr && !decided->hold.undo && decided->hold.step == step && decided->gate == gate)
      return decided;
  }
  return nullptr;
}

bool fired(const SimResult& result, uint32_t watch) {
  return std::any_of(result.events.begin(), result.events.end(), [&](const journal::Event& event) {
    const auto* fired = std::get_if<journal::WatchFired>(&event.what);
    return fired != nullptr && fired->watch == watch;
  });
}

/// Gates that pass as late as they may: their holds are so long.
plan::Plan in_world(plan::Plan plan, const verify::World& world) {
  for (uint32_t i = 0; i < plan.steps.size() && world.late_gates; ++i) {
    plan::Step& step = plan.steps[i];
    if (step.kind != plan::StepKind::Hold) continue;
    step.hold_ns = plan::cost_of(plan, i, false).worst_ns;
    step.gates.clear();
  }
  return plan;
}

class Player {
 public:
  Player(const plan::Plan& plan, const Finding& finding)
      : plan_(in_world(plan, finding.shown.world)),
        finding_(finding),
        site_(finding.site),
        world_(finding.shown.world) {}

  Replay go() {
    switch (finding_.claim) {
      case Claim::Exposure: expose(); break;
      case Claim::Power: chance(); break;
      case Claim::RollbackTime:
      case Claim::WayBack:
      case Claim::Commit:
      case Claim::Constant:
      case Claim::Contradiction:
      case Claim::Starved:
      case Claim::IdleWatch:
      case Claim::Window:
      case Claim::Start:
      case Claim::Capacity:
      case Claim::Takeover:
      case Claim::Growth:
      case Claim::Beside:
      case Claim::Quota:
      case Claim::Policy:
      case Claim::Answer: once(); break;
    }
    return std::move(best_);
  }

 private:
  void once() {
    if (site_.gate != plan::none) lead_to_gate();
    play(calm_, 0);
    look();
  }
  /// A budget that is spent before the gate decides would end the run: that is a finding of its own.
  void lead_to_gate() {
    clear_the_way(plan_, site_.step, calm_, world_);
    if (!plan_.budget_exposure_ns) return;
    play(calm_, 0);
    if (verdict_of(best_.result, site_.step, gate_of()) != nullptr) return;
    plan_.budget_exposure_ns.reset();
    without_budget_ = true;
    clear_the_way(plan_, site_.step, calm_, world_);
  }
  /// One run, with what is said of the signals from so long after the beginning of its step on.
  void play(const Scenario& world, int64_t after_ns) {
    best_.scenario = scripted(plan_, world_, world, after_ns);
    best_.result = run_simulation(plan_, best_.scenario);
  }

  /// A gate may see by luck what it does not see surely.
  void chance() {
    lead_to_gate();
    for (int seed = 0; seed < max_replays && !best_.shown; ++seed, ++best_.runs) {
      Scenario world = calm_;
      world.seed = uint64_t(seed), world.noisy = seed > 0;
      play(world, 0);
      look();
    }
    --best_.runs;
  }

  /// Whenever in its step the regression begins, the end included, and whatever chance makes of it.
  void expose() {
    verify::World slow = world_;
    slow.forward = verify::Pace::Worst;
    verify::World prompt = world_;
    prompt.late_answers = false;
    std::vector<Scenario> worlds = {scenario_of(plan_, world_), scenario_of(plan_, slow), scenario_of(plan_, prompt)};
    if (std::optional<Scenario> unseen = unseen_for_long(worlds[0])) worlds.push_back(std::move(*unseen));
    slow.fails = true, slow.stops_at = last_action();  // with all of its attempts, and only then it goes back
    worlds.push_back(scenario_of(plan_, slow));
    int64_t most_ns = -1;
    Replay best;
    int runs = 0;
    for (int i = 0; i < moments * (max_seeds + 1); ++i)
      for (Scenario calm : worlds) {
        if (runs == max_replays || best.shown) break;
        ++runs;
        Span step = span_of(run_simulation(plan_, calm), site_.step);
        calm.seed = uint64_t(i / moments), calm.noisy = i >= moments;
        int64_t met_ns = meet(calm, i % moments * (step.end_ns - step.begin_ns) / (moments - 1));
        if (met_ns <= most_ns) continue;
        most_ns = met_ns;
        best = best_;
      }
    best_ = std::move(best);
    best_.runs = runs;
  }
  /// Of the service that goes wrong.
  uint32_t last_action() const {
    uint32_t last = site_.step;
    for (uint32_t i = last; i < plan_.steps.size(); ++i)
      if (plan_.steps[i].kind == plan::StepKind::Act && plan_.steps[i].action.service == site_.service) last = i;
    return plan_.steps[last].kind == plan::StepKind::Act ? last : plan::none;
  }
  /// The step has its effect at once, and nobody can see it until its last attempt is almost over.
  std::optional<Scenario> unseen_for_long(Scenario calm) const {
    const plan::Step& step = plan_.steps[site_.step];
    if (step.kind != plan::StepKind::Act) return std::nullopt;
    Fault unseen;
    unseen.kind = FaultKind::ObserveError;
    unseen.step = site_.step, unseen.undo = false, unseen.skip = 1, unseen.times = -1;
    unseen.until_ns = span_of(run_simulation(plan_, calm), site_.step).begin_ns + plan::attempts_ns(step.action) -
                      2 * plan::max_look_ns;
    calm.faults.push_back(unseen);
    return calm;
  }
  int64_t meet(const Scenario& calm, int64_t after_ns) {
    play(calm, after_ns);
    Scenario before = best_.scenario;  // what users met of the version before it went wrong does not count
    int64_t begins_ns = 0;
    for (const Truth& truth : before.truths) begins_ns = std::max(begins_ns, truth.changes.back().at_ns);
    before.limit_ns = begins_ns;
    int64_t earlier = begins_ns > 0 ? run_simulation(plan_, before).exposure_ns[site_.service] : 0;
    int64_t met_ns = best_.result.exposure_ns[site_.service] - earlier;
    best_.shown = met_ns > finding_.required_ns;
    best_.seen = fmt::format("users meet the regression for {} of full traffic, and the budget is {}",
                             duration_text(met_ns), duration_text(finding_.required_ns));
    return met_ns;
  }

  void tell(bool shown, std::string seen) {
    best_.shown = shown, best_.seen = std::move(seen);
    if (without_budget_) best_.seen += ", if the budget of exposure lasts";
  }

  void look() {
    switch (finding_.claim) {
      case Claim::RollbackTime:
        return tell(best_.result.rollback_ns > finding_.required_ns,
                    fmt::format("the way back takes {}, and has {}", duration_text(best_.result.rollback_ns),
                                duration_text(finding_.required_ns)));
      case Claim::WayBack:
      case Claim::Capacity:
      case Claim::Takeover: return look_at_world();
      case Claim::Commit: return look_at_commit();
      case Claim::Constant:
      case Claim::Contradiction:
      case Claim::Power:
      case Claim::Starved: return site_.gate == plan::none ? look_at_watch() : look_at_gate();
      case Claim::IdleWatch: return look_at_watch();
      case Claim::Window:
      case Claim::Start:
      case Claim::Answer: return look_at_close();
      case Claim::Growth: return look_at_share();
      case Claim::Beside: return look_at_versions();
      case Claim::Quota: return look_at_instances();
      case Claim::Policy: return look_at_policy();
      case Claim::Exposure: break;
    }
  }
  void look_at_versions() {
    bool met = were_beside(plan_, best_.result, plan_.beside[site_.beside], site_.other);
    tell(met, fmt::format("{} {} beside {}", finding_.parts[0], met ? "runs" : "never runs", finding_.parts[1]));
  }
  void look_at_share() {
    std::vector<int64_t> shares = shares_of(plan_, best_.result, site_.service);
    for (size_t i = 1; i < shares.size(); ++i)
      if (shares[i] > 0 && shares[i] < shares[i - 1])
        return tell(true, fmt::format("{} gets {} of the traffic, and had {}", finding_.parts[0],
                                      eval::percent_text(shares[i]), eval::percent_text(shares[i - 1])));
    tell(false, fmt::format("the share of {} never shrinks", finding_.parts[0]));
  }
  void look_at_instances() {
    int64_t most = most_instances(plan_, best_.result, site_.target);
    tell(most > finding_.required_ns,
         fmt::format("{} holds {} instances, and may hold {}", finding_.parts[0], most, finding_.required_ns));
  }
  void look_at_policy() {
    const plan::Breach& breach = finding_.breaches.front();
    if (breach.longest_ns)
      return tell(best_.result.run_ns > *breach.longest_ns,
                  fmt::format("it takes {}, and may take {}", duration_text(best_.result.run_ns),
                              duration_text(*breach.longest_ns)));
    if (!breach.nowhere) return look_at_order();
    bool ended = best_.result.outcome == journal::Outcome::Succeeded;
    tell(ended, ended ? fmt::format("it is over: {}", breach.why) : "it does not come to its end");
  }
  /// A step that a policy refuses is reached, and, where it asks for an order, nothing of what was to come first is
  /// done by then, or nothing that is not undone.
  void look_at_order() {
    const plan::Breach& breach = finding_.breaches.front();
    std::set<uint32_t> passed;
    for (const journal::Event& event : best_.result.events) {
      if (const auto* back = std::get_if<journal::ScopeRollbackStarted>(&event.what)) forget(back->scope, passed);
      const auto* began = std::get_if<journal::StepStarted>(&event.what);
      if (began != nullptr && !began->step.undo && began->step.step == site_.step) return tell_order(breach, passed);
      const auto* done = std::get_if<journal::StepDone>(&event.what);
      if (done != nullptr && !done->step.undo) passed.insert(done->step.step);
    }
    tell(false, fmt::format("`{}` does not begin", plan_.steps[site_.step].text));
  }
  void forget(uint32_t scope, std::set<uint32_t>& passed) const {
    const plan::UndoScope& gone = plan_.scopes[scope];
    passed.erase(passed.lower_bound(gone.first_step), passed.upper_bound(gone.last_step));
  }
  void tell_order(const plan::Breach& breach, const std::set<uint32_t>& passed) {
    const std::string& text = plan_.steps[site_.step].text;
    for (uint32_t first : breach.missing)
      if (passed.contains(first) && !breach.alone)
        return tell(false, fmt::format("`{}` begins behind `{}`", text, plan_.steps[first].text));
    tell(true, fmt::format("`{}` begins: {}", text, breach.why));
  }
  /// The simulated world keeps its own books of who gets traffic and what was there before.
  void look_at_world() {
    const std::vector<Violation>& violations = best_.result.violations;
    if (violations.empty()) return tell(false, "the world is as it was to be");
    tell(true, violations.front().text);
  }
  void look_at_commit() {
    bool judged = false, committed = false;
    for (const journal::Event& event : best_.result.events) {
      const auto* decided = std::get_if<journal::GateDecided>(&event.what);
      judged |= decided != nullptr && decided->verdict == journal::Verdict::Pass;
      judged |= std::holds_alternative<journal::Approved>(event.what);
      const auto* done = std::get_if<journal::StepDone>(&event.what);
      if (done == nullptr || done->step.undo) continue;
      if (done->step.step == site_.step)
        return tell(!judged || !committed,
                    fmt::format("`{}` is done, and {}", plan_.steps[site_.step].text,
                                judged ? "no commit stands before it" : "nothing has judged it"));
      committed |= plan_.steps[done->step.step].kind == plan::StepKind::Commit;
    }
    tell(false, "it is never done");
  }
  /// Which of several gates it is that does not pass, the values say.
  uint32_t gate_of() const {
    if (finding_.claim == Claim::Contradiction)
      for (uint32_t gate : plan_.steps[site_.step].gates) {
        const journal::GateDecided* decided = verdict_of(best_.result, site_.step, gate);
        if (decided != nullptr && decided->verdict != journal::Verdict::Pass) return gate;
      }
    return site_.gate;
  }
  void look_at_gate() {
    if (site_.watch != plan::none && fired(best_.result, site_.watch))
      return tell(true, fmt::format("`{}` fires before `{}` passes", plan_.watches[site_.watch].text,
                                    plan_.gates[site_.gate].text));
    uint32_t gate = gate_of();
    const journal::GateDecided* decided = verdict_of(best_.result, site_.step, gate);
    const std::string& text = plan_.gates[gate].text;
    if (decided == nullptr) return tell(false, fmt::format("`{}` never decides", text));
    bool passes = decided->verdict == journal::Verdict::Pass && !decided->unproven;
    bool fails = decided->verdict == journal::Verdict::Fail;
    if (finding_.claim == Claim::Power)
      return tell(!fails,
                  fmt::format("`{}` {} a rise of {}", text, fails ? "sees" : "does not see", finding_.parts[2]));
    if (finding_.claim != Claim::Constant)
      return tell(!passes, fmt::format("`{}` {}: {}", text, passes ? "passes" : "does not pass", decided->detail));
    const std::string& condition = plan_.conditions[site_.condition].text;
    bool because = fails && decided->detail.find(condition) != std::string::npos;
    tell(!because, fmt::format("`{}` {}, whatever `{}` says", text, passes ? "passes" : "decides", condition));
  }
  void look_at_watch() {
    bool has = fired(best_.result, site_.watch);
    tell(!has, fmt::format("`{}` {}", plan_.watches[site_.watch].text, has ? "fires" : "does not fire"));
  }
  void look_at_close() {
    for (const journal::Event& event : best_.result.events)
      if (const auto* closed = std::get_if<journal::CalendarClosed>(&event.what); closed != nullptr && closed->park)
        return tell(true, fmt::format("it parks after {}: {}",
                                      duration_text(event.wall_ns - best_.result.events.front().wall_ns),
                                      closed->detail));
    tell(false, "it meets no close");
  }

  plan::Plan plan_;  ///< without the gates and the budget that would keep the run from what is to be shown
  const Finding& finding_;
  const verify::Site& site_;
  verify::World world_;
  Scenario calm_ = scenario_of(plan_, world_);
  Replay best_;
  bool without_budget_ = false;  ///< plan_ has none, and the plan of the finding has
};

}  // namespace

Replay replay(const plan::Plan& plan, const Finding& finding) { return Player(plan, finding).go(); }

}  // namespace rollout::sim
