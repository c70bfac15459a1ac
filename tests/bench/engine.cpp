#include "tests/bench/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/bench/decision.h"
#include "tests/bench/fleet.h"
#include "tests/bench/proofs.h"
#include "tests/bench/recovery.h"
#include "tests/bench/scheduler.h"
#include "tests/bench/step.h"

namespace rollout::bench {

namespace {

struct Bench {
  const char* name;
  Result<bool> (*run)(const Setting&);
};

Result<bool> run_decisions(const Setting& setting) {
  constexpr int decisions = 1000, few = 40;
  Status measured = measure_decisions(setting.scratch, setting.quick ? few : decisions);
  if (!measured) return measured.error();
  return true;
}

Result<bool> run_proofs(const Setting&) { return print_proofs(); }

constexpr Bench benches[] = {
    {"decision", run_decisions},
    {"proofs", run_proofs},
    {"scheduler", print_scheduler},
    {"step", print_steps},
    {"wave", print_waves},
    {"simulated", print_simulated},
    {"alive", print_alive},
    {"recovery", print_recovery},
    {"active", print_active},
    {"sustained", print_sustained},
};

}  // namespace

std::optional<int> run_engine_bench(const std::string& name, const Setting& setting) {
  if (name == "all") {
    int code = 0;
    for (const Bench& bench : benches)
      if (bench.run != run_proofs) code = std::max(code, *run_engine_bench(bench.name, setting));
    return code;
  }
  for (const Bench& bench : benches) {
    if (name != bench.name) continue;
    if (!setting.scratch.empty()) std::filesystem::create_directories(setting.scratch);
    Result<bool> kept = bench.run(setting);
    if (!kept) fmt::print(stderr, "rollout_bench: {}: {}\n", name, kept.error().message);
    return !kept ? 2 : *kept || setting.quick ? 0 : 1;
  }
  return std::nullopt;
}

std::string engine_benches() {
  std::string out = "all";
  for (const Bench& bench : benches) out += ", " + std::string(bench.name);
  return out;
}

}  // namespace rollout::bench
