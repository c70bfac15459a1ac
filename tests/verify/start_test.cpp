// Proof 5 against every minute of two weeks around each change of the clocks, and against the engine: a run that begins
// at a safe moment meets no close.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/recheck.h"
#include "compiler/verify/start.h"
#include "runtime/sim/random.h"
#include "tests/sim/plans.h"
#include "tests/verify/measured.h"

namespace rollout::verify {

namespace {

using calendar::Calendar;
using sim_test::minute;
using sim_test::second;

constexpr int64_t hour = 60 * minute, day = 24 * hour;
constexpr int fortnight = 14 * calendar::minutes_a_day;

Calendar calendar_of(std::string_view zone, std::vector<calendar::Window> open) {
  auto named = calendar::zone_named(zone);
  REQUIRE(named);
  return {*named, calendar::joined(std::move(open)), {}};
}

std::vector<calendar::Window> every_day(int from, int to) {
  std::vector<calendar::Window> windows;
  for (int weekday = 0; weekday < 7; ++weekday)
    for (const calendar::Window& window : calendar::daily(weekday, from, to)) windows.push_back(window);
  return windows;
}

/// By minute from `begin_ns` on: for how many minutes it stays open, each minute looked at by itself.
std::vector<int> stays_of(const Calendar& calendar, int64_t begin_ns, int minutes) {
  std::vector<int> stays(size_t(minutes) + 1);
  for (int m = minutes; m-- > 0;)
    stays[size_t(m)] = calendar::open_at(calendar, begin_ns + m * minute) ? stays[size_t(m) + 1] + 1 : 0;
  return stays;
}

/// Minutes of a fortnight about which the answer differs from `stays`. It is asked again behind each of its answers.
int wrong_minutes(const Calendar& calendar, int64_t begin_ns, const std::vector<int>& stays, int64_t length_ns) {
  int wrong = 0;
  for (int m = 0; m < fortnight;) {
    auto next = calendar::next_stay(calendar, begin_ns + m * minute, length_ns);
    int64_t from_ns = next ? next->from_ns : INT64_MAX;
    for (; m < fortnight && begin_ns + m * minute < from_ns; ++m) wrong += stays[size_t(m)] * minute > length_ns;
    if (!next) break;
    for (; m < fortnight && begin_ns + m * minute < next->to_ns; ++m) wrong += stays[size_t(m)] * minute <= length_ns;
    wrong += !calendar::open_at(calendar, next->to_ns - 1 + length_ns);
    wrong += calendar::open_at(calendar, next->to_ns + length_ns);
  }
  return wrong;
}

}  // namespace

TEST_CASE("a start is safe if and only if every minute from it on is open") {
  int64_t minutes = 0;
  // 2026: the clocks change in Stockholm on 29 March and 25 October, in New York on 8 March and 1 November, in Lord
  // Howe by half an hour on 5 April and 4 October. 2028 has a leap day.
  for (auto [zone, date] : std::initializer_list<std::pair<const char*, calendar::CivilDate>>{
           {"Europe/Stockholm", {2026, 3, 23}}, {"Europe/Stockholm", {2026, 10, 19}},
           {"America/New_York", {2026, 3, 2}},
           {"America/New_York", {2026, 10, 26}}, {"Australia/Lord_Howe", {2026, 3, 30}},
           {"Australia/Lord_Howe", {2026, 9, 28}}, {"UTC", {2028, 2, 22}}})
    for (auto [from, to] :
         std::initializer_list<std::pair<int, int>>{{9 * 60, 16 * 60}, {22 * 60, 5 * 60}, {0, 3 * 60}})
      for (int64_t length : {int64_t{0}, 45 * minute, 2 * hour + 30 * second, 6 * hour + 59 * minute}) {
        Calendar calendar = calendar_of(zone, every_day(from, to));
        calendar.closed = {{calendar::days_of(date) + 3, calendar::days_of(date) + 3, 10 * 60, 12 * 60}};
        int64_t begin = calendar::instant_of(calendar.zone, calendar::days_of(date), 0);
        std::vector<int> stays = stays_of(calendar, begin, fortnight + 2 * calendar::minutes_a_day);
        INFO(zone << " " << calendar::date_text(calendar::days_of(date)) << " " << from << " " << length / second);
        CHECK(wrong_minutes(calendar, begin, stays, length) == 0);
        minutes += fortnight;
      }
  WARN(fmt::format("{} minutes looked at one by one", minutes));
}

TEST_CASE("the weekly starts are those of a week without changes") {
  sim::Random random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<calendar::Window> windows;
    for (int64_t i = random.below(4); i >= 0; --i) {
      int from = int(random.below(calendar::minutes_a_week));
      windows.push_back({from, std::min(calendar::minutes_a_week, from + int(random.below(3000)))});
    }
    if (random.chance(0.3)) windows.push_back({0, 300}), windows.push_back({calendar::minutes_a_week - 200,
                                                                           calendar::minutes_a_week});
    Calendar calendar = calendar_of("UTC", windows);
    int64_t length = random.below(600) * minute / 2;
    int64_t monday = calendar::days_of({2026, 11, 23}) * day;
    std::vector<int> stays = stays_of(calendar, monday, 2 * calendar::minutes_a_week);
    std::vector<calendar::Window> weekly = calendar::weekly_stays(calendar, length);
    int wrong = 0;
    for (int m = 0; m < calendar::minutes_a_week; ++m) {
      bool said = std::any_of(weekly.begin(), weekly.end(),
                              [&](const calendar::Window& window) { return window.from <= m && m < window.to; });
      wrong += said != ((stays[size_t(m)] - 1) * minute >= length && stays[size_t(m)] > 0);
    }
    INFO("round " << round);
    CHECK(wrong == 0);
  }
}

