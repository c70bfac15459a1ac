// The members of all that a State is made of, in their order. For state_text alone, which writes and reads them: what
// is added to one of these and not here does not compile.
#pragma once

#include <tuple>

#include "runtime/exec/state.h"

namespace rollout::exec {

template <typename T>
struct Of {};

// ---- of a plan, of events, of evidence ----

auto parts(Of<journal::StepRef>, auto& of) {
  auto& [step, undo, scope] = of;
  return std::tie(step, undo, scope);
}
auto parts(Of<plan::ServiceUndo>, auto& of) {
  auto& [service, first_step, last_step, scope, after] = of;
  return std::tie(service, first_step, last_step, scope, after);
}
auto parts(Of<journal::PastReading>, auto& of) {
  auto& [mean, deviation, count, total, bad] = of;
  return std::tie(mean, deviation, count, total, bad);
}
auto parts(Of<journal::ObservedNow>, auto& of) {
  auto& [what, text, number] = of;
  return std::tie(what, text, number);
}
auto parts(Of<journal::Captured>, auto& of) {
  auto& [baselines, observed] = of;
  return std::tie(baselines, observed);
}
auto parts(Of<journal::GateAsked>, auto& of) {
  auto& [hold, gate, verdict, reason, detail] = of;
  return std::tie(hold, gate, verdict, reason, detail);
}
auto parts(Of<journal::Rejected>, auto& of) {
  auto& [step, request, by, reason, holder] = of;
  return std::tie(step, request, by, reason, holder);
}
auto parts(Of<journal::Paused>, auto& of) {
  auto& [request, by, reason, line] = of;
  return std::tie(request, by, reason, line);
}
auto parts(Of<journal::LineOverridden>, auto& of) {
  auto& [request, by, reason, until_wall_ns] = of;
  return std::tie(request, by, reason, until_wall_ns);
}
auto parts(Of<journal::CalendarClosed>, auto& of) {
  auto& [park, opens_wall_ns, detail] = of;
  return std::tie(park, opens_wall_ns, detail);
}
auto parts(Of<journal::BackTo>, auto& of) {
  auto& [service, version, held, why] = of;
  return std::tie(service, version, held, why);
}
auto parts(Of<journal::Parked>, auto& of) {
  auto& [step, detail] = of;
  return std::tie(step, detail);
}
auto parts(Of<journal::Found>, auto& of) {
  auto& [service, version] = of;
  return std::tie(service, version);
}
auto parts(Of<journal::RunEnded>, auto& of) {
  auto& [outcome, detail, left_behind, found] = of;
  return std::tie(outcome, detail, left_behind, found);
}
auto parts(Of<judge::Block>, auto& of) {
  auto& [canary_total, canary_bad, baseline_total, baseline_bad] = of;
  return std::tie(canary_total, canary_bad, baseline_total, baseline_bad);
}
auto parts(Of<judge::Evidence::Gathered>, auto& of) {
  auto& [log_mass, baseline_bad, baseline_total, started, blocks] = of;
  return std::tie(log_mass, baseline_bad, baseline_total, started, blocks);
}

// ---- of the engine ----

auto parts(Of<StepState>, auto& of) {
  auto& [status, attempt, begun_ns, attempt_ns, ended_ns, first_attempt, reassertions, touched, taken_over, scope,
         detail] = of;
  return std::tie(status, attempt, begun_ns, attempt_ns, ended_ns, first_attempt, reassertions, touched, taken_over,
                  scope, detail);
}
auto parts(Of<ScopeState>, auto& of) {
  auto& [rollback, way, began_ns, cause, cause_detail, verify_detail, detail, ended, released] = of;
  return std::tie(rollback, way, began_ns, cause, cause_detail, verify_detail, detail, ended, released);
}
auto parts(Of<ConditionState>, auto& of) {
  auto& [evidence, seen, in_a_row_true, in_a_row_false, valid, closed, last_valid_ns, last_status, last_detail, block,
         block_broken, left_seen, right_seen, quiet_detail, left_value, right_value, left_said, past, last_true] = of;
  return std::tie(evidence, seen, in_a_row_true, in_a_row_false, valid, closed, last_valid_ns, last_status,
                  last_detail, block, block_broken, left_seen, right_seen, quiet_detail, left_value, right_value,
                  left_said, past, last_true);
}
auto parts(Of<SamplerState>, auto& of) {
  auto& [last_ns, samples, requests] = of;
  return std::tie(last_ns, samples, requests);
}
auto parts(Of<WatchState>, auto& of) {
  auto& [sampler, held_since_ns, fired] = of;
  return std::tie(sampler, held_since_ns, fired);
}
auto parts(Of<GateState>, auto& of) {
  auto& [phase, sampler, sampled_ns] = of;
  return std::tie(phase, sampler, sampled_ns);
}
auto parts(Of<Ask>, auto& of) {
  auto& [phase, since_ns, approved, escalated, about] = of;
  return std::tie(phase, since_ns, approved, escalated, about);
}
auto parts(Of<HoldState>, auto& of) {
  auto& [step, started_ns, last_sample_ns, gates, asks, rejected] = of;
  return std::tie(step, started_ns, last_sample_ns, gates, asks, rejected);
}
auto parts(Of<PhaseState>, auto& of) {
  auto& [status, open] = of;
  return std::tie(status, open);
}
auto parts(Of<ServiceState>, auto& of) {
  auto& [generation, share_ppb, own_share_ppb, routed_ppb, exposure_ns, unseen_ns, router, routes] = of;
  return std::tie(generation, share_ppb, own_share_ppb, routed_ppb, exposure_ns, unseen_ns, router, routes);
}
auto parts(Of<Abort>, auto& of) {
  auto& [by, reason, replaced, rollback] = of;
  return std::tie(by, reason, replaced, rollback);
}
auto parts(Of<Away>, auto& of) {
  auto& [since_ns, detail] = of;
  return std::tie(since_ns, detail);
}
auto parts(Of<Message>, auto& of) {
  auto& [id, channel, transition, text, answer, wall_ns] = of;
  return std::tie(id, channel, transition, text, answer, wall_ns);
}
auto parts(Of<Walked>, auto& of) {
  auto& [run, pause, phase, step, act, gate, approval, rollback, breaker] = of;
  return std::tie(run, pause, phase, step, act, gate, approval, rollback, breaker);
}
/// But for what follows from the plan and the statuses of its steps: `frontier` and `scope_of`. What the conditions ask
/// is known once `captured` is, which stands before them.
auto parts(Of<State>, auto& of) {
  auto& [plan_hash, author, unproven, phase, rollback, captured, steps, frontier, undo, phases, conditions, watches,
         services, scopes, scope_of, locks, failed_scopes, holds, furthest, way, rollback_ns, verify_ns, verify_detail,
         cause, cause_detail, abort, paused, line, overridden, override_end_ns, away, last_request, closed, interrupted,
         parked, outbox, events, run_ns, wall_ns, ended, walked] = of;
  return std::tie(plan_hash, author, unproven, phase, rollback, captured, steps, undo, phases, conditions, watches,
                  services, scopes, locks, failed_scopes, holds, furthest, way, rollback_ns, verify_ns, verify_detail,
                  cause, cause_detail, abort, paused, line, overridden, override_end_ns, away, last_request, closed,
                  interrupted, parked, outbox, events, run_ns, wall_ns, ended, walked);
}

}  // namespace rollout::exec
