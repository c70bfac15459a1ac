// What the plans of one project say of the same things: that looking at many of them stays cheap, and what is the same.
// How it is said is shown by tests/golden/check/neighbours.
#include <chrono>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/neighbours.h"

namespace rollout {

namespace {

constexpr std::string_view program = R"(
import std.backend.{local, haproxy}

target hosts: local { directory = "run/shop" }
target edge: haproxy { socket = "run/haproxy.sock" }
lock outer
lock inner

service checkout {
  workload = hosts { command = ["bin/shop"]  ready = http("/healthz")  replicas = 2  ports_from = 8100 }
  router   = edge { backend = "checkout" }
}

rollout release {
  lock outer { lock inner { checkout.install("shop:2") } }
}
)";

struct Scene {
  std::unique_ptr<Compilation> compilation;
  plan::Plan plan;
};

Scene scene() {
  Scene one{compile("release.rollout", [](const std::string&) -> Result<std::string> { return std::string(program); }),
            {}};
  std::optional<plan::Plan> plan =
      plan::make_plan(*one.compilation->program, {}, one.compilation->sources, one.compilation->diagnostics);
  REQUIRE(plan);
  one.plan = std::move(*plan);
  return one;
}

/// The same plan in so many environments, each with targets and locks of its own.
double seconds_for(Scene& scene, size_t plans) {
  Neighbours neighbours;
  auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < plans; ++i) {
    scene.plan.environment = fmt::format("world_{}", i);
    for (plan::Target& target : scene.plan.targets) target.config[0].second.text = fmt::format("run/{}", i);
    for (plan::Lock& lock : scene.plan.locks) lock.name = fmt::format("world_{}/{}", i, lock.first_step);
    neighbours.enter(*scene.compilation->program);
    neighbours.look(scene.plan, *scene.compilation->program, scene.compilation->sources,
                    scene.compilation->diagnostics);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("four times the plans take less than eight times as long") {
  Scene one = scene();
  double ratio = 1e9;
  // Somebody else on the machine can spoil a measurement, but not three times.
  for (int attempt = 0; attempt < 3 && ratio >= 8; ++attempt) {
    double small = seconds_for(one, 5'000);
    ratio = seconds_for(one, 20'000) / small;
  }
  CHECK(ratio < 8);
  CHECK_FALSE(one.compilation->diagnostics.has_errors());
}

TEST_CASE("two names for one thing are found however its path is written, and whatever its time-outs are") {
  Scene one = scene();
  Neighbours neighbours;
  Diagnostics& found = one.compilation->diagnostics;
  auto look = [&] {
    neighbours.enter(*one.compilation->program);
    neighbours.look(one.plan, *one.compilation->program, one.compilation->sources, found);
  };
  look();
  look();
  CHECK(found.empty());
  one.plan.environment = "production";
  one.plan.targets[0].config[0].second.text = "./run/../run/shop/";
  look();
  REQUIRE(found.errors() == 1);
  CHECK(found.sorted()[0]->message == "`checkout` and `production/checkout` are on the same instances of `hosts`");
}

TEST_CASE("the shortest circle of locks is shown") {
  Scene one = scene();
  Neighbours neighbours;
  Diagnostics& found = one.compilation->diagnostics;
  auto take = [&](std::string outer, std::string inner) {
    one.plan.rollout = outer + inner;  // a circle needs two
    one.plan.locks[0].name = std::move(outer);
    one.plan.locks[1].name = std::move(inner);
    neighbours.enter(*one.compilation->program);
    neighbours.look(one.plan, *one.compilation->program, one.compilation->sources, found);
  };
  take("a", "b");
  take("b", "c");
  take("c", "d");
  take("b", "d");
  CHECK(found.empty());
  take("d", "a");
  REQUIRE(found.errors() == 1);
  CHECK(found.sorted()[0]->message == "rollouts can wait for each other: `d` → `a` → `b` → `d`");
  CHECK(found.sorted()[0]->notes.size() == 3);
}

}  // namespace rollout
