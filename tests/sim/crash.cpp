#include "tests/sim/crash.h"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "runtime/journal/words.h"
#include "tests/sim/deaths.h"

namespace rollout::sim_test {

namespace {

constexpr int64_t least_copied = 1500;  ///< operations: a shorter run is sooner begun anew than a process is copied
constexpr int64_t max_operations = 10'000'000;  ///< of all runs around the events of one long run

bool is_sample(const journal::Event& event) { return std::holds_alternative<journal::Sampled>(event.what); }

std::string_view text_of(const std::optional<journal::Outcome>& outcome) {
  return outcome ? word(journal::outcome_names, *outcome) : "not ended";
}

/// What was done in the world, in order: the same effects whoever did them.
std::vector<std::string> effects_of(const sim::SimResult& result) {
  std::vector<std::string> out;
  for (const sim::LedgerEntry& entry : result.ledger)
    out.push_back(fmt::format("{}{} {}", entry.undo ? "undo" : "step", entry.step, entry.text));
  std::sort(out.begin(), out.end());
  return out;
}

void check(CrashReport& report, const plan::Plan& plan, const sim::Scenario& scenario, std::vector<Deaths> all,
           bool may_differ) {
  report.points += int64_t(all.size());
  auto judge = [&](const Deaths&, const sim::SimResult& result) {
    std::vector<std::string> out = sim::texts_of(result.violations);
    if (!may_differ && result.outcome != report.undisturbed.outcome)
      out.push_back(fmt::format("{} instead of {}: {}", text_of(result.outcome), text_of(report.undisturbed.outcome),
                                result.cause));
    // Where nothing but crashes goes wrong, each effect happens exactly as often as without them.
    if (scenario.faults.empty() && !scenario.abort_at_ns && effects_of(result) != effects_of(report.undisturbed))
      out.push_back(fmt::format("{} effects instead of {}", result.ledger.size(), report.undisturbed.ledger.size()));
    return out;
  };
  bool is_long = report.undisturbed.operations >= least_copied;
  auto run = is_long ? run_deaths_in_copies : run_deaths;
  for (std::string& failure : run(plan, scenario, std::move(all), judge)) report.failures.push_back(std::move(failure));
}

CrashReport undisturbed(const plan::Plan& plan, const sim::Scenario& scenario) {
  CrashReport report;
  report.undisturbed = sim::run_simulation(plan, scenario);
  for (const std::string& violation : sim::texts_of(report.undisturbed.violations))
    report.failures.push_back("no crash: " + violation);
  return report;
}

}  // namespace

CrashReport crash_everywhere(const plan::Plan& plan, const sim::Scenario& scenario, int64_t stride,
                             bool outcome_may_differ) {
  CrashReport report = undisturbed(plan, scenario);
  std::vector<Deaths> all;
  for (int64_t point = 0; point < report.undisturbed.operations; point += stride) all.push_back({point});
  check(report, plan, scenario, std::move(all), outcome_may_differ);
  return report;
}

CrashReport crash_around_events(const plan::Plan& plan, const sim::Scenario& scenario,
                                int64_t others, int64_t max_gap) {
  // From the commit before an action through its two looks and its call to the commit after it.
  constexpr int64_t before = 2, after = 8;
  CrashReport report = undisturbed(plan, scenario);
  const sim::SimResult& quiet = report.undisturbed;
  std::set<int64_t> once, twice;
  size_t count = size_t(std::count_if(quiet.events.begin(), quiet.events.end(), std::not_fn(is_sample))), seen = 0;
  // Of twenty regions that all do the same, evenly spread ones; every record has a test of its own.
  int64_t runs = before + 1 + after + max_gap;
  int64_t most = std::max<int64_t>(1, max_operations / std::max<int64_t>(1, quiet.operations) / runs);
  size_t every = std::max<size_t>(1, (count + size_t(most) - 1) / size_t(most));
  for (size_t i = 0; i < quiet.events.size(); ++i) {
    if (is_sample(quiet.events[i]) || seen++ % every != 0) continue;
    twice.insert(quiet.durable_at[i]);
    for (int64_t near = -before; near <= after; ++near) once.insert(quiet.durable_at[i] + near);
  }
  int64_t stride = std::max<int64_t>(1, quiet.operations / std::max<int64_t>(1, others));
  for (int64_t point = 0; point < quiet.operations; point += stride) once.insert(point);
  std::vector<Deaths> all;
  for (int64_t point : once)
    if (point >= 0 && point < quiet.operations) all.push_back({point});
  for (int64_t point : twice)
    for (int64_t gap = 1; gap <= max_gap; ++gap) all.push_back({point, point + gap});
  check(report, plan, scenario, std::move(all), false);
  return report;
}

CrashReport crash_after_records(const plan::Plan& plan, const sim::Scenario& scenario, int64_t part, int64_t parts,
                                int64_t sample_stride) {
  CrashReport report = undisturbed(plan, scenario);
  const sim::SimResult& quiet = report.undisturbed;
  std::set<int64_t> points;
  int64_t samples = 0, index = 0;
  for (size_t i = 0; i < quiet.events.size(); ++i)
    if (!is_sample(quiet.events[i]) || samples++ % sample_stride == 0) points.insert(quiet.durable_at[i]);
  std::vector<Deaths> all;
  for (int64_t point : points)
    if (index++ % parts == part && point < quiet.operations) all.push_back({point});
  check(report, plan, scenario, std::move(all), false);
  return report;
}

CrashReport crash_while_recovering(const plan::Plan& plan, const sim::Scenario& scenario,
                                   int64_t max_gap, int64_t stride) {
  CrashReport report = undisturbed(plan, scenario);
  std::vector<Deaths> all;
  for (int64_t point = 0; point < report.undisturbed.operations; point += stride)
    for (int64_t gap = 1; gap <= max_gap; ++gap) all.push_back({point, point + gap});
  check(report, plan, scenario, std::move(all), false);
  return report;
}

}  // namespace rollout::sim_test
