// Traffic: the requests that the simulated services get and how many of them go wrong, from the scripted truths.
// Exact by default: counts are the integral of the rates, rounded down with the rest carried over.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "runtime/exec/world.h"
#include "runtime/sim/random.h"
#include "runtime/sim/scenario.h"

namespace rollout::sim {

/// Who has how much of a service's traffic; the stable version has the rest.
struct Split {
  int64_t canary_ppb = 0;
  int64_t control_ppb = 0;
  int64_t mirrored_ppb = 0;  ///< of which the canary gets copies
  bool operator==(const Split&) const = default;
};

class Traffic {
 public:
  Traffic(const plan::Plan& plan, const Scenario& scenario);

  /// Time passes from `from_ns` to `to_ns` with each service's traffic split so.
  void pass(int64_t from_ns, int64_t to_ns, const std::vector<Split>& splits);

  exec::Reading read(const plan::Term& term, Split split, int64_t now_ns);

  /// A window of the past before the run; nothing where the scenario has lost it.
  std::optional<journal::PastReading> past(const plan::Baseline& baseline);

  /// Another process reads from now on: counts start again.
  void forget_readings();

  /// The true value of a signal for a role at a moment; `quantile_ppb` is that of a Buckets signal.
  double truth(uint32_t signal, plan::Role role, Split split, int64_t now_ns, int64_t quantile_ppb = 0) const;

 private:
  struct Counter {
    double total = 0, bad = 0;
  };
  using TermKey = std::tuple<uint32_t, plan::Role, int64_t>;

  const Truth* script(uint32_t signal, plan::Role role) const;
  bool is_lost(uint32_t signal, plan::Role role, int64_t now_ns) const;
  double value_at(const Truth* truth, uint32_t signal, int64_t now_ns) const;
  int64_t next_change(int64_t after_ns) const;
  /// So many in `ns` from `from_ns` on, while nothing changes.
  double requests_in(uint32_t service, int64_t from_ns, int64_t ns) const;
  void wander(int64_t to_ns);
  double quantile(uint32_t signal, Split split, int64_t now_ns, int64_t quantile_ppb) const;
  double shown(uint32_t signal, plan::Role role, Split split, int64_t now_ns, int64_t quantile_ppb = 0) const;
  exec::Reading read_counts(const plan::Term& term);

  const plan::Plan& plan_;
  const Scenario& scenario_;
  Random random_;
  Random wind_;
  int64_t wandered_ns_ = 0;
  std::vector<std::array<double, plan::role_count>> wandered_;  ///< by signal and role; All is what the roles share
  std::vector<double> healthy_;                   ///< by signal: its value where nothing is said
  std::vector<std::array<Counter, plan::role_count>> counters_;  ///< by signal and role
  std::map<TermKey, Counter> read_;               ///< what each term has been given so far
};

}  // namespace rollout::sim
