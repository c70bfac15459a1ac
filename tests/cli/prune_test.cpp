// `prune`: which runs it removes, what it leaves of them, and what the other commands say then.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "compiler/plan/plan_json.h"
#include "runtime/cli/history.h"
#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

namespace rollout::cli_test {

namespace {

namespace fs = std::filesystem;

using journal::Outcome;

constexpr int64_t day_ns = int64_t{86'400} * 1'000'000'000;
constexpr int64_t today = 200;
constexpr const char* text = "rollout release {}\n";

plan::Plan plan_of(const std::string& service, int number, int64_t kept_ns = 0) {
  plan::Plan plan;
  plan.rollout = "release" + std::to_string(number);
  plan.targets.push_back({"hosts", "local", {}});
  plan.services.push_back({service, "", {{"Workload", 0, {}}}});
  plan::Step step;
  step.action.service = 0;
  step.action.target = 0;
  step.action.text = step.text = "deploy";
  step.rollback = {0};
  plan.steps.push_back(step);
  plan.undo.push_back(step.action);
  plan.rollback.kept_ns = kept_ns;
  return plan;
}

struct Project : Terminal {
  Project() : Terminal(text) { clock_ns = today * day_ns; }

  /// A run that ended on the day `day`.
  std::string ended(int64_t day, Outcome outcome, const std::string& service = "shop", int64_t kept_ns = 0,
                    std::optional<journal::StageOf> stage = {}) {
    plan::Plan plan = plan_of(service, ++made, kept_ns);
    std::string bytes = plan::to_json(plan);
    journal::NewRun run{plan.rollout, bytes, plan::hash_of(bytes), {service}, "ben@there", day * day_ns};
    run.stage = std::move(stage);
    auto begun = store().create(run);
    REQUIRE(begun);
    std::vector<journal::Event> events = {{1, day * day_ns, journal::StepStarted{{0, false}, 1, "k"}}};
    if (outcome == Outcome::RolledBack)
      for (const journal::Payload& what : std::initializer_list<journal::Payload>{
               journal::RollbackStarted{journal::Cause::Asked, 0, "bad"}, journal::StepStarted{{0, true}, 1, "b"},
               journal::StepDone{{0, true}, 1, false, ""}})
        events.push_back({1, day * day_ns, what});
    events.push_back({2, day * day_ns, journal::RunEnded{outcome, "end"}});
    REQUIRE(store().append(begun->run, 1, events));
    return begun->run;
  }
  /// Newer runs of a service, as many as are always kept.
  void fifty(const std::string& service = "shop") {
    for (int i = 0; i < 50; ++i) ended(today - 1, Outcome::Parked, service);
  }
  bool gone(const std::string& run) { return !store().plan_bytes(run); }
  int prune(std::vector<std::string> more = {"--yes"}) {
    std::vector<std::string> words = {"prune", "--older-than", "90d", "--reason", "a quarter is enough"};
    words.insert(words.end(), more.begin(), more.end());
    return type(words);
  }
  int made = 0;
};

}  // namespace

TEST_CASE("prune: only what ended long ago and nothing looks at goes") {
  Project project;
  std::string went_back = project.ended(1, Outcome::RolledBack);
  std::string old = project.ended(2, Outcome::Succeeded);
  std::string parked = project.ended(3, Outcome::Parked);
  std::string rehearsal = project.ended(4, Outcome::RolledBack);
  std::string long_window = project.ended(5, Outcome::Succeeded, "shop", 300 * day_ns);
  std::string last_success = project.ended(6, Outcome::Succeeded);
  std::string single = project.ended(7, Outcome::Succeeded, "search");
  project.fifty();
  std::string open = project.begin("release");
  CHECK(project.prune() == 0);
  says(project, "pruned: 2 runs, 9 events");
  CHECK(project.gone(went_back));
  CHECK(project.gone(old));
  for (const std::string& run : {parked, rehearsal, long_window, last_success, single, open}) CHECK(!project.gone(run));
  cli::ProjectHistory history(project.store());
  CHECK(history.rehearsal("shop").operator*()->run == rehearsal);
  CHECK(project.prune() == 0);
  says(project, "pruned: 0 runs");
  // The next one of the service makes room for the one before it.
  std::string next = project.ended(today - 100, Outcome::Succeeded);
  CHECK(project.prune() == 0);
  CHECK(project.gone(last_success));
  CHECK(!project.gone(next));
}

TEST_CASE("prune: a run of a promotion that has not ended stays") {
  Project project;
  REQUIRE(project.store().begin({"ship", "release", "shop.rollout", {{"dev", 0}, {"live", 60}}, {}, {}, "me"}, 1));
  std::string run = project.ended(1, Outcome::Succeeded, "dev/shop", 0, journal::StageOf{"p1", 1, 0, {}});
  project.ended(2, Outcome::Succeeded, "dev/shop");
  project.fifty("dev/shop");
  CHECK(project.prune() == 0);
  CHECK(!project.gone(run));
  REQUIRE(project.store().append_to("p1", 2, {3, journal::PromotionEnded{journal::PromotionOutcome::Stopped, "x"}}));
  CHECK(project.prune() == 0);
  CHECK(project.gone(run));
}

TEST_CASE("prune: without --yes it says what would go, and asks for a reason and an age") {
  Project project;
  std::string run = project.ended(1, Outcome::Succeeded);
  project.ended(2, Outcome::Succeeded);
  project.fifty();
  CHECK(project.prune({}) == 0);
  says(project, "would be removed: 1 run, 3 events, about ");
  says(project, "nothing was removed; `--yes` does it");
  CHECK(project.prune({"--format", "json"}) == 0);
  says(project, R"("done":false,"events":3,)");
  CHECK(!project.gone(run));
  CHECK(project.type({"prune", "--older-than", "90d", "--yes"}) == 2);
  CHECK(project.type({"prune", "--older-than", "90", "--yes", "--reason", "x"}) == 2);
  CHECK(project.type({"prune", "--older-than", "1m", "--yes", "--reason", "x"}) == 2);
  says(project, "`--older-than 1m` is no age: whole hours, days or weeks, at least 1h");
  CHECK(project.type({"prune", "--older-than", "90d", "--keep", "3", "--yes", "--reason", "x"}) == 2);
  CHECK(project.prune({"--yes", "--keep", "52"}) == 0);
  CHECK(!project.gone(run));
}

TEST_CASE("prune: what was exported first is all there, and what is left says where") {
  Project project;
  std::string run = project.ended(1, Outcome::Succeeded);
  project.ended(2, Outcome::Succeeded);
  project.fifty();
  std::string head = project.store().chain(run)->head;
  CHECK(project.prune({"--yes", "--export", "release.rollout"}) == 2);
  says(project, "is there already and is not replaced");
  CHECK(project.prune({"--yes", "--export", "nowhere/old.backup"}) == 6);
  CHECK(!project.gone(run));
  CHECK(project.prune({"--yes", "--export", "old.backup"}) == 0);
  CHECK(project.gone(run));
  fs::create_directories(project.directory() / "other");
  CHECK(project.type({"restore", "old.backup", "--project", "other"}) == 0);
  CHECK(project.type({"audit", run, "--project", "other"}) == 0);
  says(project, "the record is whole: 3 events");

  for (std::vector<std::string> words : std::vector<std::vector<std::string>>{
           {"status", run}, {"explain", run}, {"rollback", run, "--reason", "x", "--yes"}}) {
    CHECK(project.type(words) != 0);
    says(project, "run r1 was pruned on 1970-07-20T00:00:00Z by ");
    says(project, "a quarter is enough; a copy is in the backup ");
  }
  CHECK(project.type({"history", "--limit", "100"}) == 0);
  says(project, "pruned on 1970-07-20");
  CHECK(project.type({"history", "--limit", "100", "--format", "json"}) == 0);
  says(project, R"("pruned":{"at":"1970-07-20T00:00:00Z")");
  CHECK(project.type({"audit", run}) == 0);
  says(project, "old.backup");
  says(project, "begun by ben@there, succeeded on 1970-01-02");
  says(project, "of its 3 events only the head is left: " + head);
  CHECK(project.type({"metrics"}) == 0);
  CHECK(project.type({"backup", "new.backup"}) == 0);
  fs::create_directories(project.directory() / "third");
  CHECK(project.type({"restore", "new.backup", "--project", "third"}) == 0);
  CHECK(project.type({"audit", "--verify", "--project", "third"}) == 0);
  says(project, "(1 pruned)");
  CHECK(project.type({"audit", run, "--project", "third"}) == 0);
}

TEST_CASE("prune: `audit --verify` knows a pruned run from one that is gone, was forged or was changed") {
  auto problem = [](const char* statement, std::string_view what) {
    Project project;
    std::string run = project.ended(1, Outcome::Succeeded);
    project.ended(2, Outcome::Succeeded);
    project.fifty();
    CHECK(project.prune() == 0);
    CHECK(project.gone(run));
    CHECK(project.type({"audit", "--verify"}) == 0);
    says(project, "52 runs (1 pruned)");
    journal::sql(project.directory() / "state/rollout.db", statement);
    CHECK(project.type({"audit", "--verify"}) == 7);
    says(project, what);
  };
  problem("DELETE FROM prunes", "run r1: 0 of 3 events are there");
  problem("DELETE FROM prunes", "what was noted of pruned runs: the end was cut off: 1 events were noted, 0 are there");
  problem("DELETE FROM runs WHERE run = 'r1'", "run r1: the run is gone");
  problem("UPDATE prunes SET line = replace(line, 'a quarter', 'a year')", "pruned runs: event 0 was changed");
  problem("UPDATE runs SET events = 2 WHERE run = 'r1'", "what was noted of it then is not what its row says");
  problem("DELETE FROM events WHERE run = 'r2'", "run r2: 0 of 3 events are there");
  problem("DELETE FROM plans", "run r2: the plan is not the one that the run was made from");
  problem("UPDATE prunes SET run = 'r2'", "the store has its plan or does not know of it");
  // A forged row is one finding, and all other runs are looked at.
  constexpr const char* nonsense = "INSERT INTO prunes (seq, run, line, hash) VALUES (1, 'r3', 'nonsense', 'x');"
                                   "UPDATE events SET line = line || ' ' WHERE run = 'r4'";
  problem(nonsense, "line 1 of what was noted of pruned runs cannot be read: what was noted of a pruned run is not");
  problem(nonsense, "run r4: event 0 was changed");
  problem(nonsense, "checked: 52 runs (1 pruned)");
  problem("INSERT INTO prunes (seq, run, line, hash) VALUES (-5, 'r3', '{\"v\":9}', 'x')",
          "line 0 of what was noted of pruned runs cannot be read: a run was pruned by a newer rollout");
}

TEST_CASE("prune: a prune that nobody noted beside the store is found where the run itself was noted") {
  Project project;
  std::string run = project.ended(1, Outcome::Succeeded);
  project.ended(2, Outcome::Succeeded);
  project.fifty();
  std::string line = R"({"v":1,"algorithm":"sha256-chain","run":"r1","events":3,"head":")" +
                     project.store().chain_end(run)->head + R"(","at":"1970-01-02T00:00:00Z","previous":""})" + "\n";
  auto note = [&] { std::ofstream(project.directory() / "state/heads.jsonl") << line; };
  note();
  CHECK(project.prune() == 0);
  CHECK(project.type({"audit", "--verify"}) == 0);
  note();  // as if somebody had written into the database alone
  CHECK(project.type({"audit", "--verify"}) == 7);
  says(project, "run r1: pruned on 1970-07-20T00:00:00Z by ");
  says(project, "that was not noted beside the store");
  CHECK(project.prune() == 0);
  CHECK(project.type({"audit", "--verify"}) == 0);
}

