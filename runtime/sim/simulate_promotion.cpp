#include "runtime/sim/simulate_promotion.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/journal/store_view.h"
#include "runtime/sim/one_run.h"
#include "runtime/sim/promotion_invariants.h"

namespace rollout::sim {

namespace {

constexpr int64_t poll_ns = 3'600'000'000'000;
constexpr int max_processes = 1000;

/// The record of the promotion, as a process sees it that may die before and after each thing that it writes.
class PromotionStore : public journal::StoreView {
 public:
  PromotionStore(journal::MemoryStore& memory, VirtualClock& clock, CrashSwitch& crash, const PromotionScript& script)
      : journal::StoreView(memory), clock_(clock), crash_(crash), script_(script) {}

  Result<journal::Appended> append_to(std::string_view promotion, int64_t known,
                                      const journal::PromotionEvent& event) override {
    if (crash_.point()) return OpError{"the process is dead"};
    Result<journal::Appended> written = store_.append_to(promotion, known, event);
    if (written && *written == journal::Appended::Written) durable_at_.push_back(crash_.passed());
    if (crash_.point()) return OpError{"the process is dead"};
    return written;
  }
  Result<std::vector<journal::Request>> requests(std::string_view name, int64_t after_id) override {
    if (script_.abort_at_ns && clock_.monotonic_ns() >= *script_.abort_at_ns && journal::is_promotion(name)) {
      Result<std::vector<journal::Request>> there = store_.requests(name, 0);
      if (there && there->empty())
        (void)store_.request(name, {0, journal::Ask::Abort, "scenario", "scripted", clock_.wall_ns()});
    }
    return store_.requests(name, after_id);
  }
  void note_entered() { durable_at_.push_back(crash_.passed()); }
  const std::vector<int64_t>& durable_at() const { return durable_at_; }

 private:
  VirtualClock& clock_;
  CrashSwitch& crash_;
  const PromotionScript& script_;
  std::vector<int64_t> durable_at_{0};
};

struct Silent : exec::PromotionListener {
  void on_event(const journal::PromotionEvent&, const exec::PromotionState&) override {}
};

class Simulation : public exec::PromotionHands {
 public:
  explicit Simulation(const PromotionScript& script)
      : script_(script),
        clock_(script.start_wall_ns.value_or(begins_at(script.stages.front().plan, epoch_wall_ns))),
        crash_(script.crash_at, moments_of(script, clock_.wall_ns())),
        store_(memory_, clock_, crash_, script),
        scenarios_(script.stages.size()),
        runs_(script.stages.size()) {
    if (script.abort_at_ns) clock_.wake_at(*script.abort_at_ns);
    for (int64_t at : script.crash_at_ns) clock_.wake_at(at);
    clock_.wake_at(script.limit_ns);
  }

  PromotionResult go() {
    journal::PromotionBegun begun{script_.promotion, script_.rollout, "", {}, {}, {}, "simulation"};
    for (const StageScript& stage : script_.stages) begun.stages.push_back({stage.environment, stage.soak_ns});
    Result<std::string> name = memory_.begin(begun, clock_.wall_ns());
    ROLLOUT_CHECK(name, "a store in memory takes its first promotion");
    while (!over() && result_.processes < max_processes) {
      Result<exec::PromotionDriven> driven = exec::drive_promotion(*name, surroundings());
      if (!crash_.dead()) {
        bool ended = driven && driven->stop == exec::PromotionStop::Ended;
        if (ended && reopens(*name, driven->state)) continue;
        std::optional<int64_t> hand = ended ? std::nullopt : next_hand();
        if (!hand) break;
        take_hand(*hand);
      }
      crash_.revive();
      pass(script_.downtime_ns);
      ++result_.processes;
    }
    report(*name);
    return std::move(result_);
  }

