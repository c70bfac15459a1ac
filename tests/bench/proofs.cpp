#include "tests/bench/proofs.h"

#include <cmath>
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

Result<ProofTimes> measure_proofs(int phases, bool harm, int rounds, double limit_ms) {
  std::string source = rollout_source(phases, harm);
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
    verify::Proofs proofs;
    proving.push_back(cpu_ms([&] { proofs = verify::prove(*made); }));
    if (!proofs.findings.empty())
      return OpError{fmt::format("the program of {} phases has findings, the first at {}", phases,
                                 proofs.findings[0].place)};
    made->facts = std::move(proofs.facts);
    bool bounded = !made->facts->exposure.empty() && made->facts->exposure[0].harm_ns.has_value();
    if (bounded != harm) return OpError{fmt::format("the program of {} phases has no bound of harm", phases)};
    std::vector<std::string> broken;
    rechecking.push_back(cpu_ms([&] { broken = verify::recheck(*made); }));
    if (!broken.empty()) return OpError{broken[0]};
  }
  return ProofTimes{phases, harm, median(planning), median(proving), median(rechecking), limit_ms};
}

Result<bool> print_proofs() {
  struct Size {
    int phases, rounds;
    double limit_ms;
  };
  bool kept = true;
  fmt::print("{}, load {:.1f}\n\n{:>8} {:>5} {:>13} {:>10} {:>7} {:>11} {:>15} {:>17} {:>7}\n", machine(), load_now(),
             "phases", "harm", "check, plan", "proofs ms", "limit", "recheck ms", "proofs / plan", "recheck / proofs",
             "growth");
  for (bool harm : {false, true}) {
    double before_ms = 0;
    for (const Size& size : {Size{1'000, 9, 50}, Size{10'000, 5, 500}, Size{100'000, 3, 0}}) {
      Result<ProofTimes> times = measure_proofs(size.phases, harm, size.rounds, size.limit_ms);
      if (!times) return times.error();
      double growth = before_ms > 0 ? times->proofs_ms / before_ms : 0;
      double n_log_n = 10 * std::log(size.phases) / std::log(size.phases / 10);
      bool judged = size.limit_ms > 0;  // of the largest, figures: they are those of the memory as well
      bool fits = !judged || (times->is_kept() && growth <= n_log_n);
      kept = kept && fits, before_ms = times->proofs_ms;
      fmt::print("{:>8} {:>5} {:>13.1f} {:>10.1f} {:>7.0f} {:>11.1f} {:>15.2f} {:>17.2f} {:>7.1f}{}\n", times->phases,
                 harm ? "yes" : "no", times->plan_ms, times->proofs_ms, times->limit_ms, times->recheck_ms,
                 times->proofs_ms / times->plan_ms, times->recheck_ms / times->proofs_ms, growth,
                 fits ? "" : "  over the limit");
    }
  }
  return kept;
}

}  // namespace rollout::bench
