// Plans of a release with all that guards it, in which somebody has altered one thing that would do harm, wherever it
// stands, and has proven and hashed them anew: none of them is simulated or carried out.
#include <fstream>
#include <functional>
#include <iterator>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "compiler/verify/proofs.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

using eval::Value;
using plan::Plan;

constexpr const char* program = R"(import std.backend.{local, haproxy, prometheus, flagd, webhook}

input image: Image example "shop:2.0.0"
environment production {}
target hosts: local { directory = "run/shop" }
target edge: haproxy { socket = "run/haproxy.sock" }
target flags: flagd { file = "flags.json" }
target oncall: webhook { url = "http://127.0.0.1:9099/hook"  token = secret("ONCALL_TOKEN") }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }
team sre { members = ["anna", "ben", "carla"]  notify = oncall }
flag beta { store = flags { key = "beta" } }
lock schema
service cart {
  workload = hosts { command = ["bin/cart"]  ready = http("/healthz")  replicas = 4  ports_from = 8100 }
  router   = edge { backend = "cart" }
  traffic  = 400/s
  signal error_rate: Percent = prom.ratio("errors_total", of: "requests_total", by: "track")
}
service shop {
  workload = hosts { command = ["bin/shop"]  ready = http("/healthz")  replicas = 4  ports_from = 8200 }
  router   = edge { backend = "shop" }
  traffic  = 400/s
  signal error_rate: Percent = prom.ratio("errors_total", of: "requests_total", by: "track")
}
gate healthy(s: Service) {
  sample every 15s
  minimum 100 requests
  harm +2% of s.canary.error_rate
  reject when s.canary.error_rate > s.stable.error_rate + 0.5% proven 99%
  require s.canary.error_rate <= 5%
  on no_data { hold 5m then ask 2 of sre { timeout 1h } }
}
gate steady(s: Service) { sample every 15s  require s.unhealthy < 50% }
policy asked { for every rollout r { require approval before promote on every path } }
rollout release {
  budget exposure <= 1h
  on newer run queue within 30m
  lock schema within 20m {
    cart.deploy(image)
    phase first { cart.shift(10%)  hold 10m judged by healthy(cart) }
    shop.deploy(image)
    phase second { shop.shift(10%)  hold 10m judged by healthy(shop) }
  }
  approve by 2 of sre { timeout 2h  on timeout rollback }
  parallel {
    cart.shift(100%)
    shop.shift(100%)
  }
  notify sre "all of it"
  hold 5m judged by steady(cart)
  parallel { cart.promote()  shop.promote() }
  rollback when cart.unhealthy > 10% held 30s
  rollback { within 5m }
  on rollback { beta.ramp(0%)  notify sre "gone back" }
}
)";

plan::Step& step_of(Plan& plan, std::string_view text) {
  auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                            [&](const plan::Step& step) { return step.text.starts_with(text); });
  REQUIRE(found != plan.steps.end());
  return *found;
}
plan::Target& target_of(Plan& plan, std::string_view name) {
  auto found = std::find_if(plan.targets.begin(), plan.targets.end(),
                            [&](const plan::Target& target) { return target.name == name; });
  REQUIRE(found != plan.targets.end());
  return *found;
}
plan::Approval& asked_of(Plan& plan) { return plan.approvals.at(step_of(plan, "approve").approval); }
/// In all places where it stands.
void raise_share(Plan& plan) {
  plan::Step& step = step_of(plan, "shift cart to 10%");
  for (auto& [name, value] : step.action.args) value.number = 6 * value.number;
  for (plan::Setting& set : step.action.sets) set.value.number = 6 * set.value.number;
  step.text = step.action.text = "shift cart to 60%";
}
void take_as_checkpoint(plan::Step& step) {
  step.kind = plan::StepKind::Checkpoint;
  step.text = "checkpoint \"x\"";
  step.lock = plan::none;
}

struct Alteration {
  const char* what;
  std::function<void(Plan&)> alter;
};

