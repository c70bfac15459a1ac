#include <set>

#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Seen;

namespace {

json::Node state_of(const Rig& rig) {
  Result<json::Node> state = json::parse(rig.directory.read("run/checkout.json"));
  REQUIRE(state);
  return *state;
}

std::string answer_at(Rig& rig, int port) {
  effects::HttpRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  const Result<effects::HttpResponse> answer = rig.effects.http.send(request);
  return answer ? answer->body : "";
}

}  // namespace

TEST_CASE("versions run side by side, are promoted and stopped", "[local]") {
  Rig rig;
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.install("shop:1.0", 2), rig.key(1)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, rig.deploy("shop:1.1", 2), rig.key(2)).seen == Seen::Present);
  Result<backend::ServiceState> state = world->observe_service(0);
  REQUIRE(state);
  CHECK(state->stable_image == "shop:1.0");
  CHECK(state->canary_image == "shop:1.1");
  CHECK(state->stable_instances == 2);
  CHECK(state->canary_instances == 2);
  CHECK(state->generation == 2);
  const std::string targets = rig.directory.read("run/targets.json");
  CHECK(targets.find(R"("labels":{"service":"checkout","track":"canary","version":"1.1","instance_set":"g2-1.1"})") !=
        std::string::npos);
  CHECK(targets.find(R"("track":"stable","version":"1.0")") != std::string::npos);
  CHECK(answer_at(rig, rig.ports) == "1.0");
  CHECK(answer_at(rig, rig.ports + 2) == "1.1");

  CHECK(rig.carry_out(*world, rig.promote("shop:1.1"), rig.key(2)).seen == Seen::Present);
  state = world->observe_service(0);
  REQUIRE(state);
  CHECK(state->stable_image == "shop:1.1");
  CHECK(!state->canary_image);
  CHECK(state_of(rig)["instances"].items.size() == 2);
  CHECK(answer_at(rig, rig.ports) == "");
}

TEST_CASE("two places of one service on one machine keep apart", "[local]") {
  const bool own_directories = GENERATE(false, true);
  Rig rig;
  rig.plan.services[0].place = "eu";
  rig.plan.services.push_back(rig.plan.services[0]);
  rig.plan.services[1].place = "us";
  if (own_directories) {
    rig.plan.targets.push_back(
        {"hosts[us]", "local", {{"directory", eval::Value::of(eval::Value::Kind::Path, std::string("run-us"))}}});
    rig.plan.services[1].bindings[0].target = 2;
  }
  const auto world = rig.world();
  plan::Action in_eu = rig.install("shop:1.0", 2), in_us = rig.install("shop:1.1", 2);
  in_us.service = 1;
  in_us.target = rig.plan.services[1].bindings[0].target;
  // What was started in eu listens at no port yet when those in us are chosen.
  REQUIRE(world->act(in_eu, rig.key(1)));
  CHECK(rig.carry_out(*world, in_us, rig.key(1)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, in_eu, rig.key(1)).seen == Seen::Present);
  std::set<int64_t> ports;
  for (uint32_t service : {0, 1}) {
    const Result<json::Node> state = json::parse(rig.directory.read(rig.state_file(service)));
    REQUIRE(state);
    for (const json::Node& instance : (*state)["instances"].items) {
      ports.insert(instance["port"].as_int());
      CHECK(answer_at(rig, int(instance["port"].as_int())) == (service == 0 ? "1.0" : "1.1"));
    }
  }
  CHECK(ports.size() == 4);
  const std::string targets = rig.directory.read("run/targets.json") + rig.directory.read("run-us/targets.json");
  CHECK(targets.find(R"("service":"checkout","place":"eu","track":"stable","version":"1.0")") != std::string::npos);
  CHECK(targets.find(R"("service":"checkout","place":"us","track":"stable","version":"1.1")") != std::string::npos);
}

TEST_CASE("what runs outlives the program and is found again", "[local]") {
  Rig rig;
  CHECK(rig.carry_out(*rig.world(), rig.deploy("shop:1.1", 2), rig.key(1)).seen == Seen::Present);
  const json::Node before = state_of(rig);
  const auto later = rig.world();
  const Result<exec::Observation> seen = later->observe(rig.deploy("shop:1.1", 2), rig.key(1));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Present);
  CHECK(later->act(rig.deploy("shop:1.1", 2), rig.key(1)));
  CHECK(state_of(rig)["instances"].items[0]["pid"].as_int() ==
        before["instances"].items[0]["pid"].as_int());
}

