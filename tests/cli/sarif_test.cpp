// `--format sarif`: what SARIF 2.1.0 requires of a log and of each of its parts, by name, and that nothing is in it
// which the standard does not know. What a message says, golden files show.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/json.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

namespace fs = std::filesystem;
using json::Node;
using Kind = Node::Kind;
using Names = std::set<std::string_view>;

class Log {
 public:
  int results = 0, flows = 0, fixes = 0, related = 0;
  std::set<std::string> files, rules;

  void check(const Node& log) {
    has_only(log, {"$schema", "version", "runs"});
    CHECK(log["version"].as_string() == "2.1.0");
    CHECK(log["$schema"].as_string().find("sarif-2.1.0") != std::string_view::npos);
    REQUIRE(log["runs"].is(Kind::Array));
    REQUIRE(log["runs"].items.size() == 1);
    const Node& run = log["runs"].items[0];
    has_only(run, {"tool", "columnKind", "results"});
    CHECK(Names{"unicodeCodePoints", "utf16CodeUnits"}.contains(run["columnKind"].as_string()));
    driver(run["tool"]["driver"]);
    REQUIRE(run["results"].is(Kind::Array));
    std::set<std::string> used;
    for (const Node& one : run["results"].items) result(one), used.insert(std::string(one["ruleId"].as_string()));
    CHECK(used == rules);
  }

  void add(const Log& other) {
    results += other.results, flows += other.flows, fixes += other.fixes, related += other.related;
    files.insert(other.files.begin(), other.files.end()), rules.insert(other.rules.begin(), other.rules.end());
  }

 private:
  static void has_only(const Node& node, const Names& known) {
    REQUIRE(node.is(Kind::Object));
    for (const auto& [name, value] : node.fields) {
      INFO(name);
      CHECK(known.contains(name));
    }
  }
  static void says(const Node& text) {
    has_only(text, {"text"});
    CHECK(!text["text"].as_string().empty());
  }
  void driver(const Node& driver) {
    has_only(driver, {"name", "version", "rules"});
    CHECK(driver["name"].as_string() == "rollout");
    CHECK(!driver["version"].as_string().empty());
    REQUIRE(driver["rules"].is(Kind::Array));
    for (const Node& rule : driver["rules"].items) {
      has_only(rule, {"id"});
      CHECK(rules.insert(std::string(rule["id"].as_string())).second);
    }
  }
  void file(const Node& place) {
    has_only(place, {"uri"});
    std::string_view uri = place["uri"].as_string();
    CHECK(!uri.empty());
    CHECK(uri.find_first_of(" \\\"<>^`{|}") == std::string_view::npos);
    CHECK(std::all_of(uri.begin(), uri.end(), [](char c) { return c > ' ' && c < 127; }));
    files.insert(std::string(uri));
  }
  static void region(const Node& region) {
    has_only(region, {"startLine", "startColumn", "endLine", "endColumn"});
    int64_t line = region["startLine"].as_int(), column = region["startColumn"].as_int();
    CHECK(line >= 1);
    CHECK(column >= 1);
    CHECK(region["endLine"].as_int() >= line);
    CHECK((region["endLine"].as_int() > line || region["endColumn"].as_int() >= column));
  }
  void location(const Node& location, bool has_text) {
    has_only(location, {"physicalLocation", "message"});
    has_only(location["physicalLocation"], {"artifactLocation", "region"});
    file(location["physicalLocation"]["artifactLocation"]);
    region(location["physicalLocation"]["region"]);
    if (has_text) says(location["message"]);
  }
  void result(const Node& result) {
    has_only(result, {"ruleId", "level", "message", "locations", "relatedLocations", "codeFlows", "fixes"});
    INFO(result["ruleId"].as_string());
    ++results;
    CHECK(rules.contains(std::string(result["ruleId"].as_string())));
    CHECK(Names{"error", "warning"}.contains(result["level"].as_string()));
    says(result["message"]);
    for (const Node& one : result["locations"].items) location(one, false);
    for (const Node& one : result["relatedLocations"].items) location(one, true), ++related;
    for (const Node& one : result["codeFlows"].items) flow(one);
    for (const Node& one : result["fixes"].items) fix(one);
  }
  void flow(const Node& flow) {
    has_only(flow, {"message", "threadFlows"});
    says(flow["message"]);
    REQUIRE(flow["threadFlows"].items.size() == 1);
    const Node& thread = flow["threadFlows"].items[0];
    has_only(thread, {"locations"});
    REQUIRE(!thread["locations"].items.empty());
    int64_t before = 0;
    for (const Node& one : thread["locations"].items) {
      has_only(one, {"location", "executionOrder"});
      location(one["location"], true);
      CHECK(one["executionOrder"].as_int() == ++before);
    }
    ++flows;
  }
  void fix(const Node& fix) {
    has_only(fix, {"description", "artifactChanges"});
    says(fix["description"]);
    REQUIRE(!fix["artifactChanges"].items.empty());
    for (const Node& change : fix["artifactChanges"].items) {
      has_only(change, {"artifactLocation", "replacements"});
      file(change["artifactLocation"]);
      REQUIRE(!change["replacements"].items.empty());
      for (const Node& one : change["replacements"].items) {
        has_only(one, {"deletedRegion", "insertedContent"});
        region(one["deletedRegion"]);
        has_only(one["insertedContent"], {"text"});
        CHECK(one["insertedContent"]["text"].is(Kind::String));
      }
    }
    ++fixes;
  }
};

