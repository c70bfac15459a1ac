// What policies ask of the world when a run begins. Which services they ask it of is known when the rest is planned, so
// a plan with such policies is made twice: first to see, then with the checks in front.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/plan/build.h"
#include "compiler/plan/policy.h"

namespace rollout::plan {

using eval::Value;

namespace {

constexpr int start_samples = 3;  ///< that each is read, as the checks of a preflight are
constexpr std::string_view capacity_signal = "capacity";

bool says_capacity(const ir::Service& declared) {
  return std::any_of(declared.signals.begin(), declared.signals.end(), [](const ir::ServiceSignal& signal) {
    return signal.name.text == capacity_signal && !signal.source;
  });
}

}  // namespace

/// By service: the most instances, of all its versions together, that it has between two steps.
std::vector<int64_t> Planner::most_instances() const {
  std::vector<std::array<int64_t, role_count>> now(plan_.services.size());
  std::vector<int64_t> most;
  for (uint32_t service = 0; service < now.size(); ++service) {
    int64_t begun = model_.at_origin({service, Variable::Instances, Role::Stable}).number;
    now[service][size_t(Role::Stable)] = begun;
    most.push_back(begun);
  }
  for (const Step& step : plan_.steps) {
    if (step.kind != StepKind::Act) continue;
    uint32_t service = step.action.service;
    for (const Setting& setting : step.action.sets)
      if (setting.variable == Variable::Instances) now[service][size_t(setting.role)] = setting.value.number;
    int64_t all = 0;
    for (int64_t one : now[service]) all += one;
    most[service] = std::max(most[service], all);
  }
  return most;
}

/// Keeps the rule for each subject that the plan changes. Why it can never be answered; empty: it can.
std::string Planner::want_at_start(const PolicyRule& rule, const StartRule& asked) {
  Value bound = eval_->eval(rule.module, asked.bound, rule.frame);
  if (bound.is(Value::Kind::None)) return {};
  std::vector<int64_t> most = most_instances();
  std::vector<bool> changed(plan_.services.size());
  for (const Step& step : plan_.steps)
    if (step.kind == StepKind::Act) changed[step.action.service] = true;
  std::string_view policy = rule.policy->decl->name.text;
  for (uint32_t i = 0; i < changed.size(); ++i) {
    bool service = plan_.services[i].subject == Subject::Service;
    // A first version has nothing to go back to, and nobody who would miss it.
    bool first = service && model_.at_origin({i, Variable::Version, Role::Stable}).is(Value::Kind::None);
    if (!changed[i] || first) continue;
    std::string name = service_text(plan_.services[i]);
    StartCondition want{asked.property, asked.comparison, entities_[i], eval::Evaluator::number_of(bound), {}};
    if (asked.property == StartProperty::Rehearsed) {
      want.text = fmt::format("policy {}: {}.rollback.rehearsed <= {}", policy, name, eval::to_text(bound));
      wanted_.push_back(std::move(want));
      continue;
    }
    if (!service) continue;
    if (!says_capacity(program_.services[size_t(entities_[i].number)]))
      return fmt::format("nothing says how many instances of {} could run", name);
    if (most[i] == 0) continue;
    std::string_view sign = asked.comparison == Comparison::Greater ? ">" : ">=";
    want.text = fmt::format("policy {}: {}.capacity {} {} * {} instances", policy, name, sign, eval::to_text(bound),
                            most[i]);
    want.bound *= double(most[i]);
    wanted_.push_back(std::move(want));
  }
  return {};
}

void Planner::add_start_conditions(Gate& gate) {
  for (const StartCondition& wanted : at_start_.conditions) {
    uint32_t service = service_index(wanted.subject);
    Span span = program_.services[size_t(wanted.subject.number)].decl->name.span;
    bool rehearsed = wanted.property == StartProperty::Rehearsed;
    uint32_t signal = rehearsed ? rehearsed_index(service, span) : signal_index(service, capacity_signal, span, span);
    if (signal == none) continue;
    Condition condition;
    condition.left = {signal, Role::All, 0};
    condition.comparison = wanted.comparison;
    condition.offset = wanted.bound;
    condition.samples = start_samples;
    condition.planned_blocks = 0;
    condition.text = wanted.text;
    gate.conditions.push_back(condition_index(std::move(condition)));
  }
}

}  // namespace rollout::plan
