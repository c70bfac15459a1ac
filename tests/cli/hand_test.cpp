// A person's hand on a run, from a second terminal: pause, resume, rollback, and the line of all runs.
#include <functional>
#include <optional>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }
team sre { members = ["anna", "ben", "carla"] }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}

rollout gated {
  approve by 2 of sre { timeout 1m }
  checkout.install("checkout:1")
}
rollout plain { checkout.install("checkout:2") }
rollout kept {
  rollback { kept 4d }
  checkout.install("checkout:2")
}
rollout talk { approve by sre { timeout 1m } }
rollout final {
  approve by sre { timeout 1m }
  commit "from here on there is no way back"
  checkout.install("checkout:3")
}
)";

using journal::Outcome;

/// Another person at another terminal.
int type_there(Terminal& terminal, const std::vector<std::string>& words) {
  std::string mine = std::exchange(terminal.said, "");
  auto outer = std::exchange(terminal.while_asleep, [] {});
  int code = terminal.type(words);
  terminal.while_asleep = outer;
  terminal.said = mine + terminal.said;
  return code;
}

std::string succeeded(Terminal& terminal, const std::string& rollout, int64_t wall_ns = 2) {
  std::string run = terminal.begin(rollout);
  REQUIRE(terminal.store().append(run, 1, {{1, wall_ns, journal::RunEnded{Outcome::Succeeded, ""}}}));
  return run;
}

}  // namespace

TEST_CASE("a pause is durable without a driver, and in force as soon as there is one") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"pause", run, "--reason", "an incident"}) == 0);
  says(terminal, "the pause of run r1 is recorded; nobody drives it, and once somebody does, no step begins before "
                 "`rollout resume r1`");
  CHECK(terminal.type({"pause", run}) == 0);
  says(terminal, "run r1 is paused already, by ");
  CHECK(terminal.store().requests(run, 0)->size() == 1);
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, ": an incident; no driver has seen it yet");
  // Nothing of it begins: the approval is a step, too.
  terminal.while_asleep = [&] { terminal.interrupts = terminal.sleeps > 20; };
  CHECK(terminal.type({"apply", "--resume", run}) == 130);
  says(terminal, "paused by ");
  says(terminal, ": an incident; no step begins, gates and watches go on");
  CHECK(terminal.said.find("waits for approval") == std::string::npos);
  terminal.interrupts = 0;
  terminal.while_asleep = [] {};
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "paused    by ");
  says(terminal, "rollout resume r1   lifts the pause and goes on");
  CHECK(terminal.type({"status", run, "--format", "json"}) == 0);
  says(terminal, R"(","reason":"an incident"},)");
  // Nobody drives it, so the one who lifts the pause does.
  CHECK(terminal.type({"resume", run}) == 5);
  says(terminal, "the pause is lifted by ");
  says(terminal, "waits for approval");
}

TEST_CASE("a run that is driven is paused and resumed from another terminal") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  int asleep = 0;
  // It outlives what `while_asleep` holds, which each typed command exchanges.
  const std::function<void()> script = [&] {
    // This process is the driver, which acts once we are done: nobody does within half a minute.
    if (++asleep == 2) CHECK(type_there(terminal, {"pause", run, "--reason", "an incident"}) == 5);
    if (asleep == 6) CHECK(type_there(terminal, {"pause", run}) == 0);
    if (asleep == 8) CHECK(type_there(terminal, {"approve", run, "--as", "anna"}) == 0);
    if (asleep == 9) CHECK(type_there(terminal, {"approve", run, "--as", "ben"}) == 0);
    if (asleep == 40) CHECK(terminal.said.find("approved by anna, ben after") == std::string::npos);
    if (asleep == 40) CHECK(type_there(terminal, {"resume", run}) == 5);
  };
  terminal.while_asleep = [&script] { script(); };
  // The deploy fails, there is no such program: but it began.
  CHECK(terminal.type({"apply", "--resume", run}) == 4);
  says(terminal, "the pause of run r1 is recorded, but ");
  says(terminal, "and give `rollout pause r1` again");
  says(terminal, "run r1 is paused already, by ");
  says(terminal, "approved by anna, ben after");
}

