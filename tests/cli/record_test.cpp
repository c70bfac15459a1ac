// The record of runs, as people read it, and what is found when somebody has written to it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }
team sre { members = ["anna"] }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}
service search {
  workload = hosts { command = ["bin/search"]  ready = http("/")  replicas = 2  ports_from = 19500 }
}

rollout gated {
  approve by sre { timeout 1m }
  checkout.install("checkout:1")
}
rollout plain { search.install("search:2") }
)";

/// One run that went back, one that is parked, one that nobody has begun.
struct Project {
  Terminal terminal{shop};
  Project() {
    CHECK(terminal.type({"rollback", terminal.begin("plain"), "--reason", "orders are lost"}) == 4);
    CHECK(terminal.type({"apply", "--resume", terminal.begin("gated")}) == 5);
  }
  std::string database() const { return (terminal.directory() / "state/rollout.db").string(); }
  std::filesystem::path heads() const { return terminal.directory() / "state/heads.jsonl"; }
  void sql(const char* text) const { journal::sql(database(), text); }
  /// Whether `audit --verify` says so, and ends with code 7.
  void finds(const std::string& what) {
    CHECK(terminal.type({"audit", "--verify"}) == 7);
    says(terminal, what);
  }
  std::string read_heads() const {
    std::ifstream in(heads());
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void write_heads(const std::string& text) const { std::ofstream(heads()) << text; }
};

}  // namespace

TEST_CASE("a run that is followed is one picture on a screen, and a line an event elsewhere") {
  for (bool plain : {false, true}) {
    Terminal terminal(shop);
    std::string run = terminal.begin("gated");
    effects::ServiceLock theirs = terminal.lock("checkout");
    terminal.on_screen = true;
    terminal.while_asleep = [&] {
      if (terminal.sleeps == 2)
        REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::Paused{1, "anna", "an incident"}}}));
      if (terminal.sleeps == 4)
        REQUIRE(terminal.store().append(run, 2, {{1, 2, journal::RunEnded{journal::Outcome::Succeeded, ""}}}));
    };
    std::vector<std::string> words = {"status", run, "--watch"};
    if (plain) words.push_back("--plain");
    CHECK(terminal.type(words) == 0);
    CHECK((terminal.said.find('\033') == std::string::npos) == plain);
    says(terminal, plain ? "paused by anna: an incident; no step begins" : "paused    by anna: an incident\n");
    says(terminal, "succeeded after");
    // What stood on the terminal before, and what has scrolled away, stays as it is.
    CHECK(terminal.said.find("\033[2J") == std::string::npos);
    CHECK(terminal.said.find("\033[3J") == std::string::npos);
  }
}

TEST_CASE("a terminal without a cursor that moves gets plain lines") {
  for (const char* term : {"dumb", ""}) {
    Terminal terminal(shop);
    std::string run = terminal.begin("gated");
    effects::ServiceLock theirs = terminal.lock("checkout");
    terminal.on_screen = true;
    terminal.term = term;
    terminal.while_asleep = [&] {
      if (terminal.sleeps == 2)
        REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::RunEnded{journal::Outcome::Succeeded, ""}}}));
    };
    CHECK(terminal.type({"status", run, "--watch"}) == 0);
    CHECK(terminal.said.find('\033') == std::string::npos);
    says(terminal, "succeeded after");
  }
}

TEST_CASE("a picture fits the window, which is looked at for each drawing") {
  Terminal terminal(shop);
  std::string run = terminal.begin("gated");
  effects::ServiceLock theirs = terminal.lock("checkout");
  terminal.on_screen = true;
  terminal.screen = {60, 6};
  size_t small = 0;
  terminal.while_asleep = [&] {
    if (terminal.sleeps == 2) small = terminal.said.size(), terminal.screen = {120, 50};
    if (terminal.sleeps == 4)
      REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::RunEnded{journal::Outcome::Succeeded, ""}}}));
  };
  CHECK(terminal.type({"status", run, "--watch"}) == 0);
  std::string first = terminal.said.substr(0, small);
  CHECK(std::count(first.begin(), first.end(), '\n') == 2 * 5);  // time passes: it is drawn twice
  CHECK(first.find("more lines") != std::string::npos);
  CHECK(first.find("rollout abort") == std::string::npos);
  // The window has another size: whatever stood in it has moved.
  CHECK(terminal.said.substr(small, 3) == "\033[H");
  CHECK(terminal.said.find("rollout abort r1", small) != std::string::npos);
}