TEST_CASE("a crash between start and record is mended by adopting", "[local]") {
  Rig rig;
  CHECK(rig.carry_out(*rig.world(), rig.deploy("shop:1.1", 2), rig.key(1)).seen == Seen::Present);
  const json::Node before = state_of(rig);
  // The state as it was on the disk before the pids were known.
  std::string text = rig.directory.read("run/checkout.json");
  for (const json::Node& one : before["instances"].items) {
    const std::string pid = "\"pid\":" + std::to_string(one["pid"].as_int());
    text.replace(text.find(pid), pid.size(), "\"pid\":0");
  }
  rig.directory.write("run/checkout.json", text);
  const auto world = rig.world();
  const Result<exec::Observation> seen = world->observe(rig.deploy("shop:1.1", 2), rig.key(1));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Absent);
  CHECK(rig.carry_out(*world, rig.deploy("shop:1.1", 2), rig.key(1)).seen == Seen::Present);
  const json::Node after = state_of(rig);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(after["instances"].items[i]["pid"].as_int() ==
          before["instances"].items[i]["pid"].as_int());
    CHECK(after["instances"].items[i]["port"].as_int() ==
          before["instances"].items[i]["port"].as_int());
  }
}

TEST_CASE("the canary goes and the stable version stays", "[local]") {
  Rig rig;
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(1)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, rig.deploy("shop:1.1", 1), rig.key(2)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, rig.retire(), rig.key(2)).seen == Seen::Present);
  CHECK(answer_at(rig, rig.ports) == "1.0");
  CHECK(answer_at(rig, rig.ports + 1) == "");
}

TEST_CASE("after a promotion the old version is installed again and the new one keeps running",
          "[local]") {
  Rig rig;
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(1)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, rig.deploy("shop:1.1", 1), rig.key(2)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, rig.promote("shop:1.1"), rig.key(2)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(2)).seen == Seen::Present);
  const Result<backend::ServiceState> state = world->observe_service(0);
  REQUIRE(state);
  CHECK(state->stable_image == "shop:1.0");
  CHECK(state->canary_image == "shop:1.1");
}

TEST_CASE("an instance that dies at once is a failure with its last words", "[local]") {
  Rig rig;
  const auto world = rig.world();
  const exec::Observation seen = rig.carry_out(*world, rig.deploy("shop:dies", 1), rig.key(1));
  CHECK(seen.seen == Seen::Failed);
  CHECK(seen.detail.find("exited with code 3") != std::string::npos);
  CHECK(seen.detail.find("cannot read the price list") != std::string::npos);
  CHECK(rig.carry_out(*world, rig.retire(), rig.key(1)).seen == Seen::Present);
}

TEST_CASE("an instance that never gets ready stays underway and says why", "[local]") {
  Rig rig;
  const auto world = rig.world();
  const exec::Observation seen =
      rig.carry_out(*world, rig.deploy("shop:hangs", 1), rig.key(1), second_ns / 2);
  CHECK(seen.seen == Seen::Underway);
  CHECK(seen.detail.find("answers 503") != std::string::npos);
}

TEST_CASE("a canary that is not ready does not become stable, and what works keeps running", "[local]") {
  Rig rig;
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(1)).seen == Seen::Present);
  CHECK(rig.carry_out(*world, rig.deploy("shop:hangs", 1), rig.key(2), second_ns / 2).seen == Seen::Underway);
  const Status promoted = world->act(rig.promote("shop:hangs"), rig.key(2));
  REQUIRE(!promoted);
  CHECK(promoted.error().message.find("the canary cannot become stable") != std::string::npos);
  const Result<backend::ServiceState> state = world->observe_service(0);
  REQUIRE(state);
  CHECK(state->stable_image == "shop:1.0");
  CHECK(answer_at(rig, rig.ports) == "1.0");
}

TEST_CASE("an instance that ignores SIGTERM is killed after the drain", "[local]") {
  Rig rig;
  eval::Value command =
      eval::Value::list({text(SERVICE_PROGRAM), text("--port"), text("${port}"), text("--version"),
                         text("${version}"), text("--ignore-term")});
  rig.set_workload("command", command);
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.deploy("shop:1.1", 1), rig.key(1)).seen == Seen::Present);
  const int64_t before_ns = rig.effects.clock.monotonic_ns();
  CHECK(rig.carry_out(*world, rig.retire(), rig.key(1)).seen == Seen::Present);
  CHECK(rig.effects.clock.monotonic_ns() - before_ns >= second_ns);
}

TEST_CASE("a port in use is skipped; when none is free, one sentence says so", "[local]") {
  Rig rig;
  Server squatter(rig.effects,
                  {SERVICE_PROGRAM, "--port", std::to_string(rig.ports), "--version", "squatter"},
                  rig.directory);
  REQUIRE(eventually(rig.effects, 5 * second_ns,
                     [&] { return answer_at(rig, rig.ports) == "squatter"; }));
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.deploy("shop:1.1", 1), rig.key(1)).seen == Seen::Present);
  CHECK(state_of(rig)["instances"].items[0]["port"].as_int() == rig.ports + 1);
  rig.set_workload("ports_from", eval::Value::of(eval::Value::Kind::Int, 65535));
  const Status acted = rig.world()->act(rig.deploy("shop:1.1", 3), rig.key(1));
  REQUIRE(!acted);
  CHECK(acted.error().message.find("no port is free for checkout: 65535 to") != std::string::npos);
}

