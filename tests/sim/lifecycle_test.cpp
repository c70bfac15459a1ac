// Every row of every life cycle is walked by some run: what random worlds do not come upon is played by hand. And the
// page that draws the tables has the rows that the engine has.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/sim/simulate.h"
#include "tests/sim/plans.h"
#include "tests/sim/seeds.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

using plan::Plan;
using plan::Unapproved;
using sim::FaultKind;
using sim::Scenario;

namespace {

exec::Walked walk(const Plan& plan, const Scenario& scenario) {
  sim::SimResult result = sim::run_simulation(plan, scenario);
  for (const std::string& violation : sim::texts_of(result.violations)) UNSCOPED_INFO(violation);
  CHECK(result.violations.empty());
  return result.walked;
}

Scenario bad(int64_t from_ns = 0) {
  Scenario scenario;
  scenario.truths = {errors(plan::Role::Canary, 20, from_ns)};
  return scenario;
}

Scenario blind(int64_t until_ns = INT64_MAX) {
  Scenario scenario;
  scenario.faults = {fault(FaultKind::MetricsError, "", -1)};
  scenario.faults[0].until_ns = until_ns;
  return scenario;
}

Scenario with(Scenario scenario, std::vector<sim::Answer> answers) {
  scenario.answers = std::move(answers);
  return scenario;
}

Scenario aborted(Scenario scenario, int64_t at_ns) {
  scenario.abort_at_ns = at_ns;
  return scenario;
}

Scenario resumed(Scenario scenario, int64_t at_ns) {
  scenario.resume_at_ns = {at_ns};
  return scenario;
}

Scenario paused(Scenario scenario, int64_t from_ns, int64_t until_ns) {
  scenario.hands = {{from_ns, journal::Ask::Pause}, {until_ns, journal::Ask::Resume}};
  return scenario;
}

exec::Walked walk_gates() {
  Plan asks = asking_plan(Unapproved::Rollback), refuses = asks, trusts = canary_plan();
  refuses.gates[0].fail = {};
  trusts.gates[0].error = trusts.gates[0].no_data = {0, plan::Fallback::PassUnproven};
  exec::Walked walked = walk(trusts, blind());
  walked |= walk(canary_plan(), blind());
  walked |= walk(canary_plan(), aborted({}, 30 * second));
  // What people are asked for want of evidence: it comes, it speaks against, or they answer.
  Scenario late = blind(3 * minute), late_bad = late;
  late_bad.truths = bad().truths;
  for (const Plan& plan : {asks, refuses})
    for (const Scenario& scenario : {late, late_bad}) walked |= walk(plan, scenario);
  walked |= walk(asks, with(blind(), {{"anna", minute}}));
  walked |= walk(asks, with(blind(), {{"anna", minute, true}}));
  walked |= walk(asks, aborted(blind(), 2 * minute));
  // What they are asked although the evidence speaks against it.
  walked |= walk(asks, with(bad(), {{"anna", minute}, {"ben", minute}}));
  walked |= walk(asks, with(bad(), {{"anna", minute, true}}));
  walked |= walk(asks, aborted(bad(), 4 * minute));
  return walked;
}

exec::Walked walk_approvals() {
  Plan parks = approval_plan(Unapproved::Park);
  parks.approvals[0].escalation = plan::Escalation{"managers", {"mia"}, 2 * minute};
  exec::Walked walked = walk(parks, with({}, {{"anna", minute}, {"mia", 3 * minute}}));
  walked |= walk(parks, with({}, {{"anna", minute, true}}));
  walked |= walk(parks, aborted({}, 5 * minute));
  // Its time is over, while another question keeps the run going.
  Plan two = two_approvals_plan();
  two.approvals[0].quorum = 2;
  walked |= walk(two, with({}, {{"anna", 11 * minute}, {"ben", 12 * minute}, {"dora", 15 * minute}}));
  walked |= walk(two, with({}, {{"anna", 11 * minute, true}}));
  walked |= walk(two, aborted({}, 15 * minute));
  walked |= walk(parks, resumed(with({}, {{"anna", minute}, {"ben", 40 * minute}}), 30 * minute));
  // It is answered, and its step waits for something else.
  for (bool no : {false, true})
    walked |= walk(parks, paused(with({}, {{"anna", minute}, {"ben", minute}, {"carla", 3 * minute, no}}), 70 * second,
                                 9 * minute));
  return walked;
}

/// Its step comes before all others, and `phase` begins with it.
Plan behind_a_wait(Plan plan, uint32_t phase) {
  plan::Step wait;
  wait.kind = plan::StepKind::Hold;
  wait.hold_ns = second;
  wait.phase = phase;
  wait.text = "hold";
  for (plan::Step& step : plan.steps)
    for (uint32_t& before : step.after) ++before;
  plan.steps.insert(plan.steps.begin(), wait);
  plan.steps[1].after = {0};
  for (plan::Watch& watch : plan.watches) ++watch.first_step, ++watch.last_step;
  for (plan::UndoScope& scope : plan.scopes) ++scope.first_step, ++scope.last_step;
  return plan;
}

/// scoped_plan() whose first phase is in a part that a lock guards.
Plan locked_plan() {
  Plan plan = scoped_plan();
  plan::Step lock, unlock;
  lock.kind = plan::StepKind::Lock;
  unlock.kind = plan::StepKind::Unlock;
  lock.lock = unlock.lock = 0;
  lock.text = unlock.text = "lock front";
  plan.steps.insert(plan.steps.begin() + 1, lock);
  plan.steps.insert(plan.steps.begin() + 4, unlock);
  for (uint32_t i = 1; i < plan.steps.size(); ++i) plan.steps[i].after = {i - 1};
  plan::Lock front;
  front.name = "front";
  front.first_step = 1;
  front.last_step = 4;
  front.within_ns = minute;
  plan.locks = {front};
  plan.scopes[0].last_step = plan.watches[0].last_step = uint32_t(plan.steps.size() - 1);
  return plan;
}

/// Another service is deployed beside all of it, which never comes about.
Plan beside_a_failure() {
  Plan plan = checkpoint_plan(), other = parallel_plan();
  plan.services.push_back(other.services[1]);
  plan::Step step = other.steps[1];
  step.after = {0};
  step.action.attempts = 1000;
  step.rollback = {uint32_t(plan.undo.size())};
  plan.undo.push_back(other.undo[3]);
  plan.steps.push_back(step);
  plan.scopes[0].last_step = uint32_t(plan.steps.size() - 1);
  return plan;
}

exec::Walked walk_ways_back() {
  exec::Walked walked;
  // A call whose answer is lost, and that cannot be looked at for a while.
  Scenario lost;
  lost.faults = {fault(FaultKind::LoseReply, "shift"), fault(FaultKind::ObserveError, "shift")};
  lost.faults[1].skip = 1;
  walked |= walk(canary_plan(), lost);
  // What is not idempotent is waited for by a process that takes it over.
  Plan once = canary_plan();
  for (plan::Step& step : once.steps) step.action.once = true, step.action.attempts = 1;
  for (int64_t point = 0; point < 40; ++point) {
    Scenario died;
    died.crash_at = {point};
    walked |= walk(once, died);
  }
  // What could not go back is tried again once a person, or here another process, has resumed the run.
  Scenario stuck = bad();
  stuck.faults = {fault(FaultKind::FailAction, "retire", -1)};
  int64_t last = sim::run_simulation(scoped_plan(), stuck).operations;
  for (int64_t point = last - 5; point <= last; ++point) {
    stuck.crash_at = {point};
    walked |= walk(scoped_plan(), stuck);
  }
  // What ran before was found bad: only a person takes the run back.
  Scenario found_bad = bad();
  found_bad.held = {0};
  walked |= walk(canary_plan(), aborted(found_bad, 60 * minute));
  // What a lock guards cannot go back while another run holds the lock.
  Scenario held = bad(90 * second);
  held.locks = {{"front", 80 * second, 100 * minute}};
  walked |= walk(locked_plan(), resumed(held, 30 * minute));
  // A person takes the whole run back while a part of it goes back.
  Scenario slow = bad();
  slow.settle_ns = 10 * second;
  for (int64_t at = 20; at < 120; at += 4) walked |= walk(scoped_plan(), aborted(slow, at * second));
  walked |= walk(behind_a_wait(scoped_plan(), 0), bad());
  // Behind a checkpoint, what has failed is tried again.
  walked |= walk(checkpoint_plan(), resumed(bad(), 60 * minute));
  Scenario refused;
  refused.faults = {fault(FaultKind::FailAction, "shift", 6)};
  walked |= walk(checkpoint_plan(), resumed(refused, 60 * minute));
  Scenario watched;
  watched.truths = {{latency, plan::Role::All, {{0, 9e8}}}};
  walked |= walk(checkpoint_plan(), resumed(watched, 60 * minute));
  Scenario beside = bad();
  beside.faults = {fault(FaultKind::FailAction, "deploy", -1)};
  beside.faults[0].service = 1;
  walked |= walk(beside_a_failure(), resumed(beside, 60 * minute));
  Plan across = checkpoint_plan();
  across.steps[0].phase = 0;
  walked |= walk(across, resumed(bad(90 * second), 60 * minute));
  return walked;
}

template <size_t N>
void check_all(std::string_view of, const std::bitset<N>& rows) {
  for (size_t i = 0; i < N; ++i)
    if (!rows[i]) UNSCOPED_INFO(fmt::format("row {} of {} was not walked", i, of));
  CHECK(rows.all());
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// `from on to`, in order.
std::vector<std::string> rows_in(const std::string& text, const char* pattern) {
  std::vector<std::string> out;
  const std::regex row(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), row); at != std::sregex_iterator(); ++at)
    out.push_back(fmt::format("{} {} {}", (*at)[1].str(), (*at)[2].str(), (*at)[3].str()));
  return out;
}

