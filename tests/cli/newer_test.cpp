// A run that has not ended when somebody applies a newer plan for one of its services.
#include <optional>

#include <catch2/catch.hpp>

#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }
team sre { members = ["anna"] }
lock schema

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19600 }
}

rollout plain { checkout.install("checkout:1") }
rollout patient {
  on newer run queue within 20s
  checkout.install("checkout:1")
}
rollout yielding {
  on newer run replace
  checkout.install("checkout:1")
}
rollout final {
  on newer run replace
  approve by sre
  commit "it is decided"
  checkout.install("checkout:1")
}
rollout guarded {
  lock schema { checkout.install("checkout:1") }
}
rollout newer { checkout.install("checkout:2") }
)";

std::vector<std::string> apply(std::vector<std::string> more = {"--yes"}) {
  std::vector<std::string> words = {"apply", "release.rollout", "newer"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

journal::Outcome outcome(Terminal& terminal, const std::string& run) {
  auto runs = terminal.store().list();
  REQUIRE(runs);
  for (const journal::RunInfo& info : *runs)
    if (info.run == run && info.outcome) return *info.outcome;
  FAIL("run " << run << " has not ended");
  return journal::Outcome::Parked;
}

template <typename Event>
std::optional<Event> first(Terminal& terminal, const std::string& run) {
  auto events = terminal.store().read(run);
  REQUIRE(events);
  for (const journal::Event& event : *events)
    if (const Event* found = std::get_if<Event>(&event.what)) return *found;
  return std::nullopt;
}

}  // namespace

TEST_CASE("without a rule a newer run is refused") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  CHECK(terminal.type(apply()) == 7);
  says(terminal, "run r1 of plain has not ended, and nobody drives it");
  CHECK(terminal.store().requests(run, 0)->empty());
}

TEST_CASE("a newer run waits for one that lets it, and no longer than that says") {
  Terminal terminal(shop);
  std::string run = terminal.begin("patient");
  CHECK(terminal.type(apply()) == 7);
  says(terminal, "run r1 of patient has not ended; waiting for it, for at most 20s");
  says(terminal, "run r1 of patient has not ended within 20s; nobody drives it: go on with it by `rollout apply "
                 "--resume r1`, or take it back by `rollout abort r1`; this run has not begun");
  CHECK(terminal.slept_ns == 20'000'000'000);
  CHECK(terminal.store().list()->size() == 1);
}

TEST_CASE("Ctrl-C ends the waiting, and nothing has begun") {
  Terminal terminal(shop);
  terminal.begin("patient");
  terminal.while_asleep = [&] { terminal.interrupts = terminal.sleeps == 3; };
  CHECK(terminal.type(apply()) == 130);
  says(terminal, "no longer waiting for run r1 of patient; this run has not begun");
}

TEST_CASE("once the older run has ended the newer one is planned anew and begins") {
  Terminal terminal(shop);
  std::string run = terminal.begin("patient");
  terminal.while_asleep = [&] {
    if (terminal.sleeps == 3)
      REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::RunEnded{journal::Outcome::Succeeded, ""}}}));
    if (terminal.sleeps > 6) terminal.interrupts = 2;
  };
  terminal.type(apply());
  CHECK(terminal.store().list()->front().run == "r2");
  CHECK(terminal.store().list()->front().generations.front().number == 2);
}

TEST_CASE("a run that yields is taken back before the newer one begins, and both journals say so") {
  Terminal terminal(shop);
  std::string run = terminal.begin("yielding");
  terminal.while_asleep = [&] { terminal.interrupts = 2; };
  terminal.type(apply());
  says(terminal, "run r1 of yielding has not ended; it is taken back first, within 1h");
  says(terminal, "nobody drives run r1 of yielding; taking it back from here");
  CHECK(outcome(terminal, run) == journal::Outcome::RolledBack);
  auto aborted = first<journal::AbortRequested>(terminal, run);
  REQUIRE(aborted);
  CHECK(aborted->replaced);
  CHECK(aborted->reason == "replaced by a newer run of newer");
  auto started = first<journal::RunStarted>(terminal, "r2");
  REQUIRE(started);
  CHECK(started->replaces == run);
  CHECK(started->reason.empty());
}

TEST_CASE("whoever drives a run that is replaced ends with code 7") {
  Terminal terminal(shop);
  std::string run = terminal.begin("yielding");
  REQUIRE(terminal.store().request(run, {0, journal::Ask::Replace, "them@there", "replaced by a newer run", 1}));
  CHECK(terminal.type({"apply", "--resume", run}) == 7);
  says(terminal, "replaced by a newer run");
  CHECK(outcome(terminal, run) == journal::Outcome::RolledBack);
}

TEST_CASE("a driver of the older run is waited for, with a bound") {
  Terminal terminal(shop);
  std::string run = terminal.begin("yielding");
  std::optional<effects::ServiceLock> theirs(terminal.lock("checkout"));
  terminal.while_asleep = [&] {
    if (terminal.sleeps == 4) theirs.reset();
    if (terminal.sleeps > 8) terminal.interrupts = 2;
  };
  terminal.type(apply());
  CHECK(outcome(terminal, run) == journal::Outcome::RolledBack);
  CHECK(terminal.store().list()->size() == 2);
}

