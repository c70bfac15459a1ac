// The commands that `status` and `explain` name as the next ones: in each state of a run, each is accepted.
#include <functional>
#include <optional>
#include <sstream>

#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "compiler/plan/plan_json.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }
team sre { members = ["anna", "ben", "carla"] }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}

service cart {
  workload = hosts { command = ["bin/cart"]  ready = http("/")  replicas = 1  ports_from = 19410 }
}
lock edge

gate up(s: Service) {
  sample every 1s
  require s.unhealthy < 1% over 3 samples
  on no_data { ask sre { timeout 1m } }
}

rollout plain { checkout.install("checkout:2") }
rollout guarded { lock edge within 5m { checkout.install("checkout:2") } }
rollout elsewhere { lock edge within 5m { cart.install("cart:2") } }
rollout looked {
  checkout.install("checkout:2")
  phase beside { hold 5s judged by up(checkout) }
}
rollout talk { approve by sre { timeout 1m } }
rollout final {
  approve by sre { timeout 1m }
  commit "from here on there is no way back"
  checkout.install("checkout:3")
}
)";

using journal::Outcome;
using journal::Verdict;
using Words = std::vector<std::string>;

struct State {
  std::string name;
  std::function<void(Terminal&)> bring;  ///< the run r1 to this state
  bool driven = false;                   ///< by a process that acts on nothing meanwhile
};

/// A terminal beside a run in that state.
struct Scene {
  explicit Scene(const State& state) : terminal(shop) {
    state.bring(terminal);
    if (!state.driven) return;
    driver.emplace(terminal.lock("checkout"));
    // Ctrl-C ends what watches.
    terminal.while_asleep = [this] { terminal.interrupts = ++looks > most_looks ? 1 : 0; };
  }
  static constexpr int most_looks = 100;
  Terminal terminal;
  std::optional<effects::ServiceLock> driver;
  int looks = 0;
};

void append(Terminal& terminal, int64_t known, std::vector<journal::Payload> payloads, const std::string& run = "r1") {
  std::vector<journal::Event> events;
  for (journal::Payload& payload : payloads) events.push_back({1, terminal.clock_ns, std::move(payload)});
  REQUIRE(terminal.store().append(run, known, events));
}

void ended(Terminal& terminal, const std::string& rollout, Outcome outcome) {
  terminal.begin(rollout);
  append(terminal, 1, {journal::RunEnded{outcome, "it ended so"}});
}

/// What follows the commit cannot be done here, and cannot be taken back.
void committed(Terminal& terminal) {
  terminal.begin("final");
  append(terminal, 1, {journal::StepStarted{{0, false}, 1, ""}});
  REQUIRE(terminal.type({"approve", "r1", "--as", "anna"}) == 0);
  REQUIRE(terminal.type({"apply", "--resume", "r1"}) == 5);
}

std::vector<State> underway() {
  return {
      {"nobody drives it", [](Terminal& t) { t.begin("plain"); }},
      {"paused",
       [](Terminal& t) {
         t.begin("plain");
         REQUIRE(t.type({"pause", "r1", "--reason", "a look"}) == 0);
       }},
      {"the line is stopped",
       [](Terminal& t) {
         t.begin("plain");
         REQUIRE(t.type({"stop-the-line", "--reason", "an incident"}) == 0);
       }},
      {"it waits for people",
       [](Terminal& t) {
         t.begin("talk");
         append(t, 1, {journal::StepStarted{{0, false}, 1, ""}});
       }},
      {"parked on a question",
       [](Terminal& t) {
         t.begin("talk");
         REQUIRE(t.type({"apply", "--resume", "r1"}) == 5);
       }},
      {"approved, and nobody drives it",
       [](Terminal& t) {
         t.begin("talk");
         append(t, 1, {journal::StepStarted{{0, false}, 1, ""}});
         REQUIRE(t.type({"approve", "r1", "--as", "anna"}) == 0);
       }},
      {"aborted, and nobody drives it",
       [](Terminal& t) {
         t.begin("plain");
         append(t, 1, {journal::AbortRequested{1, "anna", "an incident"}});
       }},
      {"rejected, and nobody drives it",
       [](Terminal& t) {
         t.begin("talk");
         append(t, 1, {journal::StepStarted{{0, false}, 1, ""}});
         REQUIRE(t.store().request("r1", {0, journal::Ask::Reject, "anna", "no", 1, 0, "anna@there"}));
       }},
      {"behind its commit", committed},
      {"it goes back, and nobody drives it",
       [](Terminal& t) {
         t.begin("plain");
         append(t, 1, {journal::RollbackStarted{journal::Cause::StepFailed, 0, "it failed"}});
       }},
      {"nothing leads it back by itself",
       [](Terminal& t) {
         t.begin("plain");
         append(t, 1, {journal::RollbackWithheld{journal::Cause::StepFailed, "what ran before is held"}});
       }},
      {"taken back after its success, and nobody drives it",
       [](Terminal& t) {
         ended(t, "plain", Outcome::Succeeded);
         append(t, 2, {journal::Reopened{"anna", "orders are lost"}});
       }},
  };
}

