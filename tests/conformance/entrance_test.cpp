#include <catch2/catch.hpp>

#include <map>

#include <fmt/format.h>

#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Seen;

namespace {

/// A real HAProxy in front of two places, each of which is one server that says its name.
struct Front {
  Front() : effects(real.all()), ports(free_ports(3)) {
    for (int i = 0; i < 2; ++i) places.push_back(serve(ports + 1 + i));
    directory.write("haproxy.cfg", fmt::format(R"(global
    stats socket unix@{0}/haproxy.sock mode 600 level admin
    maxconn 200
defaults
    mode http
    timeout connect 1s
    timeout client 20s
    timeout server 20s
frontend f
    bind 127.0.0.1:{1}
    default_backend shop
backend shop
    balance roundrobin
    option httpchk GET /healthz
    server malmo 127.0.0.1:{2} weight 100 check inter 100ms fall 2 rise 1
    server turku 127.0.0.1:{3} weight 0 check inter 100ms fall 2 rise 1
)",
                                               directory.path, ports, ports + 1, ports + 2));
    proxy = std::make_unique<Server>(
        effects, std::vector<std::string>{"/usr/sbin/haproxy", "-db", "-f", directory.path + "/haproxy.cfg"},
        directory);
    REQUIRE(eventually(effects, 10 * second_ns, [&] { return load(1)["failed"] == 0; }));
    plan.targets = {{"front",
                     "haproxy_entrance",
                     {{"socket", test::text("haproxy.sock")},
                      {"directory", test::text("state")},
                      {"timeout", eval::Value::of(eval::Value::Kind::Duration, second_ns)}}}};
    for (const char* place : {"malmo", "turku"}) {
      plan::Service open;
      open.name = "open";
      open.place = place;
      open.subject = plan::Subject::Flag;
      open.bindings = {{"Entrance",
                        0,
                        {{"backend", test::text("shop")},
                         {"server", test::text(place)},
                         {"weight", eval::Value::of(eval::Value::Kind::Int, int64_t{100})}}}};
      plan.services.push_back(open);
    }
  }

  std::unique_ptr<Server> serve(int port) {
    return std::make_unique<Server>(
        effects,
        std::vector<std::string>{SERVICE_PROGRAM, "--port", std::to_string(port), "--version", std::to_string(port)},
        directory);
  }
  std::map<std::string, int> load(int count) {
    std::map<std::string, int> answers;
    for (int i = 0; i < count; ++i) {
      effects::HttpRequest request;
      request.url = fmt::format("http://127.0.0.1:{}/", ports);
      const Result<effects::HttpResponse> answer = effects.http.send(request);
      ++answers[answer && answer->status == 200 ? answer->body : "failed"];
    }
    return answers;
  }
  int at(uint32_t place, int count = 40) { return load(count)[std::to_string(ports + 1 + int(place))]; }
  std::unique_ptr<backend::LiveWorld> world() {
    auto made = backend::LiveWorld::open(plan, directory.path, effects);
    REQUIRE(made);
    return std::move(*made);
  }
  plan::Action admit(uint32_t place, double percent) const {
    plan::Action action;
    action.capability = "Entrance";
    action.name = "admit";
    action.service = place;
    action.target = 0;
    action.sets = {{plan::Variable::Flag, plan::Role::All, share(percent)}};
    return action;
  }
  exec::EffectKey key(int64_t generation) const { return {"run", generation, 0, false, 1}; }
  void set(uint32_t place, double percent, int64_t generation = 1) {
    auto here = world();
    REQUIRE(here->act(admit(place, percent), key(generation)));
    auto seen = here->observe(admit(place, percent), key(generation));
    REQUIRE(seen);
    INFO(seen->detail);
    CHECK(seen->seen == Seen::Present);
  }

  TempDir directory;
  effects::RealEffects real{nullptr};
  effects::Effects effects;
  plan::Plan plan;
  int ports;
  std::vector<std::unique_ptr<Server>> places;
  std::unique_ptr<Server> proxy;
};

}  // namespace

TEST_CASE("entrance: what one place does not take the others get, and it comes back", "[entrance]") {
  Front front;
  auto state = front.world()->observe_service(1);
  REQUIRE(state);
  CHECK(state->generation == 0);
  CHECK(state->state == share(0));
  CHECK(front.at(0) == 40);
  front.set(1, 100);
  CHECK(front.at(0) == 20);
  front.set(0, 0);
  CHECK(front.at(1) == 40);
  front.set(0, 25);
  CHECK(front.at(0) == 8);
  state = front.world()->observe_service(0);
  REQUIRE(state);
  CHECK(state->generation == 1);
  CHECK(state->state == share(25));
}

TEST_CASE("entrance: a place that is gone is closed, and one that is down does not open", "[entrance]") {
  Front front;
  front.places[0].reset();
  front.set(1, 100);
  front.set(0, 0);
  CHECK(eventually(front.effects, 5 * second_ns, [&] { return front.at(1, 10) == 10; }));
  auto world = front.world();
  REQUIRE(world->act(front.admit(0, 50), front.key(1)));
  exec::Observation last;
  CHECK(eventually(front.effects, 5 * second_ns, [&] {
    auto seen = world->observe(front.admit(0, 50), front.key(1));
    if (seen) last = *seen;
    return last.seen == Seen::Underway;
  }));
  CHECK(last.detail.find("finds shop/malmo down") != std::string::npos);
}

TEST_CASE("entrance: an earlier run changes nothing behind a later one", "[entrance]") {
  Front front;
  front.set(0, 50, 3);
  Status late = front.world()->act(front.admit(0, 0), front.key(2));
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK(late.error().message.find("changed by a later run (generation 3, this is 2)") != std::string::npos);
  auto state = front.world()->observe_service(0);
  REQUIRE(state);
  CHECK(state->state == share(50));
}

TEST_CASE("entrance: what is not there is named, with what is", "[entrance]") {
  Front front;
  front.plan.services[0].bindings[0].config[1].second = test::text("lund");
  auto state = front.world()->observe_service(0);
  REQUIRE(!state);
  CHECK(state.error().settled);
  CHECK(state.error().message.find("has no server `lund` for open[malmo], it has malmo, turku") != std::string::npos);
}

}  // namespace rollout::test
