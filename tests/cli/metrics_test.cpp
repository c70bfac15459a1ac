// What a monitoring system is told of a project, and what a log says of a command that drives.
#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "runtime/cli/open_metrics.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }
team sre { members = ["anna", "ben"] }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19500 }
}

rollout gated {
  approve by sre { timeout 1m }
  checkout.install("checkout:1")
}
rollout plain { checkout.install("checkout:2") }
)";

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("any text may be a label") {
  cli::OpenMetrics out;
  out.family("rollout_age_seconds", "gauge", "seconds", "How old.");
  out.seconds({{"name", "a \"b\"\\\nc"}, {"other", ""}}, 1'234'567'890);
  CHECK(std::move(out).take() ==
        "# TYPE rollout_age_seconds gauge\n# UNIT rollout_age_seconds seconds\n# HELP rollout_age_seconds How old.\n"
        "rollout_age_seconds{name=\"a \\\"b\\\"\\\\\\nc\",other=\"\"} 1.234\n# EOF\n");
}

TEST_CASE("metrics of a project without runs say that nothing is open") {
  Terminal terminal(shop);
  CHECK(terminal.type({"metrics"}) == 0);
  says(terminal, "rollout_line_stopped 0\n");
  CHECK(terminal.said.ends_with("# EOF\n"));
  CHECK(terminal.said.find("rollout_run_open{") == std::string::npos);
}

TEST_CASE("metrics name what waits, what nobody drives, and how the others ended") {
  Terminal terminal(shop);
  std::string ended = terminal.begin("plain");
  REQUIRE(terminal.store().append(ended, 1, {{1, 2'000'000'000, journal::RunEnded{journal::Outcome::Succeeded, ""}}}));
  std::string run = terminal.begin("gated");
  terminal.while_asleep = [&] { terminal.interrupts = terminal.sleeps > 20; };
  CHECK(terminal.type({"apply", "--resume", run}) == 130);
  terminal.interrupts = 0;
  CHECK(terminal.type({"metrics"}) == 0);
  says(terminal, "rollout_run_open{run=\"r2\",rollout=\"gated\",state=\"running\"} 1\n");
  says(terminal, "rollout_run_driven{run=\"r2\",rollout=\"gated\"} 0\n");
  says(terminal, "rollout_questions{run=\"r2\",rollout=\"gated\"} 1\n");
  says(terminal, "rollout_run_exposure_seconds{run=\"r2\",rollout=\"gated\",service=\"checkout\"} 0.000\n");
  says(terminal, "rollout_runs_ended{rollout=\"plain\",outcome=\"succeeded\"} 1\n");
  says(terminal, "rollout_journal_events_total{rollout=\"plain\"} 2\n");
  CHECK(terminal.type({"pause", run, "--reason", "lunch"}) == 0);
  CHECK(terminal.type({"stop-the-line", "--reason", "an incident"}) == 0);
  CHECK(terminal.type({"metrics", "--out", "rollout.prom"}) == 0);
  std::vector<std::string> written = lines_of(terminal.directory() / "rollout.prom");
  CHECK(std::count(written.begin(), written.end(), "rollout_line_stopped 1") == 1);
}

TEST_CASE("a log has a line for everything that happens, each of which stands for itself") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  // The deploy fails, there is no such program.
  CHECK(terminal.type({"apply", "--resume", run, "--log", "rollout.jsonl"}) == 4);
  std::vector<std::string> lines = lines_of(terminal.directory() / "rollout.jsonl");
  REQUIRE(lines.size() > 4);
  std::vector<std::string> kinds;
  for (const std::string& line : lines) {
    Result<json::Node> node = json::parse(line);
    REQUIRE(node);
    CHECK((*node)["v"].as_int() == 1);
    CHECK((*node)["command"].as_string() == "apply");
    std::string kind((*node)["kind"].as_string()), level((*node)["level"].as_string());
    if (kind == "step_failed" || kind == "rollback_started" || kind == "ended") CHECK(level == "warn");
    CHECK(!(*node)["text"].as_string().empty());
    if (kind == "run_ended") CHECK((*node)["text"].as_string().starts_with("the run ended: rolled back, "));
    if (kind != "began" && kind != "ended" && kind != "failed") CHECK((*node)["run"].as_string() == run);
    kinds.push_back(std::move(kind));
  }
  CHECK(kinds.front() == "began");
  CHECK(kinds.back() == "ended");
  for (const char* kind : {"step_started", "step_failed", "rollback_started", "run_ended"})
    CHECK(std::count(kinds.begin(), kinds.end(), kind) > 0);
}

TEST_CASE("a log that cannot be written stops no run, and is told once") {
  Terminal terminal(shop);
  std::string run = terminal.begin("plain");
  CHECK(terminal.type({"apply", "--resume", run, "--log", "no/such/folder/log"}) == 4);
  says(terminal, "not everything that happened is in ");
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "rolled back");
}

}  // namespace rollout::cli_test
