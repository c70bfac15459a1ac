// rollout_campaign: random worlds, seed after seed. Every run draws truths, faults, crashes and an abort, and every
// invariant must hold in it. Exit code 0: all held; 1: some seed shows a violation; 2: usage.
// A run counts as one with a fault only if the fault was met: a crash that killed a process, a call that failed.
// Runs are counted by the kinds of fault that they met, too.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/words.h"
#include "runtime/sim/simulate.h"
#include "tests/sim/example_plans.h"
#include "tests/sim/plans.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

namespace {

constexpr std::string_view usage = R"(usage: rollout_campaign worlds|examples [--runs N] [--seed S] [--json]
  worlds    plans made for this, small and quick
  examples  every rollout below examples/, in turn
With --runs 1 the record of the run follows, event by event.
)";
constexpr int64_t default_runs = 100'000;
constexpr size_t most_shown = 10;

struct Options {
  std::string campaign;
  int64_t runs = default_runs, seed = 1;
  bool json = false;
};

struct Failure {
  int64_t seed = 0;
  std::string plan, violation;
};

/// What the campaign came to.
struct Tally {
  int64_t runs = 0, injected = 0, met = 0, crashes = 0;
  std::map<std::string_view, int64_t> met_by_kind;  ///< runs that met at least one fault of it
  int64_t lost = 0, doubled = 0, violations = 0;
  std::map<std::string_view, int64_t> ends;
  std::vector<Failure> failures;  ///< the first ones
  std::vector<journal::Event> events;  ///< of the last run
};

std::string_view word_of(sim::FaultKind kind) {
  switch (kind) {
    case sim::FaultKind::FailAction: return "call refused";
    case sim::FaultKind::Busy: return "call answered by 503";
    case sim::FaultKind::LoseEffect: return "call without effect";
    case sim::FaultKind::LoseReply: return "reply lost";
    case sim::FaultKind::SlowAction: return "effect late";
    case sim::FaultKind::HalfEffect: return "half an effect";
    case sim::FaultKind::DieAtOnce: return "instance dies";
    case sim::FaultKind::ObserveError: return "look fails";
    case sim::FaultKind::MetricsError: return "metrics fail";
    case sim::FaultKind::MetricsEmpty: return "metrics empty";
    case sim::FaultKind::Unsettled: return "unsettled";
    case sim::FaultKind::RouterReset: return "router reset";
    case sim::FaultKind::StoreAway: return "disk full";
    case sim::FaultKind::StoreRefuses: return "write refused";
    case sim::FaultKind::StoreLosesReply: return "commit unknown";
    case sim::FaultKind::StoreGone: return "store away";
    case sim::FaultKind::StorePoisoned: return "record damaged";
  }
  return "";
}

struct Subject {
  std::string name;
  plan::Plan plan;
  Span span;
};

void add(Tally& tally, const Subject& subject, int64_t seed, const sim::Scenario& world, const sim::SimResult& run) {
  ++tally.runs;
  tally.injected += int64_t(world.faults.size() + world.crash_at.size());
  int64_t crashes = run.witnessed.deaths;
  tally.crashes += crashes;
  std::set<std::string_view> kinds;
  for (size_t i = 0; i < world.faults.size(); ++i)
    if (run.witnessed.faults[i] > 0) ++tally.met, kinds.insert(word_of(world.faults[i].kind));
  tally.met += crashes;
  for (std::string_view kind : kinds) ++tally.met_by_kind[kind];
  tally.events = run.events;
  ++tally.ends[run.outcome ? journal::spoken(*run.outcome) : "without an end"];
  for (const sim::Violation& violation : run.violations) {
    ++tally.violations;
    tally.lost += violation.rule == sim::Rule::Lost;
    tally.doubled += violation.rule == sim::Rule::Twice;
    if (tally.failures.size() < most_shown) tally.failures.push_back({seed, subject.name, violation.text});
  }
}