/// For a lock, for an answer about a gate, for a process.
std::vector<State> waiting() {
  return {
      {"it waits for a lock that another run holds",
       [](Terminal& t) {
         t.begin("guarded");
         append(t, 1, {journal::StepStarted{{0, false}, 1, ""}});
         REQUIRE(t.begin("elsewhere") == "r2");
         append(t, 1, {journal::StepStarted{{0, false}, 1, ""}, journal::LockTaken{0, "edge"}}, "r2");
       }},
      {"asked about a lack of evidence",
       [](Terminal& t) {
         t.begin("looked");
         append(t, 1, {journal::StepStarted{{0, false}, 1, "k"}, journal::StepDone{{0, false}, 1, false, ""},
                       journal::StepStarted{{1, false}, 1, ""},
                       journal::GateAsked{{1, false}, 0, Verdict::NoEvidence, journal::Reason::NoData, "none"}});
       }},
      {"left to a worker",
       [](Terminal& t) {
         REQUIRE(t.type({"apply", "release.rollout", "talk", "--detach", "--yes"}) == 0);
       }},
  };
}

std::vector<State> driven() {
  auto begun = [](Terminal& t) { t.begin("plain"); };
  return {
      {"driven", begun, true},
      {"driven and paused",
       [](Terminal& t) {
         t.begin("plain");
         append(t, 1, {journal::Paused{1, "anna", "a look"}});
       },
       true},
      {"driven, and asked to go back",
       [](Terminal& t) {
         t.begin("plain");
         append(t, 1, {journal::AbortRequested{1, "anna", "an incident"}});
       },
       true},
      {"driven, and on its way back",
       [](Terminal& t) {
         t.begin("plain");
         append(t, 1, {journal::RollbackStarted{journal::Cause::StepFailed, 0, "it failed"}});
       },
       true},
  };
}

std::vector<State> over() {
  return {
      {"gone back",
       [](Terminal& t) {
         t.begin("plain");
         REQUIRE(t.type({"rollback", "r1", "--reason", "orders are lost"}) == 4);
       }},
      {"its way back has failed",
       [](Terminal& t) {
         t.begin("plain");
         append(t, 1, {journal::RollbackStarted{journal::Cause::StepFailed, 0, "it failed"},
                       journal::RunEnded{Outcome::Parked, "it could not be undone"}});
       }},
      {"succeeded", [](Terminal& t) { ended(t, "talk", Outcome::Succeeded); }},
      {"succeeded, and its window is over",
       [](Terminal& t) {
         ended(t, "talk", Outcome::Succeeded);
         t.clock_ns += int64_t{73} * 3'600 * 1'000'000'000;
       }},
      {"succeeded, and a newer run has changed its service",
       [](Terminal& t) {
         ended(t, "plain", Outcome::Succeeded);
         t.begin("final");
       }},
  };
}

std::vector<State> states() {
  std::vector<State> all = underway();
  for (const std::vector<State>& more : {waiting(), driven(), over()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// `rollout abort r1   takes it back`: without what it does, and with what a person would write.
Words words_of(std::string_view command) {
  std::istringstream in{std::string(command)};
  Words words;
  for (std::string word; in >> word;) words.push_back(word == "TEXT" ? "why not" : word == "NAME" ? "anna" : word);
  words.erase(words.begin());
  return words;
}

/// All that is named of the run as it is now.
std::vector<std::string> named(Terminal& terminal) {
  std::vector<std::string> out;
  REQUIRE(terminal.type({"explain", "r1", "--format", "json"}) == 0);
  Result<json::Node> explained = json::parse(terminal.said);
  REQUIRE(explained);
  out.emplace_back((*explained)["next"].as_string());
  REQUIRE(terminal.type({"status", "r1"}) == 0);
  std::istringstream lines(terminal.said);
  for (std::string line; std::getline(lines, line);) {
    size_t at = line.find_first_not_of(' ');
    if (at == std::string::npos || !line.starts_with("  ")) continue;
    for (std::string_view label : {"next ", "answer "})
      if (line.compare(at, label.size(), label) == 0) at = line.find_first_not_of(' ', at + label.size());
    if (at == std::string::npos || line.compare(at, 8, "rollout ") != 0) continue;
    out.push_back(line.substr(at, line.find("   ", at) - at));
  }
  return out;
}

}  // namespace

TEST_CASE("each next command is accepted where it is named") {
  size_t tried = 0;
  for (const State& state : states()) {
    Scene asked(state);
    const std::vector<std::string> commands = named(asked.terminal);
    REQUIRE(commands.front().starts_with("rollout "));
    for (const std::string& command : commands) {
      Scene scene(state);
      Terminal& terminal = scene.terminal;
      Words words = words_of(command);
      if (words.front() == "rollback") words.push_back("--yes");
      int code = terminal.type(words);
      INFO(state.name << ": " << command << ": " << code << ": " << terminal.said);
      // Done, gone back, or parked again: what is refused, or not understood, ends otherwise.
      bool watched = command.find("--watch") != std::string::npos && code == 130;
      CHECK((code == 0 || code == 4 || code == 5 || watched));
      ++tried;
    }
  }
  CHECK(tried > 2 * states().size() - 5);
}

TEST_CASE("after a success the next command says that its way back leads to what is held") {
  Terminal planner(shop), terminal(shop);
  std::string bytes = *planner.store().plan_bytes(planner.begin("plain"));
  journal::NewRun run{"plain", bytes, plan::hash_of(bytes), {"checkout"}, "somebody", 1};
  run.unproven = {{0, "checkout:1", true, "held since r9: it was worse"}};
  REQUIRE(terminal.store().create(run));
  append(terminal, 1, {journal::RunEnded{Outcome::Succeeded, ""}});
  CHECK(terminal.type({"explain", "r1", "--format", "json"}) == 0);
  says(terminal, "\"next\":\"rollout rollback r1 --reason TEXT\"");
  says(terminal, "; it leads to checkout checkout:1, held since r9: it was worse");
}

}  // namespace rollout::cli_test
