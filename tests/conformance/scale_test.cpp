// Scaling and restarting a service that has traffic: real processes behind a real HAProxy.
#include <set>

#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "tests/conformance/edge.h"

namespace rollout::test {

using exec::Seen;

namespace {

/// Each instance answers with its version and its own name.
struct Named : Edge {
  explicit Named(int slots = 8) : Edge(slots) {
    set_workload("command", eval::Value::list({text(SERVICE_PROGRAM), text("--port"), text("${port}"),
                                               text("--version"), text("${version} ${instance}"), text("--die-if"),
                                               text(directory.path + "/die")}));
  }
  plan::Action sets(plan::Variable variable, plan::Role role, eval::Value value) const {
    plan::Action action;
    action.service = 0;
    action.target = 0;
    action.text = "set it";
    action.sets = {{variable, role, std::move(value)}};
    return action;
  }
  plan::Action scale(plan::Role role, int64_t count) const {
    return sets(plan::Variable::Instances, role, eval::Value::of(eval::Value::Kind::Int, count));
  }
  plan::Action restart() const {
    return sets(plan::Variable::Restarted, plan::Role::Stable, eval::Value::boolean(true));
  }
  plan::Action end_restart() const { return sets(plan::Variable::Restarted, plan::Role::Stable, {}); }

