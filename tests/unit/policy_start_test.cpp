// Policies that are decided when a run begins: which checks a plan gets from them, by what runs already.
#include <catch2/catch.hpp>

#include "compiler/compile.h"

namespace rollout {

namespace {

constexpr std::string_view program = R"(
import std.backend.{local}
import std.policy.{rehearsed, spare_capacity}

target hosts: local { directory = "run/shop" }
service checkout {
  workload = hosts { command = ["bin/shop"]  ready = http("/healthz")  replicas = 2  ports_from = 8100 }
}
policy careful { for every rollout r { rehearsed(r, lately: 7d)  spare_capacity(r, factor: 1.5) } }
rollout begin { checkout.install("shop:1") }
rollout release { checkout.deploy("shop:2") }
)";

plan::Plan plan_of(const std::string& rollout, const eval::Value& runs) {
  auto compilation =
      compile("release.rollout", [](const std::string&) -> Result<std::string> { return std::string(program); });
  plan::Request request;
  request.rollout = rollout;
  request.snapshot.offline = false;
  request.snapshot.services.push_back({"checkout", runs, 1, "target hosts", "", {}});
  std::optional<plan::Plan> plan =
      plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
  REQUIRE(plan);
  REQUIRE(compilation->diagnostics.empty());
  return std::move(*plan);
}

}  // namespace

TEST_CASE("what policies ask of the world stands in front of the first change") {
  plan::Plan plan = plan_of("release", eval::Value::of(eval::Value::Kind::Image, std::string("shop:1")));
  REQUIRE(plan.steps.size() == 2);
  CHECK(plan.steps[0].kind == plan::StepKind::Preflight);
  CHECK(plan.steps[1].after == std::vector<uint32_t>{0});
  const std::vector<uint32_t>& asked = plan.gates[plan.steps[0].gates.at(0)].conditions;
  REQUIRE(asked.size() == 2);
  const plan::Condition &rehearsed = plan.conditions[asked[0]], &capacity = plan.conditions[asked[1]];
  CHECK(rehearsed.text == "policy careful: checkout.rollback.rehearsed <= 7d");
  CHECK(rehearsed.offset == 7 * 86'400e9);
  CHECK(capacity.text == "policy careful: checkout.capacity >= 1.5 * 4 instances");
  CHECK(capacity.offset == 6);
  CHECK(capacity.comparison == plan::Comparison::GreaterEqual);
  CHECK(plan.policies == std::vector<std::string>{"careful"});
}

TEST_CASE("the first version of a service has nothing to go back to: nothing is asked of it") {
  plan::Plan plan = plan_of("begin", {});
  REQUIRE(plan.steps.size() == 1);
  CHECK(plan.steps[0].kind == plan::StepKind::Act);
}

}  // namespace rollout
