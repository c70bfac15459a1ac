// compiler/judge against an independent implementation: every entry of tests/data/gate_vectors.json.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "compiler/base/json.h"
#include "compiler/judge/evidence.h"
#include "compiler/judge/label_form.h"
#include "compiler/judge/power.h"
#include "compiler/judge/projection.h"

namespace rollout::judge {

namespace {

constexpr double relative = 1e-10;

json::Node vectors() {
  std::ifstream file(ROLLOUT_TEST_DATA "/gate_vectors.json");
  std::stringstream text;
  text << file.rdbuf();
  Result<json::Node> node = json::parse(text.str());
  REQUIRE(node);
  return *node;
}

Block block_of(const json::Node& entry) {
  return {entry["nc"].as_int(), entry["xc"].as_int(), entry["nb"].as_int(), entry["xb"].as_int()};
}

void check_near(double found, double expected, double absolute = 0) {
  CAPTURE(found, expected);
  CHECK(std::abs(found - expected) <= std::max(absolute, relative * std::abs(expected)));
}

}  // namespace

TEST_CASE("a block's log e-value and its projection match the reference") {
  json::Node all = vectors();
  REQUIRE(all["blocks"].items.size() == 60);
  for (const json::Node& entry : all["blocks"].items) {
    Block block = block_of(entry);
    Hypothesis claim{entry["r"].as_double(), entry["delta"].as_double(), true};
    Rates bet{entry["qc"].as_double(), entry["qb"].as_double()};
    Rates denied = closest_denied(double(block.canary_total), double(block.baseline_total), bet, claim);
    check_near(denied.canary, entry["p0c"].as_double());
    check_near(denied.baseline, entry["p0b"].as_double());
    check_near(block_log_e(block, bet, claim), entry["log_e"].as_double());
  }
}

TEST_CASE("the label bet matches the reference") {
  json::Node all = vectors();
  REQUIRE(all["label_form"].items.size() == 20);
  for (const json::Node& entry : all["label_form"].items)
    check_near(label_log_e(block_of(entry), entry["r"].as_double(), entry["k"].as_double()),
               entry["log_e"].as_double());
}

TEST_CASE("evidence over ten blocks matches the reference") {
  json::Node all = vectors();
  const json::Node& run = all["recursion"];
  Evidence evidence({run["r"].as_double(), run["delta"].as_double(), true},
                    {run["T"].as_int(), run["p0"].as_double(), run["prior_n"].as_double()});
  REQUIRE(run["trace"].items.size() == 10);
  for (const json::Node& entry : run["trace"].items) {
    evidence.add(block_of(entry));
    check_near(std::exp(evidence.log_e()), entry["e"].as_double());
  }
  CHECK(evidence.blocks() == 10);
}

TEST_CASE("the smallest effect that a gate sees matches the reference") {
  json::Node all = vectors();
  REQUIRE(all["mde"].items.size() == 4);
  for (const json::Node& entry : all["mde"].items) {
    Hypothesis claim{entry["r"].as_double(), entry["delta"].as_double(), true};
    Traffic traffic{entry["nc"].as_double(), entry["nb"].as_double(), entry["p"].as_double()};
    double blocks = entry["T"].as_double(), confidence = 1 - entry["alpha"].as_double();
    double power = entry["power"].as_double();
    std::optional<double> effect = smallest_effect(claim, traffic, blocks, confidence, power);
    REQUIRE(effect);
    // The reference's own root finder stopped 1.5e-13 short of the root.
    check_near(*effect, entry["anytime"].as_double(), 2e-13);
    check_near(smallest_effect_one_look(traffic, blocks, confidence, power), entry["fixed"].as_double());
  }
}

}  // namespace rollout::judge