void lower_quorum(Plan& plan) {
  asked_of(plan).quorum = 1;
  step_of(plan, "approve").text = "approve by " + plan::approval_text(asked_of(plan));
}
void send_another_secret(Plan& plan) {
  for (auto& [name, value] : target_of(plan, "oncall").config)
    if (value.is(Value::Kind::Secret)) value.text = "AWS_SECRET_KEY";
}
void drop_gate(Plan& plan) {
  plan::Step& hold = step_of(plan, "hold 10m");
  hold.gates.clear(), hold.text = "hold 10m";
}
void drop_lock(Plan& plan) {
  take_as_checkpoint(step_of(plan, "lock")), take_as_checkpoint(step_of(plan, "unlock"));
  plan.locks.clear();
}
void exchange_services(Plan& plan) {
  std::swap(plan.steps.at(1), plan.steps.at(4));
  std::swap(plan.steps.at(1).after, plan.steps.at(4).after);
}
std::vector<uint32_t>& back_of(Plan& plan) { return step_of(plan, "shift cart to 10%").rollback; }

const std::vector<Alteration> of_ways_back = {
    {"another version comes back",
     [](Plan& p) { p.undo.at(4).sets.at(0).value = Value::of(Value::Kind::Image, std::string("x:1")); }},
    {"an undo action is left out", [](Plan& p) { back_of(p).erase(back_of(p).begin()); }},
    {"instances go before their traffic", [](Plan& p) { std::swap(back_of(p).at(0), back_of(p).at(1)); }},
    {"a rollback has more time", [](Plan& p) { p.rollback.within_ns *= 10; }},
    {"a hook is for aborts alone", [](Plan& p) { p.hooks.at(0).on_abort = true; }},
    {"a hook does nothing", [](Plan& p) { p.hooks.at(0).actions.clear(); }},
    {"a hook tells something else", [](Plan& p) { p.hooks.at(0).notes.at(0).text = "all is well"; }},
    {"there are no hooks", [](Plan& p) { p.hooks.clear(); }},
};
const std::vector<Alteration> of_guards = {
    {"a hold has no gate", [](Plan& p) { step_of(p, "hold 10m").gates.clear(); }},
    {"a hold has no gate, and does not say so", drop_gate},
    {"a hold is shorter", [](Plan& p) { step_of(p, "hold 10m").hold_ns = eval::ns_per_s; }},
    {"a gate passes unproven", [](Plan& p) { p.gates.at(0).no_data = {0, plan::Fallback::PassUnproven}; }},
    {"a gate asks where it failed", [](Plan& p) { p.gates.at(0).fail = {0, plan::Fallback::Ask, 0}; }},
    {"a gate needs no requests", [](Plan& p) { p.gates.at(0).minimum_requests = 0; }},
    {"a gate looks seldom", [](Plan& p) { p.gates.at(0).sample_ns *= 4; }},
    {"a gate has one condition less", [](Plan& p) { p.gates.at(0).conditions.pop_back(); }},
    {"a condition has another number", [](Plan& p) { p.conditions.at(0).offset *= 10; }},
    {"a condition compares otherwise", [](Plan& p) { p.conditions.at(1).comparison = plan::Comparison::GreaterEqual; }},
    {"a condition rejects", [](Plan& p) { p.conditions.at(1).kind = plan::ConditionKind::Reject; }},
    {"a condition is less sure", [](Plan& p) { p.conditions.at(0).proven_ppb /= 2; }},
    {"a condition is of the stable version", [](Plan& p) { p.conditions.at(1).left.role = plan::Role::Stable; }},
    {"there is no watch", [](Plan& p) { p.watches.clear(); }},
    {"a watch waits", [](Plan& p) { p.watches.at(0).held_ns *= 100; }},
    {"a watch ends early", [](Plan& p) { p.watches.at(0).last_step = 1; }},
    {"the budget is larger", [](Plan& p) { *p.budget_exposure_ns *= 24; }},
    {"there is no budget", [](Plan& p) { p.budget_exposure_ns.reset(); }},
    {"one is enough", [](Plan& p) { asked_of(p).quorum = 1; }},
    {"one is enough and is asked for", lower_quorum},
    {"somebody else may approve", [](Plan& p) { asked_of(p).members.push_back("eve"); }},
    {"silence parks", [](Plan& p) { asked_of(p).on_timeout = plan::Unapproved::Park; }},
    {"no order is asked for", [](Plan& p) { p.order_rules.clear(); }},
    {"the order is of another step", [](Plan& p) { p.order_rules.at(0).then = {14}; }},
    {"the order comes after another step", [](Plan& p) { p.order_rules.at(0).first = {1}; }},
};
const std::vector<Alteration> of_the_world = {
    {"a share is larger", raise_share},
    {"services come in another order", exchange_services},
    {"a step does not wait", [](Plan& p) { step_of(p, "shift cart to 100%").after = {0}; }},
    {"there is no lock", drop_lock},
    {"it is another lock", [](Plan& p) { p.locks.at(0).name = "production/no_schema"; }},
    {"it is another environment", [](Plan& p) { p.environment = "staging"; }},
    {"a router is somewhere else", [](Plan& p) { target_of(p, "edge").config.at(0).second.text = "/run/x.sock"; }},
    {"a service starts something else",
     [](Plan& p) { p.services.at(0).bindings.at(0).config.at(0).second.items.at(0).text = "bin/other"; }},
    {"another backend does it", [](Plan& p) { target_of(p, "hosts").backend = "ssh"; }},
    {"another secret is sent", send_another_secret},
    {"messages go elsewhere", [](Plan& p) { p.channels.at(0).target = 0; }},
    {"nobody is told", [](Plan& p) { asked_of(p).channel = plan::none; }},
    {"an action has more time", [](Plan& p) { step_of(p, "deploy cart").action.within_ns *= 100; }},
    {"an action is tried more often", [](Plan& p) { step_of(p, "deploy cart").action.attempts = 9; }},
    {"another router is told", [](Plan& p) { step_of(p, "shift cart").action.target = 0; }},
    {"a newer run replaces it", [](Plan& p) { p.newer.then = plan::OnNewer::Replace; }},
    {"it is for review no more", [](Plan& p) { p.offline = false; }},
    {"it names no files", [](Plan& p) { p.sources.clear(); }},
    {"it names no files and declares nothing", [](Plan& p) { p.sources.clear(), p.declared.clear(); }},
    {"it declares nothing", [](Plan& p) { p.declared.clear(); }},
};

}  // namespace