TEST_CASE("prune: a damaged run stays as evidence") {
  Project project;
  std::string run = project.ended(1, Outcome::Succeeded);
  project.ended(2, Outcome::Succeeded);
  project.fifty();
  journal::sql(project.directory() / "state/rollout.db", "UPDATE events SET line = line || ' ' WHERE run = 'r1'");
  CHECK(project.prune() == 0);
  says(project, "its record is damaged, so it stays");
  says(project, "pruned: 0 runs");
  CHECK(!project.gone(run));
}

TEST_CASE("prune: a promotion whose record is damaged keeps what may be its own, and nothing else") {
  Project project;
  std::string before = project.ended(1, Outcome::Succeeded);
  REQUIRE(project.store().begin({"ship", "release", "shop.rollout", {{"dev", 0}}, {}, {}, "me"}, 2 * day_ns));
  std::string since = project.ended(3, Outcome::Succeeded);
  project.fifty();
  project.ended(today - 1, Outcome::Succeeded);
  journal::sql(project.directory() / "state/rollout.db", "UPDATE events SET line = line || ' ' WHERE run = 'p1'");
  CHECK(project.prune() == 0);
  says(project, "p1     is underway and its record is damaged, so every run since it began stays; `rollout audit "
                "--verify p1` says how\n");
  says(project, "pruned: 1 run, ");
  CHECK(project.gone(before));
  CHECK(!project.gone(since));
  CHECK(project.prune({"--format", "json"}) == 0);
  says(project, R"("damaged":[],"damaged_promotions":["p1"]})");
}

}  // namespace rollout::cli_test
