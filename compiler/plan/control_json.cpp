// Locks, the budget and newer runs in a plan, as JSON.
#include "compiler/plan/json_parts.h"

namespace rollout::plan {

namespace {
constexpr std::string_view newer_words[] = {"reject", "queue", "replace"};
}

void write_control(json::Writer& json, const Plan& plan) {
  if (plan.newer.then != OnNewer::Reject)
    json.key("newer").begin_object().field("then", newer_words[size_t(plan.newer.then)])
        .field("within_ns", plan.newer.within_ns).end_object();
  if (plan.budget_exposure_ns) json.field("budget_exposure_ns", *plan.budget_exposure_ns);
  if (plan.locks.empty()) return;
  write_list(json, "locks", plan.locks, [](json::Writer& j, const Lock& lock) {
    j.begin_object().field("name", lock.name).field("within_ns", lock.within_ns);
    j.field("first_step", lock.first_step).field("last_step", lock.last_step).end_object();
  });
}

void read_control(const json::Node& node, Plan& plan) {
  if (const json::Node& newer = node["newer"]; newer.is(json::Node::Kind::Object))
    plan.newer = {read_word<OnNewer>(newer_words, newer["then"]), newer["within_ns"].as_int()};
  if (const json::Node& budget = node["budget_exposure_ns"]; budget.is(json::Node::Kind::Int))
    plan.budget_exposure_ns = budget.as_int();
  for (const json::Node& item : node["locks"].items)
    plan.locks.push_back({std::string(item["name"].as_string()), item["within_ns"].as_int(),
                          read_index(item["first_step"]), read_index(item["last_step"])});
}

bool bad_lock(const Plan& plan, uint32_t index) {
  const Step& step = plan.steps[index];
  if (step.kind != StepKind::Lock && step.kind != StepKind::Unlock) return step.lock != none;
  if (step.lock >= plan.locks.size()) return true;
  const Lock& lock = plan.locks[step.lock];
  uint32_t end = step.kind == StepKind::Lock ? lock.first_step : lock.last_step;
  return end != index || lock.first_step >= lock.last_step || lock.within_ns <= 0 || lock.name.empty();
}

}  // namespace rollout::plan