TEST_CASE("what was seen to run at the end of a way back is what every command says") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  journal::RunEnded end{journal::Outcome::Parked, "aborted. search runs search:3, and ran nothing", false, {}};
  end.found.push_back({0, "search:3"});
  REQUIRE(terminal.store().append(run, 1, {{1, 2, journal::AbortRequested{1, "anna", "an incident"}},
                                           {1, 2, journal::RollbackStarted{journal::Cause::Abort, plan::none, "why"}},
                                           {1, 2, end}}));
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "  now       search: search:3\n");
  CHECK(terminal.type({"explain", run}) == 0);
  says(terminal, "its `now` says what was seen to run");
  CHECK(terminal.said.find("do the rest by hand") == std::string::npos);
}

TEST_CASE("a history says of each run what, how long, who and why") {
  Project project;
  Terminal& terminal = project.terminal;
  CHECK(terminal.type({"history"}) == 0);
  says(terminal, "r2     1970-01-01T00:00:00Z  not ended");
  says(terminal, "r1     1970-01-01T00:00:00Z  rolled back");
  CHECK(terminal.said.find("r2 ") < terminal.said.find("r1 "));
  says(terminal, "by somebody");
  says(terminal, "why taken back by ");
  says(terminal, ": orders are lost");
  says(terminal, "why approval timed out after 1m");
  CHECK(terminal.type({"history", "--service", "search"}) == 0);
  CHECK(terminal.said.find("r2 ") == std::string::npos);
  CHECK(terminal.type({"history", "--rollout", "gated", "--format", "json"}) == 0);
  says(terminal, R"({"version":1,"type":"history","total":1,"runs":[{"run":"r2","rollout":"gated",)");
  CHECK(terminal.type({"history", "--limit", "1"}) == 0);
  says(terminal, "1 of 2 runs; --limit N shows more");
  CHECK(terminal.type({"history", "--limit", "0"}) == 2);
  // A run that went back has changed nothing for good.
  CHECK(terminal.type({"history", "--service", "search"}) == 0);
  says(terminal, "search (nothing) -> search:2 -> (nothing)");
  // A name that was mistyped is no empty history.
  CHECK(terminal.type({"history", "--service", "serch"}) == 2);
  says(terminal, "no run is of a service `serch`; did you mean `search`?");
  CHECK(terminal.type({"history", "--service", "payments"}) == 2);
  says(terminal, "no run is of a service `payments`; there are `checkout` and `search`");
  CHECK(terminal.type({"history", "--rollout", "plan"}) == 2);
  says(terminal, "no run is of a rollout `plan`; did you mean `plain`?");
}

TEST_CASE("an audit numbers the events and says who stands behind each") {
  Project project;
  Terminal& terminal = project.terminal;
  CHECK(terminal.type({"audit", "r1"}) == 0);
  says(terminal, "run r1 of plain, plan ");
  says(terminal, "   0  1970-01-01T00:00:00Z  run of plan ");
  says(terminal, "rollback asked by ");
  says(terminal, "the run ended: rolled back");
  says(terminal, "the record is whole: ");
  CHECK(terminal.type({"audit", "r2", "--format", "json"}) == 0);
  says(terminal, R"({"version":1,"type":"audit","run":"r2","rollout":"gated",)");
  says(terminal, R"("whole":true,"entries":[{"number":0,)");
  CHECK(terminal.type({"audit"}) == 2);
  CHECK(terminal.type({"audit", "r9"}) == 2);
}

