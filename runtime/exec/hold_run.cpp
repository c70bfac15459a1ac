// One hold, of a step or the check after a rollback: confirm the routers, sample, decide. A sample counts only if
// the traffic was seen to go where the run last sent it; after any doubt a new starting point is taken first.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "runtime/exec/approval.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/hold_scope.h"
#include "runtime/exec/opening.h"
#include "runtime/exec/samples.h"
#include "runtime/exec/standing.h"
#include "runtime/exec/verdict.h"

namespace rollout::exec {

namespace {

using journal::ReadingStatus;
using journal::TermReading;

constexpr int64_t default_assert_ns = 30'000'000'000;
constexpr int64_t least_patience_ns = 60'000'000'000;

void add_term(std::vector<plan::Term>& terms, const plan::Term& term) {
  for (const plan::Term& known : terms)
    if (known.signal == term.signal && known.role == term.role &&
        known.quantile_ppb == term.quantile_ppb)
      return;
  terms.push_back(term);
}

// The terms of everything that is sampled in this hold, due or not: all counts then cover the same time.
std::vector<plan::Term> terms_of(const plan::Plan& plan, const State& state, StepRef hold) {
  std::vector<plan::Term> terms;
  auto take = [&](uint32_t index) {
    add_term(terms, plan.conditions[index].left);
    if (plan.conditions[index].right) add_term(terms, *plan.conditions[index].right);
  };
  for (uint32_t gate : gates_of(plan, hold))
    for (uint32_t condition : plan.gates[gate].conditions) take(condition);
  for (uint32_t watch : watches_now(plan, state, hold)) take(plan.watches[watch].condition);
  return terms;
}

int64_t interval(int64_t sample_ns) { return sample_ns > 0 ? sample_ns : hold_tick_ns; }

int64_t end_of(const plan::Plan& plan, const HoldState& hold) { return hold.started_ns + hold_of(plan, hold.step); }

// On the grid of the gate; and at the end of the hold, where the grid leaves more than half an interval unseen. What
// began anew with less than that ahead has its whole length, within the time that a router may take to settle.
int64_t gate_due(const plan::Plan& plan, const HoldState& hold, uint32_t gate) {
  const GateState& of = hold.gates.at(gate);
  int64_t last = of.sampler.last_ns, takes = interval(plan.gates[gate].sample_ns), end = end_of(plan, hold);
  if (journal::is_check(hold.step) || sampled_to_the_end(plan, hold, gate)) return last + takes;
  bool anew = last > of.sampled_ns && end - last < takes / 2;
  return std::min(last + takes, anew ? std::max(last, end + settle_ns) : end);
}

/// Its last sample waits for a router: earlier ones are lost, this one decides.
bool waits_to_settle(const plan::Plan& plan, const HoldState& hold, int64_t now) {
  int64_t end = end_of(plan, hold);
  if (journal::is_check(hold.step) || now < end || now >= end + settle_ns) return false;
  return std::any_of(hold.gates.begin(), hold.gates.end(),
                     [&](const auto& gate) { return !sampled_to_the_end(plan, hold, gate.first); });
}

struct Due {
  int64_t at_ns = INT64_MAX;
  std::vector<uint32_t> gates, watches;
};

int64_t next_tick_ns(int64_t recorded_ns, int64_t started_ns) {
  return recorded_ns + std::max(hold_tick_ns, (recorded_ns - started_ns) / hold_parts);
}

/// When a hold that nobody judges is looked after again. The first one looks after what has a router; of the others any
/// event keeps how far they have come.
int64_t tick_of(const State& state, const HoldState& hold) {
  bool routed = std::any_of(state.services.begin(), state.services.end(),
                            [](const ServiceState& service) { return service.router || service.routes; });
  if (routed && state.holds.begin()->first == hold.step) return hold.last_sample_ns + hold_tick_ns;
  return next_tick_ns(std::max(hold.last_sample_ns, state.run_ns), hold.started_ns);
}

Due due_of(const plan::Plan& plan, const State& state, const HoldState& hold, int64_t now) {
  Due due;
  auto take = [&](int64_t at, std::vector<uint32_t>& list, uint32_t index) {
    due.at_ns = std::min(due.at_ns, at);
    if (at <= now) list.push_back(index);
  };
  for (const auto& [gate, sampler] : hold.gates) take(gate_due(plan, hold, gate), due.gates, gate);
  for (uint32_t watch : watches_now(plan, state, hold.step))
    take(state.watches[watch].sampler.last_ns + interval(plan.watches[watch].sample_ns),
         due.watches, watch);
  if (due.at_ns == INT64_MAX) due.at_ns = tick_of(state, hold);
  return due;
}

TermReading checked(const plan::Term& term, const Reading& reading) {
  TermReading out{term,           ReadingStatus(int(reading.status)),
                  reading.detail, reading.total,
                  reading.bad,    reading.value};
  if (out.status != ReadingStatus::Ok) return out;
  if (!std::isfinite(out.value))
    return {term, ReadingStatus::Error, "the value is not a finite number"};
  if (out.total < 0 || out.bad < 0 || out.bad > out.total)
    return {term, ReadingStatus::Error, "the counts contradict each other"};
  return out;
}

/// A router could not be seen: from here on nothing counts until all of them were.
void forget_looks(HoldMemory& looks, int64_t now) {
  looks.primed = false;
  looks.confirmed.clear();
  looks.asserting.clear();
  looks.not_before_ns = now + max_look_ns;
}

int64_t wake_of(const plan::Plan& plan, const HoldState& hold, int64_t due_ns, int64_t now) {
  int64_t wake = due_ns;
  if (int64_t end = end_of(plan, hold); end > now) wake = std::min(wake, end);
  for (const auto& [gate, sampler] : hold.gates)
    if (auto bound = next_bound(plan, hold, gate, now)) wake = std::min(wake, *bound);
  if (auto bound = next_ask_bound(plan, hold, now)) wake = std::min(wake, *bound);
  return wake;
}

/// How much slow looks and commits may take away from a hold that is judged: as long as it lasts, and as its gates wait
/// for what is missing; a minute at the least. None: nobody judges it.
std::optional<int64_t> patience_ns(const plan::Plan& plan, StepRef hold) {
  if (journal::is_check(hold)) return std::max(rollback_of(plan, hold.scope).verify_within_ns, least_patience_ns);
  const std::vector<uint32_t> gates = gates_of(plan, hold);
  if (waits_for_approval(plan, hold) || (gates.empty() && watches_of(plan, hold).empty())) return std::nullopt;
  int64_t waits_ns = 0;
  for (uint32_t gate : gates)
    for (const plan::Response* response :
         {&plan.gates[gate].no_data, &plan.gates[gate].undecided, &plan.gates[gate].error})
      waits_ns = std::max(waits_ns, response->hold_ns);
  return std::max(hold_of(plan, hold) + waits_ns, least_patience_ns);
}

}  // namespace

/// A state, or a service, that answers so slowly that nobody can look after the hold: it does not wait for ever.
std::optional<Executor::Events> Executor::lost_hold(const State& state, const Memory& memory, StepRef ref) const {
  auto lost = memory.lost_ns.find(ref);
  if (lost == memory.lost_ns.end()) return std::nullopt;
  std::optional<int64_t> patience = patience_ns(plan_, ref);
  if (!patience || lost->second <= *patience) return std::nullopt;
  std::string detail = fmt::format(
      "nobody could look after it for {}, longer than it waits for evidence ({}): looking, or writing the state, takes "
      "too long",
      eval::duration_text(lost->second), eval::duration_text(*patience));
  if (journal::is_check(ref))
    return Events{journal::GateDecided{ref, rollback_of(plan_, ref.scope).verify_gate, journal::Verdict::NoEvidence,
                                       journal::Reason::Error, false, detail}};
  Events out = {journal::StepFailed{ref, 1, true, false, detail}};
  for (auto& event : fail_at(state, ref, journal::Cause::NoEvidence, detail)) out.push_back(std::move(event));
  return out;
}

Command Executor::next_hold(const State& state, Memory& memory, StepRef ref, int64_t now) const {
  const HoldState& hold = state.holds.at(ref);
  bool stays = held_back(plan_, state, ref, memory.wall_ns);
  if (auto events = decide_hold(state, hold, now, stays)) return Record{std::move(*events)};
  if (auto events = stays ? std::nullopt : lost_hold(state, memory, ref)) return Record{std::move(*events)};
  HoldMemory& looks = memory.holds[ref];
  std::vector<uint32_t> watches = watches_now(plan_, state, ref);
  looks.primed &= looks.watches == watches;
  Due due = due_of(plan_, state, hold, now);
  int64_t at = std::max(looks.primed ? due.at_ns : now, looks.not_before_ns);
  if (now < at) {
    if (at == due.at_ns) lay_to_rest(state, memory, hold, stays, now);
    return Wait{wake_of(plan_, hold, at, now)};
  }
  for (uint32_t i = 0; i < state.services.size(); ++i) {
    const ServiceState& service = state.services[i];
    auto open = [&](const std::optional<StepRef>& set) { return set && looks.confirmed.count(*set) == 0; };
    if (!open(service.router) && !open(service.routes)) continue;
    if (!looks_after(plan_, state, ref, i)) continue;
    StepRef router = open(service.router) ? *service.router : *service.routes;
    EffectKey key = key_of(state, router, state.at(router).attempt);
    auto asserting = looks.asserting.find(router);
    if (asserting == looks.asserting.end()) return Observe{router, key, true};
    if (asserting->second.phase == ActPhase::Acting) return Act{router, key, true};
    if (now < asserting->second.next_look_ns)
      return Wait{wake_of(plan_, hold, asserting->second.next_look_ns, now)};
    return Observe{router, key, true};
  }
  std::vector<plan::Term> terms = terms_of(plan_, state, ref);
  if (!looks.primed) return Sample{ref, true, {}, std::move(watches), std::move(terms)};
  return Sample{ref, false, std::move(due.gates), std::move(due.watches), std::move(terms)};
}

// Of a hold that nobody judges, whose router, if there is one, another one looks after: only its end comes by itself.
void Executor::lay_to_rest(const State& state, Memory& memory, const HoldState& hold, bool stays, int64_t now) const {
  StepRef ref = hold.step;
  int64_t end = end_of(plan_, hold);
  if (ref.undo || stays || end <= now || state.holds.begin()->first == ref) return;
  if (!hold.gates.empty() || waits_for_approval(plan_, ref) || !watches_of(plan_, ref).empty()) return;
  memory.resting.rest(ref.step, end, hold.started_ns, plan_.steps.size());
}

// How far those that rest have come is recorded by the first of them, for all.
std::optional<Wait> Executor::wake_resting(const State& state, Memory& memory, int64_t now) const {
  Resting& resting = memory.resting;
  resting.wake_due(now);
  if (!resting.any()) return std::nullopt;
  resting.wake(state.holds.begin()->first.step);
  int64_t tick = next_tick_ns(state.run_ns, resting.last_began_ns());
  if (now < tick) return Wait{std::min(resting.due_ns(), tick)};
  tick = INT64_MAX;
  for (uint32_t step : resting.asleep()) {
    tick = std::min(tick, tick_of(state, state.holds.at({step, false})));
    if (tick > now) continue;
    resting.wake(step);
    break;
  }
  return Wait{std::min(resting.due_ns(), tick)};
}

std::optional<Executor::Events> Executor::fired_watch(const State& state, const HoldState& hold,
                                                      int64_t) const {
  for (uint32_t index : watches_of(plan_, hold.step)) {
    const WatchState& watch = state.watches[index];
    const ConditionState& condition = state.conditions[plan_.watches[index].condition];
    if (!watch.held_since_ns ||
        condition.last_valid_ns - *watch.held_since_ns < plan_.watches[index].held_ns)
      continue;
    std::string detail = measured_text(plan_, plan_.watches[index].condition, condition);
    Events out = {journal::WatchFired{index, detail}};
    const plan::Watch& of = plan_.watches[index];
    uint32_t scope = plan::scope_around(plan_, state.scope_of[of.first_step], of.last_step);
    for (auto& event : fail(state, scope, journal::Cause::Watch, detail))
      out.push_back(std::move(event));
    return out;
  }
  return std::nullopt;
}

std::optional<Executor::Events> Executor::decide_hold(const State& state, const HoldState& hold,
                                                      int64_t now, bool held_back) const {
  if (auto fired = fired_watch(state, hold, now)) return fired;
  if (waits_for_approval(plan_, hold.step)) return decide_approval(state, hold, now, held_back);
  int64_t wall = now;
  // A hold that stays is as if it were not over: gates may reject, nothing else is decided.
  if (held_back) now = std::min(now, hold.started_ns + hold_of(plan_, hold.step) - 1);
  bool complete = now - hold.started_ns >= hold_of(plan_, hold.step);
  Events out;
  for (const auto& [gate, sampler] : hold.gates) {
    auto decided = decide_gate(plan_, state, hold, gate, now);
    if (auto asked = ask_people(state, hold, gate, wall, decided)) return asked;
    if (!decided) {
      complete = false;
      continue;
    }
    bool passed = decided->verdict == journal::Verdict::Pass || decided->unproven;
    if (!passed && !journal::is_check(hold.step)) {
      bool failed = decided->verdict == journal::Verdict::Fail;
      std::string detail = fmt::format("gate `{}`: {}", plan_.gates[gate].text, decided->detail);
      Events stop = {*decided, journal::StepFailed{hold.step, 1, true, false, detail}};
      for (auto& event : fail_at(
               state, hold.step, failed ? journal::Cause::GateFailed : journal::Cause::NoEvidence, detail))
        stop.push_back(std::move(event));
      return stop;
    }
    out.push_back(*decided);
  }
  if (!complete) return std::nullopt;
  if (!journal::is_check(hold.step)) out.push_back(journal::StepDone{hold.step, 1, false, ""});
  return out;
}

Executor::Events Executor::on_confirmed(const State& state, Memory& memory, const Observed& input,
                                        int64_t now) const {
  StepRef router = input.command.step;
  const plan::Action& action = action_of(plan_, router);
  int64_t bound = action.within_ns > 0 ? action.within_ns : default_assert_ns;
  Events out;
  bool lost = false;
  for (const auto& [ref, hold] : state.holds) {
    HoldMemory& looks = memory.holds[ref];
    auto asserting = looks.asserting.find(router);
    bool setting = asserting != looks.asserting.end();
    bool present = input.answer && input.answer->seen == Seen::Present;
    if (!ref.undo && (setting || !present)) memory.resting.wake(ref.step);
    if (present) {
      if (setting) looks.primed = false;
      looks.asserting.erase(router);
      looks.confirmed.insert(router);
      continue;
    }
    bool in_time = setting && now - asserting->second.since_ns < bound;
    bool underway = input.answer && input.answer->seen == Seen::Underway;
    if (in_time) {
      asserting->second.phase = ActPhase::Waiting;
      asserting->second.next_look_ns = now + max_look_ns;
      looks.primed = false;
    } else if ((!input.answer || underway) && waits_to_settle(plan_, hold, now)) {
      forget_looks(looks, now);
    } else if (!input.answer || underway) {
      // Never set again what is still underway: that would do it twice.
      std::string why =
          input.answer ? "the router is still being set" : input.answer.error().message;
      if (now >= end_of(plan_, hold) && !hold.gates.empty())
        why += fmt::format(", {} behind the end of the hold", eval::duration_text(settle_ns));
      for (auto& event : blind_sample(state, memory, ref, why, now))
        out.push_back(std::move(event));
    } else {
      lost = true;
      looks.primed = false;
      looks.asserting[router] = ActMemory{ActPhase::Acting, 0, 0, now, false, ""};
    }
  }
  if (!lost) return out;
  std::string seen = input.answer->detail;
  if (state.at(router).reassertions >= max_reassertions) {
    for (auto& event : give_up(state, router, seen)) out.push_back(std::move(event));
    return out;
  }
  int attempt = state.at(router).attempt + 1;
  out.push_back(journal::Reasserted{router, attempt, key_of(state, router, attempt).text(), seen});
  return out;
}

// Somebody else keeps changing what this run sets. Fighting on would only make traffic flap.
Executor::Events Executor::give_up(const State& state, StepRef router,
                                   const std::string& seen) const {
  std::string detail =
      fmt::format("`{}` was set {} times and changed again by somebody else each time (now: {})",
                  action_of(plan_, router).text, max_reassertions, seen);
  bool whole = state.phase == RunPhase::RollingBack;
  uint32_t back = whole ? plan::none : scope_taking_back(state, action_of(plan_, router).service);
  StepRef check{plan::none, true, back};
  if (state.holds.count(check) > 0)
    return {journal::GateDecided{check, rollback_of(plan_, back).verify_gate, journal::Verdict::NoEvidence,
                                 journal::Reason::Error, false, detail}};
  Events out;
  uint32_t scope = router.undo ? plan::none : state.scope_of[router.step];
  for (const auto& [ref, hold] : state.holds)
    if (!ref.undo && plan::lies_in(plan_, state.scope_of[ref.step], scope))
      out.push_back(journal::StepFailed{ref, 1, true, false, detail});
  for (auto& event : fail(state, scope, journal::Cause::StepFailed, detail))
    out.push_back(std::move(event));
  return out;
}

// A router that cannot be seen makes the samples that are due worth nothing; the plan says how long that may last.
Executor::Events Executor::blind_sample(const State& state, Memory& memory, StepRef ref,
                                        const std::string& why, int64_t now) const {
  const HoldState& hold = state.holds.at(ref);
  HoldMemory& looks = memory.holds[ref];
  forget_looks(looks, now);
  Due due = due_of(plan_, state, hold, now);
  if (due.gates.empty() && due.watches.empty()) return {};
  journal::Sampled sampled{ref, false, now - hold.started_ns, due.gates, due.watches, {}};
  for (const plan::Term& term : terms_of(plan_, state, ref))
    sampled.readings.push_back({term, ReadingStatus::Error, why});
  return {sampled};
}

Executor::Events Executor::on_readings(const State& state, Memory& memory, const Readings& input,
                                       int64_t now) const {
  const Sample& command = input.command;
  HoldMemory& looks = memory.holds[command.hold];
  looks.primed = true;
  looks.watches = watches_now(plan_, state, command.hold);
  looks.confirmed.clear();
  looks.not_before_ns = 0;
  journal::Sampled sampled{
      command.hold,  command.prime,   now - state.holds.at(command.hold).started_ns,
      command.gates, command.watches, {}};
  for (size_t i = 0; i < command.terms.size() && !command.prime; ++i) {
    Reading reading = i < input.answer.size()
                          ? input.answer[i]
                          : Reading{Reading::Status::Error, "no reading came back"};
    sampled.readings.push_back(checked(command.terms[i], reading));
  }
  return {sampled};
}

}  // namespace rollout::exec
