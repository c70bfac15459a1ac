#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/plan/share_weights.h"
#include "runtime/backend/haproxy_api.h"
#include "tests/conformance/edge.h"

namespace rollout::test {

using exec::Seen;

TEST_CASE("a share is set in weights, read back, and measured over real requests", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  CHECK(edge.load(20)["1.0"] == 20);
  const Result<exec::Observation> before = world->observe(edge.shift(5), edge.key(2));
  REQUIRE(before);
  CHECK(before->seen == Seen::Absent);
  const exec::Observation shifted = edge.carry_out(*world, edge.shift(5), edge.key(2));
  CHECK(shifted.seen == Seen::Present);
  CHECK(shifted.detail.find("5%") != std::string::npos);
  const std::map<std::string, int> split = edge.load(400);
  CHECK(split.at("1.0") == 380);
  CHECK(split.at("1.1") == 20);
}

TEST_CASE("a whole release and its way back lose no request", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  CHECK(edge.carry_out(*world, edge.shift(50), edge.key(2)).seen == Seen::Present);
  CHECK(edge.carry_out(*world, edge.shift(100), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20)["1.1"] == 20);
  CHECK(edge.carry_out(*world, edge.promote("shop:1.1"), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20)["1.1"] == 20);
  // The new stable version is what share 0% of the canary means now.
  const Result<exec::Observation> seen = world->observe(edge.shift(0), edge.key(2));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Present);
  CHECK(edge.carry_out(*world, edge.install("shop:1.0", 2), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20)["1.1"] == 20);
  CHECK(edge.carry_out(*world, edge.shift(0), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20)["1.0"] == 20);
  CHECK(edge.carry_out(*world, edge.retire(), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20)["1.0"] == 20);
}

TEST_CASE("a control gets a share of its own beside the canary, and goes with it", "[haproxy]") {
  Edge edge;
  // Each instance answers with its own name: a control runs the version that is stable.
  edge.set_workload("command", eval::Value::list({text(SERVICE_PROGRAM), text("--port"), text("${port}"),
                                                  text("--version"), text("${version} ${instance}")}));
  const auto world = edge.world();
  const auto with_control = [](plan::Action action, plan::Variable variable, eval::Value value) {
    action.sets.push_back({variable, plan::Role::Control, std::move(value)});
    return action;
  };
  const auto count = [](int64_t number) { return eval::Value::of(eval::Value::Kind::Int, number); };
  REQUIRE(edge.carry_out(*world, edge.install("shop:1.0", 2), edge.key(1)).seen == Seen::Present);
  REQUIRE(edge.carry_out(*world, edge.shift(0), edge.key(1)).seen == Seen::Present);
  const plan::Action deploy = with_control(edge.deploy("shop:1.1", 2), plan::Variable::Instances, count(1));
  REQUIRE(edge.carry_out(*world, deploy, edge.key(2)).seen == Seen::Present);
  CHECK(edge.directory.read("run/targets.json")
            .find(R"("track":"control","version":"1.0","instance_set":"g2b-1.0")") != std::string::npos);
  const std::string control = "1.0 checkout-g2b-1";
  CHECK(edge.load(20)[control] == 0);

  const plan::Action shift = with_control(edge.shift(20), plan::Variable::Share, share(20));
  const exec::Observation shifted = edge.carry_out(*world, shift, edge.key(2));
  CHECK(shifted.seen == Seen::Present);
  CHECK(shifted.detail == "the canary gets 20%, on 2 servers, its control 20%, on 1");
  std::map<std::string, int> split = edge.load(500);
  // Weights are met over a whole round of the balancer, and 500 requests are not a number of whole rounds.
  constexpr int part_of_a_round = 5;
  CHECK(std::abs(split[control] - 100) <= part_of_a_round);
  CHECK(std::abs(split["1.1 checkout-g2-1"] + split["1.1 checkout-g2-2"] - 100) <= part_of_a_round);
  CHECK(std::abs(split["1.0 checkout-g1-1"] + split["1.0 checkout-g1-2"] - 300) <= part_of_a_round);
  // The same share of the canary without the control is something else.
  CHECK(world->observe(edge.shift(20), edge.key(2))->seen == Seen::Absent);

  const plan::Action back = with_control(edge.shift(0), plan::Variable::Share, share(0));
  CHECK(edge.carry_out(*world, back, edge.key(2)).seen == Seen::Present);
  const plan::Action retire = with_control(edge.retire(), plan::Variable::Instances, count(0));
  CHECK(edge.carry_out(*world, retire, edge.key(2)).seen == Seen::Present);
  split = edge.load(20);
  CHECK(split["1.0 checkout-g1-1"] + split["1.0 checkout-g1-2"] == 20);
  const Result<json::Node> state = json::parse(edge.directory.read("run/checkout.json"));
  REQUIRE(state);
  CHECK((*state)["instances"].items.size() == 2);
}

