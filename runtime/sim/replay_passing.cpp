#include "runtime/sim/replay_passing.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace rollout::sim {

namespace {

using plan::Comparison;

constexpr double endless = std::numeric_limits<double>::infinity();

struct Bounds {
  double low = -endless, high = endless;
};

/// Where a gate can pass, as far as a condition over one signal goes.
Bounds passing(const plan::Condition& condition) {
  bool require = condition.kind == plan::ConditionKind::Require;
  switch (condition.comparison) {
    case Comparison::Less:
    case Comparison::LessEqual: return require ? Bounds{-endless, condition.offset} : Bounds{condition.offset, endless};
    case Comparison::Greater:
    case Comparison::GreaterEqual:
      return require ? Bounds{condition.offset, endless} : Bounds{-endless, condition.offset};
    case Comparison::Equal: return require ? Bounds{condition.offset, condition.offset} : Bounds{};
    case Comparison::NotEqual: return require ? Bounds{} : Bounds{condition.offset, condition.offset};
  }
  return {};
}

/// In the middle of them, so that what has to be proven is; nothing: everything will do.
std::optional<double> between(Bounds bounds, const plan::Signal& signal) {
  if (bounds.low == -endless && bounds.high == endless) return std::nullopt;
  bool number = signal.unit == eval::Value::Kind::Float;
  if (bounds.low == -endless) bounds.low = number ? bounds.high - 2 : std::min(0.0, bounds.high);
  if (bounds.high == endless)
    bounds.high = signal.unit == eval::Value::Kind::Percent ? double(eval::percent_all) : 2 * std::abs(bounds.low) + 2;
  return (bounds.low + bounds.high) / 2;
}

/// From a moment on.
void say(Scenario& calm, uint32_t signal, plan::Role role, int64_t at_ns, double value) {
  auto same = [&](const Truth& truth) { return truth.signal == signal && truth.role == role; };
  auto known = std::find_if(calm.truths.begin(), calm.truths.end(), same);
  if (known == calm.truths.end()) known = calm.truths.insert(known, {signal, role, {}});
  std::erase_if(known->changes, [&](const Change& change) { return change.at_ns >= at_ns; });
  known->changes.push_back({at_ns, value});
}

void give_evidence(const plan::Plan& plan, const plan::Gate& gate, int64_t at_ns, Scenario& calm,
                   const verify::World& world) {
  std::map<std::pair<uint32_t, plan::Role>, Bounds> asked;
  for (uint32_t index : gate.conditions) {
    const plan::Condition& condition = plan.conditions[index];
    bool said = std::any_of(world.said.begin(), world.said.end(),
                            [&](const verify::Said& one) { return one.signal == condition.left.signal; });
    if (said || condition.right || condition.baseline != plan::none) continue;
    Bounds& bounds = asked[{condition.left.signal, condition.left.role}];
    Bounds more = passing(condition);
    bounds = {std::max(bounds.low, more.low), std::min(bounds.high, more.high)};
  }
  for (const auto& [of, bounds] : asked)
    if (std::optional<double> value = between(bounds, plan.signals[of.first]))
      say(calm, of.first, of.second, at_ns, *value);
}

/// The first gate in front of the step that has not passed; null: all have, or something else has ended the run.
const journal::GateDecided* kept_by(const SimResult& result, uint32_t step) {
  for (const journal::Event& event : result.events) {
    const auto* decided = std::get_if<journal::GateDecided>(&event.what);
    if (decided == nullptr || decided->hold.undo || decided->hold.step == step) continue;
    if (decided->verdict != journal::Verdict::Pass) return decided;
  }
  return nullptr;
}

bool begins(const SimResult& result, uint32_t step) {
  return std::any_of(result.events.begin(), result.events.end(), [&](const journal::Event& event) {
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    return started != nullptr && !started->step.undo && started->step.step == step;
  });
}

}  // namespace

void clear_the_way(plan::Plan& plan, uint32_t step, Scenario& calm, const verify::World& world) {
  std::set<std::pair<uint32_t, uint32_t>> tried;
  for (;;) {
    SimResult result = run_simulation(plan, scripted(plan, world, calm, 0));
    const journal::GateDecided* decided = begins(result, step) ? nullptr : kept_by(result, step);
    if (decided == nullptr) return;
    uint32_t hold = decided->hold.step, gate = decided->gate;
    if (tried.insert({hold, gate}).second) {
      give_evidence(plan, plan.gates[gate], span_of(result, hold).begin_ns, calm, world);
    } else {
      std::vector<uint32_t>& gates = plan.steps[hold].gates;
      if (std::erase(gates, gate) == 0) return;
    }
  }
}

}  // namespace rollout::sim
