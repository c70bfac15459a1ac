#include "compiler/eval/literal.h"

#include <limits>

#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/calendar/civil.h"
#include "compiler/calendar/zone.h"
#include "compiler/eval/image.h"
#include "compiler/eval/version.h"

namespace rollout::eval {

namespace {

using Kind = Value::Kind;

struct Unit {
  std::string_view name;
  int64_t size;
};
constexpr Unit duration_units[] = {{"ns", 1}, {"us", 1000}, {"ms", ns_per_ms}, {"s", ns_per_s}, {"m", 60 * ns_per_s},
                                   {"h", 3600 * ns_per_s}, {"d", 24 * 3600 * ns_per_s}};
constexpr Unit byte_units[] = {{"B", 1}, {"KB", 1000}, {"MB", 1000'000}, {"GB", 1000'000'000}, {"TB", 1000'000'000'000},
                               {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", int64_t{1} << 40}};

/// The number at the front of `text`, which is cut off, times `one`; an error when it is not whole then.
Result<int64_t> take_number(std::string_view& text, int64_t one) {
  __int128 value = 0, scale = 1;
  bool fraction = false;
  size_t used = 0;
  for (; used < text.size(); ++used) {
    char c = text[used];
    if (c == '_') continue;
    if (c == '.' && !fraction && used + 1 < text.size() && isdigit(text[used + 1])) fraction = true;
    else if (!isdigit(c)) break;
    else {
      value = value * 10 + (c - '0');
      if (fraction) scale *= 10;
      if (value > __int128(1) << 100 || scale > __int128(1) << 60) return OpError{"it has too many digits"};
    }
  }
  if (used == 0) return OpError{"a number is expected"};
  text.remove_prefix(used);
  __int128 scaled = value * one;
  if (scaled % scale != 0) return OpError{"it is more precise than can be kept"};
  scaled /= scale;
  if (scaled > std::numeric_limits<int64_t>::max()) return OpError{"it is too large"};
  return int64_t(scaled);
}

template <size_t N>
Result<int64_t> unit_size(const Unit (&units)[N], std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return unit.size;
  return OpError{fmt::format("`{}` is no unit here", name)};
}

Result<Value> parse_duration(std::string_view text) {
  int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t letters = rest.find_first_not_of("0123456789._");
    if (letters == std::string_view::npos) return OpError{"a duration has a unit, such as `5m`"};
    size_t end = std::min(rest.find_first_of("0123456789", letters), rest.size());
    Result<int64_t> unit = unit_size(duration_units, rest.substr(letters, end - letters));
    if (!unit) return unit.error();
    Result<int64_t> part = take_number(rest, *unit);
    if (!part) return part.error();
    rest.remove_prefix(end - letters);
    if (__builtin_add_overflow(total, *part, &total)) return OpError{"it is longer than 292 years"};
  }
  return Value::of(Kind::Duration, total);
}

Result<Value> parse_number(Kind kind, std::string_view text, int64_t one, std::string_view suffix) {
  Result<int64_t> number = take_number(text, one);
  if (!number) return number.error();
  if (text != suffix)
    return OpError{suffix.empty() ? "a whole number is expected"
                                  : fmt::format("`{}` is expected behind the number", suffix)};
  return Value::of(kind, *number);
}

Result<Value> parse_rate(std::string_view text) {
  char unit = text.empty() ? ' ' : text.back();
  int64_t seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
  if (seconds == 0) return OpError{"a rate is a number per time, such as `200/s`"};
  Result<int64_t> number = take_number(text, rate_one);
  if (!number) return number.error();
  return Value::of(Kind::Rate, *number / seconds);
}

Result<Value> parse_bytes(std::string_view text) {
  Result<int64_t> unit = unit_size(byte_units,
                                   text.substr(std::min(text.size(), text.find_first_not_of("0123456789._"))));
  if (!unit) return unit.error();
  Result<int64_t> number = take_number(text, *unit);
  if (!number) return number.error();
  return Value::of(Kind::Bytes, *number);
}

/// `12MiB/s`: bytes in a time.
Result<Value> parse_throughput(std::string_view text) {
  size_t slash = text.rfind('/');
  std::string_view unit = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  int64_t seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : unit == "d" ? 86400 : 0;
  if (seconds == 0) return OpError{"a throughput is bytes per time, such as `12MiB/s`"};
  std::string_view amount = text.substr(0, slash);
  Result<int64_t> size = unit_size(byte_units,
                                   amount.substr(std::min(amount.size(), amount.find_first_not_of("0123456789._"))));
  if (!size) return size.error();
  Result<int64_t> number = take_number(amount, *size * rate_one);
  if (!number) return number.error();
  return Value::of(Kind::Throughput, *number / seconds);
}

/// Digits where `form` has `0`, capital letters where it has `A`, otherwise the same.
bool looks_like(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (size_t i = 0; i < form.size(); ++i) {
    bool fits = form[i] == '0' ? llvm::isDigit(text[i]) : form[i] == 'A' ? text[i] >= 'A' && text[i] <= 'Z'
                                                                        : text[i] == form[i];
    if (!fits) return false;
  }
  return true;
}

Result<Value> parse_money(std::string_view text) {
  Result<int64_t> number = take_number(text, 100);
  if (!number) return number.error();
  Value value = Value::of(Kind::Money, *number);
  value.text = std::string(text.substr(1));
  return value;
}

Result<Value> parse_time(std::string_view text) {
  int hours = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';
  if (hours > 24 || minutes > 59 || (hours == 24 && minutes > 0)) return OpError{"times are 00:00 to 24:00"};
  return Value::of(Kind::Time, hours * 60 + minutes);
}

int number_in(std::string_view text, size_t at, size_t digits) {
  int number = 0;
  llvm::StringRef(text.substr(at, digits)).getAsInteger(10, number);
  return number;
}

Result<Value> parse_date(std::string_view text) {
  calendar::CivilDate date{number_in(text, 0, 4), number_in(text, 5, 2), number_in(text, 8, 2)};
  if (date.month < 1 || date.month > 12) return OpError{"months are 01 to 12"};
  if (date.day < 1 || date.day > calendar::days_in_month(date.year, date.month))
    return OpError{"that month has no such day"};
  return Value::of(Kind::Date, calendar::days_of(date));
}

/// `2026-11-20T14:30Z`: what lies outside of the years below does not fit into nanoseconds.
Result<Value> parse_instant(std::string_view text) {
  constexpr int first_year = 1970, last_year = 2261;
  Result<Value> date = parse_date(text.substr(0, 10));
  if (!date) return date;
  Result<Value> time = parse_time(text.substr(11, 5));
  if (!time) return time;
  int year = number_in(text, 0, 4), seconds = text[16] == ':' ? number_in(text, 17, 2) : 0;
  if (year < first_year || year > last_year) return OpError{"instants lie in the years 1970 to 2261"};
  if (time->number == calendar::minutes_a_day) return OpError{"an instant at midnight is 00:00 of the next day"};
  if (seconds > 59) return OpError{"seconds are 00 to 59; leap seconds are no instants"};
  return Value::of(Kind::Instant, (date->number * calendar::day_s + time->number * 60 + seconds) * ns_per_s);
}

Result<Value> parse_string(std::string_view text) {
  std::string out;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case '"':
      case '\\':
      case '$': out += text[i]; break;
      default: return OpError{fmt::format("`\\{}` is no escape; there are \\n \\t \\\" \\\\ \\$", text[i])};
    }
  }
  return Value::of(Kind::String, std::move(out));
}

}  // namespace

