// What the local backend does for instances while a run is driven, on the real example shop.
#include <catch2/catch.hpp>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/backend/local_supervisor.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Seen;

namespace {

eval::Value probe(const std::string& path) {
  eval::Value value = eval::Value::of(eval::Value::Kind::Call, std::string("http"));
  value.items.push_back(text(path));
  return value;
}

eval::Value shop_command() {
  return eval::Value::list({text(SHOP_DIRECTORY "/shop-${version}"), text("--port"), text("${port}")});
}

/// The rig with the example shop as its service, and the signal `unhealthy`.
struct Shop : Rig {
  Shop() {
    set_workload("command", shop_command());
    plan.signals.push_back(
        {0, "unhealthy", 0, "unhealthy", {}, plan::Evidence::Value, eval::Value::Kind::Percent});
  }
  json::Node instance(size_t index = 0) const {
    const Result<json::Node> state = json::parse(directory.read("run/checkout.json"));
    REQUIRE(state);
    REQUIRE((*state)["instances"].items.size() > index);
    return (*state)["instances"].items[index];
  }
  effects::ProcessId process(size_t index = 0) const {
    const json::Node node = instance(index);
    return {int(node["pid"].as_int()), uint64_t(node["start_ticks"].as_int())};
  }
  int64_t number(std::string_view field, size_t index = 0) const { return instance(index)[field].as_int(); }
  double unhealthy(exec::World& world) { return world.sample(plan, {{0, plan::Role::All, 0}})[0].value; }
  std::string log(size_t index = 0) const {
    const std::string path(instance(index)["log"].as_string());
    return directory.read(path.substr(directory.path.size() + 1));
  }

  /// Tends until `holds`; what was said meanwhile is in `said`.
  bool tended_until(exec::World& world, int64_t within_ns, const std::function<bool()>& holds) {
    return eventually(effects, within_ns, [&] {
      for (const std::string& line : world.tend({1})) said += line + "\n";
      return holds();
    });
  }
  bool tended_until_said(exec::World& world, int64_t within_ns, std::string_view words) {
    return tended_until(world, within_ns, [&] { return said.find(words) != std::string::npos; });
  }
  std::string said;
};

/// A process of its own that runs `work` and ends with what it returns.
template <typename Work>
pid_t in_child(Work work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  return child;
}

void end_all(Rig& rig, const std::string& text) {
  const Result<json::Node> state = json::parse(text);
  if (!state) return;
  for (const json::Node& one : (*state)["instances"].items)
    (void)rig.effects.processes.stop({int(one["pid"].as_int()), uint64_t(one["start_ticks"].as_int())},
                                     effects::Stop::Kill);
}

}  // namespace

TEST_CASE("an instance that is killed is started again at its port", "[supervise]") {
  Shop shop;
  const auto world = shop.world();
  REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 2), shop.key(1)).seen == Seen::Present);
  const effects::ProcessId before = shop.process(), other = shop.process(1);
  const int64_t port = shop.number("port");
  kill(before.pid, SIGKILL);
  REQUIRE(eventually(shop.effects, 5 * second_ns, [&] { return shop.unhealthy(*world) == 5e8; }));
  REQUIRE(shop.tended_until_said(*world, 10 * second_ns, "ready again"));
  CHECK(shop.process() != before);
  CHECK(shop.number("port") == port);
  CHECK(shop.process(1) == other);
  CHECK(shop.unhealthy(*world) == 0);
  CHECK(shop.said.find("checkout-g1-1 was killed by signal 9 (Killed); it is started again") != std::string::npos);
  CHECK(shop.log().find("rollout: checkout-g1-1 was killed by signal 9 (Killed)") != std::string::npos);
  CHECK(shop.log().find("restart 1 of 5 within 10m") != std::string::npos);
  CHECK(shop.directory.read("run/targets.json").find(std::to_string(port)) != std::string::npos);
}

TEST_CASE("a taken port gives way to a free one", "[supervise]") {
  Shop shop;
  const auto world = shop.world();
  REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 1), shop.key(1)).seen == Seen::Present);
  const effects::ProcessId before = shop.process();
  kill(before.pid, SIGKILL);
  REQUIRE(eventually(shop.effects, 5 * second_ns, [&] { return !shop.effects.processes.look(before).alive; }));
  const std::string port = std::to_string(shop.number("port"));
  Server squatter(shop.effects, {SERVICE_PROGRAM, "--port", port, "--version", "squatter"}, shop.directory);
  REQUIRE(eventually(shop.effects, 5 * second_ns, [&] { return !shop.effects.ports.is_free(shop.ports); }));
  REQUIRE(shop.tended_until(*world, 10 * second_ns, [&] { return shop.unhealthy(*world) == 0; }));
  CHECK(shop.number("port") == shop.ports + 1);
}