TEST_CASE("a run that begins at a safe moment meets no close") {
  plan::Plan plan = sim_test::canary_plan(10 * minute);
  plan.during = plan::During{calendar_of("Europe/Stockholm", every_day(9 * 60, 10 * 60)), "", false, "office", ""};
  plan::Facts facts = prove(plan).facts;
  REQUIRE(facts.start);
  REQUIRE(!facts.start->weekly.empty());
  plan.facts = facts;
  CHECK(recheck(plan).empty());
  auto safe = next_safe_start(plan, *facts.start, calendar::days_of({2026, 3, 28}) * day);
  REQUIRE(safe);
  int64_t runs = 0, late = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed, ++runs) {
    sim::Scenario world = calm_world(plan, seed, {20 * minute, 300});
    world.start_wall_ns = safe->to_ns - 1;  // the last moment that is safe
    auto closed = [&] {
      sim::SimResult result = sim::run_simulation(plan, world);
      return std::any_of(result.events.begin(), result.events.end(), [](const journal::Event& event) {
        return std::holds_alternative<journal::CalendarClosed>(event.what);
      });
    };
    INFO("seed " << seed);
    CHECK(!closed());
    world.start_wall_ns = *calendar::next_close(plan.during->calendar, safe->from_ns) - 5 * minute;
    late += closed();
  }
  CHECK(late > 0);
  WARN(fmt::format("{} runs from the last safe moment: none meets the close; {} that begin late do", runs, late));
}

TEST_CASE("policies take away from the safe starts") {
  plan::Plan plan = sim_test::canary_plan(10 * minute);
  plan.during = plan::During{calendar_of("UTC", every_day(9 * 60, 16 * 60)), "", false, "office", ""};
  plan::Facts facts = prove(plan).facts;
  int64_t monday = calendar::days_of({2026, 11, 23}) * day;
  auto safe = next_safe_start(plan, *facts.start, monday);
  REQUIRE(safe);
  CHECK(safe->from_ns == monday + 9 * hour);
  plan.forbidden = {{"later", {calendar_of("UTC", every_day(6 * 60, 12 * 60)), "", false, "morning", ""}, false}};
  safe = next_safe_start(plan, *facts.start, monday);
  REQUIRE(safe);
  CHECK(safe->from_ns == monday + 12 * hour);
  plan.forbidden.push_back(
      {"check", {calendar_of("UTC", every_day(13 * 60, 14 * 60)), "", false, "lunch", ""}, true});
  safe = next_safe_start(plan, *facts.start, monday);
  REQUIRE(safe);
  CHECK(safe->from_ns == monday + 13 * hour);
  CHECK(safe->to_ns == monday + 14 * hour);
}

TEST_CASE("the parking phase is the first that a close may come before") {
  plan::Plan plan = sim_test::canary_plan(10 * minute);
  plan.during = plan::During{calendar_of("UTC", every_day(9 * 60, 10 * 60)), "", false, "office", ""};
  int64_t ten = calendar::days_of({2026, 11, 23}) * day + 10 * hour;
  CHECK(parks_before(plan, ten - 59 * minute) == plan::none);
  uint32_t step = parks_before(plan, ten - 8 * minute);
  REQUIRE(step != plan::none);
  CHECK(plan.steps[step].phase == 1);
}

}  // namespace rollout::verify