Result<Value> parse_literal(ast::LiteralKind kind, std::string_view text) {
  using ast::LiteralKind;
  switch (kind) {
    case LiteralKind::String: return parse_string(text);
    case LiteralKind::Int: return parse_number(Kind::Int, text, 1, "");
    case LiteralKind::Float: {
      std::string digits;
      for (char c : text)
        if (c != '_') digits += c;
      double number = strtod(digits.c_str(), nullptr);
      return number <= std::numeric_limits<double>::max() ? Result<Value>(Value::real_number(number))
                                                          : OpError{"it is too large"};
    }
    case LiteralKind::Percent: return parse_number(Kind::Percent, text, percent_one, "%");
    case LiteralKind::Duration: return parse_duration(text);
    case LiteralKind::Rate: return parse_rate(text);
    case LiteralKind::Bytes: return parse_bytes(text);
    case LiteralKind::Money: return parse_money(text);
    case LiteralKind::Time: return parse_time(text);
    case LiteralKind::Date: return parse_date(text);
    case LiteralKind::Instant: return parse_instant(text);
    case LiteralKind::True: return Value::boolean(true);
    case LiteralKind::False: return Value::boolean(false);
    case LiteralKind::None: return Value{};
  }
  return OpError{"no literal"};
}

Result<Value> parse_value(Kind kind, std::string_view text) {
  using ast::LiteralKind;
  switch (kind) {
    case Kind::Bool:
      if (text == "true" || text == "false") return Value::boolean(text == "true");
      return OpError{"`true` or `false` is expected"};
    case Kind::Int: return parse_number(Kind::Int, text, 1, "");
    case Kind::Float:
      if (text.empty() || text.find_first_not_of("0123456789._") != std::string_view::npos)
        return OpError{"a number is expected"};
      return parse_literal(LiteralKind::Float, text);
    case Kind::Percent: return parse_number(Kind::Percent, text, percent_one, "%");
    case Kind::Points: return parse_number(Kind::Points, text, percent_one, text.ends_with('%') ? "%" : " points");
    case Kind::Duration: return text.empty() ? Result<Value>(OpError{"a duration is expected"}) : parse_duration(text);
    case Kind::Rate: return parse_rate(text);
    case Kind::Bytes: return parse_bytes(text);
    case Kind::Throughput: return parse_throughput(text);
    case Kind::Money:
      if (!looks_like(text.substr(std::min(text.size(), text.find(' '))), " AAA"))
        return OpError{"an amount and its currency are expected, such as `12.50 USD`"};
      return parse_money(text);
    case Kind::Time:
      return looks_like(text, "00:00") ? parse_time(text) : Result<Value>(OpError{"a time is expected, as `09:00`"});
    case Kind::Date:
      return looks_like(text, "0000-00-00") ? parse_date(text)
                                            : Result<Value>(OpError{"a date is expected, such as `2026-12-24`"});
    case Kind::Weekday: {
      std::optional<int> day = calendar::weekday_named(text);
      return day ? Value::of(kind, *day) : Result<Value>(OpError{"a weekday is expected: mon tue wed thu fri sat sun"});
    }
    case Kind::Instant:
      return looks_like(text, "0000-00-00T00:00Z") || looks_like(text, "0000-00-00T00:00:00Z")
                 ? parse_instant(text)
                 : Result<Value>(OpError{"an instant in UTC is expected, such as `2026-11-20T14:30Z`"});
    case Kind::String: return Value::of(kind, std::string(text));
    case Kind::Image: case Kind::Url: case Kind::Path: case Kind::Version: case Kind::Zone: {
      std::optional<TextProblem> problem = text_problem(kind, text);
      if (problem) return OpError{problem->what};
      return Value::of(kind, std::string(text));
    }
    case Kind::Secret: {
      std::string problem = secret_problem(text);
      if (!problem.empty()) return OpError{problem};
      return Value::of(kind, std::string(text));
    }
    case Kind::None: case Kind::Role: case Kind::Entity: case Kind::List: case Kind::Record: case Kind::Gate:
    case Kind::Call: case Kind::Set: case Kind::Map: case Kind::Enum: case Kind::Calendar: break;
  }
  return OpError{"a value of this type cannot be given from outside"};
}