Log log_of(Terminal& terminal, std::vector<std::string> paths) {
  paths.insert(paths.begin(), {"check", "--format", "sarif"});
  terminal.type(paths);
  Result<Node> node = json::parse(terminal.said);
  INFO(terminal.said.substr(0, 300));
  REQUIRE(node);
  CHECK(!json::has_twice(*node));
  Log log;
  log.check(*node);
  return log;
}

constexpr const char* shop = R"(import std.backend.{local}
target hosts: local { directory = "run" }
service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}
rollout release { checkout.install("checkout:1") }
)";

}  // namespace

TEST_CASE("what `--format sarif` prints of many files is SARIF 2.1.0") {
  Log all;
  fs::path golden = ROLLOUT_GOLDEN;
  for (const char* folder : {"check/defects", "plan/decisions", "check/names"}) {
    Terminal terminal(shop);
    for (const fs::path& from : {golden, golden / folder})
      if (fs::exists(from / "shared"))
        fs::copy(from / "shared", terminal.directory() / "shared",
                 fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    for (const fs::directory_entry& entry : fs::directory_iterator(golden / folder)) {
      if (entry.path().extension() != ".rollout") continue;
      fs::path name = entry.path().filename();
      fs::copy_file(entry.path(), terminal.directory() / name);
      INFO(name.string());
      all.add(log_of(terminal, {name.string()}));
    }
  }
  CHECK(all.results >= 40);
  CHECK(all.rules.size() >= 25);
  CHECK(all.files.size() >= 40);
  CHECK(all.flows >= 12);
  CHECK(all.fixes >= 2);
  CHECK(all.related >= 1);
  WARN(fmt::format("{} results of {} rules in {} files, {} with a path, {} with a fix", all.results, all.rules.size(),
                   all.files.size(), all.flows, all.fixes));
}

TEST_CASE("a SARIF log is whole without results, and of a file with an odd name") {
  Terminal terminal(shop);
  CHECK(log_of(terminal, {"release.rollout"}).results == 0);
  std::ofstream(terminal.directory() / "a b%ä.rollout") << "rollout release { chekout.install(\"a:1\") }";
  Log log = log_of(terminal, {"a b%ä.rollout"});
  CHECK(log.results >= 1);
  CHECK(log.files == std::set<std::string>{"a%20b%25%C3%A4.rollout"});
}

}  // namespace rollout::cli_test
