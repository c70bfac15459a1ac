// Every proof that has findings: the counterexample of a program that people could have written, run by the real
// engine, does what the finding says, and its steps come when its path says. docs/proofs.md names those of which no
// program can be written; their plans are made by hand here.
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "runtime/sim/replay.h"
#include "tests/sim/plans.h"
#include "tests/sim/read_text.h"

namespace rollout::verify {

namespace {

namespace fs = std::filesystem;
using sim_test::read_text;
using plan::Plan;
using sim_test::second;

/// The one rollout of a golden case.
Plan plan_of(const std::string& name) {
  fs::path golden = ROLLOUT_GOLDEN, file = golden / (name + ".rollout");
  auto load = [&](const std::string& path) {
    fs::path beside = file.parent_path() / path;
    return read_text(fs::exists(beside) ? beside : golden / path);
  };
  std::unique_ptr<Compilation> compiled = compile(file.filename().string(), load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  request.rollout = "release";
  request.keep_breaches = true;
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return std::move(*plan);
}

/// What came in a run and when, by the texts that a path has for it.
std::multimap<std::string, int64_t> moments_of(const Plan& plan, const sim::SimResult& result) {
  std::multimap<std::string, int64_t> out;
  for (const journal::Event& event : result.events) {
    int64_t at_ns = event.wall_ns - result.events.front().wall_ns;
    if (const auto* e = std::get_if<journal::StepStarted>(&event.what); e != nullptr && e->attempt == 1)
      out.emplace(e->step.undo ? plan.undo[e->step.step].text : plan.steps[e->step.step].text, at_ns);
    if (const auto* e = std::get_if<journal::GateDecided>(&event.what)) out.emplace(plan.gates[e->gate].text, at_ns);
    if (std::holds_alternative<journal::WatchFired>(event.what)) out.emplace("a watch fires", at_ns);
    if (std::holds_alternative<journal::CalendarClosed>(event.what)) out.emplace("no step may begin", at_ns);
  }
  return out;
}

/// Whether a run that goes this way has something by that name: a step, what takes one back, or a gate's verdict.
bool must_come(const Plan& plan, const std::string& text) {
  auto reads = [&](const auto& one) { return one.text == text; };
  return std::any_of(plan.steps.begin(), plan.steps.end(), reads) ||
         std::any_of(plan.undo.begin(), plan.undo.end(), reads) ||
         std::any_of(plan.gates.begin(), plan.gates.end(), reads);
}

/// How many moments of the path the run has: all that it names, none of them at another time. Each action may be seen a
/// look before its time is over; what is said to be so by then may have come before.
int held_against(const Plan& plan, const Finding& finding, const sim::SimResult& result) {
  std::multimap<std::string, int64_t> met = moments_of(plan, result);
  int found = 0;
  int64_t slack_ns = second;
  for (const Moment& moment : finding.shown.path) {
    slack_ns += 2 * second;
    auto [from, to] = met.equal_range(moment.text);
    INFO(moment.text << ": " << moment.outcome);
    if (moment.outcome == "is taken to pass") continue;
    auto fired = moment.outcome.starts_with("`rollback when") ? met.find("a watch fires") : met.end();
    if (moment.outcome.ends_with("by then") && (fired != met.end() || from != to)) {
      CHECK((fired != met.end() ? fired : from)->second <= moment.at_ns + slack_ns);
      ++found;
      continue;
    }
    CHECK((from != to || !must_come(plan, moment.text)));
    if (from == to) continue;
    int64_t nearest_ns = INT64_MAX;
    for (auto it = from; it != to; ++it) nearest_ns = std::min(nearest_ns, std::abs(it->second - moment.at_ns));
    INFO(moment.text << " at " << moment.at_ns / second << " s is off by " << nearest_ns / second << " s");
    CHECK(nearest_ns <= slack_ns);
    ++found;
  }
  return found;
}

struct Example {
  Claim claim;
  std::string name;
  Plan plan;
};

/// A version is taken away before its traffic, and a way back forgets the share.
Plan without_undo() {
  Plan plan = sim_test::canary_plan();
  plan.steps[1].rollback.erase(plan.steps[1].rollback.begin());
  return plan;
}
Plan unguarded() {
  Plan plan = sim_test::commit_plan();
  for (plan::Step& step : plan.steps) step.gates.clear();
  return plan;
}

std::vector<Example> examples() {
  std::vector<Example> all;
  auto add = [&](Claim claim, const std::string& name) { all.push_back({claim, name, plan_of(name)}); };
  add(Claim::RollbackTime, "plan/rollback/too_slow");
  add(Claim::RollbackTime, "plan/rollback/too_slow_twice");
  add(Claim::Exposure, "plan/exposure/over_budget");
  add(Claim::Constant, "plan/decisions/constant");
  add(Claim::Contradiction, "plan/decisions/fail_excluded");
  add(Claim::Contradiction, "plan/decisions/fail_behind");
  add(Claim::Contradiction, "plan/decisions/fail_exclude_together");
  add(Claim::Contradiction, "plan/decisions/fail_never_true");
  add(Claim::Contradiction, "plan/decisions/fail_two_gates");
  for (const char* name :
       {"fail_watch", "fail_all_gates", "fail_all_of_the_traffic", "fail_undecided", "fail_multiples"})
    add(Claim::Contradiction, std::string("plan/decisions/") + name);
  add(Claim::Power, "plan/decisions/blind");
  add(Claim::Starved, "plan/decisions/starved");
  add(Claim::Starved, "plan/decisions/blind_and_starved");
  add(Claim::Power, "plan/decisions/blind_without_canary");
  add(Claim::Power, "plan/decisions/blind_budget");
  add(Claim::IdleWatch, "plan/decisions/idle_watch");
  add(Claim::Window, "plan/calendars/too_long");
  add(Claim::Window, "plan/calendars/too_long_undecided");
  add(Claim::Start, "plan/calendars/never_safe");
  add(Claim::Capacity, "plan/decisions/overload");
  add(Claim::Capacity, "plan/decisions/overload_cohorts");
  add(Claim::Takeover, "check/defects/fail_small_promote");
  add(Claim::Growth, "plan/decisions/shrinks");
  add(Claim::Policy, "plan/policies/fail_broken");
  add(Claim::Policy, "check/policies/fail_orders");
  add(Claim::Policy, "check/policies/fail_answer_beside");
  add(Claim::Policy, "check/policies/fail_left_alone");
  for (const char* name : {"fail_slow_lock", "fail_some"}) add(Claim::Policy, std::string("check/policies/") + name);
  for (const char* name : {"late_answer", "late_rest"}) add(Claim::Answer, std::string("plan/calendars/") + name);
  for (const char* name : {"fail_schema_too_early", "fail_in_parallel", "fail_other_service"})
    add(Claim::Beside, std::string("plan/beside/") + name);
  for (const char* name : {"fail_wave", "fail_for_good"}) add(Claim::Quota, std::string("plan/quota/") + name);
  all.push_back({Claim::WayBack, "a way back without one action", without_undo()});
  all.push_back({Claim::Commit, "a commit that nothing has judged", unguarded()});
  return all;
}

}  // namespace

TEST_CASE("the counterexample of every proof shows its finding when it is run") {
  std::set<Claim> shown;
  int moments = 0, findings = 0;
  for (const Example& example : examples()) {
    bool any = false;
    for (const Finding& finding : prove(example.plan).findings) {
      INFO(example.name << ": " << name_of(finding) << " " << path_text(finding.shown.path));
      if (finding.claim == Claim::Policy && finding.shown.path.empty()) continue;  // no one run shows it
      CHECK(!finding.shown.path.empty());
      sim::Replay replay = sim::replay(example.plan, finding);
      INFO("run " << replay.runs << ": " << replay.seen);
      CHECK(replay.shown);
      moments += held_against(example.plan, finding, replay.result);
      ++findings;
      any |= finding.claim == example.claim;
      if (replay.shown) shown.insert(finding.claim);
    }
    INFO(example.name);
    CHECK(any);
  }
  Finding kind;  // a new kind has a name, else it does not compile
  for (int i = 0; kind.claim = Claim(i), !name_of(kind).empty(); ++i) {
    INFO(name_of(kind));
    CHECK(shown.count(kind.claim) == 1);
  }
  CHECK(shown.size() > 15);
  CHECK(moments > 2 * findings);
  WARN(fmt::format("{} findings of {} kinds are shown; {} moments of their paths come when they are to", findings,
                   shown.size(), moments));
}

TEST_CASE("the same finding has the same id, and two findings have two") {
  Plan plan = plan_of("plan/decisions/constant");
  std::vector<Finding> first = prove(plan).findings, again = prove(plan).findings;
  REQUIRE(first.size() == again.size());
  std::set<std::string> ids;
  for (size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i].shown.id == again[i].shown.id);
    CHECK(find(first, first[i].shown.id) == &first[i]);
    ids.insert(first[i].shown.id);
  }
  CHECK(ids.size() == first.size());
  CHECK(find(first, "00000000") == nullptr);
}

TEST_CASE("what is mended is not shown any more") {
  Plan plan = plan_of("plan/rollback/too_slow");
  std::vector<Finding> findings = prove(plan).findings;
  REQUIRE(findings.size() == 1);
  findings[0].required_ns = findings[0].bound_ns;
  CHECK(!sim::replay(plan, findings[0]).shown);
}

}  // namespace rollout::verify
