#include "runtime/sim/simulate.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "runtime/exec/fold.h"
#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"
#include "runtime/sim/invariants.h"
#include "runtime/sim/one_run.h"
#include "runtime/sim/sim_store.h"

namespace rollout::sim {

namespace {

// Scripted moments wake the clock, so there is no need to look more often than this.
constexpr int64_t poll_ns = 3'600'000'000'000;
constexpr int max_processes = 1000;
constexpr int64_t look_again_ns = 10'000'000'000;  // after a process that could not read the record

constexpr int64_t rest_ns = int64_t{90} * 86'400 * 1'000'000'000;  // for all that is no hold and no question
constexpr int64_t longest_ns = 5'000'000'000'000'000'000;          // the wall clock goes on to the year 2260

/// A run that goes on for longer has no end.
int64_t limit_of(const plan::Plan& plan, const Scenario& scenario) {
  if (scenario.limit_ns) return *scenario.limit_ns;
  int64_t limit_ns = rest_ns;
  auto add = [&](int64_t ns) { limit_ns = ns > longest_ns - limit_ns ? longest_ns : limit_ns + ns; };
  for (const plan::Step& step : plan.steps) add(step.hold_ns);
  for (const plan::Approval& approval : plan.approvals) add(approval.timeout_ns);
  return limit_ns;
}

struct Silent : exec::Listener {
  void on_event(const journal::Event&, const exec::State&) override {}
};

class Simulation : public OneRun {
 public:
  Simulation(const plan::Plan& plan, const Scenario& scenario, CrashSwitch& crash, journal::MemoryStore& memory)
      : plan_(plan),
        scenario_(scenario),
        limit_ns_(limit_of(plan, scenario)),
        clock_(start_of(plan, scenario)),
        crash_(crash),
        world_(plan, scenario, clock_, crash_),
        messenger_(plan, scenario, crash_),
        memory_(memory),
        invariants_(plan, scenario, world_),
        store_(plan, scenario, clock_, crash_, invariants_, memory) {
    world_.require_intents([this](const std::string& key) { return invariants_.recorded(key); });
    if (scenario.abort_at_ns) clock_.wake_at(*scenario.abort_at_ns);
    if (scenario.interrupt_at_ns) clock_.wake_at(*scenario.interrupt_at_ns);
    for (const Hand& hand : scenario.hands) clock_.wake_at(hand.at_ns);
    for (int64_t at : scenario.crash_at_ns) clock_.wake_at(at);
    result_.witnessed.resumes.resize(scenario.resume_at_ns.size());
    clock_.wake_at(limit_ns_);
  }

  SimResult go() {
    Result<std::string> made = create({});
    ROLLOUT_CHECK(made, "a store in memory takes its first run");
    while (!over() && result_.processes < max_processes) {
      drive();
      if (finished_ && !reopens()) break;
      std::optional<int64_t> hand_ns = parked_ ? next_hand() : std::nullopt;
      if (hand_ns) take_hand(*hand_ns);
      else if (parked_ && !crash_.dead()) break;
      parked_.reset();
      interrupted_ = interrupted_ || interrupt_due();
      crash_.revive();
      result_.witnessed.unread += store_.unread();
      restart(store_.unread() ? std::max(scenario_.downtime_ns, look_again_ns) : scenario_.downtime_ns);
    }
    return report();
  }

  Result<std::string> create(std::optional<journal::StageOf> stage) override {
    journal::NewRun run{plan_.rollout, "", "simulated", {}, "simulation", clock_.wall_ns()};
    for (const plan::Service& service : plan_.services)
      run.services.push_back(plan::identity_of(plan_, service));
    if (stage) {
      run.plan_hash = fmt::format("simulated {} of {}", stage->stage, stage->promotion);
      store_.abort_through(stage->promotion);
    }
    run.stage = std::move(stage);
    run.by = scenario_.author;
    for (uint32_t service : scenario_.held)
      run.unproven.push_back({service, "stable", true, "held since r0: scripted"});
    Result<journal::RunInfo> info = store_.create(run);
    if (!info) return info.error();
    return run_ = info->run;
  }

  Status reopen() override {
    if (!succeeded()) return Done{};
    Result<std::vector<journal::Event>> events = memory_.read(run_);
    if (!events) return events.error();
    journal::Event event{events->back().run_ns, clock_.wall_ns(), journal::Reopened{"a person", "scripted"}};
    Result<journal::Appended> written = store_.append(run_, int64_t(events->size()), {std::move(event)});
    return written ? Status(Done{}) : Status(written.error());
  }

