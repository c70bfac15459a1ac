// What a plan takes from the world: observed values and digests of images, with their sources, there and back.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/plan/plan_json.h"

namespace rollout {

namespace {

using eval::Value;

constexpr const char* program = R"(
import std.backend.{local, haproxy}

input image: Image = "ghcr.io/acme/shop:1.1"
let running = observe checkout.version(stable) exact
let runs = observe checkout.generation within 10%

target hosts: local { directory = "run/shop" }
target edge: haproxy { socket = "run/haproxy.sock" }
service checkout {
  workload = hosts { command = ["shop"]  ready = http("/healthz")  replicas = runs  ports_from = 8100 }
  router   = edge { backend = "checkout" }
}
rollout release {
  checkout.deploy(image)
  if running != none { phase first { hold 1m } }
}
)";

std::optional<plan::Plan> planned(plan::Snapshot snapshot) {
  auto load = [](const std::string&) -> Result<std::string> { return std::string(program); };
  auto compilation = compile("file.rollout", load);
  plan::Request request;
  request.snapshot = std::move(snapshot);
  for (const Diagnostic* diagnostic : compilation->diagnostics.sorted()) UNSCOPED_INFO(diagnostic->message);
  REQUIRE_FALSE(compilation->diagnostics.has_errors());
  auto plan = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
  for (const Diagnostic* diagnostic : compilation->diagnostics.sorted()) UNSCOPED_INFO(diagnostic->message);
  return plan;
}

const plan::Observed* find(const plan::Plan& plan, std::string_view what, plan::Recheck recheck) {
  for (const plan::Observed& observed : plan.observed)
    if (observed.what == what && observed.recheck == recheck) return &observed;
  return nullptr;
}

}  // namespace

TEST_CASE("observed values are recorded with their source and their recheck") {
  plan::Snapshot snapshot;
  snapshot.offline = false;
  snapshot.services = {{"checkout", Value::of(Value::Kind::Image, "shop:1.0"), 7, "target hosts"}};
  std::optional<plan::Plan> plan = planned(snapshot);
  REQUIRE(plan);
  CHECK(find(*plan, "version(checkout, stable)", plan::Recheck::Exact));
  const plan::Observed* runs = find(*plan, "generation(checkout)", plan::Recheck::Within);
  REQUIRE(runs);
  CHECK(runs->within_ppb == 10 * eval::percent_one);
  CHECK(plan->services.at(0).replicas == 7);
  Result<plan::Plan> back = plan::from_json(plan::to_json(*plan));
  REQUIRE(back);
  CHECK(plan::to_json(*back) == plan::to_json(*plan));
}

TEST_CASE("an image is pinned by a digest, resolved, or said to be unpinned") {
  plan::Snapshot snapshot;
  snapshot.offline = false;
  snapshot.services = {{"checkout", Value::of(Value::Kind::Image, "shop:1.0"), 7, "target hosts"}};
  std::optional<plan::Plan> unpinned = planned(snapshot);
  REQUIRE(unpinned);
  const plan::Observed* digest = find(*unpinned, "digest(ghcr.io/acme/shop:1.1)", plan::Recheck::Recorded);
  REQUIRE(digest);
  CHECK(digest->value.is(Value::Kind::None));
  snapshot.digests = {{"ghcr.io/acme/shop:1.1", fmt::format("sha256:{}", std::string(64, 'a')), "registry ghcr.io"}};
  std::optional<plan::Plan> resolved = planned(snapshot);
  REQUIRE(resolved);
  digest = find(*resolved, "digest(ghcr.io/acme/shop:1.1)", plan::Recheck::Exact);
  REQUIRE(digest);
  CHECK(digest->source == "registry ghcr.io");
  const plan::Setting& version = resolved->steps.at(0).action.sets.at(0);
  CHECK(version.value.text == fmt::format("ghcr.io/acme/shop:1.1@sha256:{}", std::string(64, 'a')));
}

TEST_CASE("a value of every kind comes back from a plan") {
  plan::Plan plan;
  Value secret = Value::of(Value::Kind::Secret, "env:TOKEN"), one = Value::of(Value::Kind::Int, 1);
  Value money = Value::of(Value::Kind::Money, -1250);
  money.text = "USD";
  Value map = Value::list({Value::of(Value::Kind::String, "eu"), one});
  map.kind = Value::Kind::Map;
  Value set = Value::list({one});
  set.kind = Value::Kind::Set;
  plan.inputs = {{"secret", secret},
                 {"money", money},
                 {"map", map},
                 {"set", set},
                 {"enum", Value::of(Value::Kind::Enum, "Region.eu")},
                 {"throughput", Value::of(Value::Kind::Throughput, 5 * eval::rate_one)},
                 {"points", Value::of(Value::Kind::Points, -1)},
                 {"version", Value::of(Value::Kind::Version, "1.4.2-rc.1")},
                 {"absent", Value{}}};
  Result<plan::Plan> back = plan::from_json(plan::to_json(plan));
  REQUIRE(back);
  CHECK(back->inputs == plan.inputs);
  CHECK(plan::to_json(plan).find("env:TOKEN") != std::string::npos);
}

}  // namespace rollout
