// Systems that do not answer: how long steps forward leave them alone, and that they come last, so that what does
// answer is not kept waiting. A way back never waits for a breaker; its own pauses bound how often it calls.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/endpoint.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"

namespace rollout::exec {

namespace {

constexpr std::string_view host_field = "host";

/// FNV-1a: the same everywhere, so that a replay pauses as the run did.
uint64_t hash_of(std::string_view text, uint64_t hash = 0xcbf29ce484222325ull) {
  for (char c : text) hash = (hash ^ uint8_t(c)) * 0x100000001b3ull;
  return hash;
}

}  // namespace

std::string endpoint_of(const plan::Plan& plan, const plan::Action& action) {
  if (action.target >= plan.targets.size()) return {};
  const std::string& target = plan.targets[action.target].name;
  for (const plan::Binding& binding : plan.services[action.service].bindings) {
    if (binding.target != action.target) continue;
    for (const auto& [name, value] : binding.config)
      if (name == host_field) return fmt::format("{} of {}", value.text, target);
  }
  return target;
}

// "Equal jitter" (Brooker, "Exponential Backoff And Jitter", 2015): between half and all of it, so that no bound grows
// and the runs that wait for one system do not call it all at once. Drawn from the run's name, not by chance.
int64_t Executor::spread(int64_t pause_ns, std::string_view of) const {
  int64_t half = pause_ns / 2;
  if (half <= 0) return pause_ns;
  return pause_ns - half + int64_t(hash_of(of, hash_of(run_)) % uint64_t(half + 1));
}

/// Nothing: it may be called now.
std::optional<int64_t> Executor::left_alone_until(const Memory& memory, StepRef ref, int64_t now) const {
  if (ref.undo || memory.breakers.empty()) return std::nullopt;
  auto found = memory.breakers.find(endpoint_of(plan_, action_of(plan_, ref)));
  if (found == memory.breakers.end() || found->second.phase != BreakerPhase::Open) return std::nullopt;
  if (now >= found->second.until_ns) return std::nullopt;
  return found->second.until_ns;
}

/// `failed`: null when it has answered, with whatever.
Executor::Events Executor::note_call(Memory& memory, StepRef ref, const OpError* failed, int64_t took_ns,
                                     int64_t now) const {
  if (failed == nullptr && memory.breakers.empty()) return {};
  std::string endpoint = endpoint_of(plan_, action_of(plan_, ref));
  if (failed == nullptr) {
    auto found = memory.breakers.find(endpoint);
    if (found == memory.breakers.end() || !found->second.answer(now, memory.walked)) return {};
    return {journal::EndpointBack{std::move(endpoint), now - found->second.away_since_ns}};
  }
  Breaker& breaker = memory.breakers[endpoint];
  std::string of = fmt::format("{} {}", endpoint, breaker.trips);
  if (!breaker.fail(spread(breaker.alone_for(took_ns, now), of), now, memory.walked)) return {};
  return {journal::EndpointAway{std::move(endpoint), failed->message}};
}

/// A call of what did not answer the last time waits until nothing else is to be done; of several, the one that was
/// called longest ago comes first. True: `command` was kept in `late`.
bool Executor::comes_last(const Memory& memory, Command& command, std::optional<Late>& late) const {
  if (memory.breakers.empty()) return false;
  const Observe* observe = std::get_if<Observe>(&command);
  const Act* act = std::get_if<Act>(&command);
  if (observe == nullptr && act == nullptr) return false;
  auto found = memory.breakers.find(endpoint_of(plan_, action_of(plan_, observe ? observe->step : act->step)));
  if (found == memory.breakers.end() || found->second.failures == 0) return false;
  if (!late || found->second.called_ns < late->called_ns) late = Late{std::move(command), found->second.called_ns};
  return true;
}

}  // namespace rollout::exec