  void drive() override {
    parked_.reset();
    size_t effects = world_.ledger().size();
    Result<exec::DriveResult> driven = exec::drive(plan_, run_, surroundings());
    // Without it: the process is dead, it could not read the record, or the store never came back.
    finished_ = !driven && !crash_.dead() && !store_.unread();
    if (!driven && store_.unread() && world_.ledger().size() > effects)
      result_.violations.push_back(
          {Rule::I4, "I4: a process acted that could not read what it was to go on with"});
    if (!driven) return;
    result_.walked |= driven->walked;
    bool ended = driven->end == exec::DriveEnd::Ended;
    // Of a process that died behind the end of its run, another one still sends the messages.
    finished_ = ended && !crash_.dead();
    if (!ended) parked_ = parked(driven->state);
  }

  void restart(int64_t downtime_ns) override {
    clock_.pass(downtime_ns);
    crash_.skip_to(clock_.wall_ns());
    world_.restart();
    messenger_.restart();
    ++result_.processes;
  }

  int64_t elapsed_ns() const override { return clock_.monotonic_ns(); }

  SimResult report() override {
    world_.catch_up();
    report(run_);
    return std::move(result_);
  }

 private:
  /// As `rollout rollback` of a run that has ended: whether it is taken back, once.
  bool reopens() {
    if (!scenario_.reopen_after_ns || reopened_ || over()) return false;
    if (!succeeded()) return false;
    reopened_ = true;
    clock_.pass(*scenario_.reopen_after_ns);
    crash_.revive();
    (void)reopen();
    Result<std::vector<journal::Event>> events = memory_.read(run_);  // the answer to a write may be lost
    return events && std::holds_alternative<journal::Reopened>(events->back().what);
  }
  /// Whether its last end was a success, which nobody has taken back since.
  bool succeeded() {
    Result<std::vector<journal::Event>> events = memory_.read(run_);
    bool well = false;
    for (const journal::Event& event : events ? *events : std::vector<journal::Event>()) {
      if (std::holds_alternative<journal::Reopened>(event.what)) well = false;
      if (const auto* ended = std::get_if<journal::RunEnded>(&event.what))
        well = ended->outcome == journal::Outcome::Succeeded;
    }
    return well;
  }
  /// When somebody resumes or aborts a parked run, which nobody else does.
  std::optional<int64_t> next_hand() const {
    std::vector<int64_t> hands = scenario_.resume_at_ns;
    if (scenario_.abort_at_ns) hands.push_back(*scenario_.abort_at_ns);
    std::optional<int64_t> next;
    for (int64_t at : hands)
      if (at > clock_.monotonic_ns() && (!next || at < *next)) next = at;
    return next;
  }
  void take_hand(int64_t at_ns) {
    clock_.pass(at_ns - clock_.monotonic_ns());
    for (size_t i = 0; i < scenario_.resume_at_ns.size(); ++i)
      result_.witnessed.resumes[i] += scenario_.resume_at_ns[i] == at_ns;
  }
  /// Why nothing goes on without a person; nothing while it can.
  std::optional<std::string> parked(const exec::State& state) const {
    if (state.parked) return state.parked->detail;
    bool closed = state.closed && state.closed->park && !state.interrupted && !over();
    return closed ? std::optional(state.closed->detail) : std::nullopt;
  }
  bool left() const { return int64_t(store_.durable_at().size()) > scenario_.max_events; }
  bool over() const { return clock_.monotonic_ns() >= limit_ns_ || left(); }
  bool interrupt_due() const {
    return scenario_.interrupt_at_ns && clock_.monotonic_ns() >= *scenario_.interrupt_at_ns;
  }

  exec::Surroundings surroundings() {
    auto interrupts = [this] {
      if (crash_.reach(clock_.wall_ns()) || over()) return 2;
      return !interrupted_ && interrupt_due() ? 1 : 0;
    };
    return {clock_, store_, world_, listener_, interrupts, "simulation", poll_ns, &messenger_,
            scenario_.snapshot_tail.value_or(exec::snapshot_tail)};
  }