TEST_CASE("a pause says what it cannot do") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  {
    effects::ServiceLock theirs = terminal.lock("checkout");
    CHECK(terminal.type({"resume", run}) == 7);
    says(terminal, "run r1 is not paused, and them@there, process 1 drives it; `rollout status r1` says what it does");
  }
  REQUIRE(terminal.store().request(run, {0, journal::Ask::Abort, "me", "enough", 1}));
  CHECK(terminal.type({"pause", run}) == 7);
  says(terminal, "run r1 goes back, and a way back is not paused");
  // The same word goes on with what nobody drives: here, with its way back.
  CHECK(terminal.type({"resume", run}) == 4);
  CHECK(terminal.type({"pause", run}) == 7);
  says(terminal, "run r1 has ended already (rolled back); nothing was requested");
}

TEST_CASE("a driver that has recorded the pause is waited for, and no longer") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  effects::ServiceLock theirs = terminal.lock("checkout");
  terminal.while_asleep = [&] {
    if (terminal.sleeps == 3) REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::Paused{1, "me", "why"}}}));
    if (terminal.sleeps == 6) REQUIRE(terminal.store().append(run, 2, {{1, 2, journal::Unpaused{2, "me", "ok"}}}));
  };
  CHECK(terminal.type({"pause", run, "--format", "json"}) == 0);
  says(terminal, R"("ask":"pause",)");
  says(terminal, R"("driven":true,"in_force":true})");
  CHECK(terminal.sleeps == 3);
  CHECK(terminal.type({"resume", run}) == 0);
  says(terminal, "the pause of run r1 is lifted, and them@there, process 1 goes on with it");
  CHECK(terminal.sleeps == 6);
}

TEST_CASE("a resume claims nothing of a pause that no driver has seen, nor of a run that goes back") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  effects::ServiceLock theirs = terminal.lock("checkout");
  CHECK(terminal.type({"pause", run, "--reason", "an incident"}) == 5);
  CHECK(terminal.type({"resume", run}) == 5);
  says(terminal, "the resume of run r1 is recorded, but them@there, process 1, which drives it, has not acted on it");
  CHECK(terminal.type({"pause", run, "--reason", "another one"}) == 5);
  int before = terminal.sleeps;
  terminal.while_asleep = [&] {
    if (terminal.sleeps != before + 3) return;
    REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::Paused{3, "me", "another one"}},
                                             {1, 2, journal::Unpaused{4, "me", "ok"}}}));
  };
  CHECK(terminal.type({"resume", run}) == 0);
  CHECK(terminal.sleeps == before + 3);
  says(terminal, "the pause of run r1 is lifted, and them@there, process 1 goes on with it");
  terminal.while_asleep = [] {};
  CHECK(terminal.type({"pause", run, "--reason", "a third one"}) == 5);
  CHECK(terminal.type({"abort", run}) == 5);
  CHECK(terminal.type({"resume", run}) == 7);
  says(terminal, "run r1 goes back, and a way back is not paused");
}

TEST_CASE("a line break in a reason begins no line of its own") {
  Terminal terminal(shop);
  CHECK(terminal.type({"stop-the-line", "--reason", "an outage\nthe line moves"}) == 0);
  CHECK(terminal.type({"status"}) == 0);
  says(terminal, ": an outage<U+000A>the line moves; `rollout start-the-line");
}

TEST_CASE("nothing begins while the line is stopped, and everybody is told by whom") {
  Terminal terminal(shop);
  CHECK(terminal.type({"stop-the-line"}) == 2);
  CHECK(terminal.type({"start-the-line", "--reason", "x"}) == 0);
  says(terminal, "the line is not stopped");
  CHECK(terminal.type({"stop-the-line", "--reason", "the database is down"}) == 0);
  CHECK(terminal.type({"stop-the-line", "--reason", "again"}) == 0);
  says(terminal, "the line is stopped since 1970-01-01T00:00:01Z by ");
  says(terminal, ": the database is down; it stays so");
  CHECK(terminal.type({"apply", "release.rollout", "plain", "--yes"}) == 7);
  says(terminal,
       ": the database is down; no run begins before `rollout start-the-line --reason TEXT`; nothing was changed");
  CHECK(terminal.store().list()->empty());
  CHECK(terminal.type({"status"}) == 0);
  says(terminal, "the line is stopped since");
  CHECK(terminal.type({"status", "--format", "json"}) == 0);
  says(terminal, R"("reason":"the database is down","since":"1970-01-01T00:00:01Z"})");
  // A run under way stops; its way back does not.
  std::string run = terminal.begin("gated");
  terminal.while_asleep = [&] { terminal.interrupts = terminal.sleeps > 20; };
  CHECK(terminal.type({"apply", "--resume", run}) == 130);
  says(terminal, "the line is stopped by ");
  terminal.interrupts = 0;
  terminal.while_asleep = [] {};
  CHECK(terminal.type({"abort", run}) == 4);
  CHECK(terminal.type({"start-the-line", "--reason", "it is back"}) == 0);
  says(terminal, "the line is started");
  CHECK(terminal.type({"status"}) == 0);
  CHECK(terminal.said.find("the line is stopped") == std::string::npos);
}