TEST_CASE("a promotion takes the control away with the old version", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  REQUIRE(edge.carry_out(*world, edge.install("shop:1.0", 2), edge.key(1)).seen == Seen::Present);
  REQUIRE(edge.carry_out(*world, edge.shift(0), edge.key(1)).seen == Seen::Present);
  plan::Action deploy = edge.deploy("shop:1.1", 2), promote = edge.promote("shop:1.1");
  deploy.sets.push_back({plan::Variable::Instances, plan::Role::Control, eval::Value::of(eval::Value::Kind::Int, 1)});
  promote.sets.push_back({plan::Variable::Instances, plan::Role::Control, eval::Value::of(eval::Value::Kind::Int, 0)});
  REQUIRE(edge.carry_out(*world, deploy, edge.key(2)).seen == Seen::Present);
  REQUIRE(edge.carry_out(*world, edge.shift(100), edge.key(2)).seen == Seen::Present);
  CHECK(edge.carry_out(*world, promote, edge.key(2)).seen == Seen::Present);
  const Result<json::Node> state = json::parse(edge.directory.read("run/checkout.json"));
  REQUIRE(state);
  CHECK((*state)["instances"].items.size() == 2);
  CHECK(edge.load(20)["1.1"] == 20);
}

TEST_CASE("an instance that is down for a moment keeps its server and its weight", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  REQUIRE(edge.carry_out(*world, edge.shift(50), edge.key(2)).seen == Seen::Present);
  std::vector<effects::ProcessId> canaries;
  const auto read = [&] {
    canaries.clear();
    const Result<json::Node> state = json::parse(edge.directory.read("run/checkout.json"));
    for (const json::Node& one : (*state)["instances"].items) {
      if (one["set"].as_string() == "g2")
        canaries.push_back({int(one["pid"].as_int()), uint64_t(one["start_ticks"].as_int())});
    }
  };
  read();
  const std::vector<effects::ProcessId> before = canaries;
  const auto all_dead = [&] {
    return !edge.effects.processes.look(before[0]).alive && !edge.effects.processes.look(before[1]).alive;
  };
  for (const effects::ProcessId& one : before) CHECK(edge.effects.processes.stop(one, effects::Stop::Kill));
  REQUIRE(eventually(edge.effects, 5 * second_ns, all_dead));
  // Neither absent, which would set it again, nor underway, which would make every sample of a hold worthless.
  REQUIRE(eventually(edge.effects, 5 * second_ns, [&] { return edge.load(10)["1.0"] == 10; }));
  CHECK(world->observe(edge.shift(50), edge.key(2))->seen == Seen::Present);
  // But nothing is given to a version of which nothing runs.
  CHECK(!world->act(edge.shift(60), edge.key(2)));
  REQUIRE(eventually(edge.effects, 20 * second_ns, [&] {
    (void)world->tend({2});
    return edge.load(20)["1.1"] == 10;
  }));
  read();
  CHECK(canaries != before);
  CHECK(world->observe(edge.shift(50), edge.key(2))->seen == Seen::Present);
}

