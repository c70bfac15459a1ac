// Cohorts that are routed to the canary, whatever its share: by the map and the second section of a real HAProxy.
#include <catch2/catch.hpp>

#include "tests/conformance/edge.h"

namespace rollout::test {

using exec::Seen;

namespace {

plan::Action route(const std::vector<std::string>& cohorts) {
  std::vector<eval::Value> names;
  for (const std::string& cohort : cohorts) names.push_back(text(cohort));
  plan::Action action;
  action.service = 0;
  action.target = 1;
  action.text = "route";
  action.sets = {{plan::Variable::Cohorts, plan::Role::Canary, eval::Value::list(names)},
                 {plan::Variable::Routed, plan::Role::Canary, share(cohorts.empty() ? 0 : 1)}};
  return action;
}

}  // namespace

TEST_CASE("who belongs to a cohort meets the canary, and nobody else does", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  CHECK(edge.load(20, "staff")["1.0"] == 20);
  CHECK(world->observe(route({"staff"}), edge.key(2))->seen == Seen::Absent);
  const exec::Observation routed = edge.carry_out(*world, route({"staff", "beta"}), edge.key(2));
  CHECK(routed.seen == Seen::Present);
  CHECK(routed.detail == "2 cohorts are routed to the canary, on 2 servers");
  CHECK(edge.load(20, "staff")["1.1"] == 20);
  CHECK(edge.load(20, "beta")["1.1"] == 20);
  CHECK(edge.load(20, "others")["1.0"] == 20);
  CHECK(edge.load(20)["1.0"] == 20);
  // The share beside it is its own.
  CHECK(edge.carry_out(*world, edge.shift(50), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20)["1.1"] == 10);
  CHECK(edge.load(20, "staff")["1.1"] == 20);
  CHECK(edge.carry_out(*world, edge.shift(0), edge.key(2)).seen == Seen::Present);

  CHECK(edge.carry_out(*world, route({"staff"}), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20, "beta")["1.0"] == 20);
  CHECK(world->observe(route({"staff", "beta"}), edge.key(2))->seen == Seen::Absent);
  CHECK(edge.carry_out(*world, route({}), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20, "staff")["1.0"] == 20);
  CHECK(edge.carry_out(*world, edge.retire(), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20, "staff")["1.0"] == 20);
}

TEST_CASE("a reload that forgets the cohorts is seen, and they are routed again", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  REQUIRE(edge.carry_out(*world, route({"staff"}), edge.key(2)).seen == Seen::Present);
  edge.proxy->stop();
  edge.start();
  CHECK(world->observe(route({"staff"}), edge.key(2))->seen == Seen::Absent);
  REQUIRE(edge.carry_out(*world, edge.shift(0), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20, "staff")["1.0"] == 20);
  CHECK(edge.carry_out(*world, route({"staff"}), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20, "staff")["1.1"] == 20);
}

TEST_CASE("a cohort that could begin another command, and a router without a map, are refused", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  const Status hostile = world->act(route({"staff;shutdown sessions"}), edge.key(2));
  REQUIRE(!hostile);
  CHECK(hostile.error().settled);
  CHECK(hostile.error().message == "`staff;shutdown sessions` is no name of a cohort that HAProxy could keep");

  auto& config = edge.plan.services[0].bindings[1].config;
  config.pop_back();
  const auto without = edge.world();
  const Result<exec::Observation> nowhere = without->observe(route({"staff"}), edge.key(2));
  REQUIRE(!nowhere);
  CHECK(nowhere.error().settled);
  CHECK(nowhere.error().message.find("has no `routed` and no `cohorts`") != std::string::npos);

  config.emplace_back("cohorts", text(edge.directory.path + "/unknown.map"));
  const Result<exec::Observation> unknown = edge.world()->observe(route({"staff"}), edge.key(2));
  REQUIRE(!unknown);
  CHECK(unknown.error().message.find("has no map") != std::string::npos);
}

}  // namespace rollout::test
