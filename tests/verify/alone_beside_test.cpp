// What versions live beside where a part may go back alone: in random worlds no run leaves the states that were proven,
// and the state that is new to them is met if and only if the others go on.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/proofs.h"
#include "tests/sim/run.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

using plan::Plan;

constexpr std::string_view market = R"(
import std.backend.{{local}}
capability Migrator {{
  binding migrator of database
  compensable action expand(d: Database, migration: String) {{ sets schema(d) = migration }}
}}
backend sql implements Migrator {{ config host: String  action expand {{ within 1m  attempts 2  idempotent }} }}
target hosts: local {{ directory = "run/shop" }}
target db: sql {{ host = "db" }}
database orders {{ migrator = db }}
service checkout {{
  workload = hosts {{ command = ["bin/shop"]  ready = http("/healthz")  replicas = 4  ports_from = 8100 }}
  compatible with schema 12..14
}}
service search {{
  workload = hosts {{ command = ["bin/search"]  ready = http("/healthz")  replicas = 2  ports_from = 8200 }}
}}
rollout release {{
  parallel {{
    phase shop {{ checkout.deploy("shop:3.0.0")  hold 2m  checkout.promote() }}
    phase find {{ search.deploy("search:4.2.0")  hold 1m  search.promote() }}
    {}
  }}
  orders.expand("V14__drop_price_text")
}}
)";

Plan plan_of(std::string_view rule) {
  std::string source = fmt::format(market, rule);
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  REQUIRE(!compiled->diagnostics.has_errors());
  plan::Request request;
  plan::ObservedService shop, schema;
  shop.service = "checkout", shop.source = "the test";
  shop.stable = eval::Value::of(eval::Value::Kind::Image, std::string("shop:2.0.0"));
  schema.service = "orders", schema.source = "the test";
  schema.state = eval::Value::of(eval::Value::Kind::String, std::string("V13__add_currency"));
  request.snapshot.services = {shop, schema};
  auto plan = plan::make_plan(*compiled->program, request, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  plan->facts = prove(*plan).facts;
  return std::move(*plan);
}

/// Whether it is proven that version 2 may meet the last schema.
bool says_so(const Plan& plan) {
  for (const plan::BesideFacts& one : plan.facts->beside)
    if (plan.beside[one.beside].image == "shop:2.0.0")
      for (const std::string& other : one.meets)
        if (other == "V14__drop_price_text") return true;
  return false;
}

/// Plan::facts without it: a run that comes there breaks I18.
Plan denied(Plan plan) {
  for (plan::BesideFacts& one : plan.facts->beside)
    if (plan.beside[one.beside].image == "shop:2.0.0") std::erase(one.meets, "V14__drop_price_text");
  return plan;
}

}  // namespace

TEST_CASE("a version that comes back alone is beside what comes then only where the others go on") {
  constexpr uint64_t worlds = 300;
  for (const char* rule : {"", "on failure rollback", "on failure stop", "on failure continue at most 1 failure"}) {
    INFO(rule);
    Plan plan = plan_of(rule), without = denied(plan);
    bool goes_on = std::string_view(rule).find("continue") != std::string_view::npos ||
                   std::string_view(rule).find("stop") != std::string_view::npos;
    CHECK(says_so(plan) == goes_on);
    int met = 0;
    for (uint64_t seed = 1; seed <= worlds; ++seed) {
      INFO("seed " << seed);
      sim::Scenario world = sim_test::random_world(plan, seed, {200 * sim_test::second, 300});
      sim_test::run(plan, world);  // which checks that every invariant holds
      if (!goes_on) continue;
      std::vector<std::string> violations = sim::texts_of(sim::run_simulation(without, world).violations);
      met += std::any_of(violations.begin(), violations.end(),
                         [](const std::string& one) { return one.find("shop:2.0.0") != std::string::npos; });
    }
    WARN(fmt::format("`{}`: {} worlds, {} of them come there", rule, worlds, met));
    if (std::string_view(rule).find("continue") != std::string_view::npos) CHECK(met > 0);
  }
}

}  // namespace rollout::verify