TEST_CASE("a share is given to the instances that answer, and to no other", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  const Result<json::Node> state = json::parse(edge.directory.read("run/checkout.json"));
  REQUIRE(state);
  for (const json::Node& one : (*state)["instances"].items) {
    const effects::ProcessId process{int(one["pid"].as_int()), uint64_t(one["start_ticks"].as_int())};
    if (one["set"].as_string() != "g2") continue;
    REQUIRE(edge.effects.processes.stop(process, effects::Stop::Kill));
    REQUIRE(eventually(edge.effects, 5 * second_ns, [&] { return !edge.effects.processes.look(process).alive; }));
    break;
  }
  // One of the canary's two is dead before it ever had traffic: the other one carries all of the share.
  REQUIRE(edge.carry_out(*world, edge.shift(50), edge.key(2)).seen == Seen::Present);
  std::map<std::string, int> split = edge.load(80);
  CHECK(split["failed"] == 0);
  CHECK(split["1.1"] == Approx(40).margin(2));
}

TEST_CASE("weights that somebody else has set are seen, and the share is set again", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  REQUIRE(edge.carry_out(*world, edge.shift(25), edge.key(2)).seen == Seen::Present);
  backend::HaproxyApi api(edge.effects.unix_socket, edge.directory.path + "/haproxy.sock", second_ns);
  const Result<backend::SlotTable> table = api.read("checkout");
  REQUIRE(table);
  // As HAProxy does when it loads the state of its servers anew: each one is there, with another weight.
  std::vector<std::string> same;
  for (const backend::Slot& slot : table->slots)
    if (slot.accepts()) same.push_back(fmt::format("set server checkout/{} weight 100", slot.name));
  REQUIRE(same.size() == 4);
  REQUIRE(api.set(same));
  const Result<exec::Observation> seen = world->observe(edge.shift(25), edge.key(2));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Absent);
  CHECK(seen->detail == "the canary gets 50%, not 25%");
  CHECK(edge.carry_out(*world, edge.shift(25), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(80)["1.1"] == Approx(20).margin(2));
}

TEST_CASE("an instance that leaves answers what it was asked before it is stopped", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  REQUIRE(edge.carry_out(*world, edge.shift(100), edge.key(2)).seen == Seen::Present);
  edge.directory.write("slow.py", fmt::format("import urllib.request as u\n"
                                              "body = u.urlopen('http://127.0.0.1:{}/slow').read().decode()\n"
                                              "open('{}/answer', 'w').write(body)\n",
                                              edge.front, edge.directory.path));
  Server client(edge.effects, {"/usr/bin/python3", edge.directory.path + "/slow.py"}, edge.directory);
  backend::HaproxyApi api(edge.effects.unix_socket, edge.directory.path + "/haproxy.sock", second_ns);
  REQUIRE(eventually(edge.effects, 5 * second_ns, [&] {
    const Result<backend::SlotTable> table = api.read("checkout");
    return table && std::any_of(table->slots.begin(), table->slots.end(),
                                [](const backend::Slot& slot) { return slot.sessions > 0; });
  }));
  // Its share is gone, its request is not: the way back must not end it half way.
  REQUIRE(world->act(edge.shift(0), edge.key(2)));
  CHECK(edge.carry_out(*world, edge.retire(), edge.key(2)).seen == Seen::Present);
  CHECK(eventually(edge.effects, 5 * second_ns, [&] { return !edge.effects.processes.look(client.process).alive; }));
  CHECK(edge.directory.read("answer") == "1.1");
}

namespace {

/// Nobody answers; what was asked is kept.
struct SilentSocket : effects::UnixSocket {
  Result<std::string> ask(const std::string&, std::string_view text, int64_t, size_t) override {
    asked += text;
    return OpError{"nobody is here"};
  }
  std::string asked;
};

}  // namespace

