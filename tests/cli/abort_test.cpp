// The abort from a second terminal, and the runs that it and `apply` take over.
#include <csignal>
#include <optional>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}
service search {
  workload = hosts { command = ["bin/search"]  ready = http("/")  replicas = 2  ports_from = 19500 }
}

rollout both {
  checkout.install("checkout:1")
  search.install("search:1")
}
rollout one { checkout.install("checkout:2") }
)";

}  // namespace

TEST_CASE("an abort waits for the one who drives the run, but not for ever") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  effects::ServiceLock theirs = terminal.lock("search");
  CHECK(terminal.type({"abort", run}) == 5);
  CHECK(terminal.slept_ns == 30'000'000'000);
  says(terminal, "the abort of run r1 is recorded; waiting for them@there, process 1, which drives it\n");
  says(terminal, "the abort of run r1 is recorded, but them@there, process 1, which drives it, has not acted on it for "
                 "30.0s; see whether it hangs, end it by `kill -9 ");
  says(terminal, "and give `rollout abort r1` again");
  CHECK(terminal.store().requests(run, 0)->size() == 1);
}

TEST_CASE("an abort that the driver has seen is answered as soon as the run turns back") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  effects::ServiceLock theirs = terminal.lock("checkout");
  terminal.while_asleep = [&] {
    if (terminal.sleeps != 3) return;
    REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::AbortRequested{1, "me", "why"}},
                                             {1, 2, journal::RollbackStarted{journal::Cause::Abort}}}));
  };
  CHECK(terminal.type({"abort", run}) == 0);
  CHECK(terminal.sleeps == 3);
  says(terminal, "run r1 takes itself back");
}

TEST_CASE("an abort takes the run over when its driver goes without having seen it") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  std::optional<effects::ServiceLock> theirs(terminal.lock("checkout"));
  terminal.while_asleep = [&] {
    if (terminal.sleeps == 3) theirs.reset();
  };
  CHECK(terminal.type({"abort", run, "--reason", "wrong image"}) == 4);
  says(terminal, "nobody drives run r1; taking it back from here");
  says(terminal, "wrong image");
  CHECK(terminal.store().list()->front().outcome == journal::Outcome::RolledBack);
}

TEST_CASE("an abort that the driver has carried out before anybody looked is not claimed by the one who asked") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  std::optional<effects::ServiceLock> theirs(terminal.lock("checkout"));
  journal::Outcome outcome = journal::Outcome::RolledBack;
  terminal.while_asleep = [&] {
    if (!theirs) return;
    REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::AbortRequested{1, "me", "why"}},
                                             {1, 2, journal::RollbackStarted{journal::Cause::Abort}},
                                             {1, 2, journal::RunEnded{outcome, "aborted"}}}));
    theirs.reset();
  };
  CHECK(terminal.type({"abort", run}) == 0);
  says(terminal, "run r1 has taken itself back; `rollout status r1` says how");
  CHECK(terminal.said.find("nobody drives") == std::string::npos);
  run = terminal.begin("one");
  theirs.emplace(terminal.lock("checkout"));
  outcome = journal::Outcome::Parked;
  CHECK(terminal.type({"abort", run}) == 5);
  says(terminal, "run r2 has ended: parked; `rollout status r2` says what to do");
}

TEST_CASE("Ctrl-C while an abort waits leaves the abort on record") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  effects::ServiceLock theirs = terminal.lock("checkout");
  terminal.while_asleep = [&] { terminal.interrupts = terminal.sleeps == 2; };
  CHECK(terminal.type({"abort", run}) == 130);
  says(terminal, "the abort of run r1 is recorded and stays so");
  CHECK(terminal.store().requests(run, 0)->size() == 1);
}

TEST_CASE("an abort finds that the driver is stopped, and says how to go on") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t driver = fork();
  if (driver == 0) {
    effects::ServiceLock theirs = terminal.lock("search");
    ssize_t told = write(ready[1], "y", 1);
    while (told == 1) pause();
    _exit(1);
  }
  char answer = 0;
  REQUIRE(read(ready[0], &answer, 1) == 1);
  REQUIRE(kill(driver, SIGSTOP) == 0);
  REQUIRE(waitpid(driver, nullptr, WUNTRACED) == driver);
  CHECK(terminal.type({"abort", run}) == 5);
  CHECK(terminal.sleeps == 1);
  says(terminal, fmt::format("is stopped: `kill -CONT {0}` lets it go on and take the run back; or end it by "
                             "`kill -9 {0}` and give `rollout abort r1` again", driver));
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, fmt::format("driven by them@there, process 1, which is stopped: `kill -CONT {}`", driver));
  kill(driver, SIGKILL);
  waitpid(driver, nullptr, 0);
  CHECK(terminal.type({"abort", run}) == 4);
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("who finds a service locked is told the run to abort") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  effects::ServiceLock theirs = terminal.lock("search");
  CHECK(terminal.type({"apply", "--resume", run}) == 7);
  says(terminal, "search is being changed by them@there, process 1, which has begun no run yet; wait for it");
  REQUIRE(theirs.name("them@there, process 1", run));
  CHECK(terminal.type({"apply", "--resume", run}) == 7);
  says(terminal, "search is being changed by them@there, process 1, in run r1; wait for it, or take that run back: "
                 "rollout abort r1");
}

TEST_CASE("an abort that comes after the end is refused and says how the run ended") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::RunEnded{journal::Outcome::Succeeded, ""}}}));
  CHECK(terminal.type({"abort", run}) == 7);
  says(terminal, "run r1 has ended already (succeeded); nothing was requested");
}

TEST_CASE("an empty name aborts nothing") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  CHECK(terminal.type({"abort", ""}) == 2);
  CHECK(terminal.store().requests(run, 0)->empty());
}

TEST_CASE("`apply --resume` of another rollout takes the locks of the run that it resumes") {
  Terminal terminal(shop);
  std::string run = terminal.begin("both");
  {
    effects::ServiceLock theirs = terminal.lock("search");
    CHECK(terminal.type({"apply", "release.rollout", "one", "--resume", "--yes"}) == 7);
    says(terminal, "search is being changed by them@there");
    CHECK(terminal.store().read(run)->size() == 1);
  }
  // Nobody holds anything now, and this process does not stand in its own way. The abort ends the run at once.
  REQUIRE(terminal.store().request(run, {0, journal::Ask::Abort, "me", "enough", 1}));
  CHECK(terminal.type({"apply", "release.rollout", "one", "--resume", "--yes"}) == 4);
  CHECK(terminal.store().list()->front().outcome == journal::Outcome::RolledBack);
}

}  // namespace rollout::cli_test
