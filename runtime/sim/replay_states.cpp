#include "runtime/sim/replay_states.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/plan/planner.h"
#include "compiler/verify/instances.h"
#include "compiler/verify/timeline.h"

namespace rollout::sim {

namespace {

/// The action that begins with the event, or is done with it; null: none.
const plan::Action* action_of(const plan::Plan& plan, const journal::Event& event, bool& done) {
  const auto* started = std::get_if<journal::StepStarted>(&event.what);
  const auto* ended = std::get_if<journal::StepDone>(&event.what);
  if (started == nullptr && ended == nullptr) return nullptr;
  done = ended != nullptr;
  journal::StepRef step = done ? ended->step : started->step;
  if (step.step == plan::none || journal::is_check(step)) return nullptr;
  if (step.undo) return &plan.undo[step.step];
  return plan.steps[step.step].kind == plan::StepKind::Act ? &plan.steps[step.step].action : nullptr;
}

/// Versions of one subject by role, or its schema; more than one while it is not known which.
class Subject {
 public:
  Subject(const plan::Plan& plan, uint32_t index) : index_(index) {
    const plan::Service& service = plan.services[index];
    bool database = service.subject == plan::Subject::Database;
    plan::Role role = database ? plan::Role::All : plan::Role::Stable;
    std::string what =
        plan::variable_text(service, database ? plan::Variable::Schema : plan::Variable::Version, role);
    there_[role] = {std::string(database ? verify::no_schema : plan.offline ? plan::earlier_version : "")};
    for (const plan::Observed& seen : plan.observed)
      if (seen.what == what && !seen.value.is(eval::Value::Kind::None)) there_[role] = {seen.value.text};
  }
  void apply(const plan::Action& action, bool done) {
    if (action.service != index_) return;
    for (const plan::Setting& set : action.sets) {
      if (set.variable != plan::Variable::Version && set.variable != plan::Variable::Schema) continue;
      std::set<std::string>& of = there_[set.role];
      if (done) of.clear();
      of.insert(set.value.is(eval::Value::Kind::None) ? "" : set.value.text);
    }
  }
  bool has(const std::string& version) const {
    return std::any_of(there_.begin(), there_.end(), [&](const auto& of) { return of.second.contains(version); });
  }

 private:
  uint32_t index_;
  std::map<plan::Role, std::set<std::string>> there_;
};

}  // namespace

bool were_beside(const plan::Plan& plan, const SimResult& result, const plan::Beside& beside,
                 const std::string& other) {
  Subject own(plan, beside.service), with(plan, beside.with);
  bool met = false, done = false;
  for (const journal::Event& event : result.events) {
    met = met || (own.has(beside.image) && with.has(other));
    if (const plan::Action* action = action_of(plan, event, done)) own.apply(*action, done), with.apply(*action, done);
  }
  return met;
}

int64_t most_instances(const plan::Plan& plan, const SimResult& result, uint32_t target) {
  std::map<uint32_t, std::pair<verify::Instances, verify::Instances>> by_service;  // before what has begun, and after
  for (uint32_t service : verify::services_on(plan, target)) {
    verify::Instances first = verify::instances_at_first(plan, service);
    by_service[service] = {first, first};
  }
  int64_t most = 0;
  bool done = false;
  for (const journal::Event& event : result.events) {
    int64_t sum = plan.targets[target].others;
    for (const auto& [service, may] : by_service) sum += std::max(may.first.all(), may.second.all());
    most = std::max(most, sum);
    const plan::Action* action = action_of(plan, event, done);
    auto of = action == nullptr ? by_service.end() : by_service.find(action->service);
    if (of == by_service.end()) continue;
    verify::apply(*action, of->second.second);
    if (done) of->second.first = of->second.second;
  }
  return most;
}

std::vector<int64_t> shares_of(const plan::Plan& plan, const SimResult& result, uint32_t service) {
  std::vector<int64_t> shares;
  for (const journal::Event& event : result.events) {
    const auto* ended = std::get_if<journal::StepDone>(&event.what);
    if (ended == nullptr || ended->step.undo) continue;
    bool done = false;
    const plan::Action* action = action_of(plan, event, done);
    if (action == nullptr || action->service != service) continue;
    for (const plan::Setting& set : action->sets)
      if (set.variable == plan::Variable::Share && set.role == plan::Role::Canary) shares.push_back(set.value.number);
  }
  return shares;
}

}  // namespace rollout::sim
