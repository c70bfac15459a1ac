// Which violations of a simulated run are bugs of ours: told by what was broken, whatever their words say.
#include <catch2/catch.hpp>

#include "compiler/compile.h"
#include "runtime/cli/bugs_of.h"

namespace rollout::cli {

namespace {

using sim::Rule;
using Texts = std::vector<std::string>;

/// Half of the traffic for one instance of four, as `check` says.
constexpr const char* crowded = R"(
import std.backend.{haproxy}

capability Workload {
  binding workload of service
  reversible action try_out(s: Service, image: Image) {
    sets version(s, canary)   = image
    sets instances(s, canary) = 1
  }
  reversible action retire(s: Service) {
    sets version(s, canary)   = none
    sets instances(s, canary) = 0
  }
}
backend box implements Workload {
  binding replicas: Int
  action try_out { within 10s }
  action retire  { within 10s }
}
target hosts: box {}
target edge: haproxy { socket = "run/haproxy.sock" }
service checkout {
  workload = hosts { replicas = 4 }
  router   = edge { backend = "checkout" }
}
rollout release {
  checkout.try_out("shop:1.1")
  checkout.shift(50%)
  hold 5m
}
rollout fine {
  checkout.try_out("shop:1.1")
  checkout.shift(25%)
}
)";

plan::Plan planned(const std::string& rollout) {
  auto load = [](const std::string&) -> Result<std::string> { return std::string(crowded); };
  auto compiled = compile("shop.rollout", load);
  plan::Request request;
  request.rollout = rollout;
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return std::move(*plan);
}

}  // namespace

TEST_CASE("what `check` has foretold is no bug, and what only sounds like it is one") {
  const std::vector<sim::Violation> seen = {{Rule::I1, "at 3 ms: I1: no room"},
                                            {Rule::I2, "at 4 ms: I2: taken away"},
                                            {Rule::Twice, "at 5 ms: `say \"at 3 ms: I1: no room\"` was done again"}};
  CHECK(bugs_of(planned("release"), seen) == Texts{seen[2].text});
  CHECK(bugs_of(planned("fine"), seen) == sim::texts_of(seen));
}

TEST_CASE("of a promotion it is foretold by the plan of the environment where it happened") {
  sim::PromotionScript script;
  script.stages.push_back({"dev", 0, planned("fine"), {}});
  script.stages.push_back({"production", 0, planned("release"), {}});
  sim::PromotionResult result;
  result.violations = {{Rule::I1, "in dev: at 3 ms: I1: no room", 0},
                       {Rule::I1, "in production: at 3 ms: I1: no room", 1},
                       {Rule::I17, "I17: stage 1 is entered twice"}};
  CHECK(bugs_of(script, result) == Texts{"in dev: at 3 ms: I1: no room", "I17: stage 1 is entered twice"});
}

}  // namespace rollout::cli
