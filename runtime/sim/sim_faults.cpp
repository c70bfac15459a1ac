#include "runtime/sim/sim_faults.h"

#include <algorithm>

namespace rollout::sim {

void SimFaults::set(uint32_t service, const plan::Setting& setting, int64_t now_ns) {
  if (setting.role != plan::Role::Canary) return;
  Canary& canary = canaries_[service];
  if (setting.variable == plan::Variable::Delay) canary.delay_ns = setting.value.number;
  if (setting.variable != plan::Variable::Killed) return;
  canary.killed = setting.value.number;
  canary.killed_ns = now_ns;
}

int64_t SimFaults::recovery_ns(uint32_t service, const Traffic& traffic, Split split, int64_t now_ns) const {
  for (uint32_t i = 0; i < plan_.signals.size(); ++i)
    if (plan_.signals[i].service == service && plan_.signals[i].method == "recovery")
      return int64_t(traffic.truth(i, plan::Role::Canary, split, now_ns));
  return default_recovery_ns;
}

void SimFaults::show(const plan::Term& term, const Traffic& traffic, Split split, int64_t now_ns,
                     exec::Reading& reading) const {
  const plan::Signal& signal = plan_.signals[term.signal];
  const Canary& canary = canaries_[signal.service];
  bool unhurt = term.role == plan::Role::Stable || term.role == plan::Role::Control;
  if (reading.status != exec::Reading::Status::Ok || unhurt) return;
  bool slow = signal.evidence == plan::Evidence::Buckets &&
              (term.role == plan::Role::Canary || term.quantile_ppb > eval::percent_all - split.canary_ppb);
  if (slow) reading.value += double(canary.delay_ns);
  bool recovery = signal.method == "recovery";
  if (recovery && canary.killed == 0) {
    reading = {exec::Reading::Status::NoData, "no fault was brought upon it"};
    return;
  }
  int64_t down_ns = now_ns - canary.killed_ns;
  if (recovery) reading.value = std::min(reading.value, double(down_ns));
  int64_t replicas = plan_.services[signal.service].replicas * (term.role == plan::Role::All ? 2 : 1);
  if (signal.method != "unhealthy" || canary.killed == 0 || replicas == 0) return;
  if (down_ns >= recovery_ns(signal.service, traffic, split, now_ns)) return;
  double lost = double(canary.killed) / double(replicas) * double(eval::percent_all);
  reading.value = std::max(reading.value, lost);
}

}  // namespace rollout::sim