TEST_CASE("of a line that moves again no later run says that it was asked") {
  Terminal terminal(shop);
  CHECK(terminal.type({"stop-the-line", "--reason", "an outage"}) == 0);
  CHECK(terminal.type({"start-the-line", "--reason", "it is back"}) == 0);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"status", run}) == 0);
  CHECK(terminal.said.find("start-the-line") == std::string::npos);
  CHECK(terminal.type({"status", run, "--format", "json"}) == 0);
  says(terminal, R"("asked":[])");
}

TEST_CASE("under a stopped line the next command is the one that starts it") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"stop-the-line", "--reason", "an outage"}) == 0);
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "next      rollout start-the-line --reason TEXT   lets all runs go on\n");
  CHECK(terminal.said.find("apply --resume") == std::string::npos);
  CHECK(terminal.type({"override", run, "--for", "30m", "--reason", "it mends the outage"}) == 0);
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "next      rollout apply --resume r1   goes on\n");
}

TEST_CASE("a resume under an override does not say that the line keeps the run") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::Paused{1, "me", "why"}},
                                           {1, 2, journal::Paused{2, "me", "an outage", true}},
                                           {1, 2, journal::LineOverridden{3, "me", "it mends it", 9'000'000'000}}}));
  effects::ServiceLock theirs = terminal.lock("checkout");
  terminal.while_asleep = [&] {
    if (terminal.sleeps == 3) REQUIRE(terminal.store().append(run, 4, {{1, 2, journal::Unpaused{4, "me", "ok"}}}));
  };
  CHECK(terminal.type({"resume", run}) == 0);
  says(terminal, "the pause of run r1 is lifted, and them@there, process 1 goes on with it\n");
}

TEST_CASE("a driver that is stopped looks at nothing, and everybody says so") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  int stopped = fork();
  if (stopped == 0) {
    effects::ServiceLock lock = terminal.lock("checkout");
    raise(SIGSTOP);
    _exit(0);
  }
  REQUIRE(stopped > 0);
  int status = 0;
  REQUIRE(waitpid(stopped, &status, WUNTRACED) == stopped);
  CHECK(terminal.type({"explain", run}) == 0);
  says(terminal, "under way, and them@there, process 1, which drives it, is stopped");
  says(terminal, fmt::format("kill -CONT {}", stopped));
  CHECK(terminal.said.find("--watch") == std::string::npos);
  CHECK(terminal.type({"metrics"}) == 0);
  says(terminal, "rollout_run_driven{run=\"r1\",rollout=\"plain\"} 0\n");
  CHECK(terminal.type({"abort", run, "--reason", "enough"}) == 5);
  CHECK(terminal.type({"explain", run}) == 0);
  says(terminal, "to go back, as was asked");
  says(terminal, fmt::format("kill -CONT {}", stopped));
  kill(stopped, SIGKILL);
  waitpid(stopped, &status, 0);
}

TEST_CASE("a rollback takes a run underway back, and says so in its record") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  CHECK(terminal.type({"rollback", run}) == 2);
  says(terminal, "say why it is taken back, for the record: --reason TEXT");
  CHECK(terminal.type({"rollback", run, "--reason", "orders are lost", "--kind", "logic"}) == 4);
  says(terminal, "rollback asked by ");
  says(terminal, "logic: orders are lost");
  CHECK(terminal.type({"rollback", run, "--reason", "again"}) == 7);
  says(terminal, "run r1 has gone back already; `rollout status r1` says what is so now; nothing was changed");
}

