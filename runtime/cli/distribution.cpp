#include "runtime/cli/distribution.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/effects/copies.h"

namespace rollout::cli {

namespace {

constexpr size_t shown_percents[] = {0, 50, 90, 99, 100};

int64_t quantile(const std::vector<int64_t>& sorted, size_t percent) {
  return sorted.empty() ? 0 : sorted[(sorted.size() - 1) * percent / 100];
}

struct Row {
  std::string_view name, field;
  std::vector<int64_t> sorted;
};

/// The measures that are shown; of rollbacks only where there are some.
std::vector<Row> rows_of(const Distribution& runs) {
  std::vector<Row> rows = {{"duration", "run_ns", runs.sorted(&Figures::run_ns)},
                           {"exposure", "exposure_ns", runs.sorted(&Figures::exposure_ns)}};
  if (std::vector<int64_t> back = runs.sorted(&Figures::rollback_ns, true); !back.empty())
    rows.push_back({"rollback", "rollback_ns", std::move(back)});
  return rows;
}

std::string as_json(const Simulated& what, const HealthyWorld& world, const Distribution& runs) {
  json::Writer json;
  json.begin_object()
      .field("version", 1)
      .field("type", "distribution")
      .field(what.field, what.name)
      .field("seed", world.seed)
      .field("runs", uint64_t(runs.runs.size()))
      .field("false_rollbacks", runs.false_rollbacks());
  json.key("outcomes").begin_object();
  for (const auto& [outcome, times] : runs.outcomes()) json.field(outcome, times);
  json.end_object();
  for (const Row& row : rows_of(runs)) {
    json.key(row.field).begin_object();
    for (size_t percent : shown_percents) json.field(fmt::format("p{}", percent), quantile(row.sorted, percent));
    json.end_object();
  }
  json.end_object();
  return json.take() + "\n";
}

std::string as_text(const Style& style, const Simulated& what, const Distribution& runs) {
  size_t count = runs.runs.size();
  std::string out = fmt::format("{} in {} simulated runs\n\n", style.bold(what.title), count);
  for (const auto& [outcome, times] : runs.outcomes())
    out += fmt::format("  {}  {:5.1f}%  {}\n", right(std::to_string(times), 7), 100.0 * double(times) / double(count),
                       outcome);
  out += fmt::format("\n  {}  {:>9} {:>9} {:>9} {:>9}\n", left("", 10), "least", "half", "90%", "most");
  for (const Row& row : rows_of(runs))
    out += fmt::format("  {}  {:>9} {:>9} {:>9} {:>9}\n", left(row.name, 10), short_duration(quantile(row.sorted, 0)),
                       short_duration(quantile(row.sorted, 50)), short_duration(quantile(row.sorted, 90)),
                       short_duration(quantile(row.sorted, 100)));
  int64_t wrong = runs.false_rollbacks();
  out += wrong == 0 ? "\n  no good version was taken back\n"
                    : fmt::format("\n  a good version was taken back in {} of {} runs ({:.1f}%)\n", wrong, count,
                                  100.0 * double(wrong) / double(count));
  return out;
}

// What a copy hands back: a line a run, a line a violation in front of the run that it is of.
std::string line_of(const Figures& run) {
  std::string out;
  for (const std::string& violation : run.violations) out += fmt::format("!{}\n", violation);
  return out + fmt::format("{} {} {} {} {}\n", run.run_ns, run.exposure_ns, run.rollback_ns, int(run.false_rollback),
                           run.outcome);
}

std::string_view word_from(std::string_view& text, char end) {
  size_t at = text.find(end);
  ROLLOUT_CHECK(at != std::string_view::npos, "a copy of this process writes whole lines");
  std::string_view word = text.substr(0, at);
  text.remove_prefix(at + 1);
  return word;
}

Figures run_from(std::string_view& text) {
  Figures run;
  while (!text.empty() && text.front() == '!') run.violations.emplace_back(word_from(text, '\n').substr(1));
  for (int64_t* number : {&run.run_ns, &run.exposure_ns, &run.rollback_ns})
    *number = std::stoll(std::string(word_from(text, ' ')));
  run.false_rollback = word_from(text, ' ') == "1";
  run.outcome = word_from(text, '\n');
  return run;
}

/// Which runs a copy makes does not depend on how fast the others are, and their order is that of the seeds.
Result<Distribution> all_runs(const HealthyWorld& world, const std::function<Figures(int64_t index)>& one) {
  Result<std::vector<std::string>> texts = effects::in_copies(size_t(world.jobs), [&](size_t copy) {
    std::string text;
    for (int64_t i = int64_t(copy); i < world.runs; i += world.jobs) text += line_of(one(i));
    return text;
  });
  if (!texts) return texts.error();
  std::vector<std::string_view> rest(texts->begin(), texts->end());
  Distribution out;
  for (int64_t i = 0; i < world.runs; ++i) out.runs.push_back(run_from(rest[size_t(i % world.jobs)]));
  return out;
}

/// A simulation in which the engine breaks its promises is a bug of ours, not of the file.
int report_violations(const Context& context, const Figures& run, int64_t seed) {
  for (const std::string& violation : run.violations) context.fail(0, fmt::format("seed {}: {}", seed, violation));
  return context.fail(
      70, "this is a bug in rollout: its engine broke an invariant; please report the file and the seed");
}

}  // namespace

std::map<std::string, int64_t> Distribution::outcomes() const {
  std::map<std::string, int64_t> out;
  for (const Figures& run : runs) ++out[run.outcome];
  return out;
}

std::vector<int64_t> Distribution::sorted(int64_t Figures::*field, bool only_back) const {
  std::vector<int64_t> out;
  for (const Figures& run : runs)
    if (!only_back || run.outcome.starts_with("rolled back")) out.push_back(run.*field);
  std::sort(out.begin(), out.end());
  return out;
}

int64_t Distribution::false_rollbacks() const {
  return std::count_if(runs.begin(), runs.end(), [](const Figures& run) { return run.false_rollback; });
}

bool taken_back_unasked(const std::vector<journal::Event>& events) {
  auto by_itself = [](journal::Cause cause) {
    bool by_people = cause == journal::Cause::Rejected || cause == journal::Cause::Unapproved;
    return !by_people && !journal::by_hand(cause);
  };
  return std::any_of(events.begin(), events.end(), [&](const journal::Event& event) {
    const auto* all = std::get_if<journal::RollbackStarted>(&event.what);
    const auto* scope = std::get_if<journal::ScopeRollbackStarted>(&event.what);
    return (all != nullptr && by_itself(all->cause)) || (scope != nullptr && by_itself(scope->cause));
  });
}

int simulate_many(const Context& context, const Simulated& what, const HealthyWorld& world,
                  const std::function<Figures(int64_t index)>& one) {
  Result<Distribution> runs = all_runs(world, one);
  if (!runs) return context.fail(runs.error());
  for (size_t i = 0; i < runs->runs.size(); ++i)
    if (!runs->runs[i].violations.empty()) return report_violations(context, runs->runs[i], world.seed + int64_t(i));
  if (context.format == "svg") context.out(distribution_svg(what, world, *runs));
  else context.out(context.json() ? as_json(what, world, *runs) : as_text(context.style, what, *runs));
  return Ok;
}

}  // namespace rollout::cli