TEST_CASE("no plan with something altered that would do harm is simulated or carried out") {
  Terminal shop(program);
  REQUIRE(shop.type({"plan", "release.rollout", "--env", "production", "--offline", "--out", "good.plan"}) == 0);
  CHECK(shop.type({"verify", "good.plan"}) == 0);
  std::ifstream in(shop.directory() / "good.plan");
  const Plan good = *plan::from_json(std::string{std::istreambuf_iterator<char>(in), {}});
  int refused = 0;
  for (const std::vector<Alteration>* list : {&of_ways_back, &of_guards, &of_the_world})
    for (const Alteration& one : *list) {
      INFO(one.what);
      Plan plan = good;
      one.alter(plan);
      plan.facts = verify::prove(plan).facts;
      REQUIRE(plan::to_json(plan) != plan::to_json(good));
      std::ofstream(shop.directory() / "x.plan") << plan::to_json(plan);
      CHECK(shop.type({"verify", "x.plan"}) != 0);
      for (const std::vector<std::string>& words :
           {std::vector<std::string>{"simulate", "x.plan"}, {"apply", "x.plan", "--yes"}}) {
        int code = shop.type(words);
        CHECK(code == 7);
        says(shop, "`x.plan` is no plan to be used: ");
        refused += code == 7;
      }
    }
  CHECK(shop.store().list()->empty());
  WARN(fmt::format("{} plans are refused, each by simulate and by apply", refused / 2));
}

}  // namespace rollout::cli_test
