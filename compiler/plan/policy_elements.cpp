#include "compiler/plan/policy_elements.h"

#include <algorithm>
#include <set>

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

/// Of the holds of a phase; where it gives a new version some share, of those behind that, as long as it has any.
struct Held {
  int64_t ns = 0;  ///< of those that follow each other; of those that run side by side the longest
  bool judged = false;
};

Held held_in(const Plan& plan, const Element& phase, const std::vector<StepShare>& shares) {
  Held all;
  if (phase.steps.empty()) return all;
  bool gives = std::any_of(phase.steps.begin(), phase.steps.end(), [&](uint32_t i) { return shares[i].given_ppb > 0; });
  uint32_t first = phase.steps.front(), last = phase.steps.back();
  std::vector<int64_t> held(last - first + 1);
  std::vector<bool> behind(last - first + 1);
  std::set<uint32_t> exposed;  // services
  for (uint32_t i = first; i <= last; ++i) {
    const Step& step = plan.steps[i];
    for (uint32_t before : step.after) {
      if (before < first) continue;
      held[i - first] = std::max(held[i - first], held[before - first]);
      behind[i - first] = behind[i - first] || behind[before - first];
    }
    bool own = step.phase == phase.phase, act = step.kind == StepKind::Act;
    if (own && shares[i].given_ppb > 0) behind[i - first] = true, exposed.insert(step.action.service);
    else if (act && shares[i].left_ppb == 0) exposed.erase(step.action.service);
    bool counts = !gives || (behind[i - first] && !exposed.empty());
    if (!own || step.kind != StepKind::Hold || !counts) continue;
    held[i - first] += step.hold_ns;
    all = {std::max(all.ns, held[i - first]), all.judged || !step.gates.empty()};
  }
  return all;
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
  std::vector<int64_t> most_ppb(plan_.phases.size());
  std::vector<Element> made(plan_.phases.size());
  std::vector<StepShare> shares = shares_by_step(plan_);
  for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.phase == none) continue;
    Element& phase = made[step.phase];
    int64_t& most = most_ppb[step.phase];
    if (phase.step == none || shares[i].given_ppb > most) phase.step = i;
    most = std::max(most, shares[i].given_ppb);
    phase.steps.push_back(i);
  }
  for (uint32_t i = 0; i < made.size(); ++i) {
    made[i].text = "phase " + plan_.phases[i].name, made[i].phase = i;
    Held held = held_in(plan_, made[i], shares);
    made[i].value.items = {text(plan_.phases[i].name), count(int64_t(i) + 1), percent(most_ppb[i]), duration(held.ns),
                           Value::boolean(held.judged)};
  }
  std::erase_if(made, [](const Element& phase) { return phase.steps.empty(); });
  return made;
}

std::vector<Element> Elements::actions() const {
  std::vector<Element> made;
  std::vector<StepShare> shares = shares_by_step(plan_);
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
                           percent(shares[i].given_ppb),
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
