// The answer from a second terminal to a run that waits for people.
#include <catch2/catch.hpp>

#include "compiler/plan/plan_json.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/state_text.h"
#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

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
rollout strict {
  approve by sre { timeout 1m  on timeout rollback }
  checkout.install("checkout:2")
}
)";

/// Another person at another terminal.
int type_there(Terminal& terminal, const std::vector<std::string>& words) {
  std::string mine = std::exchange(terminal.said, "");
  int code = terminal.type(words);
  terminal.said = mine + terminal.said;
  return code;
}

}  // namespace

TEST_CASE("a run that nobody approves is parked, and goes on when it is approved and resumed") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  says(terminal, "parked: approval timed out after 1m: nobody of sre has approved");
  says(terminal, "rollout approve r1 --as NAME");
  says(terminal, "rollout apply --resume r1   goes on");
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "parked: it needs a hand");
  CHECK(terminal.type({"approve", run, "--as", "mallory"}) == 7);
  says(terminal, "`mallory` is no member of team sre (anna, ben, carla)\n");
  CHECK(terminal.type({"approve", run}) == 7);
  says(terminal, "say who you are by `--as NAME`");
  CHECK(terminal.type({"approve", run, "--as", "anna", "--reason", "looks good"}) == 0);
  says(terminal, "anna has approved step 0: 1 of 2 of sre; nobody drives run r1: go on by `rollout apply --resume r1`");
  CHECK(terminal.type({"approve", run, "--as", "ben", "--format", "json"}) == 0);
  says(terminal, R"({"version":1,"type":"answer","run":"r1","step":0,"answer":"approve","by":"ben","reason":"",)"
                 R"("driven":false,"questions":[{"team":"sre","quorum":2,"approved":["anna","ben"]}]})");
  // The deploy fails, there is no such program: but the approval let it begin.
  CHECK(terminal.type({"apply", "--resume", run}) == 4);
  says(terminal, "approved by anna: looks good");
  says(terminal, "approved by anna, ben after");
}

TEST_CASE("a run that is parked on a question says how to answer, and what was answered since") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  CHECK(terminal.type({"status", run, "--format", "json"}) == 0);
  says(terminal, R"("outcome":"parked","exit_code":5)");
  CHECK(terminal.type({"explain", run, "--format", "json"}) == 0);
  says(terminal, R"("next":"rollout approve r1 --as NAME")");
  says(terminal, "then rollout resume r1");
  CHECK(terminal.type({"reject", run, "--as", "anna", "--reason", "bad\nr2 succeeded"}) == 0);
  CHECK(terminal.type({"explain", run, "--format", "json"}) == 0);
  says(terminal, "asked: reject by anna: bad<U+000A>r2 succeeded; no driver has seen it yet");
  says(terminal, R"("next":"rollout resume r1")");
  says(terminal, "takes it back, as was asked");
  for (const char* command : {"status", "explain", "audit"}) {
    CHECK(terminal.type({command, run}) == 0);
    CHECK(terminal.said.find("\nr2") == std::string::npos);
  }
  CHECK(terminal.type({"resume", run}) == 5);
  for (const char* command : {"status", "explain", "audit", "history"}) {
    CHECK(terminal.type(command == std::string_view("history") ? std::vector<std::string>{command}
                                                               : std::vector<std::string>{command, run}) == 0);
    CHECK(terminal.said.find("\nr2") == std::string::npos);
  }
}

TEST_CASE("while people are asked, the status says how long they have") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  std::string seen;
  terminal.while_asleep = [&] {
    if (!seen.empty()) return;
    seen = "asked";
    auto outer = std::exchange(terminal.while_asleep, [] {});
    int64_t began_ns = std::exchange(terminal.clock_ns, terminal.clock_ns + 20'000'000'000);
    std::string mine = std::exchange(terminal.said, "");
    CHECK(terminal.type({"status", run}) == 0);
    seen = std::exchange(terminal.said, mine);
    terminal.clock_ns = began_ns;
    terminal.while_asleep = outer;
  };
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  terminal.said = seen;
  says(terminal, "gated (r1) running after 20.0s");
  says(terminal, "rollout approve r1 --as NAME   within 40.0s, else it parks\n");
  CHECK(terminal.type({"status", run}) == 0);
  CHECK(terminal.said.find("else it parks") == std::string::npos);
}

