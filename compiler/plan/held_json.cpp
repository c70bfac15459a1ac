// What policies say of a plan, as JSON.
#include "compiler/plan/json_parts.h"

namespace rollout::plan {

namespace {

void write_order(json::Writer& json, const OrderRule& rule) {
  json.begin_object().field("policy", rule.policy).field("text", rule.text);
  if (rule.some) json.field("some", true);
  if (rule.two_people) json.field("two_people", true);
  write_indices(json, "first", rule.first);
  write_indices(json, "then", rule.then);
  json.end_object();
}

void write_exception(json::Writer& json, const PolicyException& exception) {
  json.begin_object().field("policy", exception.policy).field("reason", exception.reason);
  json.field("asked", exception.asked).field("approved", exception.approved).field("team", exception.team);
  json.field("until_wall_ns", exception.until_wall_ns).field("until", exception.until).end_object();
}

}  // namespace

void write_held(json::Writer& json, const Plan& plan) {
  if (!plan.order_rules.empty()) write_list(json, "order_rules", plan.order_rules, write_order);
  if (!plan.exceptions.empty()) write_list(json, "exceptions", plan.exceptions, write_exception);
}

void read_held(const json::Node& node, Plan& plan) {
  auto text = [](const json::Node& of) { return std::string(of.as_string()); };
  for (const json::Node& item : node["order_rules"].items)
    plan.order_rules.push_back({text(item["policy"]), text(item["text"]), item["some"].as_bool(),
                                item["two_people"].as_bool(), read_indices(item["first"]), read_indices(item["then"])});
  for (const json::Node& item : node["exceptions"].items)
    plan.exceptions.push_back({text(item["policy"]), text(item["reason"]), text(item["asked"]), text(item["approved"]),
                               text(item["team"]), item["until_wall_ns"].as_int(), text(item["until"])});
}

bool bad_held(const Plan& plan) {
  auto bad = [&](uint32_t step) { return step >= plan.steps.size(); };
  return std::any_of(plan.order_rules.begin(), plan.order_rules.end(), [&](const OrderRule& rule) {
    auto wrong = [&](uint32_t step) {
      return bad(step) || (rule.two_people && plan.steps[step].kind != StepKind::Approval);
    };
    return std::any_of(rule.first.begin(), rule.first.end(), wrong) ||
           std::any_of(rule.then.begin(), rule.then.end(), bad);
  });
}

}  // namespace rollout::plan