TEST_CASE("a record that nobody has touched is whole") {
  Project project;
  CHECK(project.terminal.type({"audit", "--verify"}) == 0);
  says(project.terminal, "whole: 2 runs, ");
  says(project.terminal, " 2 noted heads compared (sha256-chain)");
  CHECK(project.terminal.type({"audit", "--verify", "r1", "--format", "json"}) == 0);
  says(project.terminal, R"({"version":1,"type":"audit_verify","whole":true,"runs":1,)");
  CHECK(project.terminal.type({"audit", "--verify", "r7"}) == 2);
}

TEST_CASE("an event that was changed is found") {
  Project project;
  project.sql("UPDATE events SET line = replace(line, 'orders', 'orderz') WHERE run = 'r1'");
  project.finds("run r1: event 1 was changed, or what stood before it was removed or moved");
}

TEST_CASE("an event that was taken out is found") {
  Project project;
  project.sql("DELETE FROM events WHERE run = 'r1' AND seq = 1");
  project.finds("run r1: event 1 was changed, or what stood before it was removed or moved");
}

TEST_CASE("events that changed places are found") {
  Project project;
  project.sql("UPDATE events SET seq = -1 WHERE run = 'r1' AND seq = 1;"
              "UPDATE events SET seq = 1 WHERE run = 'r1' AND seq = 2;"
              "UPDATE events SET seq = 2 WHERE run = 'r1' AND seq = -1");
  project.finds("run r1: event 1 was changed, or what stood before it was removed or moved");
}

TEST_CASE("an end that was cut off is found, also when the store was made to agree") {
  Project project;
  project.sql("DELETE FROM events WHERE run = 'r1' AND seq = (SELECT max(seq) FROM events WHERE run = 'r1')");
  project.finds("run r1: ");
  project.sql("UPDATE runs SET events = events - 1, head_hash = (SELECT hash FROM events WHERE run = 'r1' "
              "ORDER BY seq DESC LIMIT 1) WHERE run = 'r1'");
  project.finds("run r1: the end was cut off: ");
}

TEST_CASE("what the store says beside the events is held against them") {
  Project project;
  project.sql("UPDATE runs SET outcome = 'succeeded' WHERE run = 'r1'");
  project.finds("run r1: the store says succeeded, and its events say rolled back");
  project.sql("UPDATE runs SET outcome = '' WHERE run = 'r1'");
  project.finds("run r1: the store says not ended, and its events say rolled back");
  project.sql("UPDATE runs SET outcome = 'rolled_back' WHERE run = 'r1'");
  CHECK(project.terminal.type({"audit", "--verify"}) == 0);
  project.sql("UPDATE runs SET rollout = 'other' WHERE run = 'r2'");
  project.finds("run r2: the store calls its rollout `other`, and its plan `gated`");
  project.sql("UPDATE runs SET rollout = 'gated' WHERE run = 'r2'");
  project.sql("UPDATE runs SET created_wall_ns = created_wall_ns - 1 WHERE run = 'r2'");
  project.finds("run r2: the store says another time at which it began");
  project.sql("UPDATE runs SET created_wall_ns = created_wall_ns + 1 WHERE run = 'r2'");
  project.sql("UPDATE generations SET generation = 7 WHERE run = 'r2'");
  project.finds("run r2: the store says other generations of its services than its first event");
  project.sql("DELETE FROM generations WHERE run = 'r2'");
  project.finds("run r2: the store says other generations of its services than its first event");
}

