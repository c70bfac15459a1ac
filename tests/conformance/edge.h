// A service with a real HAProxy in front of it, for the tests of the router and of what works together with it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/conformance/rig.h"

namespace rollout::test {

/// The rig with a real HAProxy in front of the service.
struct Edge : Rig {
  explicit Edge(int slots = 6, const std::string& level = "admin") : front(free_ports()) {
    plan.services[0].bindings.push_back({"TrafficRouter",
                                         1,
                                         {{"backend", text("checkout")},
                                          {"routed", text("insiders")},
                                          {"cohorts", text(directory.path + "/cohorts.map")}}});
    directory.write("cohorts.map", "");
    directory.write("haproxy.cfg", fmt::format(R"(global
    stats socket unix@{0}/haproxy.sock mode 600 level {3}
    maxconn 200
defaults
    mode http
    timeout connect 1s
    timeout client 20s
    timeout server 20s
frontend f
    bind 127.0.0.1:{1}
    http-request set-var(txn.to) req.hdr(x-cohort),map_str({0}/cohorts.map)
    use_backend %[var(txn.to)] if {{ var(txn.to) -m found }}
    default_backend checkout
backend checkout
    balance roundrobin
    option httpchk GET /healthz
    server-template shop {2} 127.0.0.1:1 check inter 500ms fall 2 rise 1 disabled
backend insiders
    balance roundrobin
    option httpchk GET /healthz
    server-template insider {2} 127.0.0.1:1 check inter 500ms fall 2 rise 1 disabled
backend other
    server x 127.0.0.1:9
)",
                                               directory.path, front, slots, level));
    start();
  }
  void start() {
    proxy = std::make_unique<Server>(
        effects,
        std::vector<std::string>{"/usr/sbin/haproxy", "-db", "-f", directory.path + "/haproxy.cfg"},
        directory);
    REQUIRE(eventually(effects, 10 * second_ns, [&] { return bool(ask("show info")); }));
  }
  Result<std::string> ask(const std::string& line) {
    return effects.unix_socket.ask(directory.path + "/haproxy.sock", line, second_ns, 1 << 20);
  }
  std::map<std::string, int> load(int count, const std::string& cohort = "") {
    std::map<std::string, int> answers;
    for (int i = 0; i < count; ++i) {
      effects::HttpRequest request;
      request.url = fmt::format("http://127.0.0.1:{}/", front);
      if (!cohort.empty()) request.headers.push_back({"x-cohort", cohort});
      const Result<effects::HttpResponse> answer = effects.http.send(request);
      ++answers[answer && answer->status == 200 ? answer->body : "failed"];
    }
    return answers;
  }
  void install_and_deploy(exec::World& world) {
    REQUIRE(carry_out(world, install("shop:1.0", 2), key(1)).seen == exec::Seen::Present);
    REQUIRE(carry_out(world, shift(0), key(1)).seen == exec::Seen::Present);
    REQUIRE(carry_out(world, deploy("shop:1.1", 2), key(2)).seen == exec::Seen::Present);
  }
  int front;
  std::unique_ptr<Server> proxy;
};

}  // namespace rollout::test