  /// By the version that answered.
  std::map<std::string, int> versions(int count) {
    std::map<std::string, int> sums;
    for (const auto& [answer, times] : load(count)) sums[answer.substr(0, answer.find(' '))] += times;
    return sums;
  }
  /// Weights are met over a whole round of the balancer, which is longer than a few requests; none of them is lost.
  int of_canary(int count) {
    std::map<std::string, int> sums = versions(count);
    CHECK(sums["1.0"] + sums["1.1"] == count);
    return sums["1.1"];
  }
  size_t who_answer(int count) { return load(count).size(); }
  /// So many of these run still.
  size_t kept_of(const std::set<int64_t>& before) const {
    size_t kept = 0;
    for (int64_t pid : processes()) kept += before.count(pid);
    return kept;
  }
  std::set<int64_t> processes() const {
    std::set<int64_t> pids;
    const Result<json::Node> state = json::parse(directory.read("run/checkout.json"));
    REQUIRE(state);
    for (const json::Node& one : (*state)["instances"].items) pids.insert(one["pid"].as_int());
    return pids;
  }
  /// As another process would at each look, with requests between the looks; those that failed.
  int restart_under_load(const plan::Action& action, Seen& seen) {
    int failed = 0;
    REQUIRE(world()->act(action, key(2)));
    eventually(effects, 30 * second_ns, [&] {
      const Result<exec::Observation> looked = world()->observe(action, key(2));
      seen = looked ? looked->seen : Seen::Absent;
      failed += load(10)["failed"];
      return seen == Seen::Present || seen == Seen::Failed;
    });
    return failed;
  }
};

}  // namespace

TEST_CASE("a version is scaled under traffic, and each keeps its share", "[haproxy]") {
  Named edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  REQUIRE(edge.carry_out(*world, edge.shift(50), edge.key(2)).seen == Seen::Present);
  const plan::Action up = edge.scale(plan::Role::Stable, 4), down = edge.scale(plan::Role::Stable, 1);
  CHECK(world->observe(up, edge.key(2))->seen == Seen::Absent);
  CHECK(edge.carry_out(*world, up, edge.key(2)).seen == Seen::Present);
  CHECK(edge.who_answer(60) == 6);
  CHECK(edge.of_canary(80) == Approx(40).margin(2));
  Result<backend::ServiceState> state = world->observe_service(0);
  REQUIRE(state);
  CHECK(state->scaled == 4);
  CHECK(state->stable_instances == 4);

  // Fewer instances get no smaller share.
  CHECK(edge.carry_out(*world, down, edge.key(2)).seen == Seen::Present);
  CHECK(edge.of_canary(80) == Approx(40).margin(2));
  CHECK(edge.who_answer(60) == 3);
  CHECK(edge.processes().size() == 3);
  CHECK(world->observe(edge.shift(50), edge.key(2))->seen == Seen::Present);
  const Result<std::optional<int64_t>> share = world->observe_share(0);
  REQUIRE(share);
  CHECK(*share == 50 * eval::percent_one);

  // What the canary was given stays with it when it is promoted.
  CHECK(edge.carry_out(*world, edge.scale(plan::Role::Canary, 3), edge.key(2)).seen == Seen::Present);
  CHECK(edge.carry_out(*world, edge.shift(100), edge.key(2)).seen == Seen::Present);
  plan::Action promote = edge.promote("shop:1.1");
  promote.sets.push_back({plan::Variable::Instances, plan::Role::Stable, eval::Value::of(eval::Value::Kind::Int, 3)});
  CHECK(edge.carry_out(*world, promote, edge.key(2)).seen == Seen::Present);
  state = world->observe_service(0);
  REQUIRE(state);
  CHECK(state->scaled == 3);
  CHECK(edge.versions(30)["1.1"] == 30);
}

TEST_CASE("a restart replaces every instance and loses no request", "[haproxy]") {
  Named edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  REQUIRE(edge.carry_out(*world, edge.shift(25), edge.key(2)).seen == Seen::Present);
  const std::set<int64_t> before = edge.processes();
  Seen seen = Seen::Absent;
  CHECK(world->observe(edge.restart(), edge.key(2))->seen == Seen::Absent);
  CHECK(edge.restart_under_load(edge.restart(), seen) == 0);
  CHECK(seen == Seen::Present);
  CHECK(edge.processes().size() == 4);
  CHECK(edge.kept_of(before) == 2);  // the canary's
  CHECK(world->observe(edge.shift(25), edge.key(2))->seen == Seen::Present);
  CHECK(edge.of_canary(80) == Approx(20).margin(2));
  // It is done, and is not done again; by another step it is.
  CHECK(world->observe(edge.restart(), edge.key(2))->seen == Seen::Present);
  exec::EffectKey other = edge.key(2);
  other.step = 1;
  CHECK(world->observe(edge.restart(), other)->seen == Seen::Absent);
  CHECK(world->observe(edge.end_restart(), edge.key(2))->seen == Seen::Present);
}

TEST_CASE("a restart that fails is ended, and as many serve as before", "[haproxy]") {
  Named edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  const std::set<int64_t> before = edge.processes();
  edge.directory.write("die", "");
  Seen seen = Seen::Absent;
  CHECK(edge.restart_under_load(edge.restart(), seen) == 0);
  CHECK(seen == Seen::Failed);
  CHECK(edge.processes().size() == 5);
  CHECK(world->observe(edge.end_restart(), edge.key(2))->seen == Seen::Absent);
  CHECK(edge.restart_under_load(edge.end_restart(), seen) == 0);
  CHECK(seen == Seen::Present);
  CHECK(edge.processes() == before);
}

TEST_CASE("a restart that is taken back half way keeps the instances of both halves", "[haproxy]") {
  Named edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  const std::set<int64_t> before = edge.processes();
  REQUIRE(world->act(edge.restart(), edge.key(2)));
  // One is new, one is old and one is about to be new when the run goes back.
  REQUIRE(eventually(edge.effects, 20 * second_ns, [&] {
    return world->observe(edge.restart(), edge.key(2)) && edge.kept_of(before) == 3;
  }));
  CHECK(edge.processes().size() == 5);
  Seen seen = Seen::Absent;
  CHECK(edge.restart_under_load(edge.end_restart(), seen) == 0);
  CHECK(seen == Seen::Present);
  CHECK(edge.processes().size() == 4);
  CHECK(edge.kept_of(before) == 3);
  CHECK(edge.who_answer(20) == 2);
  // One set again: what is scaled, scales all of them.
  CHECK(edge.carry_out(*world, edge.scale(plan::Role::Stable, 3), edge.key(2)).seen == Seen::Present);
  CHECK(edge.who_answer(30) == 3);
}

}  // namespace rollout::test
