// What is not begun, since it needs what has failed, as other programs read it.
#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}

target hosts: local { directory = "run" }

service stock { workload = hosts { command = ["bin/s"]  ready = http("/")  replicas = 1  ports_from = 19100 } }
service cart {
  workload   = hosts { command = ["bin/c"]  ready = http("/")  replicas = 1  ports_from = 19200 }
  depends_on = [stock]
}
service mail { workload = hosts { command = ["bin/m"]  ready = http("/")  replicas = 1  ports_from = 19300 } }

rollout release {
  for s in [stock, cart, mail] in dependency order {
    phase member { s.install("shop:2") }
    on failure continue at most 2 failures
  }
}
)";

}  // namespace

TEST_CASE("the JSON of a run names what is left out") {
  Terminal terminal(shop);
  terminal.begin("release");
  std::vector<journal::Event> events = {
      {1, terminal.clock_ns, journal::StepStarted{{0, false}, 1, "k"}},
      {1, terminal.clock_ns, journal::StepFailed{{0, false}, 1, true, false, "it does not answer"}},
      {1, terminal.clock_ns, journal::ScopeRollbackStarted{0, journal::Cause::StepFailed, "it does not answer"}}};
  REQUIRE(terminal.store().append("r1", 1, events));
  REQUIRE(terminal.type({"status", "r1", "--format", "json"}) == 0);
  Result<json::Node> run = json::parse(terminal.said);
  REQUIRE(run);
  const json::Node& scope = (*run)["scopes"].items.at(0);
  CHECK(scope["what"].as_string() == "stock");
  REQUIRE(scope["left_out"].items.size() == 1);
  CHECK(scope["left_out"].items[0].as_string() == "cart");
}

}  // namespace rollout::cli_test
