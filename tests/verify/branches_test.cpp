// Exposure to harm where branches run beside each other: each under a watch of its own, or both under one, with a gate
// or people in one of them. No run exposes to more of a regression than was proven, whichever service has it.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/recheck.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using sim_test::minute;
using sim_test::second;

constexpr std::string_view shop = R"(
import std.backend.{{local, haproxy, prometheus}}
target hosts: local {{ directory = "run/shop" }}
target edge: haproxy {{ socket = "run/haproxy.sock" }}
metrics prom: prometheus {{ url = "http://127.0.0.1:9090" }}
team sre {{ members = ["anna"] }}
service front {{
  workload = hosts {{ command = ["bin/front"]  ready = http("/healthz")  replicas = 4  ports_from = 8100 }}
  router = edge {{ backend = "front" }}
  traffic = 200/s
  signal error_rate: Percent = prom.ratio("front_errors_total", of: "front_requests_total", by: "track")
}}
service search {{
  workload = hosts {{ command = ["bin/search"]  ready = http("/healthz")  replicas = 4  ports_from = 8200 }}
  router = edge {{ backend = "search" }}
  traffic = 120/s
  signal error_rate: Percent = prom.ratio("search_errors_total", of: "search_requests_total", by: "track")
}}
gate named(s: Service) {{
  sample every 15s
  harm +3% of s.canary.error_rate
  require s.canary.error_rate <= 100%
}}
gate proves(s: Service) {{
  sample every 15s
  harm +3% of s.canary.error_rate
  reject when s.canary.error_rate > s.stable.error_rate + 0.1% proven 99%
}}
rollout release {{
  parallel {{
    phase a {{
      front.deploy("front:1.1")
      front.shift(5%)
      hold 6m judged by {0}(front)
      {1}
      front.shift(50%)
      hold 4m judged by named(front)
      front.shift(100%)
      front.promote()
      {2}
    }}
    phase b {{
      search.deploy("search:1.1")
      search.shift(20%)
      hold 9m judged by {3}(search)
      search.shift(60%)
      hold 3m judged by named(search)
      search.shift(100%)
      search.promote()
      {4}
    }}
  }}
  {5}
}}
)";

Plan plan_of(const std::string& source) {
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  auto plan = plan::make_plan(*compiled->program, {}, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return std::move(*plan);
}

/// What users meet of the service from `at_ns` on, when its new version is worse by `harm_ppb` from then on.
int64_t met_from(const Plan& plan, uint32_t service, int64_t at_ns, const sim::Scenario& world, bool& taken_back) {
  sim::Scenario worse = world, healthy = world;
  for (uint32_t signal = 0; signal < plan.signals.size(); ++signal)
    if (plan.signals[signal].service == service && plan.signals[signal].name == "error_rate")
      worse.truths.push_back({signal, plan::Role::Canary,
                              {{at_ns, sim::default_error_ppb + 3.0 * double(eval::percent_one)}}});
  healthy.abort_at_ns = at_ns;
  sim::SimResult result = sim::run_simulation(plan, worse);
  taken_back = result.outcome == journal::Outcome::RolledBack;
  return result.exposure_ns[service] - sim::run_simulation(plan, healthy).exposure_ns[service];
}

}  // namespace

TEST_CASE("branches beside each other expose to no more than their looks allow") {
  constexpr std::string_view asks = "approve by sre { timeout 1h  on timeout rollback }";
  constexpr std::string_view watch =
      "rollback when {0}.canary.error_rate > {0}.stable.error_rate + 0.1% proven 99% every 5s";
  std::string front = fmt::format(watch, "front"), search = fmt::format(watch, "search");
  int64_t runs = 0, seen = 0, bounded = 0, plans = 0;
  double closest = 0;
  for (bool gates : {false, true})
    for (bool people : {false, true})
      for (bool around : {false, true}) {
        std::string own_front = around ? "" : front, own_search = around ? "" : search;
        std::string both = around ? front + "\n  " + search : "", judge = gates ? "proves" : "named";
        Plan plan = plan_of(fmt::format(shop, judge, people ? asks : "", own_front, judge, own_search, both));
        plan.facts = prove(plan).facts;
        std::vector<std::string> broken = recheck(plan);
        INFO((broken.empty() ? "" : broken[0]));
        CHECK(broken.empty());
        sim::Random random(uint64_t(++plans));
        for (const plan::ExposureFacts& one : plan.facts->exposure)
          for (int i = 0; i < 12 && one.harm_ns; ++i, ++runs) {
            bounded += i == 0 && *one.harm_ns < one.unseen_ns;
            sim::Scenario world;
            world.settle_ns = random.below(12) * second;
            world.answers = {{"anna", random.below(50 * minute), false}};
            int64_t at = 1 + random.below(20 * minute);
            bool back = false;
            int64_t met = met_from(plan, one.service, at, world, back);
            INFO(gates << people << around << " service " << one.service << " from " << at / second << " s on");
            CHECK(met <= *one.harm_ns);
            closest = std::max(closest, double(met) / double(*one.harm_ns));
            seen += back;
          }
      }
  CHECK(bounded > 0);
  WARN(fmt::format("{} runs of {} plans, {} exposures bounded by looks; {} taken back; closest {:.0f}%", runs, plans,
                   bounded, seen, 100 * closest));
}

/// What is proven of one service of the plan; nothing: no bound.
std::optional<plan::ExposureFacts> exposure_of(const Plan& plan, std::string_view service) {
  for (const plan::ExposureFacts& one : prove(plan).facts.exposure)
    if (plan.services[one.service].name == service) return one;
  return std::nullopt;
}

// The oracle of harm_test.cpp attains the bounds of a service that is alone, so this says how close they are here.
TEST_CASE("what runs beside a branch takes nothing from its bounds") {
  constexpr std::string_view asks = "approve by sre { timeout 1h  on timeout rollback }";
  constexpr std::string_view watch =
      "rollback when {0}.canary.error_rate > {0}.stable.error_rate + 0.1% proven 99% every 5s";
  int plans = 0, same = 0;
  double loosest = 1;
  for (bool gates : {false, true})
    for (bool people : {false, true})
      for (bool watched : {false, true}) {
        std::string own = watched ? fmt::format(watch, "front") : "";
        std::string beside = watched ? fmt::format(watch, "search") : "";
        std::string both = fmt::format(shop, gates ? "proves" : "named", people ? asks : "", own,
                                       gates ? "proves" : "named", beside, "");
        std::string alone = both;
        size_t from = alone.find("    phase b {"), to = alone.find("  }\n  \n}", from);
        REQUIRE(from != std::string::npos);
        REQUIRE(to != std::string::npos);
        alone.erase(from, to - from);
        auto beside_it = exposure_of(plan_of(both), "front"), by_itself = exposure_of(plan_of(alone), "front");
        REQUIRE(beside_it);
        REQUIRE(by_itself);
        INFO(gates << people << watched);
        CHECK(beside_it->unseen_ns == by_itself->unseen_ns);
        REQUIRE(beside_it->harm_ns.has_value() == by_itself->harm_ns.has_value());
        if (!by_itself->harm_ns) continue;
        ++plans;
        same += *beside_it->harm_ns == *by_itself->harm_ns;
        loosest = std::max(loosest, double(*beside_it->harm_ns) / double(*by_itself->harm_ns));
      }
  CHECK(plans > 5);
  CHECK(same == plans);
  WARN(fmt::format("{} of {} bounds of harm are those of the branch alone; the loosest is {:.2f} times that", same,
                   plans, loosest));
}

}  // namespace rollout::verify