TEST_CASE("a section's name that could begin another command is refused before anything is asked", "[haproxy]") {
  SilentSocket socket;
  backend::HaproxyApi api(socket, "haproxy.sock", second_ns);
  for (const char* name : {"checkout;shutdown sessions", "check out", "", "checkout\n", "checkout#"}) {
    const auto table = api.read(name);
    REQUIRE(!table);
    CHECK(table.error().settled);
    CHECK(table.error().message.find("is no name of a backend section") != std::string::npos);
  }
  CHECK(socket.asked.empty());
  CHECK(!api.read("check_out.eu:1-A"));
  CHECK(!socket.asked.empty());
}

TEST_CASE("an instance that gets traffic is taken out of rotation before it is stopped",
          "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  CHECK(edge.carry_out(*world, edge.shift(50), edge.key(2)).seen == Seen::Present);
  CHECK(edge.carry_out(*world, edge.retire(), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(20)["1.0"] == 20);
}

TEST_CASE("a reload is seen at once and the share is set again", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  CHECK(edge.carry_out(*world, edge.shift(25), edge.key(2)).seen == Seen::Present);
  edge.proxy->stop();
  const Result<exec::Observation> gone = world->observe(edge.shift(25), edge.key(2));
  REQUIRE(!gone);
  CHECK(gone.error().message.find("HAProxy cannot be reached") != std::string::npos);
  edge.start();
  const Result<exec::Observation> seen = world->observe(edge.shift(25), edge.key(2));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Absent);
  CHECK(seen->detail.find("HAProxy was reloaded") != std::string::npos);
  CHECK(edge.carry_out(*world, edge.shift(25), edge.key(2)).seen == Seen::Present);
  CHECK(edge.load(400)["1.1"] == Approx(100).margin(2));
}

TEST_CASE("a slot is given back only when its requests are answered", "[haproxy]") {
  Edge edge;
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  CHECK(edge.carry_out(*world, edge.shift(100), edge.key(2)).seen == Seen::Present);
  // A request of one second is under way on the canary while its share goes to 0%.
  edge.directory.write(
      "slow.py",
      fmt::format("import urllib.request as u; u.urlopen('http://127.0.0.1:{}/slow').read()",
                  edge.front));
  Server client(edge.effects, {"/usr/bin/python3", edge.directory.path + "/slow.py"},
                edge.directory);
  backend::HaproxyApi api(edge.effects.unix_socket, edge.directory.path + "/haproxy.sock",
                          second_ns);
  REQUIRE(eventually(edge.effects, 5 * second_ns, [&] {
    const Result<backend::SlotTable> table = api.read("checkout");
    if (!table) return false;
    return std::any_of(table->slots.begin(), table->slots.end(),
                       [](const backend::Slot& slot) { return slot.sessions > 0; });
  }));
  REQUIRE(world->act(edge.shift(0), edge.key(2)));
  const Result<exec::Observation> seen = world->observe(edge.shift(0), edge.key(2));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Underway);
  CHECK(seen->detail.find("finish their requests") != std::string::npos);
  CHECK(edge.carry_out(*world, edge.shift(0), edge.key(2)).seen == Seen::Present);
}

TEST_CASE("what HAProxy cannot do is one clear sentence", "[haproxy]") {
  Edge edge(3);
  const auto world = edge.world();
  edge.install_and_deploy(*world);
  CHECK(world->act(edge.shift(5), edge.key(2))
            .error()
            .message.find("has 3 server slots, 1 too few") != std::string::npos);
  CHECK(world->act(edge.shift(0.01), edge.key(2))
            .error()
            .message.find("is not possible with 2 canary and 2 stable servers") !=
        std::string::npos);
  CHECK(edge.load(20)["1.0"] == 20);
  edge.plan.services[0].bindings[1].config[0].second = text("chekout");
  CHECK(edge.world()
            ->act(edge.shift(5), edge.key(2))
            .error()
            .message.find("no backend `chekout`, it has checkout, insiders, other") != std::string::npos);
  edge.plan.targets[1].config[0].second =
      eval::Value::of(eval::Value::Kind::Path, std::string("none.sock"));
  CHECK(edge.world()->act(edge.shift(5), edge.key(2)).error().message.find("there is no socket") !=
        std::string::npos);
}

