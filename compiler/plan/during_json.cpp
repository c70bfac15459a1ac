// `during` in a plan, as JSON.
#include "compiler/plan/json_parts.h"

namespace rollout::plan {

void write_during(json::Writer& json, const During& during) {
  const calendar::Calendar& calendar = during.calendar;
  json.begin_object().field("text", during.text).field("at_close", during.waits ? "wait" : "park");
  if (!during.place.empty()) json.field("place", during.place);
  json.field("zone", calendar.zone.name).field("zones_version", during.zones_version);
  json.field("zone_rules", calendar.zone.text);
  write_list(json, "open_minutes_of_week", calendar.open, [](json::Writer& j, const calendar::Window& window) {
    j.begin_object().field("from", window.from).field("to", window.to).end_object();
  });
  write_list(json, "closed_dates", calendar.closed, [](json::Writer& j, const calendar::Closure& closure) {
    j.begin_object().field("first", calendar::date_text(closure.first));
    j.field("last", calendar::date_text(closure.last));
    j.field("first_day", closure.first).field("last_day", closure.last);
    j.field("from_minute", closure.from).field("to_minute", closure.to).end_object();
  });
  json.end_object();
}

Result<During> read_during(const json::Node& node) {
  During during;
  during.text = node["text"].as_string();
  during.place = node["place"].as_string();
  during.waits = node["at_close"].as_string() == "wait";
  during.zones_version = node["zones_version"].as_string();
  Result<calendar::Zone> zone = calendar::parse_zone(node["zone"].as_string(), node["zone_rules"].as_string());
  if (!zone) return zone.error();
  during.calendar.zone = std::move(*zone);
  for (const json::Node& item : node["open_minutes_of_week"].items)
    during.calendar.open.push_back({int(item["from"].as_int()), int(item["to"].as_int())});
  for (const json::Node& item : node["closed_dates"].items)
    during.calendar.closed.push_back({item["first_day"].as_int(), item["last_day"].as_int(),
                                      int(item["from_minute"].as_int()), int(item["to_minute"].as_int())});
  for (const calendar::Window& window : during.calendar.open)
    if (window.from < 0 || window.from >= window.to || window.to > calendar::minutes_a_week)
      return OpError{"a window is no part of a week"};
  for (const calendar::Closure& closure : during.calendar.closed)
    if (closure.from < 0 || closure.to > calendar::minutes_a_day) return OpError{"a closed date is no date"};
  return during;
}

}  // namespace rollout::plan
