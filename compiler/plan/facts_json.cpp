// What was proven of a plan, as JSON.
#include "compiler/plan/json_parts.h"

namespace rollout::plan {

namespace {

void write_optional(json::Writer& json, std::string_view name, std::optional<int64_t> ns) {
  if (ns) json.field(name, *ns);
}

std::optional<int64_t> read_optional(const json::Node& node) {
  return node.is(json::Node::Kind::Int) ? std::optional(node.as_int()) : std::nullopt;
}

void write_phase(json::Writer& json, const PhaseFacts& phase) {
  json.begin_object().field("best_ns", phase.best_ns).field("typical_ns", phase.typical_ns);
  json.field("worst_ns", phase.worst_ns).field("back_ns", phase.back_ns);
  write_optional(json, "detect_ns", phase.detect_ns);
  write_optional(json, "harm_ns", phase.harm_ns);
  write_optional(json, "sees_ppb", phase.sees_ppb);
  json.end_object();
}

void write_exposure(json::Writer& json, const ExposureFacts& exposure) {
  json.begin_object().field("service", exposure.service);
  write_optional(json, "harm_ns", exposure.harm_ns);
  json.field("unseen_ns", exposure.unseen_ns);
  if (exposure.harm_step != none) json.field("harm_step", exposure.harm_step);
  json.end_object();
}

void write_start(json::Writer& json, std::string_view name, const std::optional<SafeStart>& start) {
  if (!start) return;
  json.key(name).begin_object().field("needs_ns", start->needs_ns);
  write_list(json, "minutes_of_week", start->weekly, [](json::Writer& j, const calendar::Window& window) {
    j.begin_object().field("from", window.from).field("to", window.to).end_object();
  });
  json.end_object();
}

void write_beside_facts(json::Writer& json, const BesideFacts& one) {
  json.begin_object().field("beside", one.beside);
  write_list(json, "meets", one.meets, [](json::Writer& j, const std::string& text) { j.value(text); });
  json.end_object();
}

std::optional<SafeStart> read_start(const json::Node& node) {
  if (!node.is(json::Node::Kind::Object)) return std::nullopt;
  SafeStart start{node["needs_ns"].as_int()};
  for (const json::Node& item : node["minutes_of_week"].items)
    start.weekly.push_back({int(item["from"].as_int()), int(item["to"].as_int())});
  return start;
}

}  // namespace

void write_facts(json::Writer& json, const Facts& facts) {
  json.key("facts").begin_object().field("version", facts_version).field("best_ns", facts.best_ns);
  json.field("typical_ns", facts.typical_ns).field("worst_ns", facts.worst_ns);
  if (facts.parks) json.field("parks", true);
  json.field("back_ns", facts.back_ns).field("back_once_ns", facts.back_once_ns);
  json.field("give_up_ns", facts.give_up_ns);
  write_optional(json, "detect_ns", facts.detect_ns);
  write_optional(json, "false_alarm_ppb", facts.false_alarm_ppb);
  write_start(json, "start", facts.start);
  write_start(json, "start_answered", facts.start_answered);
  write_list(json, "exposure", facts.exposure, write_exposure);
  write_list(json, "phases", facts.phases, write_phase);
  if (!facts.beside.empty()) write_list(json, "beside", facts.beside, write_beside_facts);
  if (!facts.peaks.empty())
    write_list(json, "peaks", facts.peaks, [](json::Writer& j, const PeakFacts& peak) {
      j.begin_object().field("target", peak.target).field("instances", peak.instances).end_object();
    });
  json.end_object();
}

Facts read_facts(const json::Node& node) {
  Facts facts;
  facts.best_ns = node["best_ns"].as_int();
  facts.typical_ns = node["typical_ns"].as_int();
  facts.worst_ns = node["worst_ns"].as_int();
  facts.parks = node["parks"].as_bool();
  facts.back_ns = node["back_ns"].as_int();
  facts.back_once_ns = node["back_once_ns"].as_int();
  facts.give_up_ns = node["give_up_ns"].as_int();
  facts.detect_ns = read_optional(node["detect_ns"]);
  facts.false_alarm_ppb = read_optional(node["false_alarm_ppb"]);
  facts.start = read_start(node["start"]);
  facts.start_answered = read_start(node["start_answered"]);
  for (const json::Node& item : node["exposure"].items)
    facts.exposure.push_back({read_index(item["service"]), read_optional(item["harm_ns"]), item["unseen_ns"].as_int(),
                              item["harm_step"].is(json::Node::Kind::Int) ? read_index(item["harm_step"]) : none});
  for (const json::Node& item : node["phases"].items)
    facts.phases.push_back({item["best_ns"].as_int(), item["typical_ns"].as_int(), item["worst_ns"].as_int(),
                            item["back_ns"].as_int(), read_optional(item["detect_ns"]),
                            read_optional(item["harm_ns"]), read_optional(item["sees_ppb"])});
  for (const json::Node& item : node["beside"].items) {
    BesideFacts& one = facts.beside.emplace_back();
    one.beside = read_index(item["beside"]);
    for (const json::Node& text : item["meets"].items) one.meets.emplace_back(text.as_string());
  }
  for (const json::Node& item : node["peaks"].items)
    facts.peaks.push_back({read_index(item["target"]), item["instances"].as_int()});
  return facts;
}

}  // namespace rollout::plan