TEST_CASE("a socket without the right to change anything says what to configure", "[haproxy]") {
  Edge edge(6, "user");
  const auto world = edge.world();
  REQUIRE(edge.carry_out(*world, edge.install("shop:1.0", 1), edge.key(1)).seen == Seen::Present);
  const Status acted = world->act(edge.shift(0), edge.key(1));
  REQUIRE(!acted);
  CHECK(acted.error().message.find("level admin") != std::string::npos);
  CHECK(acted.error().settled);
}

TEST_CASE("a static balance algorithm is quoted as HAProxy refuses it", "[haproxy]") {
  Edge edge;
  std::string config = edge.directory.read("haproxy.cfg");
  config.replace(config.find("roundrobin"), 10, "static-rr ");
  edge.directory.write("haproxy.cfg", config);
  edge.proxy->stop();
  edge.start();
  const auto world = edge.world();
  REQUIRE(edge.carry_out(*world, edge.install("shop:1.0", 1), edge.key(1)).seen == Seen::Present);
  const Status acted = world->act(edge.shift(0), edge.key(1));
  REQUIRE(!acted);
  CHECK(acted.error().message.find("static LB algorithm") != std::string::npos);
}

TEST_CASE("weights meet a share to a tenth of a percent or say what is possible", "[haproxy]") {
  for (const double percent :
       {0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 33.3, 50.0, 75.0, 90.0, 99.0, 99.5}) {
    for (const int canary : {1, 2, 4, 9}) {
      for (const int stable : {1, 2, 4, 9}) {
        const int64_t ppb = int64_t(percent * eval::percent_one);
        const Result<plan::ShareWeights> weights = plan::weights_for({{ppb, canary}, {}, stable});
        if (!weights) continue;
        int64_t ours = 0, all = 0;
        for (const int weight : weights->canary) ours += weight, all += weight;
        for (const int weight : weights->stable) all += weight;
        CAPTURE(percent, canary, stable);
        CHECK(std::abs(plan::share_of(ours, all) - ppb) <= plan::share_tolerance_ppb);
      }
    }
  }
  for (const double percent : {1.0, 5.0, 10.0, 20.0, 25.0, 33.3, 50.0}) {
    for (const int control : {1, 2, 4}) {
      const int64_t ppb = int64_t(percent * eval::percent_one);
      const int64_t beside = std::min(ppb, (eval::percent_all - ppb) / 2);
      const Result<plan::ShareWeights> weights = plan::weights_for({{ppb, 4}, {beside, control}, 4});
      CAPTURE(percent, control);
      REQUIRE(weights);
      int64_t ours = 0, theirs = 0, all = 0;
      for (const int weight : weights->canary) ours += weight, all += weight;
      for (const int weight : weights->control) theirs += weight, all += weight;
      for (const int weight : weights->stable) all += weight;
      CHECK(std::abs(plan::share_of(ours, all) - ppb) <= plan::share_tolerance_ppb);
      CHECK(std::abs(plan::share_of(theirs, all) - beside) <= plan::share_tolerance_ppb);
    }
  }
  const Result<plan::ShareWeights> one = plan::weights_for({{eval::percent_one, 4}, {}, 4});
  REQUIRE(one);
  CHECK(one->canary[0] * 99 == one->stable[0]);
  const Result<plan::ShareWeights> small = plan::weights_for({{eval::percent_one / 100, 1}, {}, 1});
  REQUIRE(!small);
  CHECK(small.error().message.find("the nearest is 0.3891%") != std::string::npos);
}

}  // namespace rollout::test