TEST_CASE("a request that was edited, deleted or added is found") {
  auto finds = [](const std::string& statement, const std::string& what) {
    Project project;
    CHECK(project.terminal.type({"approve", "r2", "--as", "anna"}) == 0);  // nobody has heard it yet
    CHECK(project.terminal.type({"audit", "--verify"}) == 0);
    project.sql(statement.c_str());
    project.finds(what);
    CHECK(project.terminal.type({"audit", "r1"}) == 7);
    says(project.terminal, what.substr(what.find(": ") + 2));
  };
  finds("UPDATE requests SET reason = 'all is well' WHERE run = 'r1'", "run r1: request 1 (rollback by ");
  finds("UPDATE requests SET reason = 'all is well' WHERE run = 'r1'",
        "was changed: its event says otherwise why it was asked");
  finds("UPDATE requests SET by = 'nobody' WHERE run = 'r1'", "was changed: its event says otherwise who asked");
  finds("UPDATE requests SET ask = 'abort' WHERE run = 'r1'", "was changed: its event says otherwise what was asked");
  finds("DELETE FROM requests WHERE run = 'r1'", "is in its events and was deleted from the store");
  finds("INSERT INTO requests (id, run, ask, by, reason, wall_ns) VALUES (0, 'r1', 'pause', 'anna', 'x', 1)",
        "run r1: request 0 (pause by anna) was added: a later one was heard, and it is in no event");
  finds("INSERT INTO requests (run, ask, by, reason, wall_ns) VALUES ('r1', 'pause', 'anna', 'x', 7200000000000)",
        "(pause by anna) was added: it says that it was left on 1970-01-01T02:00:00Z, behind the end of the run");
}

TEST_CASE("a lock that no run holds is found, and one that a run holds and nobody knows of") {
  Project project;
  Terminal& terminal = project.terminal;
  int64_t events = terminal.store().info("r2")->value().events;
  REQUIRE(terminal.store().append("r2", events, {{1, 2, journal::LockTaken{0, "production/schema"}}}));
  CHECK(terminal.type({"audit", "--verify"}) == 0);
  project.sql("INSERT INTO locks (name, run) VALUES ('theirs', 'r1'), ('nobodys', 'r9')");
  project.finds("run r1: the store says that it holds lock `theirs`, and by its events it does not");
  says(terminal, "run r9: the store says that it holds lock `nobodys`, and there is no such run");
  CHECK(terminal.said.find("production/schema") == std::string::npos);
  project.sql("DELETE FROM locks");
  project.finds("run r2: it holds lock `production/schema` by its events, and the store does not say so");
}

TEST_CASE("a run or a plan that is gone or another one is found") {
  Project project;
  project.sql("UPDATE plans SET bytes = bytes || ' ' WHERE hash = (SELECT plan_hash FROM runs WHERE run = 'r2')");
  project.finds("run r2: the plan is not the one that the run was made from");
  project.sql("DELETE FROM events WHERE run = 'r1'; DELETE FROM runs WHERE run = 'r1'");
  project.finds("run r1: the run is gone");
}

TEST_CASE("noted heads that were changed, taken out or cut off are found") {
  Project project;
  std::string text = project.read_heads();
  size_t first = text.find('\n') + 1;
  std::string changed = text;
  changed.replace(changed.find("r1"), 2, "r2");
  project.write_heads(changed);
  project.finds("line 1 of the noted heads was changed, or one in front of it is gone");
  project.write_heads(text.substr(first));
  project.finds("of the noted heads was changed, or one in front of it is gone");
  project.write_heads(text.substr(0, text.size() - 1));
  project.finds("line 2 of the noted heads is cut off");
  project.write_heads("nothing\n");
  project.finds("line 1 of the noted heads cannot be read");
}

TEST_CASE("a run is explained by its last step, its cause, its evidence and what to do next") {
  Project project;
  Terminal& terminal = project.terminal;
  CHECK(terminal.type({"explain", "r1"}) == 0);
  says(terminal, "run r1 of plain: rolled back\n");
  says(terminal, "last step none has begun");
  says(terminal, "cause     taken back by ");
  says(terminal, "next      rollout audit r1: ");
  CHECK(terminal.type({"explain", "r2"}) == 0);
  says(terminal, "run r2 of gated: parked, and nobody drives it\n");
  says(terminal, "cause     approval timed out after 1m");
  says(terminal, "next      rollout approve r2 --as NAME: or rollout reject r2 --as NAME --reason TEXT:");
  CHECK(terminal.type({"pause", "r2", "--reason", "an incident"}) == 0);
  CHECK(terminal.type({"explain", "r2", "--format", "json"}) == 0);
  says(terminal, R"("next":"rollout resume r2")");
  CHECK(terminal.type({"explain", "r9"}) == 2);
  CHECK(terminal.type({"explain", "unit-mismatch"}) == 0);
}

}  // namespace rollout::cli_test
