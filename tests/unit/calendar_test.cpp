// Zones against another implementation's answers, and calendars against a walk over every minute.
#include <algorithm>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/calendar/calendar.h"
#include "compiler/calendar/stay.h"
#include "compiler/eval/literal.h"

namespace rollout {

namespace {

using calendar::Calendar;
using calendar::Zone;

constexpr int64_t minute_s = 60, hour_s = 3600, ns_per_s = 1'000'000'000;

Zone zone(std::string_view name) {
  Result<Zone> found = calendar::zone_named(name);
  if (!found) FAIL(found.error().message);
  return *found;
}

/// As it is written in the language.
int64_t at(std::string_view instant) {
  Result<eval::Value> value = eval::parse_value(eval::Value::Kind::Instant, instant);
  if (!value) FAIL(value.error().message);
  return value->number;
}

Calendar weekly(std::string_view name, std::vector<int> days, int from, int to) {
  std::vector<calendar::Window> open;
  for (int day : days)
    for (const calendar::Window& window : calendar::daily(day, from, to)) open.push_back(window);
  return {zone(name), calendar::joined(std::move(open)), {}};
}

std::vector<int> every_day() { return {0, 1, 2, 3, 4, 5, 6}; }

std::string shown(std::optional<int64_t> moment) { return moment ? calendar::instant_text(*moment) : "never"; }

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t below(int64_t limit) { return std::uniform_int_distribution<int64_t>(0, limit - 1)(engine_); }

 private:
  std::mt19937_64 engine_;
};

Calendar any_calendar(Random& random, int64_t first_day) {
  constexpr std::string_view names[] = {"Europe/Stockholm", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana",
                                        "Pacific/Auckland", "Africa/Casablanca", "America/St_Johns", "UTC"};
  Calendar any{zone(names[size_t(random.below(8))]), {}, {}};
  std::vector<calendar::Window> open;
  for (int64_t i = 1 + random.below(5); i > 0; --i)
    for (const calendar::Window& window :
         calendar::daily(int(random.below(7)), int(random.below(1441)), int(random.below(1441))))
      open.push_back(window);
  any.open = calendar::joined(std::move(open));
  for (int64_t i = random.below(4); i > 0; --i) {
    int64_t first = first_day + random.below(20);
    int from = int(random.below(720)), to = 720 + int(random.below(721));
    bool all_day = random.below(2) == 0;
    any.closed.push_back({first, first + random.below(3), all_day ? 0 : from, all_day ? 1440 : to});
  }
  return any;
}

}  // namespace

TEST_CASE("zones show what another implementation says they show") {
  std::ifstream in(std::string(ROLLOUT_TEST_DATA) + "/zone_vectors.txt");
  std::string name;
  int64_t unix_s = 0, offset_s = 0;
  Zone known;
  size_t vectors = 0;
  while (in >> name >> unix_s >> offset_s) {
    if (known.name != name) known = zone(name);
    INFO(name << " at " << calendar::instant_text(unix_s * ns_per_s));
    CHECK(calendar::offset_at(known, unix_s) == offset_s);
    ++vectors;
  }
  CHECK(vectors > 400);
}

TEST_CASE("every zone can be read, and its clocks change where it says so") {
  CHECK(calendar::zone_names().size() > 590);
  for (std::string_view name : calendar::zone_names()) {
    Zone known = zone(name);
    int64_t time = at("2024-01-01T00:00Z") / ns_per_s, end = at("2027-01-01T00:00Z") / ns_per_s;
    for (std::optional<int64_t> next; (next = calendar::next_change(known, time)) && *next < end; time = *next) {
      INFO(name << " at " << calendar::instant_text(*next * ns_per_s));
      CHECK(calendar::offset_at(known, *next) != calendar::offset_at(known, *next - 1));
      // Nothing changes in between.
      for (int64_t s = time; s < *next; s += 6 * hour_s)
        if (calendar::offset_at(known, s) != calendar::offset_at(known, time)) FAIL("it changed unsaid");
    }
  }
}

TEST_CASE("broken rules of a zone are refused") {
  for (std::string_view text : {"", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "C-1",
                                "CET-1CEST,M3.5.0,M10.5.0/3x", "3600 12 CET-1", "3600 5:1 5:2 CET-1", "x CET-1",
                                "CET-999", "<+05-5", "CET-1CEST,J0,J366", "9999999999999999999 CET-1"}) {
    INFO(text);
    CHECK_FALSE(calendar::parse_zone("Nowhere", text));
  }
}

TEST_CASE("a misspelt zone is answered with the one that was meant") {
  CHECK(calendar::zone_named("Europe/Stokholm").error().message.ends_with("did you mean `Europe/Stockholm`?"));
  CHECK(calendar::zone_named("Kathmandu").error().message.ends_with("did you mean `Asia/Kathmandu`?"));
}

