// Value: what an expression of the language is when the plan is made. A plain value with a unit in its kind:
// a Duration never meets a Percent by accident. Quantities are fixed-point integers, so the same program
// gives the same plan to the byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::eval {

inline constexpr int64_t percent_one = 10'000'000;         ///< 1% in parts per billion
inline constexpr int64_t percent_all = 100 * percent_one;  ///< 100%
inline constexpr int64_t ns_per_ms = 1'000'000;
inline constexpr int64_t ns_per_s = 1'000'000'000;
inline constexpr int64_t rate_one = 1'000'000;             ///< 1/s in millionths of a hertz

struct Value {
  enum class Kind : uint8_t {
    None,      ///< absent: an optional without a value, a version that does not exist
    Bool,      ///< number: 0 or 1
    Int,       ///< number
    Float,     ///< real
    String,    ///< text
    Percent,   ///< number: parts per billion of the whole
    Points,    ///< number: a difference of two Percents, parts per billion
    Duration,  ///< number: nanoseconds
    Rate,      ///< number: millionths of one per second
    Bytes,     ///< number: bytes
    Money,     ///< number: hundredths; text: currency, three letters
    Time,      ///< number: minutes since midnight
    Date,      ///< number: days since 1970-01-01
    Version,   ///< text: as written (eval/version.h)
    Image,     ///< text: name:tag or name:tag@digest (eval/image.h)
    Url,       ///< text
    Path,      ///< text: relative to the project root unless it begins with a slash
    Role,      ///< number: plan::Role
    Entity,    ///< number: index of its declaration; text: `checkout`, `checkout[eu-1]`; items: its place, if any
    List,      ///< items
    Record,    ///< items in the order of the declared fields; text: name of the record type
    Gate,      ///< number: index of the gate declaration; items: arguments bound so far (None where open)
    Call,      ///< text: name of a constructor declared by a backend (`http`); items: its arguments
    Throughput,  ///< number: millionths of a byte per second
    Secret,    ///< text: where the value is found, `env:NAME` or `file:PATH`; the value itself is never here
    Set,       ///< items, each once, in the order in which they were written
    Map,       ///< items: key, value, key, value; in the order in which they were written
    Enum,      ///< text: `Region.eu`
    Weekday,   ///< number: 0 is Monday
    Instant,   ///< number: nanoseconds since 1970-01-01T00:00Z
    Zone,      ///< text: `Europe/Stockholm`
    Calendar,  ///< text: the zone; items: what is open and what is excepted (eval/calendar_value.h)
  };
  Kind kind = Kind::None;
  int64_t number = 0;
  double real = 0;
  std::string text;
  std::vector<Value> items;

  static Value of(Kind kind, int64_t number) { return {kind, number, 0, {}, {}}; }
  static Value of(Kind kind, std::string text) { return {kind, 0, 0, std::move(text), {}}; }
  static Value boolean(bool flag) { return of(Kind::Bool, flag); }
  static Value real_number(double number) { return {Kind::Float, 0, number, {}, {}}; }
  static Value list(std::vector<Value> items) { return {Kind::List, 0, 0, {}, std::move(items)}; }

  bool is(Kind other) const { return kind == other; }
  bool operator==(const Value& other) const;
};

/// As it would be written in the language: `5m`, `99.9%`, `200/s`, `"text"`, `[1, 2]`.
std::string to_text(const Value& value);

/// `1h30m`, `12s`, `250ms`; exact, largest units first. The one rendering of durations everywhere.
std::string duration_text(int64_t ns);
/// `5%`, `0.1%`, `12.5%`; exact.
std::string percent_text(int64_t ppb);

}  // namespace rollout::eval
