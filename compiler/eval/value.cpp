#include "compiler/eval/value.h"

#include <limits>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/calendar/civil.h"
#include "compiler/eval/calendar_value.h"

namespace rollout::eval {
namespace {

/// `number` of parts of `one`, exact, without trailing zeros: fixed_text(1'500, 1'000) is "1.5".
std::string fixed_text(int64_t number, int64_t one) {
  uint64_t magnitude = number < 0 ? -uint64_t(number) : uint64_t(number);
  uint64_t whole = magnitude / uint64_t(one), rest = magnitude % uint64_t(one);
  std::string text = number < 0 ? "-" : "";
  text += std::to_string(whole);
  if (rest == 0) return text;
  std::string digits = std::to_string(uint64_t(one) + rest);
  digits[0] = '.';
  return text.append(digits, 0, digits.find_last_not_of('0') + 1);
}

std::string bytes_text(int64_t bytes) {
  constexpr std::pair<std::string_view, int64_t> units[] = {
      {"TiB", int64_t{1} << 40}, {"GiB", int64_t{1} << 30}, {"MiB", int64_t{1} << 20}, {"KiB", int64_t{1} << 10}};
  for (auto [name, size] : units)
    if (bytes >= size && bytes % size == 0) return fmt::format("{}{}", bytes / size, name);
  return fmt::format("{}B", bytes);
}

/// A throughput that is no whole number of bytes per second is written in bytes.
std::string throughput_text(int64_t number) {
  return (number % rate_one ? fixed_text(number, rate_one) + "B" : bytes_text(number / rate_one)) + "/s";
}

std::string money_text(int64_t hundredths, const std::string& currency) {
  std::string sign = hundredths < 0 ? "-" : "";
  uint64_t magnitude = hundredths < 0 ? -uint64_t(hundredths) : uint64_t(hundredths);
  return fmt::format("{}{}.{:02} {}", sign, magnitude / 100, magnitude % 100, currency);
}

/// `["eu": 4, "us": 8]`; `[:]` where there is none.
std::string map_text(const std::vector<Value>& items) {
  std::string text;
  for (size_t i = 0; i + 1 < items.size(); i += 2)
    text += fmt::format("{}{}: {}", i ? ", " : "", to_text(items[i]), to_text(items[i + 1]));
  return text.empty() ? "[:]" : "[" + text + "]";
}

/// The shortest decimal that reads back as this number, always with a point: `1.0`, never an exponent.
std::string float_text(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find('e') != std::string::npos) text = fmt::format("{:f}", number);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string items_text(const std::vector<Value>& items) {
  std::string text;
  for (const Value& item : items) text += (text.empty() ? "" : ", ") + to_text(item);
  return text;
}

}  // namespace

bool Value::operator==(const Value& other) const {
  return kind == other.kind && number == other.number && real == other.real && text == other.text &&
         items == other.items;
}

std::string duration_text(int64_t ns) {
  if (ns == 0) return "0s";
  if (ns == std::numeric_limits<int64_t>::min()) ++ns;  // it has no positive counterpart
  if (ns < 0) return "-" + duration_text(-ns);
  constexpr std::pair<std::string_view, int64_t> units[] = {{"d", 24 * 3600 * ns_per_s},
                                                            {"h", 3600 * ns_per_s},
                                                            {"m", 60 * ns_per_s},
                                                            {"s", ns_per_s},
                                                            {"ms", ns_per_ms},
                                                            {"us", 1000},
                                                            {"ns", 1}};
  std::string text;
  for (auto [name, size] : units) {
    if (ns < size) continue;
    text.append(std::to_string(ns / size)).append(name);
    ns %= size;
    if (ns == 0) break;
  }
  return text;
}

std::string percent_text(int64_t ppb) { return fixed_text(ppb, percent_one) + "%"; }

std::string to_text(const Value& value) {
  using Kind = Value::Kind;
  switch (value.kind) {
    case Kind::None: return "none";
    case Kind::Bool: return value.number ? "true" : "false";
    case Kind::Int: return fmt::format("{}", value.number);
    case Kind::Float: return float_text(value.real);
    case Kind::String: return json::quote(value.text);
    case Kind::Percent: return percent_text(value.number);
    case Kind::Points: return fixed_text(value.number, percent_one) + " points";
    case Kind::Duration: return duration_text(value.number);
    case Kind::Rate: return fixed_text(value.number, rate_one) + "/s";
    case Kind::Bytes: return bytes_text(value.number);
    case Kind::Throughput: return throughput_text(value.number);
    case Kind::Money: return money_text(value.number, value.text);
    case Kind::Time: return calendar::time_text(value.number);
    case Kind::Date: return calendar::date_text(value.number);
    case Kind::Weekday:  // of a plan that somebody else wrote it may be any number
      return size_t(value.number) < calendar::weekday_names.size()
                 ? std::string(calendar::weekday_names[size_t(value.number)])
                 : fmt::format("{}", value.number);
    case Kind::Instant: return calendar::instant_text(value.number);
    case Kind::Calendar: return calendar::calendar_text(calendar_of(value));
    case Kind::Version:
    case Kind::Zone:
    case Kind::Image:
    case Kind::Url:
    case Kind::Path:
    case Kind::Enum:
    case Kind::Entity: return value.text;
    case Kind::Secret: return fmt::format("secret({})", json::quote(value.text));
    case Kind::Role:
      return value.number == 0 ? "all" : value.number == 1 ? "stable" : value.number == 2 ? "canary" : "control";
    case Kind::Map: return map_text(value.items);
    case Kind::Set:
    case Kind::List: return "[" + items_text(value.items) + "]";
    case Kind::Record:
    case Kind::Call:
    case Kind::Gate: return value.text + "(" + items_text(value.items) + ")";
  }
  return {};
}

}  // namespace rollout::eval
