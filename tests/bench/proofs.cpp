#include "tests/bench/proofs.h"

#include <ctime>

#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/bench/generate.h"
#include "tests/bench/measure.h"

namespace rollout::bench {

namespace {

template <typename Work>
double cpu_ms(Work work) {
  std::clock_t begin = std::clock();
  work();
  return 1000.0 * double(std::clock() - begin) / CLOCKS_PER_SEC;
}

}  // namespace

Result<ProofTimes> measure_proofs(int phases, int rounds, double limit_ms) {
  std::string source = rollout_source(phases);
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::vector<double> planning, proving, rechecking;
  for (int round = 0; round < rounds; ++round) {
    std::unique_ptr<Compilation> compiled;
    std::optional<plan::Plan> made;
    planning.push_back(cpu_ms([&] {
      compiled = compile("bench.rollout", load);
      if (compiled->diagnostics.has_errors()) return;
      auto plan = plan::make_plan(*compiled->program, {}, compiled->sources, compiled->diagnostics);
      if (plan) made = std::move(*plan);
    }));
    if (!made) return OpError{fmt::format("the program of {} phases has no plan", phases)};
    proving.push_back(cpu_ms([&] { made->facts = verify::prove(*made).facts; }));
    std::vector<std::string> broken;
    rechecking.push_back(cpu_ms([&] { broken = verify::recheck(*made); }));
    if (!broken.empty()) return OpError{broken[0]};
  }
  return ProofTimes{phases, median(planning), median(proving), median(rechecking), limit_ms};
}

Result<bool> print_proofs() {
  struct Size {
    int phases, rounds;
    double limit_ms;
  };
  bool kept = true;
  fmt::print("{}, load {:.1f}\n\n{:>8} {:>13} {:>10} {:>7} {:>11} {:>15} {:>15}\n", machine(), load_now(), "phases",
             "check, plan", "proofs ms", "limit", "recheck ms", "proofs / plan", "recheck / proofs");
  for (const Size& size : {Size{1'000, 9, 50}, Size{10'000, 5, 500}, Size{100'000, 3, 0}}) {
    Result<ProofTimes> times = measure_proofs(size.phases, size.rounds, size.limit_ms);
    if (!times) return times.error();
    kept = kept && times->is_kept();
    fmt::print("{:>8} {:>13.1f} {:>10.1f} {:>7.0f} {:>11.1f} {:>15.2f} {:>15.2f}{}\n", times->phases, times->plan_ms,
               times->proofs_ms, times->limit_ms, times->recheck_ms, times->proofs_ms / times->plan_ms,
               times->recheck_ms / times->proofs_ms, times->is_kept() ? "" : "  over the limit");
  }
  return kept;
}

}  // namespace rollout::bench
