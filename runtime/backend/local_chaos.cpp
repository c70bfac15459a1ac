#include "runtime/backend/local_chaos.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/backend/local_health.h"

namespace rollout::backend {

using exec::Observation;
using exec::Seen;

Result<LocalFault> LocalChaos::choose(const LocalState& state, int64_t count, const std::string& effect) const {
  LocalFault fault{effect, {}, effects_.clock.monotonic_ns(), 0};
  const InstanceSet* canary = state.find(Track::Canary);
  for (const Instance& instance : state.instances) {
    const bool runs = canary && instance.set == canary->name && instance.slot <= canary->count &&
                      instance.stopped_ns == 0 && effects_.processes.look(instance.process).alive;
    if (runs && int64_t(fault.victims.size()) < count) fault.victims.push_back(instance.process);
  }
  if (int64_t(fault.victims.size()) == count) return fault;
  return OpError{fmt::format("{} of the canary's instances of {} run, {} are to be killed; none was",
                             fault.victims.size(), spec_.key, count),
                 true};
}

Status LocalChaos::strike(const LocalFault& fault) const {
  for (const effects::ProcessId& victim : fault.victims)
    if (Status killed = effects_.processes.stop(victim, effects::Stop::Kill); !killed) return killed;
  return Done{};
}

int64_t LocalChaos::alive(const LocalFault& fault) const {
  return std::count_if(fault.victims.begin(), fault.victims.end(), [this](const effects::ProcessId& victim) {
    return effects_.processes.look(victim).alive;
  });
}

Observation LocalChaos::see(const LocalState& state, int64_t count) const {
  const std::optional<LocalFault>& fault = state.fault;
  if (count == 0) {
    if (!fault) return {Seen::Present, "there is no fault"};
    return {Seen::Absent, fmt::format("{} instances were killed", fault->victims.size())};
  }
  if (!fault || int64_t(fault->victims.size()) != count) return {Seen::Absent, "no instance was killed"};
  const int64_t left = alive(*fault);
  if (left > 0) return {Seen::Absent, fmt::format("{} of {} victims still run", left, count)};
  return {Seen::Present, fmt::format("{} instance{} killed", count, count == 1 ? " was" : "s were")};
}

std::string LocalChaos::note_recovery(LocalState& state) const {
  const InstanceSet* canary = state.find(Track::Canary);
  if (!state.fault || state.fault->recovered_ns != 0 || !canary || alive(*state.fault) > 0) return {};
  const std::vector<Health> health = check_health(effects_, spec_, state, *canary);
  const bool ready = int64_t(health.size()) >= canary->count &&
                     std::all_of(health.begin(), health.end(), [](const Health& one) { return one.ready; });
  if (!ready) return {};
  state.fault->recovered_ns = effects_.clock.monotonic_ns();
  return fmt::format("the canary of {} recovered after {}", spec_.key,
                     eval::duration_text((state.fault->recovered_ns - state.fault->killed_ns) / eval::ns_per_ms *
                                         eval::ns_per_ms));
}

exec::Reading LocalChaos::recovery(const LocalState& state) const {
  exec::Reading reading;
  if (!state.fault) {
    reading.detail = "no fault was brought upon it";
    return reading;
  }
  const bool over = state.fault->recovered_ns != 0;
  const int64_t until_ns = over ? state.fault->recovered_ns : effects_.clock.monotonic_ns();
  reading.status = exec::Reading::Status::Ok;
  reading.detail = over ? "recovered" : "has not recovered yet";
  reading.value = double(std::max<int64_t>(0, until_ns - state.fault->killed_ns));
  return reading;
}

}  // namespace rollout::backend
