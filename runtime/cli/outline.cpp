#include "runtime/cli/outline.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"

namespace rollout::cli {

namespace {

using plan::Plan;
using plan::Role;
using plan::Variable;

std::vector<Row> rows_of(const Plan& plan) {
  std::vector<Row> rows;
  std::optional<int64_t> share;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const plan::Step& step = plan.steps[i];
    if (rows.empty() || rows.back().phase != step.phase) {
      Row row;
      row.phase = step.phase;
      row.start_ns = rows.empty() ? 0 : rows.back().start_ns + rows.back().hold_ns;
      rows.push_back(std::move(row));
    }
    Row& row = rows.back();
    row.steps.push_back(i);
    row.undo = step.rollback;
    if (step.kind == plan::StepKind::Hold) {
      row.hold_ns += step.hold_ns;
      row.undo_hold = step.rollback;
      row.gates.insert(row.gates.end(), step.gates.begin(), step.gates.end());
    } else if (std::optional<int64_t> set = exec::share_set_by(step.action)) share = set;
    row.share_ppb = share;
  }
  for (Row& row : rows)
    if (row.undo_hold.empty()) row.undo_hold = row.undo;
  return rows;
}

const plan::Observed* observed_version(const Plan& plan, const plan::Service& service) {
  std::string what = fmt::format("version({}, stable)", plan::service_text(service));
  for (const plan::Observed& observed : plan.observed)
    if (observed.what == what) return &observed;
  return nullptr;
}

/// What a plan sets for one service, over all its steps.
struct Goal {
  std::string version;
  bool gone = false;                  ///< the stable version is removed
  std::vector<std::string> hosts, routers;
};

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

Goal goal_of(const Plan& plan, uint32_t service) {
  Goal goal;
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Act || step.action.service != service) continue;
    const std::string& target = plan.targets[step.action.target].name;
    bool routes = std::all_of(step.action.sets.begin(), step.action.sets.end(),
                              [](const plan::Setting& setting) { return setting.variable == Variable::Share; });
    add_once(routes ? goal.routers : goal.hosts, target);
    for (const plan::Setting& setting : step.action.sets) {
      if (setting.variable != Variable::Version) continue;
      bool none = setting.value.is(eval::Value::Kind::None);
      if (!none) goal.version = setting.value.text;
      if (setting.role == Role::Stable) goal.gone = none;
    }
  }
  return goal;
}

Change change_of(const Plan& plan, uint32_t index) {
  const plan::Service& service = plan.services[index];
  Goal goal = goal_of(plan, index);
  Change change;
  change.service = plan::service_text(service);
  change.known = !plan.offline;
  if (const plan::Observed* now = observed_version(plan, service); now && !plan.offline)
    change.from = now->value.is(eval::Value::Kind::None) ? "" : now->value.text;
  change.to = goal.gone ? "" : goal.version.empty() ? change.from : goal.version;
  if (service.replicas > 0)
    change.where = fmt::format("{} instance{}", service.replicas, service.replicas == 1 ? "" : "s");
  if (!goal.hosts.empty()) change.where += fmt::format(" on {}", join(goal.hosts, ", "));
  if (!goal.routers.empty()) change.where += fmt::format(", traffic by {}", join(goal.routers, ", "));
  return change;
}

}  // namespace

Outline outline_of(const Plan& plan) {
  Outline outline;
  outline.rows = rows_of(plan);
  for (uint32_t i = 0; i < plan.services.size(); ++i) outline.changes.push_back(change_of(plan, i));
  for (const Row& row : outline.rows) outline.hold_ns += row.hold_ns;
  bool acts = std::any_of(plan.steps.begin(), plan.steps.end(),
                          [](const plan::Step& s) { return s.kind == plan::StepKind::Act; });
  bool differs = std::any_of(outline.changes.begin(), outline.changes.end(),
                             [](const Change& c) { return c.from != c.to; });
  outline.has_changes = acts && (plan.offline || differs);
  return outline;
}

std::string from_text(const Change& change) {
  if (!change.known) return "(not looked at)";
  return change.from.empty() ? "(nothing)" : change.from;
}

std::string to_text(const Change& change) { return change.to.empty() ? "(nothing)" : change.to; }

std::string row_name(const Plan& plan, const Row& row) {
  return row.phase == plan::none ? std::string() : plan.phases.at(row.phase).name;
}

std::vector<std::string> action_texts(const Plan& plan, const Row& row) {
  std::vector<std::string> texts;
  for (uint32_t step : row.steps)
    if (plan.steps[step].kind == plan::StepKind::Act) texts.push_back(plan.steps[step].action.text);
  return texts;
}

std::vector<std::string> gate_texts(const Plan& plan, const Row& row) {
  std::vector<std::string> texts;
  for (uint32_t gate : row.gates) texts.push_back(plan.gates.at(gate).text);
  return texts;
}

std::vector<std::string> undo_texts(const Plan& plan, const std::vector<uint32_t>& undo) {
  std::vector<std::string> texts;
  for (uint32_t index : undo) texts.push_back(plan.undo.at(index).text);
  return texts;
}

int64_t worst_rollback_ns(const Plan& plan, const std::vector<uint32_t>& undo) {
  int64_t total = 0;
  for (uint32_t index : undo) {
    const plan::Action& action = plan.undo.at(index);
    int64_t pause = exec::first_pause_ns;
    for (int attempt = 1; attempt <= action.attempts; ++attempt) {
      total += action.within_ns;
      if (attempt == action.attempts) break;
      total += pause;
      pause = std::min(2 * pause, exec::max_pause_ns);
    }
  }
  int64_t bound = plan.rollback.within_ns > 0 ? plan.rollback.within_ns : exec::default_rollback_ns;
  return std::min(total, bound);
}

std::string condition_text(const plan::Condition& condition) {
  std::string proven =
      condition.proven_ppb > 0 ? fmt::format(" proven {}", eval::percent_text(condition.proven_ppb)) : "";
  switch (condition.kind) {
    case plan::ConditionKind::Reject: return fmt::format("reject when {}{}", condition.text, proven);
    case plan::ConditionKind::Require: return fmt::format("require {}{}", condition.text, proven);
    case plan::ConditionKind::Watch: return condition.text + proven;
  }
  return condition.text;
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : std::string(between)) + part;
  return out;
}

std::string short_hash(std::string_view hash) { return std::string(hash.substr(0, 12)); }

}  // namespace rollout::cli
