// Plans of the examples: the same bytes each time, there and back, and nothing accepted that was changed on the way.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/plan/plan_json.h"
#include "compiler/plan/way_back.h"
#include "tests/unit/programs.h"

namespace rollout {

namespace {

/// Every rollout of the file, planned offline with its examples.
std::vector<plan::Plan> plans_of(const ProgramText& program) {
  auto compilation = compile("file.rollout", [&](const std::string& path) -> Result<std::string> {
    if (path == "file.rollout") return program.text;
    return OpError{"there is no such file"};
  });
  std::vector<plan::Plan> plans;
  for (const ir::Rollout& rollout : compilation->program->rollouts) {
    if (rollout.module + 1 != compilation->program->modules.size()) continue;
    plan::Request request;
    request.rollout = rollout.decl->name.text;
    auto made = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
    REQUIRE(made);
    plans.push_back(std::move(*made));
  }
  return plans;
}

std::vector<plan::Plan> example_plans() {
  std::vector<plan::Plan> plans;
  for (const ProgramText& program : repository_programs())
    if (program.name.find("examples/") != std::string::npos)
      for (plan::Plan& made : plans_of(program)) plans.push_back(std::move(made));
  REQUIRE(plans.size() >= 3);
  return plans;
}

const plan::Plan& graduated(const std::vector<plan::Plan>& plans) {
  for (const plan::Plan& plan : plans)
    if (plan.rollout == "release_checkout") return plan;
  FAIL("examples/graduated has a rollout release_checkout");
  return plans.front();
}

bool changes_something(const plan::Step& step) {
  // An example is planned offline: what is closed there was taken to be closed.
  bool share = step.action.name == "shift" || step.action.name == "admit";
  return step.kind == plan::StepKind::Act && !(share && step.action.sets[0].value.number == 0);
}

std::vector<std::string> way_back(const plan::Plan& plan, uint32_t step) {
  std::vector<std::string> names;
  for (uint32_t undo : plan::undo_list(plan, plan::way_back_from(plan, step))) names.push_back(plan.undo[undo].name);
  return names;
}

}  // namespace

TEST_CASE("a plan made twice has the same bytes") {
  std::vector<plan::Plan> first = example_plans(), second = example_plans();
  for (size_t i = 0; i < first.size(); ++i) CHECK(plan::to_json(first[i]) == plan::to_json(second[i]));
}

TEST_CASE("a compensable action that is called twice is taken back twice, each call by its own undo") {
  std::vector<plan::Plan> plans = plans_of({"twice", R"(import std.backend.{postgresql}
target db: postgresql { host = "127.0.0.1"  database = "shop"  user = "shop" }
database orders { migrator = db { directory = "migrations" } }
rollout release {
  orders.expand("V13__add_currency")
  orders.expand("V14__fill_currency")
  orders.expand("V13__add_currency")
}
)"});
  const plan::Plan& plan = plans.at(0);
  std::vector<uint32_t> undone = plan::undo_list(plan, plan::way_back_from(plan, uint32_t(plan.steps.size() - 1)));
  REQUIRE(undone.size() == 3);
  CHECK((undone[0] != undone[1] && undone[1] != undone[2] && undone[0] != undone[2]));
  // The last call first: what it leads back to is what was so before that call.
  CHECK(plan.undo[undone[0]].sets.at(0).value.text == "V14__fill_currency");
  CHECK(plan.undo[undone[1]].sets.at(0).value.text == "V13__add_currency");
  CHECK(plan.undo[undone[2]].sets.at(0).value.is(eval::Value::Kind::None));
}

TEST_CASE("a plan reads back to itself") {
  for (const plan::Plan& plan : example_plans()) {
    std::string bytes = plan::to_json(plan);
    Result<plan::Plan> again = plan::from_json(bytes);
    REQUIRE(again);
    CHECK(plan::to_json(*again) == bytes);
  }
}

TEST_CASE("a plan with one changed bit is refused") {
  constexpr int flips = 2000;
  std::vector<plan::Plan> plans = example_plans();
  std::string bytes = plan::to_json(graduated(plans));
  Random random(1);
  for (int i = 0; i < flips; ++i) {
    uint32_t at = random.below(uint32_t(bytes.size()));
    char bit = char(1 << random.below(8));
    bytes[at] ^= bit;
    Result<plan::Plan> read = plan::from_json(bytes);
    INFO("byte " << at << ", bit " << int(bit));
    CHECK(!read);
    if (!read) CHECK(!read.error().message.empty());
    bytes[at] ^= bit;
  }
}

TEST_CASE("a plan whose numbers no file can give is refused, whatever hash it bears") {
  std::vector<plan::Plan> plans = example_plans();
  const plan::Plan good = graduated(plans);
  REQUIRE(plan::from_json(plan::to_json(good)));
  auto refused = [&](auto edit) {
    plan::Plan edited = good;
    edit(edited);
    Result<plan::Plan> read = plan::from_json(plan::to_json(edited));
    return read ? "it was read" : read.error().message;
  };
  CHECK(refused([](plan::Plan& plan) { plan.gates.at(0).sample_ns = 0; }) ==
        "this plan is damaged: gates[0].sample_ns is 0, and can be at least 100000000");
  CHECK(refused([](plan::Plan& plan) { plan.gates.at(0).sample_ns = INT64_MIN; }).find("gates[0].sample_ns") !=
        std::string::npos);
  CHECK(refused([](plan::Plan& plan) { plan.gates.at(0).undecided.hold_ns = -1; }).find("undecided.hold_ns is -1") !=
        std::string::npos);
  CHECK(refused([](plan::Plan& plan) {
          for (plan::Step& step : plan.steps) step.hold_ns = -1;
        }).find("hold_ns is -1, and can be at least 0") != std::string::npos);
  CHECK(refused([](plan::Plan& plan) { plan.conditions.at(0).proven_ppb = 1'000'000'000; }).find("0 to 999999999") !=
        std::string::npos);
  CHECK(refused([](plan::Plan& plan) { plan.conditions.at(0).samples = 0; }).find("conditions[0].samples is 0") !=
        std::string::npos);
  CHECK(refused([](plan::Plan& plan) {
          for (plan::Step& step : plan.steps) step.action.attempts = 1'000'000;
        }).find("action.attempts is 1000000, and can be 1 to 100") != std::string::npos);
  CHECK(refused([](plan::Plan& plan) { plan.undo.at(0).within_ns = -1; }).find("undo[0].within_ns is -1") !=
        std::string::npos);
  CHECK(refused([](plan::Plan& plan) {
          for (plan::Action& undo : plan.undo)
            for (plan::Setting& setting : undo.sets) setting.value.number = -1;
        }).find("undo[0].sets[1].value is -1") != std::string::npos);
  CHECK(refused([](plan::Plan& plan) { plan.services.at(0).replicas = -1; }).find("services[0].replicas is -1") !=
        std::string::npos);
  CHECK(refused([](plan::Plan& plan) { plan.rollback.within_ns = -1; }) ==
        "this plan is damaged: rollback.within_ns is -1, and can be at least 0");
}

TEST_CASE("a plan that is not the one that was asked for is not read") {
  std::vector<plan::Plan> plans = example_plans();
  std::string bytes = plan::to_json(plans.front());
  CHECK(plan::from_json(bytes, plan::hash_of(bytes)));
  CHECK(plan::from_json("no plan", plan::hash_of(bytes)).error().message ==
        "this plan is damaged: it is not the one with the hash " + plan::hash_of(bytes));
}

TEST_CASE("a plan cut short or with something behind it is refused") {
  std::vector<plan::Plan> plans = example_plans();
  std::string bytes = plan::to_json(plans.front());
  for (size_t size = 0; size < bytes.size(); size += 97)
    CHECK(!plan::from_json(std::string_view(bytes).substr(0, size)));
  for (std::string_view more : {" ", "\n", "{}", "x"}) CHECK(!plan::from_json(bytes + std::string(more)));
}

TEST_CASE("every step that changes something carries its way back") {
  for (const plan::Plan& plan : example_plans())
    for (const plan::Step& step : plan.steps) {
      INFO(plan.rollout << ": " << step.text);
      bool for_good = step.action.reversibility == plan::Reversibility::Irreversible;
      CHECK((!changes_something(step) || for_good || !step.rollback.empty()));
    }
}

TEST_CASE("the way back is as short as it can be, traffic first") {
  std::vector<plan::Plan> plans = example_plans();
  const plan::Plan& plan = graduated(plans);
  using Names = std::vector<std::string>;
  bool promoted = false;
  int shifts = 0;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const plan::Step& step = plan.steps[i];
    if (plan::in_preflight(plan, step)) continue;
    Names names = way_back(plan, i);
    bool shift = step.kind == plan::StepKind::Act && step.action.name == "shift";
    shifts += shift;
    promoted |= step.kind == plan::StepKind::Act && step.action.name == "promote";
    INFO(step.text);
    if (promoted) CHECK(names == Names{"install", "shift", "retire"});
    else CHECK(names == (shifts ? Names{"shift", "retire"} : Names{"retire"}));
  }
  CHECK(promoted);
  CHECK(shifts == 5);
  // Five shares forward, one back: nothing is undone step by step.
  CHECK(plan.undo.size() == 3);
}

TEST_CASE("a plan made on what runs already has nothing to do") {
  for (const ProgramText& program : repository_programs()) {
    if (program.name.find("examples/graduated") == std::string::npos) continue;
    auto compilation = compile("file.rollout", [&](const std::string&) -> Result<std::string> { return program.text; });
    plan::Request request;
    request.snapshot.offline = false;
    request.snapshot.services = {
        {"checkout", eval::Value::of(eval::Value::Kind::Image, "shop/checkout:2.0.0"), 7, "target hosts"}};
    auto made = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
    REQUIRE(made);
    CHECK(made->steps.empty());
    CHECK(made->watches.empty());
    REQUIRE(made->observed.size() == 2);
    CHECK(made->observed[1].value.number == 7);
  }
}

TEST_CASE("a second first version is refused") {
  for (const ProgramText& program : repository_programs()) {
    if (program.name.find("quickstart") == std::string::npos) continue;
    auto compilation = compile("file.rollout", [&](const std::string&) -> Result<std::string> { return program.text; });
    plan::Request request;
    request.rollout = "install";
    request.snapshot.offline = false;
    request.snapshot.services = {
        {"checkout", eval::Value::of(eval::Value::Kind::Image, "shop:0.9"), 1, "target hosts"}};
    CHECK(!plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics));
    REQUIRE(!compilation->diagnostics.empty());
    const Diagnostic& said = *compilation->diagnostics.sorted().front();
    CHECK(said.name == "already-runs");
    CHECK(said.message == "`checkout` runs shop:0.9 already");
  }
}

namespace {

constexpr const char* two_services = R"(import std.backend.{local, haproxy, prometheus}

target hosts: local { directory = "run" }
target edge: haproxy { socket = "run/haproxy.sock" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }

service cart {
  workload = hosts { command = ["bin/cart"]  ready = http("/")  replicas = 2  ports_from = 8100 }
  router   = edge { backend = "cart" }
  signal error_rate: Percent = prom.ratio("errors_total", of: "requests_total", by: "track")
}
service shop {
  workload = hosts { command = ["bin/shop"]  ready = http("/")  replicas = 2  ports_from = 8200 }
  router   = edge { backend = "shop" }
  signal error_rate: Percent = prom.ratio("errors_total", of: "requests_total", by: "track")
}
gate calm(s: Service) {
  sample every 15s
  require s.canary.error_rate < 1%
}
gate calmer(s: Service, than: Service) {
  sample every 15s
  require s.canary.error_rate < than.canary.error_rate + 1%
}
)";

/// The steps of `rollout release { body }` where cart:1 and shop:1 run, or the name of what is wrong with it.
std::string steps_of(const std::string& body) {
  std::string text = std::string(two_services) + "rollout release {\n" + body + "}\n";
  auto compilation = compile("file.rollout", [&](const std::string&) -> Result<std::string> { return text; });
  REQUIRE(compilation->program);
  plan::Request request;
  request.snapshot.offline = false;
  for (const char* name : {"cart", "shop"})
    request.snapshot.services.push_back(
        {name, eval::Value::of(eval::Value::Kind::Image, std::string(name) + ":1"), 1, "target hosts"});
  auto made = plan::make_plan(*compilation->program, request, compilation->sources, compilation->diagnostics);
  if (!made) return std::string(compilation->diagnostics.sorted().front()->name);
  std::string steps;
  for (const plan::Step& step : made->steps) steps += (steps.empty() ? "" : "; ") + step.text;
  return steps;
}

}  // namespace

TEST_CASE("what a service runs already is left out with all that follows for it") {
  CHECK(steps_of("cart.deploy(\"cart:1\") cart.shift(5%) hold 1m judged by calm(cart) cart.shift(100%) cart.promote()")
            .empty());
  CHECK(steps_of("cart.deploy(\"cart:1\") hold 1m").empty());
  CHECK(steps_of("cart.deploy(\"cart:1\") shop.deploy(\"shop:2\") cart.shift(5%) shop.shift(5%)\n"
                 "hold 1m judged by calm(cart)\nhold 2m judged by calm(cart), calm(shop)\nhold 3m") ==
        "deploy shop shop:2; shift shop to 5%; hold 2m judged by calm(shop); hold 3m");
}

TEST_CASE("a gate that also reads a service which changes is kept") {
  CHECK(steps_of("cart.deploy(\"cart:1\") shop.deploy(\"shop:2\") shop.shift(5%)\n"
                 "hold 1m judged by calmer(shop, cart)") ==
        "deploy shop shop:2; shift shop to 5%; hold 1m judged by calmer(shop, cart)");
}

TEST_CASE("a service that was left out is planned again when another version comes") {
  CHECK(steps_of("cart.deploy(\"cart:1\") cart.shift(5%) cart.deploy(\"cart:2\") cart.shift(10%)") ==
        "deploy cart cart:2; shift cart to 10%");
}

TEST_CASE("a version that has traffic is neither stopped nor exchanged; one without may go") {
  CHECK(steps_of("cart.deploy(\"cart:2\") cart.shift(5%) cart.retire()") == "still-has-traffic");
  CHECK(steps_of("cart.deploy(\"cart:2\") cart.shift(5%) cart.deploy(\"cart:3\")") == "still-has-traffic");
  CHECK(steps_of("cart.deploy(\"cart:2\") cart.shift(5%) cart.shift(0%) cart.retire()") ==
        "deploy cart cart:2; shift cart to 5%; shift cart to 0%; retire cart");
}

TEST_CASE("a hundred thousand phases are planned") {
  std::string text = std::string(two_services) + "rollout release {\n  cart.deploy(\"cart:2\")\n";
  for (int i = 0; i < 100'000; ++i)
    text += "  phase p" + std::to_string(i) + " { cart.shift(5%)  hold 1m judged by calm(cart) }\n";
  text += "}\n";
  auto compilation = compile("file.rollout", [&](const std::string&) -> Result<std::string> { return text; });
  auto made = plan::make_plan(*compilation->program, {}, compilation->sources, compilation->diagnostics);
  REQUIRE(made);
  CHECK(made->phases.size() == 100'000);
  CHECK(made->steps.size() == 200'001);
  CHECK(made->undo.size() == 2);
}

}  // namespace rollout