  void report(const std::string& run) {
    Result<std::vector<journal::Event>> events = memory_.read(run);
    ROLLOUT_CHECK(events, "a run that was made can be read");
    result_.events = std::move(*events);
    result_.left = left() && !finished_;
    result_.operations = crash_.passed();
    result_.exposure_ns = world_.exposure_ns();
    result_.locks_left = int64_t(store_.journal::StoreView::locks()->size());
    for (uint32_t i = 0; i < plan_.services.size(); ++i) result_.states.push_back(world_.state_of(i));
    result_.ledger = world_.ledger();
    result_.durable_at = store_.durable_at();
    summarize();
    if (!result_.left) invariants_.at_end();
    for (const Violation& one : world_.violations()) result_.violations.push_back(one);
    for (const Violation& one : invariants_.violations()) result_.violations.push_back(one);
    for (const Violation& one : messenger_.violations()) result_.violations.push_back(one);
    bool ended = result_.outcome && !parked_;
    if (ended && result_.locks_left > 0)
      result_.violations.push_back({Rule::I7, "I7 at the end: a lock is held by a run that is over"});
    result_.told = messenger_.told();
    result_.witnessed.faults = world_.faults_seen();
    store_.add_to(result_.witnessed);
    result_.witnessed.deaths = crash_.deaths();
    result_.witnessed.unreachable = messenger_.lost();
    for (int64_t at : crash_.died_at_wall_ns()) result_.died_at_ns.push_back(at - start_of(plan_, scenario_));
  }

  /// With branches, the step that began last is not always the one that the run failed at.
  void note_phase(const journal::Event& event) {
    const journal::StepRef* at = nullptr;
    if (const auto* e = std::get_if<journal::StepStarted>(&event.what)) at = &e->step;
    if (const auto* e = std::get_if<journal::StepFailed>(&event.what); e != nullptr && e->last) at = &e->step;
    if (const auto* e = std::get_if<journal::GateDecided>(&event.what);
        e != nullptr && e->verdict != journal::Verdict::Pass && !e->unproven)
      at = &e->hold;
    if (at != nullptr && !at->undo) result_.phase = plan_.steps[at->step].phase;
  }

  /// What became of each service, from what was begun, done and taken back.
  void note_services() {
    std::vector<bool> begun(plan_.steps.size()), open(plan_.steps.size());
    std::vector<bool> done = open;
    for (const journal::Event& event : result_.events) {
      const auto* started = std::get_if<journal::StepStarted>(&event.what);
      if (started != nullptr && !started->step.undo) begun[started->step.step] = open[started->step.step] = true;
      const auto* finished = std::get_if<journal::StepDone>(&event.what);
      if (finished != nullptr && !finished->step.undo) done[finished->step.step] = true;
      const auto* scope = std::get_if<journal::ScopeEnded>(&event.what);
      if (scope == nullptr || !scope->restored) continue;
      for (uint32_t i = plan_.scopes[scope->scope].first_step; i <= plan_.scopes[scope->scope].last_step; ++i)
        open[i] = false;
    }
    bool went_back = result_.outcome == journal::Outcome::RolledBack;
    result_.services.resize(plan_.services.size());
    for (uint32_t service = 0; service < plan_.services.size(); ++service) {
      bool all = true, any = false, stays = false;
      for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
        if (plan_.steps[i].kind != plan::StepKind::Act || plan_.steps[i].action.service != service) continue;
        all &= done[i] && open[i] && !went_back;
        any |= begun[i];
        stays |= open[i] && !went_back;
      }
      if (all && any) result_.services[service] = journal::Outcome::Succeeded;
      else if (any && !stays) result_.services[service] = journal::Outcome::RolledBack;
    }
  }

  /// The longest way back counts, and what failed first explains a run that went on without it.
  void note_scope(const journal::Event& event) {
    if (const auto* e = std::get_if<journal::ScopeRollbackStarted>(&event.what)) {
      scope_began_[e->scope] = event.wall_ns;
      if (!failed_phase_) result_.cause = e->detail, failed_phase_ = result_.phase;
    }
    const auto* verify = std::get_if<journal::ScopeVerifyStarted>(&event.what);
    const auto* ended = std::get_if<journal::ScopeEnded>(&event.what);
    if (verify == nullptr && ended == nullptr) return;
    auto began = scope_began_.find(verify != nullptr ? verify->scope : ended->scope);
    if (began == scope_began_.end()) return;
    result_.rollback_ns = std::max(result_.rollback_ns, event.wall_ns - began->second);
    scope_began_.erase(began);
  }

