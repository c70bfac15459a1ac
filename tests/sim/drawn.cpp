#include "tests/sim/drawn.h"

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/proofs.h"
#include "runtime/sim/random.h"

namespace rollout::sim_test {

namespace {

constexpr std::string_view shop = R"(
import std.backend.{{local, prometheus}}
import std.capability.traffic_router.{{TrafficRouter}}

capability Migrator {{
  binding migrator of database
  compensable action expand(d: Database, migration: String) {{ sets schema(d) = migration }}
}}
backend sql implements Migrator {{ config host: String  action expand {{ within 30s  attempts 2  idempotent }} }}
backend mesh implements TrafficRouter {{
  config url: Url
  binding name: String
  action shift {{ within 10s  attempts 3  idempotent }}
  action mirror {{ within 10s  attempts 3  idempotent }}
  action route {{ within 10s  attempts 3  idempotent }}
  action unroute {{ within 10s  attempts 3  idempotent }}
}}

target hosts: local {{ directory = "run/shop"  quota = {quota} }}
target edge: mesh {{ url = "http://127.0.0.1:15000" }}
target db: sql {{ host = "db" }}
metrics prom: prometheus {{ url = "http://127.0.0.1:9090" }}
database orders {{ migrator = db }}

service search {{
  workload = hosts {{ command = ["bin/search"]  ready = http("/healthz")  replicas = 2  ports_from = 8200 }}
  router = edge {{ name = "search" }}
  traffic = 120/s
  signal error_rate: Percent = prom.ratio("search_errors_total", of: "search_requests_total", by: "track")
  {search}
}}
service checkout {{
  workload = hosts {{ command = ["bin/shop"]  ready = http("/healthz")  replicas = 4  ports_from = 8100 }}
  router = edge {{ name = "checkout" }}
  traffic = 200/s
  signal error_rate: Percent = prom.ratio("shop_errors_total", of: "shop_requests_total", by: "track")
  {checkout}
}}
gate steady(s: Service) {{
  sample every 5s
  require s.error_rate < 4%
}}
gate usable(s: Service) {{
  sample every 5s
  require s.canary.error_rate < 3%
}}

rollout release {{
{body}
}}
)";

class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed * 104'729 + 7) {}

  std::string program() {
    std::string front = service("checkout", "shop:2.0.0", 4), back = service("search", "search:5.0.0", 2);
    std::string body;
    bool migrates = chance(0.5), before = chance(0.6);
    constexpr std::string_view migration = "  orders.expand(\"V13__add_currency\")\n";
    if (migrates && before) body += migration;
    if (chance(0.4))
      body += fmt::format("  parallel {{\n  phase a {{\n{}  }}\n  phase b {{\n{}  }}\n  }}\n", front, back);
    else body += chance(0.5) ? front + back : back + front;
    if (migrates && !before) body += migration;
    body += "  rollback { within 10m }\n";
    return fmt::format(shop, fmt::arg("quota", 8 + random_.below(12)), fmt::arg("search", of_search()),
                       fmt::arg("checkout", of_checkout()), fmt::arg("body", body));
  }

 private:
  bool chance(double of) { return random_.chance(of); }

  /// What a release of one service does: everything, or parts of it.
  std::string service(std::string_view name, std::string_view image, int replicas) {
    std::string out;
    auto add = [&](const std::string& line) { out += fmt::format("    {}.{}\n", name, line); };
    auto hold = [&](std::string_view gate) { out += fmt::format("    hold 20s judged by {}({})\n", gate, name); };
    if (chance(0.3)) add(fmt::format("scale({})", replicas + random_.below(4)));
    if (chance(0.15)) return add("restart()"), hold("steady"), out;
    add(fmt::format("deploy(\"{}\")", image));
    if (chance(0.4)) add("mirror(50%)"), hold("usable"), add("mirror(0%)");
    if (chance(0.4)) {
      add("route([\"staff\"], at_most: 2%)");
      if (chance(0.6)) hold("usable");
      add("unroute()");
    }
    if (chance(0.7)) add(fmt::format("shift({}%)", 5 + random_.below(40))), hold("usable");
    if (chance(0.4)) add(fmt::format("scale_canary({})", replicas + random_.below(4)));
    add("shift(100%)");
    hold("steady");
    add("promote()");
    if (chance(0.2)) add("restart()");
    return out;
  }
  std::string of_search() { return chance(0.5) ? "compatible with >= 4.0\n  compatible with >= 1.9 of checkout" : ""; }
  std::string of_checkout() {
    std::string out;
    if (chance(0.6)) out += "compatible with schema 12..13 of orders\n  ";
    if (chance(0.5)) out += "compatible with >= 1.8\n  ";
    if (chance(0.5)) out += fmt::format("compatible with >= {} of search", chance(0.7) ? "4.1" : "5.0");
    return out;
  }

  sim::Random random_;
};

/// `scaled`: some release before this one has given search more instances.
plan::Snapshot looked_at(bool scaled) {
  auto text = [](eval::Value::Kind kind, const char* value) { return eval::Value::of(kind, std::string(value)); };
  plan::Snapshot snapshot;
  snapshot.offline = false;
  snapshot.services = {{"checkout", text(eval::Value::Kind::Image, "shop:1.9.0"), 1, "target hosts"},
                       {"search", text(eval::Value::Kind::Image, "search:4.1.0"), 1, "target hosts"},
                       {"orders", {}, 1, "target db", "", text(eval::Value::Kind::String, "V12__first")}};
  if (scaled) snapshot.services[1].instances = 4;
  return snapshot;
}

}  // namespace

std::string drawn_program(uint64_t seed) { return Draw(seed).program(); }

std::optional<plan::Plan> drawn_plan(uint64_t seed) {
  std::string source = drawn_program(seed);
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  if (compiled->diagnostics.has_errors()) return std::nullopt;
  plan::Request request;
  request.snapshot = looked_at(seed % 3 == 0);
  std::optional<plan::Plan> plan =
      plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  if (plan) plan->facts = verify::prove(*plan).facts;
  return plan;
}

}  // namespace rollout::sim_test