TEST_CASE("a program that is missing is one clear sentence", "[local]") {
  Rig rig;
  rig.set_workload("command", eval::Value::list({text("bin/shop-${version}")}));
  const auto world = rig.world();
  const Status acted = world->act(rig.deploy("shop:1.1", 1), rig.key(1));
  REQUIRE(!acted);
  CHECK(acted.error().message.find("bin/shop-1.1: there is no such file") != std::string::npos);
  CHECK(rig.carry_out(*world, rig.retire(), rig.key(1)).seen == Seen::Present);
  rig.set_workload("command", eval::Value::list({text("bin/${home}")}));
  CHECK(rig.world()
            ->act(rig.deploy("shop:1.1", 1), rig.key(1))
            .error()
            .message.find("${home}, which is not known") != std::string::npos);
}

TEST_CASE("an older generation may not act", "[local]") {
  Rig rig;
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(5)).seen == Seen::Present);
  const Status acted = world->act(rig.install("shop:0.9", 1), rig.key(4));
  REQUIRE(!acted);
  CHECK(acted.error().message.find("generation 5") != std::string::npos);
}

TEST_CASE("state of another format is refused and left alone", "[local]") {
  Rig rig;
  CHECK(rig.effects.files.make_directory(rig.directory.path + "/run"));
  rig.directory.write("run/checkout.json", R"({"format":9})");
  const Status acted = rig.world()->act(rig.install("shop:1.0", 1), rig.key(1));
  REQUIRE(!acted);
  CHECK(acted.error().message.find("format 9") != std::string::npos);
  CHECK(rig.directory.read("run/checkout.json") == R"({"format":9})");
}

TEST_CASE("unhealthy is the share of instances that are not ready", "[local]") {
  Rig rig;
  rig.plan.signals.push_back(
      {0, "unhealthy", 0, "unhealthy", {}, plan::Evidence::Value, eval::Value::Kind::Percent});
  const auto world = rig.world();
  CHECK(rig.carry_out(*world, rig.install("shop:1.0", 2), rig.key(1)).seen == Seen::Present);
  CHECK(world->sample(rig.plan, {{0, plan::Role::All, 0}})[0].value == 0);
  const json::Node one = state_of(rig)["instances"].items[0];
  CHECK(rig.effects.processes.stop(
      {int(one["pid"].as_int()), uint64_t(one["start_ticks"].as_int())}, effects::Stop::Kill));
  REQUIRE(eventually(rig.effects, 5 * second_ns, [&] {
    return world->sample(rig.plan, {{0, plan::Role::Stable, 0}})[0].value > 0;
  }));
  const std::vector<exec::Reading> readings =
      world->sample(rig.plan, {{0, plan::Role::Stable, 0}, {0, plan::Role::Canary, 0}});
  CHECK(readings[0].value == 5e8);
  CHECK(readings[1].status == exec::Reading::Status::NoData);
}

TEST_CASE("capacity is what runs and what the memory allows beside it", "[local]") {
  Rig rig;
  rig.plan.signals.push_back({0, "capacity", 0, "capacity", {}, plan::Evidence::Value, eval::Value::Kind::Int});
  const auto world = rig.world();
  const plan::Term capacity{0, plan::Role::All, 0};
  const exec::Reading before = world->sample(rig.plan, {capacity})[0];
  CHECK(before.status == exec::Reading::Status::NoData);
  CHECK(before.detail == "no instance runs, so nobody knows what one needs");
  REQUIRE(rig.carry_out(*world, rig.install("shop:1.0", 2), rig.key(1)).seen == exec::Seen::Present);
  const exec::Reading now = world->sample(rig.plan, {capacity})[0];
  INFO(now.detail);
  CHECK(now.status == exec::Reading::Status::Ok);
  // A service of some megabytes on a machine with some gigabytes.
  CHECK(now.value >= 3);
  CHECK(now.value < 1e7);
}

TEST_CASE("what is observed at run start is what runs then", "[local]") {
  Rig rig;
  const auto world = rig.world();
  REQUIRE(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(3)).seen == exec::Seen::Present);
  rig.plan.observed = {
      {"version(checkout, stable)", image("shop:0.9"), "target hosts", plan::Recheck::AtRunStart},
      {"generation(checkout)", eval::Value::of(eval::Value::Kind::Int, 2), "state", plan::Recheck::AtRunStart}};
  const Result<journal::Captured> captured = world->capture(rig.plan);
  REQUIRE(captured);
  REQUIRE(captured->observed.size() == 2);
  CHECK(captured->observed[0].text == "shop:1.0");
  CHECK(captured->observed[1].number == 3);
}

}  // namespace rollout::test