  void summarize() {
    int64_t rollback_at = 0, restored_at = 0;
    for (const journal::Event& event : result_.events) {
      note_phase(event);
      if (const auto* e = std::get_if<journal::RollbackStarted>(&event.what)) {
        rollback_at = restored_at = event.wall_ns;
        result_.cause = e->detail;
      }
      note_scope(event);
      bool back = rollback_at > 0;
      const auto* done = std::get_if<journal::StepDone>(&event.what);
      if (back && done != nullptr && done->step.undo && !plan::is_hook_action(plan_, done->step.step))
        restored_at = event.wall_ns;
      if (std::holds_alternative<journal::Reopened>(event.what)) result_.outcome.reset();
      if (const auto* e = std::get_if<journal::RunEnded>(&event.what)) {
        result_.outcome = e->outcome;
        result_.detail = e->detail;
        if (rollback_at > 0) result_.verify_ns = event.wall_ns - restored_at;
      }
    }
    // It has not ended: a person goes on with it, who is not part of a simulation.
    if (parked_) {
      result_.outcome = journal::Outcome::Parked;
      result_.detail = *parked_;
      if (result_.cause.empty()) result_.cause = *parked_;
    }
    note_services();
    result_.rollback_ns = std::max(result_.rollback_ns, restored_at - rollback_at);
    if (failed_phase_ && rollback_at == 0) result_.phase = *failed_phase_;
    // Messages are sent behind the end, too.
    auto last = std::find_if(result_.events.rbegin(), result_.events.rend(), [](const journal::Event& event) {
      return !std::holds_alternative<journal::Notified>(event.what);
    });
    result_.run_ns = last->wall_ns - result_.events.front().wall_ns;
  }

  const plan::Plan& plan_;
  const Scenario& scenario_;
  const int64_t limit_ns_;
  VirtualClock clock_;
  CrashSwitch& crash_;
  SimWorld world_;
  SimMessenger messenger_;
  journal::MemoryStore& memory_;
  Invariants invariants_;
  SimStore store_;
  Silent listener_;
  SimResult result_;
  std::string run_;
  bool interrupted_ = false;
  bool finished_ = false;
  bool reopened_ = false;
  std::map<uint32_t, int64_t> scope_began_;
  std::optional<uint32_t> failed_phase_;  ///< of the first scope that failed
  std::optional<std::string> parked_;  ///< it stopped there, and nobody resumes it
};

}  // namespace

int64_t begins_at(const plan::Plan& plan, int64_t wall_ns) {
  // Each look finds a later moment, or agrees: calendars are weekly.
  constexpr int most_looks = 100;
  int64_t start = wall_ns;
  for (int look = 0; look < most_looks; ++look) {
    int64_t before = start;
    if (plan.during) start = calendar::next_open(plan.during->calendar, start).value_or(start);
    for (const plan::Forbidden& forbidden : plan.forbidden)
      start = (forbidden.unless_open ? calendar::next_open : calendar::next_close)(forbidden.during.calendar, start)
                  .value_or(start);
    if (start == before) break;
  }
  return start;
}

int64_t start_of(const plan::Plan& plan, const Scenario& scenario) {
  return scenario.start_wall_ns ? *scenario.start_wall_ns : begins_at(plan, epoch_wall_ns);
}

std::unique_ptr<OneRun> make_run(const plan::Plan& plan, const Scenario& scenario, CrashSwitch& crash,
                                 journal::MemoryStore& memory) {
  return std::make_unique<Simulation>(plan, scenario, crash, memory);
}

SimResult run_simulation(const plan::Plan& plan, const Scenario& scenario) {
  std::vector<int64_t> moments = scenario.crash_at_ns;
  for (int64_t& at : moments) at += start_of(plan, scenario);
  CrashSwitch crash(scenario.crash_at, std::move(moments));
  return run_simulation(plan, scenario, crash);
}

SimResult run_simulation(const plan::Plan& plan, const Scenario& scenario, CrashSwitch& crash) {
  journal::MemoryStore memory;
  return Simulation(plan, scenario, crash, memory).go();
}

std::string timeline_hash(const SimResult& result) {
  std::string hash = journal::chain_start("simulated", "");
  for (const journal::Event& event : result.events)
    hash = journal::chain_next(hash, journal::encode(event));
  return hash;
}

}  // namespace rollout::sim