TEST_CASE("dates and days of the week, there and back") {
  CHECK(calendar::weekday_of(0) == 3);  // 1970-01-01 was a Thursday
  for (int64_t days = -800'000; days < 800'000; days += 37) {
    calendar::CivilDate date = calendar::date_of(days);
    CHECK(calendar::days_of(date) == days);
    CHECK((date.day >= 1 && date.day <= calendar::days_in_month(date.year, date.month)));
    CHECK(calendar::weekday_of(days + 1) == (calendar::weekday_of(days) + 1) % 7);
  }
  CHECK(calendar::date_text(calendar::days_of({2028, 2, 28}) + 1) == "2028-02-29");
  CHECK(calendar::date_text(calendar::days_of({2100, 2, 28}) + 1) == "2100-03-01");
}

TEST_CASE("office hours follow the clock on the wall when the clocks change") {
  Calendar office = weekly("Europe/Stockholm", {0, 1, 2, 3, 4}, 9 * 60, 16 * 60);
  // Friday afternoon in winter, the Friday before and the Monday after the change in March.
  CHECK(shown(calendar::next_open(office, at("2026-11-20T15:00Z"))) == "2026-11-23T08:00Z");
  CHECK(shown(calendar::next_open(office, at("2026-03-27T15:30Z"))) == "2026-03-30T07:00Z");
  CHECK(shown(calendar::next_close(office, at("2026-03-30T07:00Z"))) == "2026-03-30T14:00Z");
  CHECK(calendar::open_at(office, at("2026-03-27T14:59:59Z")));
  CHECK_FALSE(calendar::open_at(office, at("2026-03-27T15:00Z")));
}

TEST_CASE("a window that begins in a gap begins behind it, and an hour that comes twice is open twice") {
  // 02:00 to 03:00 is skipped on 2026-03-29.
  Calendar early = weekly("Europe/Stockholm", every_day(), 2 * 60 + 30, 4 * 60);
  CHECK(shown(calendar::next_open(early, at("2026-03-28T22:00Z"))) == "2026-03-29T01:00Z");
  CHECK(shown(calendar::next_close(early, at("2026-03-29T01:00Z"))) == "2026-03-29T02:00Z");
  Calendar skipped = weekly("Europe/Stockholm", every_day(), 2 * 60, 3 * 60);
  CHECK(shown(calendar::next_open(skipped, at("2026-03-28T22:00Z"))) == "2026-03-30T00:00Z");
  // 02:00 to 03:00 comes twice on 2026-10-25.
  CHECK(shown(calendar::next_open(skipped, at("2026-10-24T22:00Z"))) == "2026-10-25T00:00Z");
  CHECK(shown(calendar::next_close(skipped, at("2026-10-25T00:00Z"))) == "2026-10-25T02:00Z");
  Calendar half = weekly("Europe/Stockholm", every_day(), 2 * 60 + 30, 3 * 60);
  CHECK(shown(calendar::next_close(half, at("2026-10-25T00:30Z"))) == "2026-10-25T01:00Z");
  CHECK(shown(calendar::next_open(half, at("2026-10-25T01:00Z"))) == "2026-10-25T01:30Z");
}

TEST_CASE("a day is 23, 24 or 25 hours long, and half an hour more or less on Lord Howe") {
  auto length_h = [](std::string_view name, calendar::CivilDate date) {
    int64_t day = calendar::days_of(date);
    return double(calendar::instant_of(zone(name), day + 1, 0) - calendar::instant_of(zone(name), day, 0)) /
           double(hour_s * ns_per_s);
  };
  CHECK(length_h("Europe/Stockholm", {2026, 3, 29}) == 23);
  CHECK(length_h("Europe/Stockholm", {2026, 6, 1}) == 24);
  CHECK(length_h("Europe/Stockholm", {2026, 10, 25}) == 25);
  CHECK(length_h("Pacific/Auckland", {2026, 9, 27}) == 23);  // spring in the south
  CHECK(length_h("Australia/Lord_Howe", {2026, 4, 5}) == 24.5);
  CHECK(length_h("Australia/Lord_Howe", {2026, 10, 4}) == 23.5);
  CHECK(length_h("Asia/Kathmandu", {2026, 4, 5}) == 24);
}

TEST_CASE("a window in which the clocks change is shorter or longer than its hours say") {
  auto hours = [](std::string_view name, int from, int to) {
    calendar::ClockShift shift = calendar::clock_shift(weekly(name, every_day(), from, to));
    return fmt::format("-{} +{}", double(shift.shorter_ns) / 3600e9, double(shift.longer_ns) / 3600e9);
  };
  CHECK(hours("Europe/Stockholm", 0, 6 * 60) == "-1 +1");
  CHECK(hours("Europe/Stockholm", 9 * 60, 16 * 60) == "-0 +0");
  CHECK(hours("Europe/Stockholm", 2 * 60, 3 * 60) == "-1 +1");
  CHECK(hours("Europe/Stockholm", 2 * 60 + 30, 3 * 60) == "-0.5 +0");  // twice, half an hour each
  CHECK(hours("Europe/Stockholm", 2 * 60 + 30, 4 * 60) == "-1 +0");    // in October 02:30..03:00, then all of it
  CHECK(hours("Europe/Stockholm", 60, 2 * 60 + 30) == "-0.5 +0");
  CHECK(hours("Australia/Lord_Howe", 0, 6 * 60) == "-0.5 +0.5");
  CHECK(hours("America/New_York", 22 * 60, 5 * 60) == "-1 +1");
  CHECK(hours("UTC", 0, 6 * 60) == "-0 +0");
  CHECK(hours("Europe/Stockholm", 0, 24 * 60) == "-0 +0");  // it never closes
}

