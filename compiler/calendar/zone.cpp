#include "compiler/calendar/zone.h"

#include <algorithm>

#include "compiler/calendar/civil.h"

namespace rollout::calendar {

namespace {

constexpr int64_t max_change_hours = 167;  // RFC 8536, 3.3.1

/// Reads the text from its front; after a mistake everything it gives is worthless and `good()` is false.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  Rule read() {
    Rule rule;
    skip_name();
    rule.offset_s = -read_hours();
    if (rest_.empty()) return rule;
    skip_name();
    rule.other_offset_s = rest_.starts_with(',') ? rule.offset_s + 3600 : -read_hours();
    rule.begins = read_day();
    rule.ends = read_day();
    good_ = good_ && rest_.empty();
    return rule;
  }
  bool good() const { return good_; }

 private:
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool accept(char c) {
    if (front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { good_ = accept(c) && good_; }
  bool at_digit() const { return front() >= '0' && front() <= '9'; }

  /// `CET`, `ChST`, `<+0545>`
  void skip_name() {
    bool quoted = accept('<');
    size_t length = 0;
    auto belongs = [&](char c) { return quoted ? c != '>' : (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    while (length < rest_.size() && belongs(rest_[length])) ++length;
    good_ = good_ && length >= 3;
    rest_.remove_prefix(length);
    if (quoted) expect('>');
  }

  int64_t read_number(int64_t least, int64_t most) {
    int64_t number = 0;
    bool any = at_digit();
    for (; at_digit() && number <= most; rest_.remove_prefix(1)) number = number * 10 + (front() - '0');
    good_ = good_ && any && number >= least && number <= most;
    return number;
  }

  /// `-5:45`, `3`, `-1`: hours, minutes and seconds, as seconds.
  int64_t read_hours() {
    bool negative = accept('-');
    if (!negative) accept('+');
    int64_t seconds = read_number(0, max_change_hours) * 3600;
    if (accept(':')) seconds += read_number(0, 59) * 60;
    if (accept(':')) seconds += read_number(0, 59);
    return negative ? -seconds : seconds;
  }

  ChangeDay read_day() {
    ChangeDay day;
    expect(',');
    if (accept('M')) {
      day.month = int(read_number(1, 12));
      expect('.');
      day.week = int(read_number(1, 5));
      expect('.');
      day.day = int(read_number(0, 6));
    } else if (accept('J')) {
      day.form = ChangeDay::Form::JulianNoLeap;
      day.day = int(read_number(1, 365));
    } else {
      day.form = ChangeDay::Form::Julian;
      day.day = int(read_number(0, 365));
    }
    if (accept('/')) day.time_s = read_hours();
    return day;
  }

  std::string_view rest_;
  bool good_ = true;
};

/// In days since 1970.
int64_t day_in(const ChangeDay& day, int64_t year) {
  int64_t new_year = days_of({year, 1, 1});
  switch (day.form) {
    case ChangeDay::Form::Julian: return new_year + day.day;
    case ChangeDay::Form::JulianNoLeap: return new_year + day.day - 1 + (is_leap(year) && day.day >= 60);
    case ChangeDay::Form::Month: break;
  }
  int64_t first = days_of({year, day.month, 1});
  constexpr int sunday = 6;
  int wanted = (day.day + sunday) % 7;  // Monday first, as weekday_of has it
  int64_t found = first + (wanted - weekday_of(first) + 7) % 7 + 7 * (day.week - 1);
  return found < first + days_in_month(year, day.month) ? found : found - 7;
}

/// The changes of three years, in order. Of two at the same moment the later one of the year's pair counts.
std::array<Zone::Change, 6> changes_around(const Rule& rule, int64_t unix_s) {
  int64_t year = date_of(floor_div(unix_s, day_s)).year;
  std::array<Zone::Change, 6> changes;
  size_t at = 0;
  for (int64_t y = year - 1; y <= year + 1; ++y) {
    changes[at++] = {day_in(rule.ends, y) * day_s + rule.ends.time_s - *rule.other_offset_s, rule.offset_s};
    changes[at++] = {day_in(rule.begins, y) * day_s + rule.begins.time_s - rule.offset_s, *rule.other_offset_s};
  }
  std::stable_sort(changes.begin(), changes.end(), [](auto& a, auto& b) { return a.at_s < b.at_s; });
  return changes;
}

int64_t offset_by(const Rule& rule, int64_t unix_s) {
  if (!rule.other_offset_s) return rule.offset_s;
  int64_t offset = rule.offset_s;
  for (const Zone::Change& change : changes_around(rule, unix_s))
    if (change.at_s <= unix_s) offset = change.offset_s;
  return offset;
}

bool read_integer(std::string_view text, int64_t& number) {
  bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  constexpr size_t most_digits = 12;
  if (text.empty() || text.size() > most_digits) return false;
  number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  if (negative) number = -number;
  return true;
}

bool read_change(std::string_view word, Zone::Change& change) {
  size_t colon = word.find(':');
  return colon != std::string_view::npos && read_integer(word.substr(0, colon), change.at_s) &&
         read_integer(word.substr(colon + 1), change.offset_s);
}

}  // namespace

Result<Zone> parse_zone(std::string_view name, std::string_view text) {
  Zone zone{std::string(name), std::string(text), 0, {}, {}};
  OpError broken{"the rules of the time zone " + zone.name + " cannot be read: `" + zone.text + "`"};
  size_t last_blank = text.rfind(' ');
  std::string_view before = last_blank == std::string_view::npos ? "" : text.substr(0, last_blank);
  for (bool first = true; !before.empty(); first = false) {
    size_t end = std::min(before.find(' '), before.size());
    std::string_view word = before.substr(0, end);
    before.remove_prefix(std::min(end + 1, before.size()));
    if (!first) zone.changes.emplace_back();
    if (!(first ? read_integer(word, zone.first_offset_s) : read_change(word, zone.changes.back()))) return broken;
  }
  for (size_t i = 1; i < zone.changes.size(); ++i)
    if (zone.changes[i].at_s <= zone.changes[i - 1].at_s) return broken;
  RuleReader reader(text.substr(last_blank == std::string_view::npos ? 0 : last_blank + 1));
  zone.rule = reader.read();
  if (!reader.good()) return broken;
  return zone;
}

int64_t offset_at(const Zone& zone, int64_t unix_s) {
  if (zone.changes.empty() || unix_s >= zone.changes.back().at_s) return offset_by(zone.rule, unix_s);
  int64_t offset = zone.first_offset_s;
  for (const Zone::Change& change : zone.changes)
    if (change.at_s <= unix_s) offset = change.offset_s;
  return offset;
}

std::optional<int64_t> next_change(const Zone& zone, int64_t unix_s) {
  for (const Zone::Change& change : zone.changes)
    if (change.at_s > unix_s) return change.at_s;
  if (!zone.rule.other_offset_s) return std::nullopt;
  for (const Zone::Change& change : changes_around(zone.rule, unix_s))
    if (change.at_s > unix_s && offset_at(zone, change.at_s) != offset_at(zone, change.at_s - 1)) return change.at_s;
  return std::nullopt;
}

}  // namespace rollout::calendar
