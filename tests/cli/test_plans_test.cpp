// A thousand tests plan as often as they differ, and each of them sees the plan that it asked for.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/test_case.h"
#include "runtime/cli/run_test.h"

namespace rollout::cli {

namespace {

constexpr const char* shop = R"(
import std.backend.{local, haproxy, prometheus}

input image: Image example "shop:1.1"
target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }
service shop {
  workload = hosts {
    command    = ["bin/shop", "--port", "${port}"]
    ready      = http("/healthz")
    replicas   = 2
    ports_from = 8000
  }
  router = edge { backend = "shop" }
  signal error_rate: Percent = prom.ratio("errors", of: "requests", by: "track")
}
gate calm(s: Service) {
  sample every 5s
  require s.canary.error_rate < 1%
}
rollout release {
  shop.deploy(image)
  phase half { shop.shift(50%)  hold 20s judged by calm(shop) }
}
)";

}  // namespace

TEST_CASE("a thousand tests plan as often as they differ") {
  constexpr int count = 1000, images = 4, worlds = 2;
  std::string text = shop;
  for (int i = 0; i < count; ++i)
    text += fmt::format("test \"{0}\" {{\n  given shop.version = \"shop:{1}\"\n  given shop.canary.error_rate = {2}%\n"
                        "  run release(image: \"shop:1.{3}\")\n  expect {4}\n}}\n",
                        i, i % worlds, i % 3 ? 0 : 5, i % images, i % 3 ? "succeeded" : "rolled_back");
  auto compiled = compile("shop.rollout", [&](const std::string&) -> Result<std::string> { return text; });
  REQUIRE(!compiled->diagnostics.has_errors());
  TestPlans plans(*compiled);
  std::vector<plan::TestCase> cases =
      plan::test_cases(*compiled->program, compiled->sources, compiled->diagnostics);
  REQUIRE(cases.size() == count);
  size_t failed = 0;
  for (const plan::TestCase& test : cases) {
    Tested tested = run_test(plans, "shop.rollout", test, nullptr);
    if (!tested.passed()) UNSCOPED_INFO(test.name);
    failed += !tested.passed();
  }
  CHECK(failed == 0);
  CHECK(plans.made() == images);  // both worlds come with half of the images each
}

TEST_CASE("a shared plan is no other test's plan") {
  std::string text = std::string(shop) +
                     "test \"a\" {\n  run release(image: \"shop:1\")\n  expect succeeded\n}\n"
                     "test \"b\" {\n  given shop.version = \"shop:1\"\n  run release(image: \"shop:1\")\n"
                     "  expect exposure(shop) == 0s\n}\n"
                     "test \"c\" {\n  given shop.traffic = 5/s\n  run release(image: \"shop:1\")\n"
                     "  expect succeeded\n}\n";
  auto compiled = compile("shop.rollout", [&](const std::string&) -> Result<std::string> { return text; });
  REQUIRE(!compiled->diagnostics.has_errors());
  TestPlans plans(*compiled);
  for (const plan::TestCase& test :
       plan::test_cases(*compiled->program, compiled->sources, compiled->diagnostics)) {
    INFO(test.name);
    CHECK(run_test(plans, "shop.rollout", test, nullptr).passed());
  }
  CHECK(plans.made() == 2);
}

}  // namespace rollout::cli