TEST_CASE("an instance that hangs is replaced when its liveness is asked, not before three misses", "[supervise]") {
  Shop shop;
  shop.set_workload("live", probe("/healthz"));
  const auto world = shop.world();
  REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 1), shop.key(1)).seen == Seen::Present);
  const effects::ProcessId before = shop.process();
  kill(before.pid, SIGSTOP);
  REQUIRE(shop.tended_until(*world, 5 * second_ns, [&] { return shop.instance()["down"].as_bool(); }));
  kill(before.pid, SIGCONT);
  REQUIRE(shop.tended_until(*world, 5 * second_ns, [&] { return !shop.instance()["down"].as_bool(); }));
  CHECK(shop.process() == before);
  CHECK(shop.said == "");

  kill(before.pid, SIGSTOP);
  REQUIRE(shop.tended_until_said(*world, 20 * second_ns, "ready again"));
  CHECK(shop.process() != before);
  CHECK(!shop.effects.processes.look(before).alive);
  CHECK(shop.said.find("failed its liveness probe 3 times in a row and is replaced") != std::string::npos);
}

TEST_CASE("without a liveness probe an instance that hangs is unhealthy and left alone", "[supervise]") {
  Shop shop;
  const auto world = shop.world();
  REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 1), shop.key(1)).seen == Seen::Present);
  const effects::ProcessId before = shop.process();
  kill(before.pid, SIGSTOP);
  REQUIRE(shop.tended_until(*world, 5 * second_ns, [&] { return shop.instance()["down"].as_bool(); }));
  CHECK(shop.unhealthy(*world) == 1e9);
  kill(before.pid, SIGCONT);
  REQUIRE(shop.tended_until(*world, 5 * second_ns, [&] { return shop.unhealthy(*world) == 0; }));
  CHECK(shop.process() == before);
}

TEST_CASE("an instance that keeps dying stays down after five restarts", "[supervise]") {
  Shop shop;
  const std::string broken = shop.directory.path + "/broken";
  shop.set_workload("command",
                    eval::Value::list({text(SERVICE_PROGRAM), text("--port"), text("${port}"), text("--version"),
                                       text("${version}"), text("--die-if"), text(broken)}));
  const auto world = shop.world();
  REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 2), shop.key(1)).seen == Seen::Present);
  shop.directory.write("broken", "");
  const int64_t start_ns = shop.effects.clock.monotonic_ns();
  kill(shop.process().pid, SIGKILL);
  REQUIRE(shop.tended_until_said(*world, 40 * second_ns, "stays down"));
  CHECK(shop.effects.clock.monotonic_ns() - start_ns >= 15 * second_ns);  // 1 + 2 + 4 + 8
  CHECK(shop.number("restarts") == backend::max_restarts);
  const effects::ProcessId last = shop.process();
  CHECK_FALSE(shop.tended_until(*world, 3 * second_ns, [&] { return shop.process() != last; }));
  const exec::Reading reading = world->sample(shop.plan, {{0, plan::Role::Stable, 0}})[0];
  CHECK(reading.value == 5e8);
  CHECK(reading.detail.find("started again 5 times") != std::string::npos);
  CHECK(shop.log().find("cannot read the price list") != std::string::npos);
  // A new action starts it again, with a new count.
  unlink(broken.c_str());
  CHECK(shop.carry_out(*world, shop.install("shop:1.0", 2), shop.key(1, 2)).seen == Seen::Present);
  CHECK(shop.number("restarts") == 0);
}

TEST_CASE("what an action starts or stops is left to the action", "[supervise]") {
  Shop shop;
  const auto world = shop.world();
  REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 1), shop.key(1)).seen == Seen::Present);
  SECTION("a canary that never was ready is not started again") {
    shop.set_workload("command", eval::Value::list({text(SERVICE_PROGRAM), text("--die")}));
    REQUIRE(world->act(shop.deploy("shop:1.1", 1), shop.key(1)));
    REQUIRE(eventually(shop.effects, 5 * second_ns,
                       [&] { return !shop.effects.processes.look(shop.process(1)).alive; }));
    CHECK_FALSE(shop.tended_until(*world, 2 * second_ns, [&] { return shop.number("restarts", 1) > 0; }));
    CHECK(world->observe(shop.deploy("shop:1.1", 1), shop.key(1))->seen == Seen::Failed);
  }
  SECTION("a canary that is being retired is not started again") {
    REQUIRE(shop.carry_out(*world, shop.deploy("shop:1.1", 1), shop.key(1)).seen == Seen::Present);
    kill(shop.process(1).pid, SIGSTOP);  // so that it cannot end by itself before the drain is over
    REQUIRE(world->act(shop.retire(), shop.key(1)));
    kill(shop.process(1).pid, SIGKILL);
    CHECK_FALSE(shop.tended_until(*world, 2 * second_ns, [&] { return shop.number("restarts", 1) > 0; }));
    CHECK(shop.carry_out(*world, shop.retire(), shop.key(1)).seen == Seen::Present);
  }
  SECTION("a run that was taken over does nothing") {
    REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 1), shop.key(2)).seen == Seen::Present);
    const effects::ProcessId before = shop.process();
    kill(before.pid, SIGKILL);
    CHECK_FALSE(shop.tended_until(*world, 2 * second_ns, [&] { return shop.process() != before; }));
  }
}

