// Rollbacks and their scopes in a plan, as JSON.
#include <algorithm>

#include "compiler/plan/json_parts.h"

namespace rollout::plan {

namespace {
constexpr std::string_view on_failure_words[] = {"rollback", "stop", "continue", "checkpoint"};

/// From the step behind its checkpoint to the next one, a commit or the end; in no other scope.
bool is_whole(const Plan& plan, const UndoScope& scope) {
  if (scope.on_failure != OnFailure::Checkpoint) return true;
  auto divides = [&](uint32_t step) {
    return plan.steps[step].kind == StepKind::Checkpoint || plan.steps[step].kind == StepKind::Commit;
  };
  for (uint32_t i = scope.first_step; i <= scope.last_step; ++i)
    if (divides(i)) return false;
  bool begins = scope.first_step > 0 && plan.steps[scope.first_step - 1].kind == StepKind::Checkpoint;
  return begins && scope.parent == none && (scope.last_step + 1 == plan.steps.size() || divides(scope.last_step + 1));
}

}

void write_rollback(json::Writer& json, const Rollback& rollback) {
  json.begin_object().field("within_ns", rollback.within_ns);
  write_index(json, "verify_gate", rollback.verify_gate);
  json.field("verify_within_ns", rollback.verify_within_ns);
  if (!rollback.told.empty()) write_indices(json, "told", rollback.told);
  if (!rollback.place.empty()) json.field("place", rollback.place);
  if (rollback.kept_ns > 0) json.field("kept_ns", rollback.kept_ns);
  json.end_object();
}

Rollback read_rollback(const json::Node& node) {
  return {node["within_ns"].as_int(), read_index(node["verify_gate"]), node["verify_within_ns"].as_int(),
          read_indices(node["told"]), std::string(node["place"].as_string()), node["kept_ns"].as_int()};
}

void write_scope(json::Writer& json, const UndoScope& scope) {
  json.begin_object().field("on_failure", on_failure_words[size_t(scope.on_failure)]);
  if (scope.on_failure == OnFailure::Continue) json.field("at_most", scope.at_most);
  json.field("place", scope.place);
  write_index(json, "parent", scope.parent);
  write_index(json, "group", scope.group);
  json.field("first_step", scope.first_step).field("last_step", scope.last_step);
  if (!scope.needs.empty()) write_indices(json, "needs", scope.needs);
  json.key("rollback");
  write_rollback(json, scope.rollback);
  json.end_object();
}

UndoScope read_scope(const json::Node& node) {
  UndoScope scope;
  scope.on_failure = read_word<OnFailure>(on_failure_words, node["on_failure"]);
  scope.at_most = node["at_most"].as_int();
  scope.place = node["place"].as_string();
  scope.parent = read_index(node["parent"]);
  scope.group = read_index(node["group"]);
  scope.first_step = read_index(node["first_step"]);
  scope.last_step = read_index(node["last_step"]);
  scope.needs = read_indices(node["needs"]);
  scope.rollback = read_rollback(node["rollback"]);
  return scope;
}

void write_scope_undo(json::Writer& json, const ScopeUndo& undo) {
  json.begin_object();
  write_index(json, "scope", undo.scope);
  write_indices(json, "undo", undo.undo);
  json.end_object();
}

uint32_t first_bad_scope(const Plan& plan) {
  std::vector<uint32_t> around;  // those that are open, the innermost last
  for (uint32_t i = 0; i < plan.scopes.size(); ++i) {
    const UndoScope& scope = plan.scopes[i];
    while (!around.empty() && plan.scopes[around.back()].last_step < scope.first_step) around.pop_back();
    uint32_t parent = around.empty() ? none : around.back();
    bool in_order = i == 0 || plan.scopes[i - 1].first_step <= scope.first_step;
    bool inside = parent == none || scope.last_step <= plan.scopes[parent].last_step;
    bool gate = scope.rollback.verify_gate == none || scope.rollback.verify_gate < plan.gates.size();
    bool needs = std::all_of(scope.needs.begin(), scope.needs.end(), [&](uint32_t need) {
      return need < i && goes_on(plan.scopes[need]) && plan.scopes[need].last_step < scope.first_step;
    });
    bool steps = scope.first_step <= scope.last_step && scope.last_step < plan.steps.size();
    bool good = in_order && inside && gate && needs && steps && scope.parent == parent && scope.group <= i &&
                scope.at_most >= 0;
    if (!good || !is_whole(plan, scope)) return i;
    around.push_back(i);
  }
  return none;
}

}  // namespace rollout::plan