TEST_CASE("each member counts once, and what has passed or ended is not approved") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"approve", run, "--as", "anna"}) == 7);
  says(terminal, "run r1 waits for no approval");
  bool tried = false;
  terminal.while_asleep = [&] {
    if (std::exchange(tried, true)) return;
    auto outer = std::exchange(terminal.while_asleep, [] {});
    CHECK(type_there(terminal, {"approve", run, "--as", "anna"}) == 0);
    terminal.while_asleep = outer;
  };
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  says(terminal, "1 of 2 of sre has approved: anna");
  CHECK(terminal.type({"approve", run, "--as", "anna"}) == 7);
  says(terminal, "`anna` has approved it already, and each member counts once");
  CHECK(terminal.type({"approve", run, "7", "--as", "ben"}) == 7);
  says(terminal, "run r1 waits for no approval at step `7`; it waits at step 0 (approve by 2 of sre");
  CHECK(terminal.type({"reject", run, "--as", "ben"}) == 2);
  CHECK(terminal.type({"reject", run, "0", "--as", "ben", "--reason", "no budget", "--format", "json"}) == 0);
  says(terminal, R"("answer":"reject","by":"ben","reason":"no budget","driven":false)");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  says(terminal, "rolled back, completely");
  says(terminal, "rejected by ben: no budget");
  CHECK(terminal.type({"approve", run, "--as", "carla"}) == 7);
  says(terminal, "run r1 has ended already (rolled back)");
}

TEST_CASE("an answer counts from when its giver was told so, and later ones are held against it") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  CHECK(terminal.type({"approve", run, "--as", "anna"}) == 0);
  CHECK(terminal.type({"approve", run, "--as", "anna"}) == 7);
  says(terminal, "`anna` has approved it already, and each member counts once");
  CHECK(terminal.type({"approve", run, "--as", "ben"}) == 0);
  says(terminal, "ben has approved step 0: 2 of 2 of sre");
  CHECK(terminal.type({"status", run}) == 0);
  // Who has approved may change their mind until the step is done.
  CHECK(terminal.type({"reject", run, "--as", "anna", "--reason", "no budget"}) == 0);
  CHECK(terminal.type({"approve", run, "--as", "carla"}) == 7);
  says(terminal, "run r1 waits for no approval");
  CHECK(terminal.store().requests(run, 0)->size() == 3);
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  says(terminal, "rejected by anna: no budget");
}

TEST_CASE("a run that is paused and approved asks nobody any more") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::StepStarted{{0, false}, 1, ""}},
                                           {1, 2, journal::Paused{1, "me", "an incident"}},
                                           {1, 2, journal::Approved{{0, false}, 2, "anna", "", "anna@there"}}}));
  effects::ServiceLock theirs = terminal.lock("checkout");
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "rollout approve r1 --as NAME");
  REQUIRE(terminal.store().append(run, 4, {{1, 2, journal::Approved{{0, false}, 3, "ben", "", "ben@there"}}}));
  CHECK(terminal.type({"status", run}) == 0);
  CHECK(terminal.said.find("rollout approve") == std::string::npos);
  CHECK(terminal.said.find("else it parks") == std::string::npos);
}

TEST_CASE("an approval that times out can take the run back") {
  Terminal terminal(shop);
  std::string run = terminal.begin("strict");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  says(terminal, "rolled back, completely");
  says(terminal, "approval timed out after 1m");
}

TEST_CASE("Ctrl-C while a run waits leaves it waiting") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  terminal.while_asleep = [&] { terminal.interrupts = terminal.sleeps == 2; };
  CHECK(terminal.type({"apply", "--resume", run}) == 130);
  terminal.interrupts = 0;
  terminal.while_asleep = [] {};
  CHECK(terminal.type({"approve", run, "--as", "anna"}) == 0);
  CHECK(terminal.type({"abort", run}) == 4);
}

TEST_CASE("an answer leaves a parked run to the worker of this file, where there is one") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  CHECK(terminal.store().claims()->waiting()->empty());
  {
    effects::ServiceLock worker = terminal.lock("worker of this file");
    CHECK(terminal.type({"approve", run, "--as", "anna"}) == 0);
    says(terminal, "1 of 2 of sre; nobody drives run r1: a worker goes on with it, or you do by `rollout apply "
                   "--resume r1`");
  }
  CHECK(*terminal.store().claims()->waiting() == std::vector<std::string>{run});
}

TEST_CASE("going on with a run reads what stands behind its snapshot, and nothing before it") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  std::vector<journal::Event> events = *terminal.store().read(run);
  std::string bytes = *terminal.store().plan_bytes(run);
  plan::Plan plan = *plan::from_json(bytes);
  int64_t known = int64_t(events.size());
  events.push_back({events.back().run_ns, events.back().wall_ns, journal::Interrupted{"me", ""}});
  std::optional<std::string> snapshot = exec::encode(exec::fold_all(plan, events));
  REQUIRE(snapshot);
  REQUIRE(terminal.store().append(run, known, {events.back()}, *snapshot));
  // Who reads all of it finds this; who goes on does not look there.
  journal::sql(terminal.directory() / "state/rollout.db", "UPDATE events SET line = line || ' ' WHERE seq = 1");
  CHECK(terminal.type({"status", run}) != 0);
  says(terminal, "is damaged");
  CHECK(terminal.type({"resume", run}) == 5);
  says(terminal, "parked: approval timed out after 1m");
  CHECK(terminal.said.find("is damaged") == std::string::npos);
  CHECK(terminal.type({"abort", run}) == 4);
}

}  // namespace rollout::cli_test