  Result<exec::Entrance> enter(const exec::PromotionState&, journal::StageOf stage) override {
    const StageScript& of = script_.stages[stage.stage];
    int64_t begins = of.plan.during && of.plan.during->waits ? clock_.wall_ns() : begins_at(of.plan, clock_.wall_ns());
    if (begins > clock_.wall_ns()) return exec::Entrance{exec::Entrance::Kind::Closed, {}, "closed", begins};
    if (crash_.point()) return OpError{"the process is dead"};
    uint32_t index = stage.stage;
    scenarios_[index] = of.scenario;
    scenarios_[index].start_wall_ns = clock_.wall_ns();
    scenarios_[index].abort_at_ns.reset();
    if (script_.abort_at_ns) scenarios_[index].abort_at_ns = *script_.abort_at_ns - clock_.monotonic_ns();
    for (int64_t at : script_.crash_at_ns)
      if (at > clock_.monotonic_ns()) scenarios_[index].crash_at_ns.push_back(at - clock_.monotonic_ns());
    std::unique_ptr<OneRun> run = make_run(of.plan, scenarios_[index], crash_, memory_);
    Result<std::string> made = run->create(std::move(stage));
    if (!made) return made.error();
    // What is durable has happened, whether or not this process lives to learn of it.
    runs_[index] = std::move(run);
    store_.note_entered();
    if (crash_.point()) return OpError{"the process is dead"};
    return exec::Entrance{};
  }

  Status drive(const exec::PromotionState&, uint32_t stage) override {
    OneRun& run = *runs_[stage];
    int64_t before = run.elapsed_ns();
    run.drive();
    clock_.pass(run.elapsed_ns() - before);
    if (crash_.dead()) return OpError{"the process is dead"};
    return Done{};
  }

  Result<std::optional<journal::StageTakenBack>> take_back(const exec::PromotionState& state,
                                                           uint32_t stage) override {
    OneRun& run = *runs_[stage];
    int64_t behind = clock_.wall_ns() - *scenarios_[stage].start_wall_ns - run.elapsed_ns();
    if (behind > 0) run.restart(behind);
    Status reopened = run.reopen();
    int64_t before = run.elapsed_ns();
    if (reopened) run.drive();
    clock_.pass(run.elapsed_ns() - before);
    if (!reopened) return reopened.error();
    if (crash_.dead()) return OpError{"the process is dead"};
    Result<std::vector<journal::RunInfo>> runs = memory_.list();
    if (!runs) return runs.error();
    for (const journal::RunInfo& one : *runs)
      if (one.run == state.stages[stage].run && one.outcome)
        return std::optional(journal::StageTakenBack{stage, *one.outcome, state.reopened->reason});
    return std::optional<journal::StageTakenBack>();
  }

 private:
  /// As `rollout rollback` of a promotion: whether it is taken back, once.
  bool reopens(const std::string& name, const exec::PromotionState& state) {
    if (!script_.take_back_after_ns || state.reopened || over()) return false;
    if (!state.ended || state.ended->outcome != journal::PromotionOutcome::Succeeded) return false;
    pass(*script_.take_back_after_ns);
    Result<std::vector<journal::PromotionEvent>> events = memory_.read_promotion(name);
    ROLLOUT_CHECK(events, "a promotion that was made can be read");
    journal::PromotionEvent event{clock_.wall_ns(), journal::PromotionReopened{"a person", "scripted"}};
    (void)memory_.append_to(name, int64_t(events->size()), event);
    store_.note_entered();
    ++result_.processes;
    return true;
  }
  /// When somebody goes on with a run that is parked, or aborts it all.
  std::optional<int64_t> next_hand() const {
    std::vector<int64_t> hands = script_.resume_at_ns;
    if (script_.abort_at_ns) hands.push_back(*script_.abort_at_ns);
    std::optional<int64_t> next;
    for (int64_t at : hands)
      if (at > clock_.monotonic_ns() && (!next || at < *next)) next = at;
    return next;
  }
  void take_hand(int64_t at_ns) {
    pass(at_ns - clock_.monotonic_ns());
    const std::vector<int64_t>& resumes = script_.resume_at_ns;
    if (std::find(resumes.begin(), resumes.end(), at_ns) != resumes.end()) result_.resumed_at_ns.push_back(at_ns);
  }
  bool over() const { return clock_.monotonic_ns() >= script_.limit_ns; }
  static std::vector<int64_t> moments_of(const PromotionScript& script, int64_t start_wall_ns) {
    std::vector<int64_t> moments = script.crash_at_ns;
    for (int64_t& at : moments) at += start_wall_ns;
    return moments;
  }

