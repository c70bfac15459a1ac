// Plans that somebody has edited and given a hash that fits: nothing follows from one before it is checked.
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* program = R"(import std.backend.{flagd}

target flags: flagd { file = "flags.json" }
flag beta { store = flags { key = "beta" } }
rollout release {
  beta.ramp(10%)
  hold 10m
  beta.ramp(100%)
}
)";

struct Shop : Terminal {
  Shop() : Terminal(program) {
    std::ofstream(directory() / "flags.json") << R"({"flags":{"beta":{"state":"ENABLED",)"
                                                 R"("variants":{"on":true,"off":false},"defaultVariant":"off"}}})";
    REQUIRE(type({"plan", "release.rollout", "--out", "good.plan"}) == 0);
  }
  std::string read(const char* name) const {
    std::ifstream in(directory() / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void edit(const std::function<void(plan::Plan&)>& change) {
    plan::Plan plan = *plan::from_json(read("good.plan"));
    change(plan);
    std::ofstream(directory() / "x.plan") << plan::to_json(plan);
  }
  /// Neither command does anything with it, and each says `why`, where the mistake is and what to do.
  void is_refused(const std::string& why) {
    const std::string before = read("flags.json");
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"simulate", "x.plan"}, {"simulate", "x.plan", "--runs", "10"},
          {"apply", "x.plan", "--yes"}}) {
      CHECK(type(words) == 7);
      says(*this, "`x.plan` is no plan to be used: " + why);
      says(*this, "make the plan again: `rollout plan FILE --out NAME.plan`");
    }
    CHECK(read("flags.json") == before);
    CHECK(store().list()->empty());
  }
};

}  // namespace

TEST_CASE("a plan that was edited and hashed again is neither simulated nor carried out") {
  Shop shop;
  CHECK(shop.type({"simulate", "good.plan"}) == 0);
  shop.edit([](plan::Plan& plan) { plan.steps.at(2).after.clear(); });
  CHECK(shop.type({"show", "x.plan"}) == 0);
  CHECK(shop.type({"verify", "x.plan"}) == 1);
  shop.is_refused("the plan says ");
  says(shop, "(`rollout verify x.plan` shows ");
  shop.edit([](plan::Plan& plan) { plan.facts->worst_ns += 1; });
  shop.is_refused("the plan says the way forward takes ");
  shop.edit([](plan::Plan& plan) { plan.targets.at(0).config.at(0).second.text = "others.json"; });
  shop.is_refused("the plan holds `target flags: flagd {file: others.json}");
  shop.edit([](plan::Plan& plan) {
    plan.inputs.emplace_back("day", eval::Value::of(eval::Value::Kind::Weekday, 99'999'999));
  });
  shop.is_refused("the plan holds `inputs {day: {");
  shop.edit([](plan::Plan& plan) { plan.sources.clear(); });
  shop.is_refused("it names no file that it was made of");
  shop.edit([](plan::Plan& plan) { plan.steps.at(1).hold_ns = -1; });
  shop.is_refused("this plan is damaged: steps[1].hold_ns is -1, and can be at least 0");
  CHECK(shop.type({"apply", "good.plan", "--yes"}) == 0);
}

TEST_CASE("a plan of which nothing was proven is shown, and not carried out") {
  Shop shop;
  shop.edit([](plan::Plan& plan) { plan.facts.reset(); });
  CHECK(shop.type({"show", "x.plan"}) == 0);
  shop.is_refused("it holds no facts");
}

}  // namespace rollout::cli_test
