#include "compiler/plan/policy_elements.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/policy.h"

namespace rollout::plan {

using eval::Value;
using ir::Owner;

namespace {

Value text(std::string value) { return Value::of(Value::Kind::String, std::move(value)); }
Value count(int64_t value) { return Value::of(Value::Kind::Int, value); }
Value percent(int64_t ppb) { return Value::of(Value::Kind::Percent, ppb); }
Value duration(int64_t ns) { return Value::of(Value::Kind::Duration, ns); }

/// `healthy` of `healthy(checkout, 1%)`.
std::string gate_name(const Gate& gate) { return gate.text.substr(0, gate.text.find('(')); }

int64_t least_proven(const Plan& plan, const Gate& gate) {
  int64_t least = gate.conditions.empty() ? 0 : eval::percent_all;
  for (uint32_t condition : gate.conditions) least = std::min(least, plan.conditions[condition].proven_ppb);
  return least;
}

/// The holds of a phase that follow each other; of those that run side by side the longest.
int64_t held_ns(const Plan& plan, const Element& phase) {
  if (phase.steps.empty()) return 0;
  uint32_t first = phase.steps.front(), last = phase.steps.back();
  std::vector<int64_t> held(last - first + 1);
  int64_t most = 0;
  for (uint32_t i = first; i <= last; ++i) {
    const Step& step = plan.steps[i];
    int64_t& own = held[i - first];
    for (uint32_t before : step.after)
      if (before >= first) own = std::max(own, held[before - first]);
    if (step.kind == StepKind::Hold && step.phase == phase.phase) own += step.hold_ns;
    most = std::max(most, own);
  }
  return most;
}

}  // namespace

bool may_pass_unproven(const Gate& gate) {
  return gate.no_data.then == Fallback::PassUnproven || gate.undecided.then == Fallback::PassUnproven ||
         gate.error.then == Fallback::PassUnproven;
}

const std::vector<Element>& Elements::all(Owner owner) {
  std::optional<std::vector<Element>>& made = made_[size_t(owner)];
  if (made) return *made;
  switch (owner) {
    case Owner::Rollout: made.emplace(); break;
    case Owner::Phase: made = phases(); break;
    case Owner::Action: made = actions(); break;
    case Owner::Gate: made = gates(); break;
    case Owner::Approval: made = approvals(); break;
  }
  std::vector<std::vector<uint32_t>>& by_phase = by_phase_[size_t(owner)];
  by_phase.resize(plan_.phases.size());
  for (uint32_t i = 0; i < made->size(); ++i) {
    Element& element = (*made)[i];
    element.value.kind = Value::Kind::Record, element.value.number = i;
    if (element.phase != none) by_phase[element.phase].push_back(i);
  }
  return *made;
}

const std::vector<uint32_t>& Elements::in_phase(Owner owner, uint32_t phase) {
  all(owner);
  return by_phase_[size_t(owner)][phase];
}

std::vector<Element> Elements::phases() const {
  struct Sum {
    int64_t share_ppb = 0;
    bool judged = false;
  };
  std::vector<Sum> sums(plan_.phases.size());
  std::vector<Element> made(plan_.phases.size());
  std::vector<int64_t> shares = shares_by_step(plan_);
  for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.phase == none) continue;
    Sum& sum = sums[step.phase];
    Element& phase = made[step.phase];
    if (phase.step == none || shares[i] > sum.share_ppb) phase.step = i;
    sum.share_ppb = std::max(sum.share_ppb, shares[i]);
    sum.judged |= step.kind == StepKind::Hold && !step.gates.empty();
    phase.steps.push_back(i);
  }
  for (uint32_t i = 0; i < made.size(); ++i) {
    made[i].text = "phase " + plan_.phases[i].name, made[i].phase = i;
    made[i].value.items = {text(plan_.phases[i].name), count(int64_t(i) + 1), percent(sums[i].share_ppb),
                           duration(held_ns(plan_, made[i])), Value::boolean(sums[i].judged)};
  }
  std::erase_if(made, [](const Element& phase) { return phase.steps.empty(); });
  return made;
}

std::vector<Element> Elements::actions() const {
  std::vector<Element> made;
  std::vector<int64_t> shares = shares_by_step(plan_);
  for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.kind != StepKind::Act) continue;
    const Action& action = step.action;
    const Target& target = plan_.targets[action.target];
    Element element{{}, fmt::format("`{}`", step.text), i, step.phase, {i}};
    element.value.items = {text(action.name),
                           text(action.capability),
                           text(service_text(plan_.services[action.service])),
                           text(target.name),
                           text(target.backend),
                           percent(shares[i]),
                           Value::boolean(action.reversibility == Reversibility::Reversible),
                           Value::boolean(!step.rollback.empty()),
                           count(action.attempts),
                           duration(action.within_ns)};
    made.push_back(std::move(element));
  }
  return made;
}

std::vector<Element> Elements::gates() const {
  std::vector<Element> made;
  for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.kind != StepKind::Hold) continue;
    for (uint32_t index : step.gates) {
      const Gate& gate = plan_.gates[index];
      Element element{{}, fmt::format("gate {}", gate.text), i, step.phase, {i}};
      element.value.items = {text(gate_name(gate)),
                             duration(step.hold_ns),
                             count(gate.sample_ns > 0 ? step.hold_ns / gate.sample_ns : 0),
                             count(gate.minimum_requests),
                             percent(least_proven(plan_, gate)),
                             percent(gate.harm_ppb),
                             Value::boolean(may_pass_unproven(gate))};
      made.push_back(std::move(element));
    }
  }
  return made;
}

std::vector<Element> Elements::approvals() const {
  std::vector<Element> made;
  for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    // That something is so, in a preflight, is no yes to the plan.
    if (step.kind != StepKind::Approval || in_preflight(plan_, step)) continue;
    const Approval& approval = plan_.approvals[step.approval];
    std::vector<std::string> people = approval.members;
    if (approval.escalation)
      for (const std::string& other : approval.escalation->members)
        if (std::find(people.begin(), people.end(), other) == people.end()) people.push_back(other);
    Element element{{}, fmt::format("approval by {}", approval.team), i, step.phase, {i}};
    element.value.items = {text(approval.team), count(approval.quorum), count(int64_t(people.size())),
                           duration(approval.timeout_ns)};
    made.push_back(std::move(element));
  }
  return made;
}

}  // namespace rollout::plan