TEST_CASE("a run that succeeded is taken back only while nothing stands in the way") {
  Terminal terminal(shop);
  std::string run = succeeded(terminal, "plain");
  CHECK(terminal.type({"rollback", run, "--reason", "bad", "--yes"}) == 7);
  says(terminal, "checkout runs nothing, and run r1 had brought checkout:2: somebody has changed it since");
  terminal.clock_ns = int64_t{73} * 3'600 * 1'000'000'000 + 2;
  CHECK(terminal.type({"rollback", run, "--reason", "bad", "--yes"}) == 7);
  says(terminal, "run r1 succeeded 73h0m ago, and its way back is kept for 3d");
  terminal.clock_ns = 1'000'000'000;
  std::string newer = terminal.begin("gated");
  CHECK(terminal.type({"rollback", run, "--reason", "bad", "--yes"}) == 7);
  says(terminal, "run r2 of gated came after r1 and changed checkout; take that one back by `rollout rollback r2`");
  {
    effects::ServiceLock theirs = terminal.lock("checkout");
    CHECK(terminal.type({"abort", newer}) == 5);
  }
  CHECK(terminal.store().list()->back().outcome == Outcome::Succeeded);
}

TEST_CASE("the time between a success and its rollback is said, and is in no other figure") {
  Terminal terminal(shop);
  constexpr int64_t hour = int64_t{3'600} * 1'000'000'000;
  std::string run = succeeded(terminal, "plain", hour);
  REQUIRE(terminal.store().append(run, 2, {{1, 4 * hour, journal::Reopened{"somebody", "orders are lost"}}}));
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "exposure  checkout stood at checkout:2 for 3h0m more, from its success");
  // It goes back already, so nobody is told to abort it.
  says(terminal, "rollout apply --resume r1   goes on taking it back");
  CHECK(terminal.said.find("rollout abort") == std::string::npos);
  CHECK(terminal.type({"status", run, "--format", "json"}) == 0);
  says(terminal, R"("after_success_ns":10800000000000,)");
  CHECK(terminal.type({"audit", run}) == 0);
  says(terminal, "rollback asked by somebody: orders are lost; it had succeeded 3h0m before");
}

TEST_CASE("nobody is told to abort a run that goes back already") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  effects::ServiceLock theirs = terminal.lock("checkout");
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "rollout abort r1   takes it back");
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::AbortRequested{1, "anna", "an incident"}}}));
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "rollout status r1 --watch   follows it; it goes back already");
  CHECK(terminal.said.find("rollout abort") == std::string::npos);
}

TEST_CASE("a run that acts on no service has one driver, too, which everybody sees") {
  Terminal terminal(shop);
  std::string run = terminal.begin("talk");
  int asleep = 0;
  const std::function<void()> script = [&] {
    if (++asleep == 2) {
      CHECK(type_there(terminal, {"apply", "--resume", run}) == 7);
      CHECK(type_there(terminal, {"approve", run, "--as", "anna"}) == 0);
    }
  };
  terminal.while_asleep = [&script] { script(); };
  CHECK(terminal.type({"apply", "--resume", run}) == 0);
  says(terminal, "anna has approved step 0: 1 of 1 of sre\n");
  CHECK(terminal.said.find("nobody drives") == std::string::npos);
}

TEST_CASE("a file says for how long its runs may be taken back") {
  Terminal terminal(shop);
  std::string run = succeeded(terminal, "kept");
  constexpr int64_t hour = int64_t{3'600} * 1'000'000'000;
  terminal.clock_ns = 73 * hour + 2;
  CHECK(terminal.type({"explain", run}) == 0);
  says(terminal, "for 23h0m more");
  CHECK(terminal.type({"rollback", run, "--reason", "bad", "--yes"}) == 7);
  says(terminal, "checkout runs nothing, and run r1 had brought checkout:2");
  terminal.clock_ns = 97 * hour + 2;
  CHECK(terminal.type({"rollback", run, "--reason", "bad", "--yes"}) == 7);
  says(terminal, "run r1 succeeded 97h0m ago, and its way back is kept for 4d");
}

TEST_CASE("a run that has passed its commit is not taken back") {
  Terminal terminal(shop);
  std::string run = terminal.begin("final");
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::StepStarted{{0, false}, 1, ""}},
                                           {1, 2, journal::StepDone{{0, false}, 1, false, ""}},
                                           {1, 2, journal::StepStarted{{1, false}, 1, ""}},
                                           {1, 2, journal::StepDone{{1, false}, 1, false, ""}},
                                           {1, 2, journal::RunEnded{Outcome::Succeeded, ""}}}));
  CHECK(terminal.type({"rollback", run, "--reason", "bad", "--yes"}) == 7);
  says(terminal, "run r1 has passed `commit");
  says(terminal, "which nothing takes back");
}