std::vector<Subject> subjects_of(const Options& options) {
  std::vector<Subject> out;
  if (options.campaign != "examples") return out;
  for (Example& example : examples(ROLLOUT_EXAMPLES)) {
    sim::SimResult quiet = sim::run_simulation(example.plan, good_world(example.plan));
    out.push_back({example.name, std::move(example.plan), {std::max<int64_t>(quiet.run_ns, second), quiet.operations}});
  }
  return out;
}

Tally run(const Options& options) {
  Tally tally;
  std::vector<Subject> subjects = subjects_of(options);
  for (int64_t seed = options.seed; seed < options.seed + options.runs; ++seed) {
    const Subject& subject = subjects.empty() ? Subject{"worlds", random_plan(uint64_t(seed)), random_span}
                                              : subjects[size_t(seed) % subjects.size()];
    sim::Scenario world =
        random_world(subjects.empty() ? canary_plan() : subject.plan, uint64_t(seed), subject.span);
    add(tally, subject, seed, world, sim::run_simulation(subject.plan, world));
  }
  return tally;
}

std::string json_of(const Options& options, const Tally& tally) {
  json::Writer out;
  out.begin_object().field("version", 1).field("campaign", options.campaign).field("seed", options.seed);
  out.field("runs", tally.runs).field("faults_injected", tally.injected).field("faults_witnessed", tally.met);
  out.field("crashes", tally.crashes).field("lost", tally.lost).field("doubled", tally.doubled);
  out.field("violations", tally.violations).key("ends").begin_object();
  for (const auto& [end, count] : tally.ends) out.field(end, count);
  out.end_object().key("met_by_kind").begin_object();
  for (const auto& [kind, count] : tally.met_by_kind) out.field(kind, count);
  out.end_object().key("failures").begin_array();
  for (const Failure& failure : tally.failures)
    out.begin_object().field("seed", failure.seed).field("plan", failure.plan).field("violation", failure.violation)
        .end_object();
  out.end_array().end_object();
  return out.take();
}

std::string text_of(const Options& options, const Tally& tally) {
  std::string out = fmt::format("{} from seed {}: {} runs, {} of {} faults met ({} of them crashes)\n",
                                options.campaign, options.seed, tally.runs, tally.met, tally.injected, tally.crashes);
  for (const auto& [end, count] : tally.ends) out += fmt::format("  {:<16} {}\n", end, count);
  for (const auto& [kind, count] : tally.met_by_kind) out += fmt::format("  met: {:<21} {} runs\n", kind, count);
  out += fmt::format("  {} lost, {} doubled, {} violations\n", tally.lost, tally.doubled, tally.violations);
  for (const Failure& failure : tally.failures)
    out += fmt::format("  {}, again with --seed {} --runs 1: {}\n", failure.plan, failure.seed, failure.violation);
  if (options.runs == 1)
    for (const journal::Event& event : tally.events) out += journal::encode(event) + "\n";
  return out;
}

bool read_number(const char* text, int64_t& number) {
  std::string_view all = text;
  auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  return error == std::errc() && end == all.data() + all.size() && number > 0;
}

bool read_options(int argc, char** argv, Options& options) {
  if (argc < 2) return false;
  options.campaign = argv[1];
  if (options.campaign != "worlds" && options.campaign != "examples") return false;
  for (int i = 2; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument == "--json") options.json = true;
    else if (argument == "--runs" && i + 1 < argc && read_number(argv[i + 1], options.runs)) ++i;
    else if (argument == "--seed" && i + 1 < argc && read_number(argv[i + 1], options.seed)) ++i;
    else return false;
  }
  return true;
}

}  // namespace

int main_with_arguments(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  Tally tally = run(options);
  fmt::print("{}{}", options.json ? json_of(options, tally) : text_of(options, tally), options.json ? "\n" : "");
  return tally.violations == 0 ? 0 : 1;
}

}  // namespace rollout::sim_test

int main(int argc, char** argv) { return rollout::sim_test::main_with_arguments(argc, argv); }