TEST_CASE("after kill -9 of the tool instances are adopted and looked after again", "[supervise]") {
  Shop shop;
  const pid_t tool = in_child([&] {
    const auto world = shop.world();
    shop.carry_out(*world, shop.install("shop:1.0", 2), shop.key(1));
    while (true) shop.tended_until(*world, second_ns, [] { return false; });
    return 0;
  });
  REQUIRE(eventually(shop.effects, 20 * second_ns, [&] {
    return shop.directory.read("run/checkout.json").find("\"settled\":true") != std::string::npos;
  }));
  kill(tool, SIGKILL);
  waitpid(tool, nullptr, 0);
  const effects::ProcessId first = shop.process(), second = shop.process(1);
  const auto world = shop.world();
  CHECK_FALSE(shop.tended_until(*world, 2 * second_ns, [&] { return shop.process() != first; }));
  CHECK(shop.unhealthy(*world) == 0);
  kill(first.pid, SIGKILL);
  REQUIRE(shop.tended_until_said(*world, 10 * second_ns, "ready again"));
  CHECK(shop.process() != first);
  CHECK(shop.process(1) == second);
  CHECK(shop.said.find("checkout-g1-1 is not running any more; it is started again") != std::string::npos);
}

TEST_CASE("an instance inherits a short list of variables and no secret", "[supervise]") {
  const char* secrets[] = {"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "LD_PRELOAD_X", "DATABASE_URL", "SSH_AUTH_SOCK"};
  for (const char* name : secrets) setenv(name, "hush", 1);
  setenv("LC_TIME", "C", 1);
  Shop shop;
  const auto world = shop.world();
  REQUIRE(shop.carry_out(*world, shop.install("shop:1.0", 1), shop.key(1)).seen == Seen::Present);
  const auto environment = shop.effects.files.read(fmt::format("/proc/{}/environ", shop.process().pid), 1 << 20);
  for (const char* name : secrets) unsetenv(name);
  REQUIRE(environment);
  REQUIRE(*environment);
  CHECK((*environment)->find("hush") == std::string::npos);
  const std::set<std::string> allowed{"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "ROLLOUT_INSTANCE"};
  std::set<std::string> seen;
  for (size_t at = 0; at < (*environment)->size();) {
    const std::string entry = (*environment)->c_str() + at;
    at += entry.size() + 1;
    const std::string name = entry.substr(0, entry.find('='));
    CAPTURE(name);
    CHECK((allowed.contains(name) || name.starts_with("LC_")));
    seen.insert(name);
  }
  CHECK(seen.contains("ROLLOUT_INSTANCE"));
  CHECK(seen.contains("LC_TIME"));
}

TEST_CASE("two processes release two services in one directory at once", "[supervise]") {
  constexpr int rounds = 12;
  const TempDir shared;
  Rig rigs[] = {Rig("alpha"), Rig("beta")};
  pid_t children[2];
  for (int i = 0; i < 2; ++i) {
    Rig& rig = rigs[i];
    rig.set_workload("ports_from", eval::Value::of(eval::Value::Kind::Int, rigs[0].ports));
    children[i] = in_child([&] {
      const std::string name = rig.plan.services[0].name;
      const auto world = backend::LiveWorld::open(rig.plan, shared.path, rig.effects);
      for (int round = 1; round <= rounds; ++round) {
        const std::string version = fmt::format("{}-{}", name, round);
        const exec::Observation seen =
            rig.carry_out(**world, rig.install("shop:" + version, 2), rig.key(round));
        if (seen.seen != Seen::Present) return fmt::print(stderr, "{}: {}\n", version, seen.detail), 1;
        const std::string targets = shared.read("run/targets.json");
        const std::string label = fmt::format("\"track\":\"stable\",\"version\":\"{}\"", version);
        const size_t one = targets.find(label);
        if (one == std::string::npos || targets.find(label, one + 1) == std::string::npos)
          return fmt::print(stderr, "{} is lost in {}\n", version, targets), 2;
        const Result<json::Node> state = json::parse(shared.read("run/" + name + ".json"));
        for (const json::Node& instance : (*state)["instances"].items) {
          if (instance["set"].as_string() != fmt::format("g{}", round)) continue;
          effects::HttpRequest request;
          request.url = fmt::format("http://127.0.0.1:{}/", instance["port"].as_int());
          const Result<effects::HttpResponse> answer = rig.effects.http.send(request);
          if (!answer || answer->body != version) return fmt::print(stderr, "{} has no port\n", version), 3;
        }
        if (rig.carry_out(**world, rig.retire(), rig.key(round)).seen != Seen::Present) return 4;
      }
      return 0;
    });
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  const std::string targets = shared.read("run/targets.json");
  for (const char* name : {"alpha", "beta"}) {
    CHECK(targets.find(fmt::format("{}-{}", name, rounds)) != std::string::npos);
    end_all(rigs[0], shared.read(fmt::format("run/{}.json", name)));
  }
}

}  // namespace rollout::test
