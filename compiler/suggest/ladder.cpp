#include "compiler/suggest/ladder.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/calendar/civil.h"
#include "compiler/eval/literal.h"

namespace rollout::suggest {

using ast::LiteralKind;

namespace {

constexpr int64_t s = eval::ns_per_s, min = 60 * s, h = 60 * min, day = 24 * h;
constexpr int64_t durations[] = {s,        2 * s,    3 * s,    5 * s,    10 * s,   15 * s,   20 * s,  30 * s,
                                 45 * s,   min,      75 * s,   90 * s,   2 * min,  150 * s,  3 * min, 4 * min,
                                 5 * min,  6 * min,  8 * min,  10 * min, 12 * min, 15 * min, 20 * min, 25 * min,
                                 30 * min, 40 * min, 45 * min, 50 * min, h,        75 * min, 90 * min, 2 * h,
                                 150 * min, 3 * h,   4 * h,    5 * h,    6 * h,    7 * h,    8 * h,   10 * h,
                                 12 * h,   16 * h,   day,      2 * day,  3 * day,  7 * day};
constexpr int64_t tenth = eval::percent_one / 10;  // of a percent
constexpr int64_t shares[] = {tenth,       2 * tenth,   3 * tenth,   4 * tenth,   5 * tenth,   10 * tenth,  15 * tenth,
                              20 * tenth,  25 * tenth,  30 * tenth,  40 * tenth,  50 * tenth,  60 * tenth,  80 * tenth,
                              100 * tenth, 120 * tenth, 150 * tenth, 200 * tenth, 250 * tenth, 300 * tenth, 330 * tenth,
                              400 * tenth, 500 * tenth, 600 * tenth, 660 * tenth, 750 * tenth, 800 * tenth, 900 * tenth,
                              1000 * tenth};
constexpr int64_t quarter = 15;  // minutes between two times of the day

std::vector<int64_t> values_of(LiteralKind literal) {
  if (literal == LiteralKind::Duration) return {std::begin(durations), std::end(durations)};
  if (literal == LiteralKind::Percent) return {std::begin(shares), std::end(shares)};
  std::vector<int64_t> values;
  if (literal == LiteralKind::Time)
    for (int64_t at = 0; at <= calendar::minutes_a_day; at += quarter) values.push_back(at);
  if (literal == LiteralKind::Int) {
    for (int64_t small = 1; small < 20; ++small) values.push_back(small);
    for (int64_t ten = 10; ten <= 1'000'000; ten *= 10)
      for (int64_t of : {2, 3, 4, 5, 6, 8, 10}) values.push_back(ten * of);
  }
  return values;
}

/// As a file writes it.
std::string written(LiteralKind literal, int64_t number) {
  if (literal == LiteralKind::Duration) return eval::duration_text(number);
  if (literal == LiteralKind::Percent) return eval::percent_text(number);
  if (literal == LiteralKind::Time) return fmt::format("{:02}:{:02}", number / 60, number % 60);
  return fmt::format("{}", number);
}

/// How finely people write a value of this size.
int64_t grain_of(LiteralKind literal, int64_t number) {
  if (literal == LiteralKind::Duration)
    return number < min ? 5 * s : number < 5 * min ? 15 * s : number < 2 * h ? min : number < 8 * h ? 15 * min : h;
  if (literal == LiteralKind::Percent) return number < 10 * tenth ? tenth : 10 * tenth;
  if (literal == LiteralKind::Time) return 5;
  int64_t grain = 1;
  while (number >= 100 * grain) grain *= 10;
  return grain;
}

/// Minutes count as steps of an hour: half an hour earlier is a small change at any time of the day.
double times_of(LiteralKind literal, int64_t from, int64_t to) {
  if (literal == LiteralKind::Time) return 1 + double(std::abs(to - from)) / 60;
  double ratio = double(std::max<int64_t>(1, to)) / double(std::max<int64_t>(1, from));
  return ratio < 1 ? 1 / ratio : ratio;
}

}  // namespace

std::vector<Rung> rungs_of(LiteralKind literal, std::string_view text, bool up) {
  Result<eval::Value> now = eval::parse_literal(literal, text);
  if (!now) return {};
  std::vector<int64_t> values = values_of(literal);
  std::erase_if(values, [&](int64_t value) { return up ? value <= now->number : value >= now->number; });
  if (!up) std::reverse(values.begin(), values.end());
  if (values.size() > max_rungs) values.resize(max_rungs);
  std::vector<Rung> rungs;
  for (int64_t value : values) rungs.push_back({written(literal, value), times_of(literal, now->number, value)});
  return rungs;
}

std::optional<double> turned_by(LiteralKind literal, std::string_view from, std::string_view to) {
  Result<eval::Value> first = eval::parse_literal(literal, from), last = eval::parse_literal(literal, to);
  if (!first || !last) return std::nullopt;
  return times_of(literal, first->number, last->number);
}

std::vector<Rung> rungs_before(LiteralKind literal, std::string_view text, std::string_view to) {
  Result<eval::Value> from = eval::parse_literal(literal, text), last = eval::parse_literal(literal, to);
  if (!from || !last) return {};
  std::vector<Rung> rungs = rungs_of(literal, text, last->number > from->number);
  auto end = std::find_if(rungs.begin(), rungs.end(), [&](const Rung& rung) { return rung.text == to; });
  if (end == rungs.end()) return {};
  rungs.erase(end, rungs.end());
  return rungs;
}

std::vector<Rung> between_rungs(LiteralKind literal, std::string_view text, std::string_view to) {
  Result<eval::Value> from = eval::parse_literal(literal, text), last = eval::parse_literal(literal, to);
  if (!from || !last) return {};
  int64_t nearest = from->number;
  if (std::vector<Rung> before = rungs_before(literal, text, to); !before.empty())
    nearest = eval::parse_literal(literal, before.back().text)->number;
  int64_t low = std::min(nearest, last->number), high = std::max(nearest, last->number);
  int64_t grain = grain_of(literal, low);
  std::vector<Rung> finer;
  for (int64_t value = (low / grain + 1) * grain; value < high; value += grain)
    finer.push_back({written(literal, value), times_of(literal, from->number, value)});
  if (last->number < from->number) std::reverse(finer.begin(), finer.end());
  return finer;
}

}  // namespace rollout::suggest