TEST_CASE("a civil time as an instant: the first of two, and the end of a gap") {
  Zone stockholm = zone("Europe/Stockholm");
  auto instant = [&](calendar::CivilDate date, int minutes) {
    return shown(calendar::instant_of(stockholm, calendar::days_of(date), minutes));
  };
  CHECK(instant({2026, 11, 20}, 15 * 60 + 30) == "2026-11-20T14:30Z");
  CHECK(instant({2026, 3, 29}, 2 * 60 + 30) == "2026-03-29T01:00Z");
  CHECK(instant({2026, 10, 25}, 2 * 60 + 30) == "2026-10-25T00:30Z");
  CHECK(shown(calendar::instant_of(zone("Pacific/Kiritimati"), calendar::days_of({2026, 1, 1}), 0)) ==
        "2025-12-31T10:00Z");
}

TEST_CASE("a calendar that never opens or never closes says so") {
  Calendar never{zone("UTC"), {}, {}};
  CHECK_FALSE(calendar::next_open(never, at("2026-01-01T00:00Z")));
  Calendar always{zone("UTC"), {calendar::Window{}}, {}};
  CHECK_FALSE(calendar::next_close(always, at("2026-01-01T00:00Z")));
  Calendar over{zone("UTC"), {calendar::Window{}}, {{0, 1'000'000}}};
  CHECK_FALSE(calendar::next_open(over, at("2026-01-01T00:00Z")));
}

TEST_CASE("any calendar agrees with a walk over every minute") {
  Random random(20261122);
  constexpr int rounds = 120, walked_days = 16;
  for (int round = 0; round < rounds; ++round) {
    // Near the changes of the clocks more often than not.
    constexpr std::string_view starts[] = {"2026-03-20T00:00Z", "2026-10-18T00:00Z", "2026-03-30T00:00Z",
                                           "2026-09-20T00:00Z", "2028-02-20T00:00Z", "2026-02-08T00:00Z"};
    int64_t start_s = at(starts[random.below(6)]) / ns_per_s + random.below(1440) * minute_s;
    Calendar any = any_calendar(random, calendar::floor_div(start_s, calendar::day_s));
    INFO("round " << round << ": " << calendar::calendar_text(any) << " from "
                  << calendar::instant_text(start_s * ns_per_s));
    // What the clock shows is looked up minute by minute, in another way than next_open and next_close do.
    std::optional<int64_t> opens, closes;
    for (int64_t s = start_s; s < start_s + walked_days * calendar::day_s && !(opens && closes); s += minute_s) {
      bool open = calendar::open_at(any, s * ns_per_s);
      if (open && !opens) opens = s * ns_per_s;
      if (!open && !closes) closes = s * ns_per_s;
    }
    std::optional<int64_t> next_open = calendar::next_open(any, start_s * ns_per_s),
                           next_close = calendar::next_close(any, start_s * ns_per_s);
    if (opens) CHECK(shown(next_open) == shown(opens));
    else CHECK((!next_open || *next_open >= (start_s + walked_days * calendar::day_s) * ns_per_s));
    if (closes) CHECK(shown(next_close) == shown(closes));
    else CHECK((!next_close || *next_close >= (start_s + walked_days * calendar::day_s) * ns_per_s));
  }
}

TEST_CASE("calendars for people") {
  Calendar office = weekly("Europe/Stockholm", {0, 1, 2, 3}, 9 * 60, 16 * 60);
  for (const calendar::Window& window : calendar::daily(4, 9 * 60, 12 * 60)) office.open.push_back(window);
  int64_t eve = calendar::days_of({2026, 12, 24});
  office.closed = {{eve, eve + 2}, {eve + 7, eve + 7, 12 * 60, 1440}};
  CHECK(calendar::calendar_text(office) ==
        "mon..thu 09:00..16:00, fri 09:00..12:00 in Europe/Stockholm, not on 2026-12-24..2026-12-26, "
        "2026-12-31 12:00..24:00");
  CHECK(calendar::calendar_text(weekly("UTC", every_day(), 0, 1440)) == "mon..sun in UTC");
  CHECK(calendar::calendar_text(weekly("UTC", {6}, 22 * 60, 6 * 60)) == "mon 00:00..06:00, sun 22:00..24:00 in UTC");
  CHECK(calendar::moment_text(office.zone, at("2026-11-23T08:00Z")) ==
        "mon 2026-11-23 09:00 in Europe/Stockholm (2026-11-23T08:00Z)");
}

}  // namespace rollout
