#include "tests/sim/scenarios/scenario.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/plan/plan_json.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/words.h"

namespace rollout::sim_test {

namespace {

using sim::SimResult;

std::string record_of(const SimResult& result) {
  std::string text;
  for (const journal::Event& event : result.events)
    if (!std::holds_alternative<journal::Sampled>(event.what)) text += journal::encode(event) + "\n";
  for (const std::string& violation : sim::texts_of(result.violations)) text += "BROKEN " + violation + "\n";
  return text;
}

/// What nobody met proves nothing.
void require_met(const sim::Scenario& scenario, const SimResult& result) {
  const sim::Witnessed& met = result.witnessed;
  auto each = [](const char* what, const std::vector<int64_t>& times) {
    for (size_t i = 0; i < times.size(); ++i) {
      INFO(what << " " << i << " was never met");
      CHECK(times[i] > 0);
    }
  };
  each("fault", met.faults);
  each("answer", met.answers);
  each("lock", met.locks);
  each("team", met.unreachable);
  each("resume", met.resumes);
  each("crash in phase", met.crashes);
  CHECK(met.aborted == (scenario.abort_at_ns.has_value() || scenario.abort_at_success));
  CHECK(result.died_at_ns.size() == scenario.crash_at_ns.size());
  if (scenario.interrupt_at_ns) CHECK(all<journal::Interrupted>(result).size() == 1);
}

}  // namespace

SimResult play(const plan::Plan& plan, const sim::Scenario& scenario, journal::Outcome expected) {
  SimResult result = sim::run_simulation(plan, scenario);
  INFO(record_of(result));
  CHECK(result.violations.empty());
  REQUIRE(result.outcome);
  CHECK(word(journal::outcome_names, *result.outcome) == word(journal::outcome_names, expected));
  require_met(scenario, result);
  CHECK(sim::timeline_hash(sim::run_simulation(plan, scenario)) == sim::timeline_hash(result));
  return result;
}

sim::Scenario bad_canary() {
  sim::Scenario scenario;
  scenario.truths = {errors(plan::Role::Canary, 20)};
  return scenario;
}

plan::Plan compiled(const std::string& program) {
  auto load = [&](const std::string&) -> Result<std::string> { return program; };
  std::unique_ptr<Compilation> compilation = compile("shop.rollout", load);
  for (const Diagnostic* one : compilation->diagnostics.sorted()) UNSCOPED_INFO(one->message);
  REQUIRE(!compilation->diagnostics.has_errors());
  plan::Request request;
  auto plan = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
  REQUIRE(plan);
  Result<plan::Plan> read = plan::from_json(plan::to_json(*plan));
  REQUIRE(read);
  return *read;
}

std::vector<std::string> effects_of(const std::vector<sim::LedgerEntry>& ledger) {
  std::vector<std::string> out;
  for (const sim::LedgerEntry& entry : ledger)
    out.push_back(fmt::format("{}{} {}", entry.undo ? "undo" : "step", entry.step, entry.text));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<int64_t> operations_behind(const SimResult& quiet, size_t first_event) {
  std::vector<int64_t> out;
  for (int64_t at = quiet.durable_at.at(first_event); at < quiet.operations; ++at) out.push_back(at);
  return out;
}

std::vector<int64_t> operations_at(const SimResult& quiet,
                                   const std::function<bool(const journal::Event&)>& chosen) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < quiet.events.size(); ++i)
    if (chosen(quiet.events[i])) out.push_back(quiet.durable_at[i]);
  return out;
}

std::vector<SimResult> die_at(const plan::Plan& plan, const sim::Scenario& scenario,
                              const std::vector<int64_t>& points) {
  SimResult quiet = sim::run_simulation(plan, scenario);
  REQUIRE(quiet.violations.empty());
  REQUIRE(!points.empty());
  std::vector<SimResult> out;
  for (int64_t point : points) {
    sim::Scenario dying = scenario;
    dying.crash_at.push_back(point);
    SimResult result = sim::run_simulation(plan, dying);
    INFO("dead at operation " << point << "\n" << record_of(result));
    CHECK(result.processes == quiet.processes + 1);
    CHECK(result.violations.empty());
    CHECK(result.outcome == quiet.outcome);
    CHECK(effects_of(result.ledger) == effects_of(quiet.ledger));
    out.push_back(std::move(result));
  }
  return out;
}

Status LeaseOf::take(const std::vector<std::string>&, std::string_view, std::string_view) {
  if (!lease_.owner.empty() && lease_.owner != owner_ && clock_.monotonic_ns() < lease_.until_ns)
    return OpError{fmt::format("{} acts on it", lease_.owner), false, true};
  lease_ = {owner_, clock_.monotonic_ns() + lease_ns};
  return Done{};
}

void LeaseOf::give_back() {
  if (lease_.owner == owner_) lease_ = {};
}

Status LeaseOf::renew() {
  if (lease_.owner != owner_) return OpError{fmt::format("taken over by {}", lease_.owner), false, true};
  lease_.until_ns = clock_.monotonic_ns() + lease_ns;
  return Done{};
}

Rig::Rig(plan::Plan of, sim::Scenario given, std::unique_ptr<sim::VirtualClock> by)
    : plan(std::move(of)), scenario(std::move(given)), clock(std::move(by)), world(plan, scenario, *clock, crash) {
  world.require_intents([this](const std::string& key) {
    return std::any_of(runs.begin(), runs.end(), [&](const Run& run) { return run.invariants.recorded(key); });
  });
}

Result<Rig::Run*> Rig::begin(const std::string& hash) {
  journal::NewRun made{plan.rollout, "", hash, {}, "somebody", clock->wall_ns()};
  for (const plan::Service& service : plan.services) made.services.push_back(plan::identity_of(plan, service));
  Result<journal::RunInfo> info = memory.create(made);
  if (!info) return info.error();
  return &runs.emplace_back(*this, *info);
}

Result<exec::DriveResult> Rig::drive(Run& run, exec::World& through, const std::string& holder) {
  struct Silent : exec::Listener {
    void on_event(const journal::Event&, const exec::State&) override {}
  } silent;
  constexpr int64_t poll_ns = 10 * second;
  world.restart();
  return exec::drive(plan, run.info.run, {*clock, run.store, through, silent, [] { return 0; }, holder, poll_ns});
}

void Rig::judge(Run& run) {
  world.catch_up();
  run.invariants.at_end();
  for (const std::string& text : sim::texts_of(run.invariants.violations())) UNSCOPED_INFO(text);
  CHECK(run.invariants.violations().empty());
  for (const std::string& text : sim::texts_of(world.violations())) UNSCOPED_INFO(text);
  CHECK(world.violations().empty());
}

void Stalled::reach(At at) {
  if (at == at_ && left_-- == 0) meanwhile_();
}

Result<exec::Observation> Stalled::observe(const plan::Action& action, const exec::EffectKey& key) {
  reach(At::BeforeObserve);
  return world_.observe(action, key);
}

Status Stalled::act(const plan::Action& action, const exec::EffectKey& key) {
  reach(At::BeforeAct);
  Status done = world_.act(action, key);
  reach(At::AfterAct);
  return done;
}

}  // namespace rollout::sim_test
