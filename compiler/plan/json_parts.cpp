#include "compiler/plan/json_parts.h"

#include <algorithm>
#include <iterator>

namespace rollout::plan {

namespace {

using eval::Value;
using Kind = Value::Kind;

/// The words of enums in the JSON form, by the enum's number.
constexpr std::string_view variable_words[] = {"version", "instances", "share", "flag",
                                               "schema",  "killed",    "delay",     "drained",
                                               "restarted", "mirrored", "cohorts",  "routed"};
constexpr std::string_view subject_words[] = {"service", "flag", "database"};
constexpr std::string_view role_words[role_count] = {"all", "stable", "canary", "control"};
constexpr std::string_view reversibility_words[] = {"reversible", "compensable", "irreversible"};
constexpr std::string_view evidence_words[] = {"counts", "buckets", "value"};
constexpr std::string_view comparison_words[] = {"<", "<=", ">", ">=", "==", "!="};
constexpr std::string_view condition_words[] = {"reject", "require", "watch"};
constexpr std::string_view fallback_words[] = {"fail", "pass_unproven", "ask"};
constexpr std::string_view recheck_words[] = {"exact", "recorded", "at_run_start", "within"};
constexpr std::string_view kind_words[] = {
    "none",     "bool",  "int",    "float", "string", "percent_ppb", "points_ppb", "duration_ns",
    "rate_uhz", "bytes", "money",  "time",  "date",   "version",     "image",      "url",
    "path",     "role",  "entity", "list",  "record", "gate",        "call",       "throughput_ubps",
    "secret",   "set",   "map",    "enum",  "weekday", "instant_ns", "zone",      "calendar"};

template <typename Enum, size_t N>
std::string_view word(const std::string_view (&words)[N], Enum value) {
  return words[size_t(value)];
}

bool has_text(Kind kind) {
  return kind == Kind::String || kind == Kind::Version || kind == Kind::Image || kind == Kind::Url ||
         kind == Kind::Path || kind == Kind::Secret || kind == Kind::Enum || kind == Kind::Record ||
         kind == Kind::Call || kind == Kind::Zone || kind == Kind::Calendar;
}

void write_term(json::Writer& json, const Term& term) {
  json.begin_object();
  write_index(json, "signal", term.signal);
  json.field("role", word(role_words, term.role));
  if (term.quantile_ppb) json.field("quantile_ppb", term.quantile_ppb);
  json.end_object();
}

Term read_term(const json::Node& node) {
  return {read_index(node["signal"]), read_word<Role>(role_words, node["role"]), node["quantile_ppb"].as_int()};
}

void write_response(json::Writer& json, std::string_view name, const Response& response) {
  json.key(name).begin_object().field("hold_ns", response.hold_ns).field("then", word(fallback_words, response.then));
  write_index(json, "approval", response.approval);
  json.end_object();
}

Response read_response(const json::Node& node) {
  return {node["hold_ns"].as_int(), read_word<Fallback>(fallback_words, node["then"]), read_index(node["approval"])};
}

}  // namespace

void write_index(json::Writer& json, std::string_view name, uint32_t index) {
  if (index != none) json.field(name, index);
}

uint32_t read_index(const json::Node& node) {
  int64_t index = node.as_int(int64_t(none));
  return index < 0 || index > int64_t(none) ? none : uint32_t(index);
}

void write_indices(json::Writer& json, std::string_view name, const std::vector<uint32_t>& indices) {
  write_list(json, name, indices, [](json::Writer& j, uint32_t index) { j.value(index); });
}

std::vector<uint32_t> read_indices(const json::Node& node) {
  std::vector<uint32_t> indices;
  for (const json::Node& item : node.items) indices.push_back(read_index(item));
  return indices;
}

/// Booleans, counts and strings as they are; everything with a unit as an object that names it.
void write_value(json::Writer& json, const Value& value) {
  switch (value.kind) {
    case Kind::None: json.null(); return;
    case Kind::Bool: json.value(value.number != 0); return;
    case Kind::Int: json.value(value.number); return;
    case Kind::String: json.value(value.text); return;
    case Kind::List:
      json.begin_array();
      for (const Value& item : value.items) write_value(json, item);
      json.end_array();
      return;
    case Kind::Float: case Kind::Percent: case Kind::Points: case Kind::Duration: case Kind::Rate: case Kind::Bytes:
    case Kind::Money:
    case Kind::Time:
    case Kind::Date:
    case Kind::Version:
    case Kind::Image:
    case Kind::Url:
    case Kind::Path:
    case Kind::Role: case Kind::Entity: case Kind::Record: case Kind::Gate: case Kind::Call: case Kind::Throughput:
    case Kind::Secret: case Kind::Set: case Kind::Map: case Kind::Enum: case Kind::Weekday: case Kind::Instant:
    case Kind::Zone: case Kind::Calendar: break;
  }
  json.begin_object().key(word(kind_words, value.kind));
  if (value.is(Kind::Float)) json.value(value.real);
  else if (has_text(value.kind)) json.value(value.text);
  else json.value(value.number);
  bool named = value.is(Kind::Entity) || value.is(Kind::Gate) || value.is(Kind::Money);
  if (named) json.field("text", value.text);
  if (!value.items.empty()) write_list(json, "items", value.items, write_value);
  json.end_object();
}

Value read_value(const json::Node& node) {
  switch (node.kind) {
    case json::Node::Kind::Null: return {};
    case json::Node::Kind::Bool: return Value::boolean(node.boolean);
    case json::Node::Kind::Int: return Value::of(Kind::Int, node.integer);
    case json::Node::Kind::Double: return Value::real_number(node.number);
    case json::Node::Kind::String: return Value::of(Kind::String, node.string);
    case json::Node::Kind::Array: {
      std::vector<Value> items;
      for (const json::Node& item : node.items) items.push_back(read_value(item));
      return Value::list(std::move(items));
    }
    case json::Node::Kind::Object: break;
  }
  if (node.fields.empty()) return {};
  const auto& [name, content] = node.fields[0];
  auto kind = std::find(std::begin(kind_words), std::end(kind_words), name);
  if (kind == std::end(kind_words)) return {};
  Value value;
  value.kind = Kind(kind - std::begin(kind_words));
  value.number = content.as_int();
  if (value.is(Kind::Float)) value.real = content.as_double();
  value.text = content.is(json::Node::Kind::String) ? content.string : std::string(node["text"].as_string());
  for (const json::Node& item : node["items"].items) value.items.push_back(read_value(item));
  return value;
}

void write_values(json::Writer& json, std::string_view name, const NamedValues& values) {
  json.key(name).begin_object();
  for (const auto& [key, value] : values) {
    json.key(key);
    write_value(json, value);
  }
  json.end_object();
}

NamedValues read_values(const json::Node& node) {
  NamedValues values;
  for (const auto& [key, value] : node.fields) values.emplace_back(key, read_value(value));
  return values;
}

void write_action(json::Writer& json, const Action& action) {
  json.begin_object().field("text", action.text).field("capability", action.capability).field("name", action.name);
  write_index(json, "service", action.service);
  write_index(json, "target", action.target);
  write_values(json, "args", action.args);
  write_list(json, "sets", action.sets, [](json::Writer& j, const Setting& setting) {
    j.begin_object()
        .field("variable", word(variable_words, setting.variable))
        .field("role", word(role_words, setting.role))
        .key("value");
    write_value(j, setting.value);
    j.end_object();
  });
  json.field("reversibility", word(reversibility_words, action.reversibility));
  if (action.takes_back) json.field("takes_back", true);
  json.field("within_ns", action.within_ns).field("attempts", action.attempts);
  // Only where it says something: plans of what is idempotent keep the bytes that they always had.
  if (action.once) json.field("once", true);
  json.end_object();
}

Action read_action(const json::Node& node) {
  Action action;
  action.text = node["text"].as_string();
  action.capability = node["capability"].as_string();
  action.name = node["name"].as_string();
  action.service = read_index(node["service"]);
  action.target = read_index(node["target"]);
  action.args = read_values(node["args"]);
  for (const json::Node& item : node["sets"].items)
    action.sets.push_back({read_word<Variable>(variable_words, item["variable"]),
                           read_word<Role>(role_words, item["role"]), read_value(item["value"])});
  action.reversibility = read_word<Reversibility>(reversibility_words, node["reversibility"]);
  action.takes_back = node["takes_back"].as_bool();
  action.within_ns = node["within_ns"].as_int();
  action.attempts = int(node["attempts"].as_int(1));
  action.once = node["once"].as_bool();
  return action;
}

void write_observed(json::Writer& json, const Observed& observed) {
  json.begin_object().field("what", observed.what).key("value");
  write_value(json, observed.value);
  json.field("source", observed.source).field("recheck", word(recheck_words, observed.recheck));
  if (observed.within_ppb) json.field("within_ppb", observed.within_ppb);
  json.end_object();
}

Observed read_observed(const json::Node& node) {
  return {std::string(node["what"].as_string()), read_value(node["value"]), std::string(node["source"].as_string()),
          read_word<Recheck>(recheck_words, node["recheck"]), node["within_ppb"].as_int()};
}

void write_target(json::Writer& json, const Target& target) {
  json.begin_object().field("name", target.name).field("backend", target.backend);
  write_values(json, "config", target.config);
  if (target.quota > 0) json.field("quota", target.quota).field("others", target.others);
  json.end_object();
}

Target read_target(const json::Node& node) {
  return {std::string(node["name"].as_string()), std::string(node["backend"].as_string()), read_values(node["config"]),
          node["quota"].as_int(), node["others"].as_int()};
}

void write_service(json::Writer& json, const Service& service) {
  json.begin_object().field("name", service.name).field("place", service.place);
  write_list(json, "bindings", service.bindings, [](json::Writer& j, const Binding& binding) {
    j.begin_object().field("capability", binding.capability);
    write_index(j, "target", binding.target);
    write_values(j, "config", binding.config);
    if (binding.shares) j.field("shares", true);
    if (binding.holds) j.field("holds", true);
    j.end_object();
  });
  json.field("traffic_uhz", service.traffic_uhz).field("replicas", service.replicas);
  if (service.subject != Subject::Service) json.field("subject", word(subject_words, service.subject));
  if (!service.was.empty()) json.field("was", service.was);
  if (!service.unreached.empty()) json.field("unreached", service.unreached);
  json.end_object();
}

Service read_service(const json::Node& node) {
  Service service;
  service.name = node["name"].as_string();
  service.place = node["place"].as_string();
  for (const json::Node& item : node["bindings"].items)
    service.bindings.push_back(
        {std::string(item["capability"].as_string()), read_index(item["target"]), read_values(item["config"]),
         item["shares"].as_bool(), item["holds"].as_bool()});
  service.traffic_uhz = node["traffic_uhz"].as_int();
  service.replicas = node["replicas"].as_int();
  service.subject = read_word<Subject>(subject_words, node["subject"]);
  service.was = node["was"].as_string();
  service.unreached = node["unreached"].as_string();
  return service;
}

void write_signal(json::Writer& json, const Signal& signal) {
  json.begin_object();
  write_index(json, "service", signal.service);
  json.field("name", signal.name);
  write_index(json, "target", signal.target);
  json.field("method", signal.method);
  write_values(json, "args", signal.args);
  json.field("evidence", word(evidence_words, signal.evidence))
      .field("unit", word(kind_words, signal.unit))
      .end_object();
}

Signal read_signal(const json::Node& node) {
  return {read_index(node["service"]),
          std::string(node["name"].as_string()),
          read_index(node["target"]),
          std::string(node["method"].as_string()),
          read_values(node["args"]),
          read_word<Evidence>(evidence_words, node["evidence"]),
          read_word<Kind>(kind_words, node["unit"])};
}

void write_baseline(json::Writer& json, const Baseline& baseline) {
  json.begin_object().field("text", baseline.text).field("signal", baseline.signal);
  if (baseline.quantile_ppb) json.field("quantile_ppb", baseline.quantile_ppb);
  json.field("window_ns", baseline.window_ns).field("part_ns", baseline.part_ns).end_object();
}

Baseline read_baseline(const json::Node& node) {
  return {read_index(node["signal"]), node["quantile_ppb"].as_int(), node["window_ns"].as_int(),
          node["part_ns"].as_int(), std::string(node["text"].as_string())};
}

bool is_bad(const Baseline& baseline, const Plan& plan) {
  if (baseline.signal >= plan.signals.size() || baseline.part_ns < least_part_ns) return true;
  int64_t parts = baseline.window_ns / baseline.part_ns;
  return parts < least_parts || parts > most_parts || baseline.window_ns % baseline.part_ns != 0;
}

void write_condition(json::Writer& json, const Condition& condition) {
  json.begin_object().field("kind", word(condition_words, condition.kind)).field("text", condition.text).key("left");
  write_term(json, condition.left);
  json.field("comparison", word(comparison_words, condition.comparison));
  if (condition.right) {
    json.key("right");
    write_term(json, *condition.right);
    json.field("factor", condition.factor);
  }
  if (condition.baseline != none)
    json.field("baseline", condition.baseline)
        .field("factor", condition.factor)
        .field("deviations", condition.deviations);
  json.field("offset", condition.offset).field("proven_ppb", condition.proven_ppb).field("samples", condition.samples);
  json.field("planned_blocks", condition.planned_blocks).end_object();
}

Condition read_condition(const json::Node& node) {
  Condition condition;
  condition.kind = read_word<ConditionKind>(condition_words, node["kind"]);
  condition.text = node["text"].as_string();
  condition.left = read_term(node["left"]);
  condition.comparison = read_word<Comparison>(comparison_words, node["comparison"]);
  if (node.find("right")) condition.right = read_term(node["right"]);
  condition.baseline = read_index(node["baseline"]);
  condition.factor = node["factor"].as_double(1);
  condition.deviations = node["deviations"].as_double();
  condition.offset = node["offset"].as_double();
  condition.proven_ppb = node["proven_ppb"].as_int();
  condition.samples = int(node["samples"].as_int(1));
  condition.planned_blocks = node["planned_blocks"].as_int();
  return condition;
}

void write_gate(json::Writer& json, const Gate& gate) {
  json.begin_object()
      .field("text", gate.text)
      .field("sample_ns", gate.sample_ns)
      .field("minimum_requests", gate.minimum_requests);
  write_indices(json, "conditions", gate.conditions);
  json.field("harm_ppb", gate.harm_ppb);
  if (gate.harm_of) {
    json.key("harm_of");
    write_term(json, *gate.harm_of);
  }
  write_response(json, "no_data", gate.no_data);
  write_response(json, "undecided", gate.undecided);
  write_response(json, "error", gate.error);
  if (gate.fail.then != Fallback::Fail) write_response(json, "fail", gate.fail);
  json.end_object();
}

Gate read_gate(const json::Node& node) {
  Gate gate;
  gate.text = node["text"].as_string();
  gate.sample_ns = node["sample_ns"].as_int();
  gate.minimum_requests = node["minimum_requests"].as_int();
  gate.conditions = read_indices(node["conditions"]);
  gate.harm_ppb = node["harm_ppb"].as_int();
  if (node.find("harm_of")) gate.harm_of = read_term(node["harm_of"]);
  gate.no_data = read_response(node["no_data"]);
  gate.undecided = read_response(node["undecided"]);
  gate.error = read_response(node["error"]);
  if (node.find("fail")) gate.fail = read_response(node["fail"]);
  return gate;
}

void write_watch(json::Writer& json, const Watch& watch) {
  json.begin_object().field("text", watch.text);
  write_index(json, "condition", watch.condition);
  json.field("held_ns", watch.held_ns).field("sample_ns", watch.sample_ns).field("first_step", watch.first_step);
  json.field("last_step", watch.last_step);
  if (!watch.place.empty()) json.field("place", watch.place);
  json.end_object();
}

Watch read_watch(const json::Node& node) {
  return {read_index(node["condition"]),  node["held_ns"].as_int(),      node["sample_ns"].as_int(),
          read_index(node["first_step"]), read_index(node["last_step"]), std::string(node["text"].as_string()),
          std::string(node["place"].as_string())};
}

}  // namespace rollout::plan