/// What stands between the two; moves `at` behind it. Nothing: neither is left.
std::string cut_out(const std::string& text, size_t& at, std::string_view from, std::string_view to) {
  size_t begin = text.find(from, at);
  if (begin == std::string::npos) return at = begin, "";
  begin += from.size();
  size_t end = std::min(text.find(to, begin), text.size());
  at = end;
  return text.substr(begin, end - begin);
}

using Tables = std::map<std::string, std::vector<std::string>>;

/// Each table of the sources by its name: `run`, `gate`.
Tables tables_in_code() {
  Tables tables;
  constexpr std::string_view mark = "_rows[] = {";
  for (const auto& file : std::filesystem::directory_iterator(ROLLOUT_SOURCE "/runtime/exec")) {
    if (!file.path().filename().string().starts_with("cycle_")) continue;
    std::string text = read(file.path());
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      size_t begin = text.rfind(' ', at) + 1;
      std::string name = text.substr(begin, at - begin);
      tables[name] = rows_in(cut_out(text, at, mark, "\n};"), R"(\{\w+::(\w+),\s*\w+::(\w+),\s*\w+::(\w+)\})");
    }
  }
  return tables;
}

/// Each table of the page, by the title above it.
Tables tables_in_page() {
  Tables tables;
  std::string text = read(ROLLOUT_SOURCE "/docs/life-cycles.md");
  for (size_t at = 0; at != std::string::npos;) {
    std::string part = cut_out(text, at, "\n## ", "\n## ");
    if (!part.empty())
      tables[part.substr(0, part.find('\n'))] = rows_in(part, R"(\n\| `(\w+)` \| `(\w+)` \| `(\w+)` \|)");
  }
  return tables;
}

}  // namespace

TEST_CASE("every row of every life cycle is walked by some run") {
  exec::Walked walked;
  constexpr uint64_t worlds = 600;
  for (uint64_t seed = 1; seed <= worlds; ++seed)
    walked |= walk(random_plan(seed), random_world(canary_plan(), seed, random_span));
  walked |= walk_gates();
  walked |= walk_approvals();
  walked |= walk_ways_back();
  check_all("run", walked.run);
  check_all("pause", walked.pause);
  check_all("phase", walked.phase);
  check_all("step", walked.step);
  check_all("act", walked.act);
  check_all("gate", walked.gate);
  check_all("approval", walked.approval);
  check_all("rollback", walked.rollback);
  check_all("breaker", walked.breaker);
}

TEST_CASE("the page of life cycles has the rows of the engine") {
  auto code = tables_in_code(), page = tables_in_page();
  CHECK(code.size() == 9);
  for (const auto& [name, rows] : code) {
    INFO(name);
    CHECK(rows.size() > 2);
    CHECK(page[name] == rows);
  }
}

}  // namespace rollout::sim_test