std::optional<TextProblem> text_problem(Kind kind, std::string_view text) {
  llvm::StringRef whole(text);
  if (text.empty()) return TextProblem{"it is empty", 0, 0};
  size_t blank = whole.find_first_of(" \t\r\n");
  if (blank != llvm::StringRef::npos) return TextProblem{"it has a blank in it", blank, 1};
  if (kind == Kind::Image) return image_problem(text);
  if (kind == Kind::Version) return version_problem(text);
  if (kind == Kind::Zone) {
    Result<calendar::Zone> zone = calendar::zone_named(text);
    if (!zone) return TextProblem{zone.error().message, 0, 0};
  }
  if (kind == Kind::Url) {
    llvm::StringRef rest = whole;
    if (!rest.consume_front("http://") && !rest.consume_front("https://"))
      return TextProblem{"a URL begins with http:// or https://", 0, 0};
    if (rest.empty() || rest.front() == '/' || rest.front() == ':')
      return TextProblem{"the host is missing", whole.size() - rest.size(), 0};
    if (rest.take_until([](char c) { return c == '/' || c == '?' || c == '#'; }).contains('@'))
      return TextProblem{"no name or password stands in it", 0, 0};
  }
  if (kind == Kind::Path &&
      (whole == ".." || whole.startswith("../") || whole.contains("/../") || whole.endswith("/..")))
    return TextProblem{"a path does not leave the project with `..`", 0, 0};
  return std::nullopt;
}

std::string secret_problem(std::string_view text) {
  llvm::StringRef rest(text);
  constexpr std::string_view form = "a secret is given by its place: `env:TOKEN` or `file:run/token`";
  if (rest.consume_front("env:")) {
    bool name = !rest.empty() && !llvm::isDigit(rest.front()) &&
                llvm::all_of(rest, [](char c) { return llvm::isAlnum(c) || c == '_'; });
    return name ? "" : "the name of an environment variable is letters, digits and `_`";
  }
  if (rest.consume_front("file:")) return rest.empty() ? "the path of the file is missing" : "";
  return std::string(form);
}

}  // namespace rollout::eval