TEST_CASE("a promotion is taken back once it has ended, and only where it has brought something") {
  Terminal terminal(shop);
  CHECK(terminal.type({"rollback", "p1", "--reason", "bad", "--yes"}) == 2);
  says(terminal, "there is no promotion p1 in this state");
  succeeded(terminal, "plain");
  journal::Store& db = terminal.store();
  REQUIRE(db.begin({"ship", "plain", "shop.rollout", {{"dev", 0}, {"production", 0}}, {}, {}, "somebody"}, 1));
  CHECK(terminal.type({"rollback", "p1", "--reason", "bad", "--yes"}) == 7);
  says(terminal, "promotion p1 has not ended; `rollout abort p1` ends it");
  REQUIRE(db.append_to("p1", 1, {2, journal::StageEntered{0, "r1", "h", {}}}));
  REQUIRE(db.append_to("p1", 2, {3, journal::StageEnded{0, Outcome::RolledBack, 3, "it failed"}}));
  REQUIRE(db.append_to("p1", 3, {4, journal::PromotionEnded{journal::PromotionOutcome::Stopped, "it failed"}}));
  CHECK(terminal.type({"rollback", "p1", "--reason", "bad", "--yes"}) == 7);
  says(terminal, "promotion p1 has brought nothing that could be taken back");
  for (const char* command : {"explain", "audit", "pause", "approve"}) {
    CHECK(terminal.type({command, "p1"}) == 7);
    says(terminal, "promotion p1 has ended; `rollout status p1` says how");
    CHECK(terminal.said.find("--resume") == std::string::npos);
  }
  CHECK(terminal.type({"audit", "p1"}) == 7);
  says(terminal, "`rollout audit --verify p1` checks the record of the promotion itself");
  CHECK(terminal.type({"audit", "--verify", "p1"}) == 0);
  // Each run is looked at before any is touched: what runs is not what it had brought.
  REQUIRE(db.append_to("p1", 4, {5, journal::PromotionReopened{"somebody", "bad"}}));
  CHECK(db.promotions()->front().outcome == std::nullopt);
  CHECK(terminal.type({"apply", "--resume", "p1"}) == 4);
  says(terminal, "all that it had brought was taken back");
  CHECK(db.promotions()->front().outcome == journal::PromotionOutcome::RolledBack);
  CHECK(terminal.type({"status", "p1"}) == 0);
  says(terminal, "the one that was taken back is held, and only a person lets it");
  CHECK(terminal.said.find("begins again") == std::string::npos);
  CHECK(terminal.type({"rollback", "p1", "--reason", "bad", "--yes"}) == 7);
}

TEST_CASE("a stopped line is overridden for one run, for a reason and a time") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"override", run, "--for", "30m", "--reason", "it mends the outage"}) == 7);
  says(terminal, "the line is not stopped, so there is nothing to override");
  CHECK(terminal.type({"stop-the-line", "--reason", "an outage"}) == 0);
  for (std::string_view time : {"", "0m", "25h", "30", "30s", "2d", "m"}) {
    CHECK(terminal.type({"override", run, "--for", std::string(time), "--reason", "it mends the outage"}) == 2);
    says(terminal, "`--for " + std::string(time) + "` is no time that an override may last: whole minutes or hours, "
                   "from 1m to 24h");
  }
  CHECK(terminal.type({"override", run, "--for", "30m"}) == 2);
  CHECK(terminal.type({"override", run, "--for", "30m", "--reason", "it mends the outage"}) == 0);
  says(terminal, "the override is recorded, until 1970-01-01T00:30:01Z; nobody drives run r1");
  // It goes on to its question, and goes back because nobody answers.
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  CHECK(terminal.type({"audit", run}) == 0);
  says(terminal, "the stopped line is overridden by ");
  says(terminal, ": it mends the outage; the run goes on until 1970-01-01T00:30:01Z");
}

}  // namespace rollout::cli_test
