#include "tests/bench/fleet.h"

#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/sim/simulate.h"
#include "tests/bench/figures.h"
#include "tests/bench/http_world.h"
#include "tests/bench/measure.h"

namespace rollout::bench {

namespace {

namespace fs = std::filesystem;

constexpr double least_simulated = 2000, most_idle_kib = 64, most_decide_us = 1000;
constexpr double deployments_a_day = 1e6, most_day_minutes = 10;
constexpr int day_regions = 20, day_phases = 5;

Result<plan::Plan> quickstart() {
  std::ifstream file(fs::path(ROLLOUT_SOURCE_DIR) / "examples/quickstart/shop.rollout");
  std::string source((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("shop.rollout", load);
  if (!compiled->diagnostics.has_errors()) {
    auto plan = plan::make_plan(*compiled->program, {}, compiled->sources, compiled->diagnostics);
    if (plan) return std::move(*plan);
  }
  return OpError{"examples/quickstart/shop.rollout has no plan"};
}

/// Rollouts in a second of this thread's CPU time; every one of them ends, and breaks no invariant.
Result<double> simulated_a_second(const plan::Plan& plan, int runs, bool noisy) {
  int64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  for (int seed = 0; seed < runs; ++seed) {
    sim::Scenario scenario;
    scenario.seed = uint64_t(seed);
    scenario.noisy = noisy;
    sim::SimResult result = sim::run_simulation(plan, scenario);
    if (!result.violations.empty()) return OpError{result.violations.front().text};
    if (!result.outcome) return OpError{"a simulated run has not ended"};
  }
  return double(runs) * 1e9 / double(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
}

/// One run in the middle of a hold, as its driver keeps it.
struct Alive {
  std::unique_ptr<plan::Plan> plan;
  exec::Executor executor;
  exec::State state;
  exec::Memory memory;
  int64_t now_ns = 0;

  explicit Alive(const plan::Plan& of)
      : plan(std::make_unique<plan::Plan>(of)), executor(*plan, "r1"), state(exec::initial_state(*plan)) {}
  void record(const std::vector<journal::Payload>& events) {
    for (const journal::Payload& what : events) exec::fold(state, *plan, {now_ns, now_ns, what});
  }
  /// Does what the engine says, in a world that does all of it at once and is healthy, until it has to wait. What it is
  /// asked to do next, in microseconds after each answer.
  std::vector<double> go() {
    std::vector<double> us;
    bool present = false;
    while (true) {
      exec::Command command = executor.next(state, memory, now_ns);
      int64_t told = bench::now_ns();
      if (auto* record_now = std::get_if<exec::Record>(&command)) record(record_now->events);
      else if (auto* look = std::get_if<exec::Observe>(&command)) {
        bool there = present || look->confirm;
        present = false;
        exec::Observation seen{there ? exec::Seen::Present : exec::Seen::Absent, ""};
        record(executor.on(state, memory, exec::Observed{*look, seen}, now_ns));
      } else if (auto* act = std::get_if<exec::Act>(&command)) {
        present = true;
        record(executor.on(state, memory, exec::Acted{*act, Done{}}, now_ns));
      } else if (auto* sample = std::get_if<exec::Sample>(&command)) {
        exec::Reading good{exec::Reading::Status::Ok, "", 1000, 1, 1e6};
        record(executor.on(state, memory, exec::Readings{*sample, {sample->terms.size(), good}}, now_ns));
      } else {
        if (auto* wait = std::get_if<exec::Wait>(&command)) wait_until_ns = wait->until_ns;
        return us;
      }
      // The event is known; the command that follows from it is decided.
      exec::Command next = executor.next(state, memory, now_ns);
      (void)next;
      us.push_back(double(bench::now_ns() - told) / 1e3);
    }
  }
  int64_t wait_until_ns = 0;
};

}  // namespace

Result<bool> print_simulated(const Setting& setting) {
  const int rounds = setting.quick ? 1 : 5, runs = setting.quick ? 50 : 2000, large = setting.quick ? 5 : 200;
  Result<plan::Plan> shop = quickstart();
  if (!shop) return shop.error();
  plan::Plan regions = regions_plan(day_regions, day_phases, true, false);
  std::vector<double> quiet, noisy, day;
  for (int round = 0; round < rounds; ++round) {
    for (auto [to, plan, count, noise] :
         {std::tuple(&quiet, &*shop, runs, false), std::tuple(&noisy, &*shop, runs, true),
          std::tuple(&day, &regions, large, false)}) {
      Result<double> rate = simulated_a_second(*plan, count, noise);
      if (!rate) return rate.error();
      to->push_back(*rate);
    }
  }
  double minutes = deployments_a_day / quantile(day, 0.5) / 60;
  return print_figures({alone("quickstart, simulated with noise", "a second of one core", quantile(noisy, 0.5),
                              least_simulated, true),
                        alone("  without noise", "a second of one core", quantile(quiet, 0.5)),
                        alone("20 regions x 5 phases", "a second of one core", quantile(day, 0.5)),
                        alone("  a million of them, on two cores", "minutes", minutes / 2, most_day_minutes)});
}

Result<bool> print_alive(const Setting& setting) {
  const size_t runs = setting.quick ? 50 : 1000, turns = setting.quick ? 200 : 20'000;
  Result<plan::Plan> shop = quickstart();
  if (!shop) return shop.error();
  int64_t heap = heap_bytes();
  std::vector<std::unique_ptr<Alive>> alive;
  std::vector<double> us;
  for (size_t i = 0; i < runs; ++i) {
    alive.push_back(std::make_unique<Alive>(*shop));
    alive.back()->record({journal::RunStarted{"h", "bench", {{"shop", int64_t(i) + 1}}}});
    alive.back()->go();
  }
  double kib = double(heap_bytes() - heap) / 1024 / double(runs);
  std::mt19937_64 random(1);
  for (size_t turn = 0; turn < turns; ++turn) {
    Alive& one = *alive[random() % runs];
    if (one.state.ended) continue;
    one.now_ns = std::max(one.now_ns, one.wait_until_ns);
    for (double each : one.go()) us.push_back(each);
  }
  if (us.empty()) return OpError{"no run had anything to do"};
  std::string p50 = fmt::format("{} decisions, {} runs alive", us.size(), runs);
  return print_figures({alone("event -> command, p99", "us", quantile(us, 0.99), most_decide_us),
                        alone("  p50", "us", quantile(us, 0.5)),
                        alone("an idle run: plan, state and memory", "KiB", kib, most_idle_kib)},
                       p50);
}

}  // namespace rollout::bench