  exec::PromotionSurroundings surroundings() {
    auto interrupts = [this] { return crash_.reach(clock_.wall_ns()) || over() ? 2 : 0; };
    return {clock_, store_, *this, listener_, interrupts, "simulation", poll_ns};
  }

  /// Time without a process, in which the environment that it stands in goes on.
  void pass(int64_t ns) {
    for (size_t i = runs_.size(); i-- > 0;)
      if (runs_[i]) {
        runs_[i]->restart(ns);
        break;
      }
    clock_.pass(ns);
    crash_.skip_to(clock_.wall_ns());
  }

  void report(const std::string& name) {
    Result<std::vector<journal::PromotionEvent>> events = memory_.read_promotion(name);
    ROLLOUT_CHECK(events, "a promotion that was made can be read");
    result_.events = std::move(*events);
    result_.state = exec::fold_all(result_.events);
    result_.operations = crash_.passed();
    for (int64_t at : crash_.died_at_wall_ns())
      result_.died_at_ns.push_back(at - result_.events.front().wall_ns);
    Result<std::vector<journal::Request>> requests = memory_.requests(name, 0);
    result_.aborted = requests && !requests->empty();
    result_.durable_at = store_.durable_at();
    result_.run_ns = result_.events.back().wall_ns - result_.events.front().wall_ns;
    for (size_t i = 0; i < runs_.size(); ++i) {
      result_.stages.push_back(runs_[i] ? std::optional(runs_[i]->report()) : std::nullopt);
      if (!runs_[i]) continue;
      for (const Violation& one : result_.stages[i]->violations)
        result_.violations.push_back(
            {one.rule, fmt::format("in {}: {}", script_.stages[i].environment, one.text), uint32_t(i)});
    }
    Result<std::vector<journal::RunInfo>> runs = memory_.list();
    ROLLOUT_CHECK(runs, "a store in memory can be read");
    for (Violation& violation : promotion_violations(result_.events, *runs))
      result_.violations.push_back(std::move(violation));
    summarize();
  }

  void summarize() {
    const exec::PromotionState& state = result_.state;
    uint32_t last = exec::stage_of(state);
    const std::optional<SimResult>& run = result_.stages[last];
    if (state.ended) {
      bool well = state.ended->outcome == journal::PromotionOutcome::Succeeded;
      bool all_back = state.ended->outcome == journal::PromotionOutcome::RolledBack;
      const std::optional<journal::StageEnded>& ended = state.stages[last].ended;
      bool back = all_back || (ended && ended->outcome == journal::Outcome::RolledBack);
      result_.outcome = well   ? journal::Outcome::Succeeded
                        : back ? journal::Outcome::RolledBack
                               : journal::Outcome::Parked;
      if (!well) result_.cause = state.ended->detail;
    } else if (run && run->outcome == journal::Outcome::Parked) {
      result_.outcome = journal::Outcome::Parked;
      result_.cause = run->cause;
      result_.run_ns = clock_.wall_ns() - result_.events.front().wall_ns;
    }
  }

  const PromotionScript& script_;
  VirtualClock clock_;
  CrashSwitch crash_;
  journal::MemoryStore memory_;
  PromotionStore store_;
  std::vector<Scenario> scenarios_;            ///< by stage: the runs refer to them
  std::vector<std::unique_ptr<OneRun>> runs_;  ///< by stage; null: not entered
  Silent listener_;
  PromotionResult result_;
};

}  // namespace

PromotionResult simulate_promotion(const PromotionScript& script) { return Simulation(script).go(); }

}  // namespace rollout::sim
