// Private to compiler/plan: the parts of a plan as JSON, each written and read by a pair of functions.
#pragma once

#include <algorithm>
#include <iterator>

#include "compiler/base/json.h"
#include "compiler/base/result.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

template <typename T, typename Write>
void write_list(json::Writer& json, std::string_view name, const std::vector<T>& list, Write write) {
  json.key(name).begin_array();
  for (const T& item : list) write(json, item);
  json.end_array();
}

/// An unknown word reads as the first: the bytes then differ from the plan's own and it is refused.
template <typename Enum, size_t N>
Enum read_word(const std::string_view (&words)[N], const json::Node& node) {
  auto found = std::find(std::begin(words), std::end(words), node.as_string());
  return Enum(found == std::end(words) ? 0 : found - std::begin(words));
}

void write_index(json::Writer& json, std::string_view name, uint32_t index);
uint32_t read_index(const json::Node& node);
void write_indices(json::Writer& json, std::string_view name, const std::vector<uint32_t>& indices);
std::vector<uint32_t> read_indices(const json::Node& node);
void write_value(json::Writer& json, const eval::Value& value);
eval::Value read_value(const json::Node& node);
void write_values(json::Writer& json, std::string_view name, const NamedValues& values);
NamedValues read_values(const json::Node& node);

void write_action(json::Writer& json, const Action& action);
Action read_action(const json::Node& node);
void write_observed(json::Writer& json, const Observed& observed);
Observed read_observed(const json::Node& node);
void write_target(json::Writer& json, const Target& target);
Target read_target(const json::Node& node);
void write_service(json::Writer& json, const Service& service);
Service read_service(const json::Node& node);
void write_signal(json::Writer& json, const Signal& signal);
Signal read_signal(const json::Node& node);
void write_baseline(json::Writer& json, const Baseline& baseline);
Baseline read_baseline(const json::Node& node);
/// It measures nothing of the plan, or its parts do not make it up.
bool is_bad(const Baseline& baseline, const Plan& plan);
void write_condition(json::Writer& json, const Condition& condition);
Condition read_condition(const json::Node& node);
void write_during(json::Writer& json, const During& during);
/// The error says what of it is no calendar.
Result<During> read_during(const json::Node& node);
/// What policies say of the plan. held_json.cpp
void write_held(json::Writer& json, const Plan& plan);
void read_held(const json::Node& node, Plan& plan);
/// An order of steps that are not in it, or are not what the rule needs them to be.
bool bad_held(const Plan& plan);
void write_rollback(json::Writer& json, const Rollback& rollback);
Rollback read_rollback(const json::Node& node);
void write_scope(json::Writer& json, const UndoScope& scope);
UndoScope read_scope(const json::Node& node);
void write_scope_undo(json::Writer& json, const ScopeUndo& undo);
/// The first scope that points nowhere or overlaps another one; none: all are good.
uint32_t first_bad_scope(const Plan& plan);
void write_hook(json::Writer& json, const Hook& hook);
Hook read_hook(const json::Node& node);
/// The first hook that points nowhere, or changes what the steps change; none: all are good.
uint32_t first_bad_hook(const Plan& plan);
/// Locks, the budget and what becomes of the run when a newer one begins; left out where there is nothing to say.
void write_control(json::Writer& json, const Plan& plan);
void read_control(const json::Node& node, Plan& plan);
/// The step is an end of a lock that does not know it, or names one that is not there.
bool bad_lock(const Plan& plan, uint32_t step);
void write_gate(json::Writer& json, const Gate& gate);
Gate read_gate(const json::Node& node);
void write_beside(json::Writer& json, const Beside& beside);
Beside read_beside(const json::Node& node);
/// It names a service that is not there, or a bound that is no version.
bool is_bad(const Beside& beside, const Plan& plan);
/// The field `facts`.
void write_facts(json::Writer& json, const Facts& facts);
Facts read_facts(const json::Node& node);
void write_watch(json::Writer& json, const Watch& watch);
Watch read_watch(const json::Node& node);

}  // namespace rollout::plan
