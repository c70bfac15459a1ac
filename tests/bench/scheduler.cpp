#include "tests/bench/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "runtime/effects/command.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "tests/bench/figures.h"

namespace rollout::bench {

namespace {

constexpr int times_each = 5;  ///< of which the best counts, as in perf/dag_tbb.cpp
constexpr int sizes[] = {10'000, 100'000};
constexpr double most_beside_tbb = 2.0;
constexpr double most_bytes = 200;
// Programs of perf/; the first is empty where oneTBB is not installed.
constexpr const char *tbb_program = ROLLOUT_DAG_TBB, *raw_program = ROLLOUT_DAG_RAW;
constexpr int64_t peer_within_ns = 60'000'000'000;
constexpr size_t max_said = 64 << 10;

/// Nanoseconds for each node: to set up, and to run all of them.
struct Cost {
  double build_ns = 1e18, run_ns = 1e18;
  double sum() const { return build_ns + run_ns; }
};

std::vector<plan::Step> graph(int nodes, bool chain) {
  std::vector<plan::Step> steps(size_t(nodes), plan::Step{});
  for (uint32_t i = 1; chain && i < steps.size(); ++i) steps[i].after = {i - 1};
  for (plan::Step& step : steps) step.action.service = 0;
  return steps;
}

void count(uint32_t step, int64_t& sum) { sum += step & 1; }

/// Of the frontier alone, with a call that does next to nothing for each step.
Cost frontier_cost(const std::vector<plan::Step>& steps) {
  Cost best;
  double nodes = double(steps.size());
  void (*volatile work)(uint32_t, int64_t&) = count;
  for (int i = 0; i < times_each; ++i) {
    int64_t begin = now_ns();
    exec::Frontier frontier(steps);
    int64_t built = now_ns(), sum = 0;
    size_t done = 0;
    for (uint32_t at = frontier.ready().next(0); at != plan::none; at = frontier.ready().next(0), ++done) {
      frontier.move(at, exec::StepStatus::Pending, exec::StepStatus::Begun);
      work(at, sum);
      frontier.move(at, exec::StepStatus::Begun, exec::StepStatus::Done);
    }
    int64_t ended = now_ns();
    ROLLOUT_CHECK(done == steps.size() && sum == int64_t(done / 2), "every step was run once");
    best.build_ns = std::min(best.build_ns, double(built - begin) / nodes);
    best.run_ns = std::min(best.run_ns, double(ended - built) / nodes);
  }
  return best;
}

double frontier_bytes(const std::vector<plan::Step>& steps) {
  int64_t before = heap_bytes();
  auto frontier = std::make_unique<exec::Frontier>(steps);
  return double(heap_bytes() - before) / double(steps.size());
}

/// What the whole engine does for a step beside journal and world: it is asked what to do and told what came of it, and
/// all events are folded.
struct EngineCost {
  double ns = 0, bytes = 0;
};
EngineCost engine_cost(const std::vector<plan::Step>& steps) {
  plan::Plan plan;
  plan.services = {{"checkout", "", {}, 0, 0}};
  plan.steps = steps;
  int64_t heap = heap_bytes(), begin = clock_ns(CLOCK_THREAD_CPUTIME_ID), at_ns = 0;
  exec::Executor executor(plan, "r1");
  exec::State state = exec::initial_state(plan);
  exec::Memory memory;
  bool present = false;
  auto record = [&](const std::vector<journal::Payload>& events) {
    for (const journal::Payload& what : events) exec::fold(state, plan, {++at_ns, at_ns, what});
  };
  record({journal::RunStarted{"h", "bench", {{"checkout", 1}}}});
  while (!state.ended) {
    exec::Command command = executor.next(state, memory, at_ns);
    if (auto* events = std::get_if<exec::Record>(&command)) record(events->events);
    else if (auto* look = std::get_if<exec::Observe>(&command)) {
      exec::Observation seen{present ? exec::Seen::Present : exec::Seen::Absent, ""};
      record(executor.on(state, memory, exec::Observed{*look, seen}, at_ns));
      present = false;
    } else if (auto* act = std::get_if<exec::Act>(&command)) {
      present = true;
      record(executor.on(state, memory, exec::Acted{*act, Done{}}, at_ns));
    } else {
      ROLLOUT_CHECK(false, "a run of actions alone neither waits nor samples");
    }
  }
  ROLLOUT_CHECK(state.ended->outcome == journal::Outcome::Succeeded, "nothing went wrong");
  double nodes = double(steps.size());
  return {double(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / nodes, double(heap_bytes() - heap) / nodes};
}

/// By shape and nodes, as the peer's program prints it: `… chain n=10000 build 68.0 ns/node run 55.0 ns/node`.
Result<std::map<std::pair<bool, int>, Cost>> peer_costs(const std::string& program) {
  auto ended = effects::posix_commands()->run({program, {}, peer_within_ns, max_said});
  if (!ended) return ended.error();
  std::map<std::pair<bool, int>, Cost> out;
  std::istringstream said(ended->output);
  for (std::string line; std::getline(said, line);) {
    Cost cost;
    char shape[16];
    int threads = 1, nodes = 0;
    const char* tbb = "tbb-flow threads=%d %15s n=%d build %lf ns/node run %lf";
    const char* raw = "raw-topo %15s n=%d build %lf ns/node run %lf";
    bool read = std::sscanf(line.c_str(), tbb, &threads, shape, &nodes, &cost.build_ns, &cost.run_ns) == 5 ||
                std::sscanf(line.c_str(), raw, shape, &nodes, &cost.build_ns, &cost.run_ns) == 4;
    if (read && threads == 1) out[{std::string(shape) == "chain", nodes}] = cost;
  }
  if (out.empty()) return OpError{program + " says nothing that can be read"};
  return out;
}

}  // namespace

Result<bool> print_scheduler(const Setting& setting) {
  const int rounds = setting.quick ? 1 : 5;
  const std::string tbb = tbb_program, raw = raw_program;
  std::map<std::pair<bool, int>, std::vector<double>> ours, theirs, bare;
  for (int round = 0; round < rounds; ++round) {
    for (int nodes : sizes)
      for (bool chain : {true, false})
        ours[{chain, nodes}].push_back(frontier_cost(graph(nodes, chain)).sum());
    for (auto [program, to] : {std::pair(&tbb, &theirs), std::pair(&raw, &bare)}) {
      if (program->empty()) continue;
      auto costs = peer_costs(*program);
      if (!costs) return costs.error();
      for (auto& [of, cost] : *costs) (*to)[of].push_back(cost.sum());
    }
  }
  std::vector<Figure> figures;
  for (auto& [of, cost] : ours) {
    std::string what = fmt::format("scheduler, {} of {}", of.first ? "chain" : "wide", of.second);
    std::vector<plan::Step> steps = graph(of.second, of.first);
    if (tbb.empty()) figures.push_back(alone(what + " (oneTBB not measured)", "ns a node", quantile(cost, 0.5)));
    else figures.push_back(compared(what, "ns a node", cost, "oneTBB flow_graph", theirs[of], most_beside_tbb));
    if (!raw.empty()) figures.push_back(compared("  the same", "ns a node", cost, "a bare loop", bare[of]));
    figures.push_back(alone("  memory", "bytes a node", frontier_bytes(steps), most_bytes));
    EngineCost engine = engine_cost(steps);
    figures.push_back(alone("  whole engine: three answers, two events, their fold", "ns of CPU a node", engine.ns));
    figures.push_back(alone("  memory of its state at the end", "bytes a node", engine.bytes));
  }
  return print_figures(figures);
}

}  // namespace rollout::bench
