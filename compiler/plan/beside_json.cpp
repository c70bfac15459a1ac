// What versions declare of what they live beside, as JSON.
#include "compiler/eval/version.h"
#include "compiler/plan/json_parts.h"

namespace rollout::plan {

void write_beside(json::Writer& json, const Beside& beside) {
  json.begin_object().field("service", beside.service).field("image", beside.image).field("with", beside.with);
  if (beside.range) {
    if (!beside.range->least.empty()) json.field("least", beside.range->least);
    if (!beside.range->most.empty()) json.field("most", beside.range->most);
    json.field("source", beside.source);
  }
  json.end_object();
}

Beside read_beside(const json::Node& node) {
  Beside beside{read_index(node["service"]), std::string(node["image"].as_string()), read_index(node["with"]), {}, {}};
  if (!node.find("source")) return beside;
  beside.range = Range{std::string(node["least"].as_string()), std::string(node["most"].as_string())};
  beside.source = node["source"].as_string();
  return beside;
}

bool is_bad(const Beside& beside, const Plan& plan) {
  if (beside.service >= plan.services.size() || beside.with >= plan.services.size()) return true;
  if (!beside.range) return false;
  auto bad = [](const std::string& bound) { return !bound.empty() && eval::version_problem(bound); };
  return bad(beside.range->least) || bad(beside.range->most);
}

}  // namespace rollout::plan