TEST_CASE("a newer run stays out while the one that it replaces could not be taken back") {
  Terminal terminal(shop);
  std::string run = terminal.begin("yielding");
  std::optional<effects::ServiceLock> theirs(terminal.lock("checkout"));
  terminal.while_asleep = [&] {
    // Its driver has gone back as far as it could, and a person has to look.
    if (terminal.sleeps == 3) {
      REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::RunEnded{journal::Outcome::Parked, "it is stuck"}}}));
      theirs.reset();
    }
    if (terminal.sleeps > 6) terminal.interrupts = 2;
  };
  CHECK(terminal.type(apply()) == 5);
  says(terminal, "run r1 of yielding could not be taken back completely, so this one does not begin; `rollout status "
                 "r1` says what to do");
  CHECK(terminal.store().list()->size() == 1);
}

TEST_CASE("nobody takes a run back without having said so") {
  Terminal terminal(shop);
  std::string run = terminal.begin("yielding");
  CHECK(terminal.type(apply({})) == 2);
  says(terminal, "run r1 of yielding has not ended, and nobody can be asked here; say `--yes` to take it back for this "
                 "one");
  CHECK(terminal.store().requests(run, 0)->empty());
}

TEST_CASE("behind a commit no run is replaced, not even by a hot fix") {
  Terminal terminal(shop);
  std::string run = terminal.begin("final");
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::StepStarted{{0, false}, 1, ""}},
                                           {1, 2, journal::StepDone{{0, false}, 1, false, ""}},
                                           {1, 2, journal::StepStarted{{1, false}, 1, ""}},
                                           {1, 2, journal::StepDone{{1, false}, 1, false, ""}}}));
  for (const std::vector<std::string>& how : {apply(), apply({"--yes", "--hotfix", "--reason", "outage"})}) {
    CHECK(terminal.type(how) == 7);
    says(terminal, "run r1 of final has passed `commit \"it is decided\"`, which nothing takes back, so it cannot be "
                   "replaced; wait for its end: rollout status r1; nothing was changed");
  }
  CHECK(terminal.store().requests(run, 0)->empty());
}

TEST_CASE("a hot fix replaces a run whatever its rule says, with a reason on record") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  CHECK(terminal.type(apply({"--yes", "--hotfix"})) == 2);
  says(terminal, "a hot fix needs a reason, for the record");
  terminal.while_asleep = [&] { terminal.interrupts = 2; };
  terminal.type(apply({"--yes", "--hotfix", "--reason", "cards are refused"}));
  CHECK(outcome(terminal, run) == journal::Outcome::RolledBack);
  CHECK(first<journal::AbortRequested>(terminal, run)->reason == "replaced by a hot fix, newer: cards are refused");
  auto started = first<journal::RunStarted>(terminal, "r2");
  REQUIRE(started);
  CHECK(started->replaces == run);
  CHECK(started->reason == "cards are refused");
}

TEST_CASE("a service that was renamed is found by the name that the state knows") {
  Terminal terminal(std::string("renamed shop -> checkout\n\n") + shop);
  journal::NewRun run{"plain", "{}", "h", {"shop"}, "somebody", 1};
  REQUIRE(terminal.store().create(run));
  CHECK(terminal.type({"plan", "release.rollout", "plain"}) == 0);
  says(terminal, "checkout (was shop)");
  effects::ServiceLock theirs = terminal.lock("shop");
  CHECK(terminal.type(apply()) == 7);
  says(terminal, "shop is being changed by them@there");
}

TEST_CASE("generations go on under the new name") {
  Terminal terminal(std::string("renamed shop -> checkout\n\n") + shop);
  journal::NewRun run{"plain", "{}", "h", {"shop"}, "somebody", 1};
  run.seen_generations = {6};
  REQUIRE(terminal.store().create(run));
  REQUIRE(terminal.store().append("r1", 1, {{1, 2, journal::RunEnded{journal::Outcome::Succeeded, ""}}}));
  terminal.while_asleep = [&] { terminal.interrupts = 2; };
  terminal.type(apply());
  REQUIRE(terminal.store().list()->size() == 2);
  CHECK(terminal.store().list()->front().generations.front().service == "shop");
  CHECK(terminal.store().list()->front().generations.front().number == 8);
}

TEST_CASE("status says what a run holds and for whom it waits") {
  Terminal terminal(shop);
  std::string run = terminal.begin("guarded");
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::StepStarted{{0, false}, 1, ""}}}));
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "waits for schema, which nobody holds now");
  REQUIRE(terminal.store().append(run, 2, {{1, 2, journal::LockTaken{0, "schema"}},
                                           {1, 2, journal::StepDone{{0, false}, 1, false, ""}}}));
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "holds schema");
}

}  // namespace rollout::cli_test
