// Which versions are held, from the record of a project, and which could not be started again.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "compiler/plan/plan_json.h"
#include "runtime/cli/gone_version.h"
#include "runtime/cli/held_version.h"
#include "runtime/journal/memory_store.h"

namespace rollout::cli {

namespace {

using journal::Cause;
using journal::Outcome;
using journal::Payload;

/// Brings `version` to checkout; `number` makes it a plan of its own.
plan::Plan plan_of(const std::string& version, int number) {
  plan::Plan plan;
  plan.rollout = "release" + std::to_string(number);
  plan.targets.push_back({"hosts", "local", {}});
  plan.services.push_back({"checkout", "", {{"Workload", 0, {}}}});
  plan.offline = false;
  plan::Step step;
  step.action.service = 0;
  step.action.target = 0;
  step.action.text = step.text = "deploy";
  eval::Value image;
  image.kind = eval::Value::Kind::Image;
  image.text = version;
  step.action.sets.push_back({plan::Variable::Version, plan::Role::Stable, image});
  step.rollback = {0};
  plan.steps.push_back(step);
  plan.undo.push_back(step.action);
  return plan;
}

void record(journal::Store& store, const plan::Plan& plan, std::vector<Payload> events) {
  std::string bytes = plan::to_json(plan);
  REQUIRE(plan::from_json(bytes));
  auto run = store.create({plan.rollout, bytes, plan::hash_of(bytes), {"checkout"}, "a test", 1});
  REQUIRE(run);
  std::vector<journal::Event> list;
  for (Payload& payload : events) list.push_back({0, 1, std::move(payload)});
  REQUIRE(store.append(run->run, 1, list));
}

Payload deployed() { return journal::StepStarted{{0, false}, 1, "r1/g1/step0/a1"}; }

std::vector<Payload> back(Cause cause) {
  return {deployed(), journal::RollbackStarted{cause, 0, "it was worse"},
          journal::RunEnded{Outcome::RolledBack, "it was worse"}};
}

std::string held(journal::Store& store, const std::string& version) {
  auto found = held_versions(store, plan_of(version, 99));
  REQUIRE(found);
  return held_text(*found);
}

}  // namespace

TEST_CASE("a version is held once a gate, a watch or a person has spoken against it") {
  for (Cause cause : {Cause::GateFailed, Cause::Watch, Cause::Asked}) {
    journal::MemoryStore store;
    record(store, plan_of("shop:1", 1), {journal::RunEnded{Outcome::Succeeded, ""}});
    record(store, plan_of("shop:2", 2), back(cause));
    CHECK(held(store, "shop:2") == "checkout shop:2, held since r2: it was worse");
    CHECK(held(store, "shop:1").empty());
    CHECK(held(store, "shop:3").empty());
  }
}

TEST_CASE("a person who finds a version bad is heard while its run goes back already") {
  journal::MemoryStore store;
  record(store, plan_of("shop:2", 1),
         {deployed(), journal::RollbackStarted{Cause::Abort, 0, "wrong moment"},
          journal::AbortRequested{2, "anna", "orders are lost", false, true},
          journal::RunEnded{Outcome::RolledBack, ""}});
  CHECK(held(store, "shop:2") == "checkout shop:2, held since r1: taken back by anna: orders are lost");
}

TEST_CASE("what says nothing of a version does not hold it") {
  for (Cause cause : {Cause::StepFailed, Cause::NoEvidence, Cause::Abort, Cause::Rejected, Cause::Unapproved,
                      Cause::Exposure}) {
    journal::MemoryStore store;
    record(store, plan_of("shop:2", 1), back(cause));
    CHECK(held(store, "shop:2").empty());
  }
}

TEST_CASE("a version that a preflight has let nothing begin with is not held") {
  journal::MemoryStore store;
  record(store, plan_of("shop:2", 1), {journal::RollbackStarted{Cause::GateFailed, 0, "nobody has signed it"},
                                       journal::RunEnded{Outcome::RolledBack, "nobody has signed it"}});
  CHECK(held(store, "shop:2").empty());
}

TEST_CASE("a version stays held over an aborted try, and no longer once it has come well") {
  journal::MemoryStore store;
  record(store, plan_of("shop:2", 1), back(Cause::GateFailed));
  record(store, plan_of("shop:2", 2), back(Cause::Abort));
  CHECK(held(store, "shop:2") == "checkout shop:2, held since r1: it was worse");
  record(store, plan_of("shop:2", 3), {journal::RunEnded{Outcome::Succeeded, ""}});
  CHECK(held(store, "shop:2").empty());
  record(store, plan_of("shop:2", 4),
         {deployed(), journal::RunEnded{Outcome::Succeeded, ""}, journal::Reopened{"me", "bad"},
          journal::RollbackStarted{Cause::Asked, 0, "bad"}, journal::RunEnded{Outcome::RolledBack, "bad"}});
  CHECK(held(store, "shop:2") == "checkout shop:2, held since r4: bad");
}

namespace {

/// As plan_of, where `from` runs.
plan::Plan plan_from(const std::string& from, const std::string& version, int number) {
  plan::Plan plan = plan_of(version, number);
  plan::Observed runs;
  runs.what = "version(checkout, stable)";
  runs.value.kind = eval::Value::Kind::Image;
  runs.value.text = from;
  plan.observed.push_back(runs);
  return plan;
}

std::string back_to(journal::Store& store, const std::string& from, bool let_through = false) {
  plan::Plan plan = plan_from(from, "shop:9", 99);
  auto found = unproven_versions(&store, plan, let_through);
  REQUIRE(found);
  std::string out;
  for (const journal::BackTo& one : *found) out += unproven_text(plan, one);
  return out;
}

}  // namespace

TEST_CASE("what runs now and has come well needs no word") {
  journal::MemoryStore store;
  record(store, plan_of("shop:2", 1), back(Cause::GateFailed));
  record(store, plan_of("shop:2", 2), {journal::RunEnded{Outcome::Succeeded, ""}});
  CHECK(back_to(store, "shop:2").empty());
}

TEST_CASE("a rollback leads to what nothing on record speaks for, and that is said") {
  journal::MemoryStore store;
  CHECK(back_to(store, "shop:2") == "checkout shop:2, which runs now: no run of this record has brought it; a rollback "
                                    "leads back to it all the same");
  record(store, plan_of("shop:2", 1), {deployed(), journal::RollbackStarted{Cause::StepFailed, 0, "no room"},
                                       journal::RunEnded{Outcome::Parked, "stuck"}});
  CHECK(back_to(store, "shop:2") == "checkout shop:2, which runs now: r1 brought it and was left parked; a rollback "
                                    "leads back to it all the same");
  plan::Plan plan = plan_from("shop:2", "shop:9", 99);
  CHECK(unproven_versions(nullptr, plan)->at(0).why == "no run of this record has brought it");
  CHECK(unproven_versions(nullptr, plan_of("shop:9", 99))->empty());  // nobody looked what runs
}

TEST_CASE("no rollback leads by itself to what something spoke against, unless a person lets it") {
  journal::MemoryStore store;
  record(store, plan_of("shop:2", 1), {deployed(), journal::RollbackStarted{Cause::GateFailed, 0, "it was worse"},
                                       journal::RunEnded{Outcome::Parked, "stuck"}});
  plan::Plan plan = plan_from("shop:2", "shop:9", 99);
  auto found = unproven_versions(&store, plan);
  REQUIRE(found->size() == 1);
  CHECK(found->at(0).held);
  CHECK(found->at(0).version == "shop:2");
  CHECK(found->at(0).why == "held since r1: it was worse");
  CHECK(unproven_text(plan, found->at(0)).find("the run would wait for a person") != std::string::npos);
  found = unproven_versions(&store, plan, true);
  CHECK(!found->at(0).held);
  CHECK(found->at(0).why == "held since r1: it was worse; let through");
}

TEST_CASE("a version whose way back was withheld is held") {
  journal::MemoryStore store;
  record(store, plan_of("shop:2", 1),
         {deployed(), journal::RollbackWithheld{Cause::Watch, "too slow"}, journal::Parked{{}, "too slow"},
          journal::RollbackStarted{Cause::Abort, 0, "by hand"}, journal::RunEnded{Outcome::RolledBack, "by hand"}});
  CHECK(held(store, "shop:2") == "checkout shop:2, held since r1: too slow");
}

TEST_CASE("a version whose program is gone could not be started again, and that is said before anything begins") {
  namespace fs = std::filesystem;
  std::string root = fs::temp_directory_path() / fmt::format("rollout-gone-{}", getpid());
  fs::create_directories(root + "/bin");
  effects::RealEffects real(nullptr);
  auto gone = [&](const std::string& command, const std::string& from) {
    auto value = [](eval::Value::Kind kind, const std::string& text) {
      eval::Value made;
      made.kind = kind;
      made.text = text;
      return made;
    };
    plan::Plan plan = plan_from(from, "shop:9", 99);
    plan.targets[0].config = {{"directory", value(eval::Value::Kind::String, "run")}};
    eval::Value words = value(eval::Value::Kind::List, "");
    words.items = {value(eval::Value::Kind::String, command)};
    eval::Value running = value(eval::Value::Kind::Call, "running");
    plan.services[0].bindings[0].config = {{"command", words}, {"ready", running}};
    std::string all;
    for (const std::string& one : gone_versions(plan, root, real.all())) all += one;
    return all;
  };
  constexpr const char* named = "bin/shop-${version}";
  CHECK(gone(named, "shop:2") ==
        fmt::format("checkout shop:2, which runs now, could not be started again: {}/bin/shop-2 is not there; put it "
                    "back first, since a rollback that has to start it would not come to its end", root));
  std::ofstream(root + "/bin/shop-2") << "#!/bin/sh\n";
  fs::permissions(root + "/bin/shop-2", fs::perms::owner_read | fs::perms::owner_write);
  CHECK(gone(named, "shop:2").find("/bin/shop-2 may not be executed;") != std::string::npos);
  fs::permissions(root + "/bin/shop-2", fs::perms::owner_all);
  CHECK(gone(named, "shop:2").empty());
  fs::create_directories(root + "/bin/shop-3");
  CHECK(gone(named, "shop:3").find("/bin/shop-3 is no file;") != std::string::npos);
  // Where that cannot be known, or the same version comes again, nothing is said.
  CHECK(gone("shop-${version}", "shop:2").empty());
  CHECK(gone("bin/${port}-${version}", "shop:2").empty());
  CHECK(gone(named, "shop:9").empty());
  fs::remove_all(root);
}

}  // namespace rollout::cli
