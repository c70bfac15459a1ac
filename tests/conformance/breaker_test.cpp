// A real router that dies in the middle of a run and comes back.
#include <catch2/catch.hpp>

#include "runtime/exec/breaker.h"
#include "runtime/exec/drive.h"
#include "runtime/journal/memory_store.h"
#include "tests/conformance/edge.h"

namespace rollout::test {

namespace {

/// Starts the router again once the run has found it away.
struct Operator : exec::Listener {
  explicit Operator(Edge& of_edge) : edge(of_edge) {}
  void on_event(const journal::Event& event, const exec::State& state) override {
    if (const auto* e = std::get_if<journal::EndpointAway>(&event.what)) {
      away = e->endpoint;
      CHECK(state.away.count(e->endpoint) == 1);
      edge.start();
    }
    if (std::holds_alternative<journal::EndpointBack>(event.what)) ++back;
  }
  Edge& edge;
  std::string away;
  int back = 0;
};

}  // namespace

TEST_CASE("a router that dies and comes back delays a run, and fails no attempt", "[haproxy]") {
  Edge edge;
  auto world = edge.world();
  edge.install_and_deploy(*world);
  plan::Step step;
  step.kind = plan::StepKind::Act;
  step.action = edge.shift(50);
  step.action.within_ns = 30 * second_ns;
  step.text = step.action.text;
  edge.plan.steps = {step};
  journal::MemoryStore store;
  Result<journal::RunInfo> run = store.create({"release", "", "h1", {"checkout"}, "a test", 1, "", "", {1}});
  REQUIRE(run);
  REQUIRE(run->generations[0].number == 2);
  edge.proxy.reset();
  Operator person(edge);
  Result<exec::DriveResult> driven = exec::drive(
      edge.plan, run->run, {edge.effects.clock, store, *world, person, [] { return 0; }, "a test"});
  REQUIRE(driven);
  REQUIRE(driven->state.ended);
  CHECK(driven->state.ended->outcome == journal::Outcome::Succeeded);
  CHECK(person.away == "edge");
  CHECK(person.back == 1);
  CHECK(driven->state.steps[0].attempt == 1);
  CHECK(driven->state.run_ns < 30 * second_ns);
  CHECK(edge.load(20)["1.1"] == 10);
}

}  // namespace rollout::test
