#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/view_summary.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

void write_seen(json::Writer& json, const plan::Plan& plan, const std::vector<Seen>& all) {
  json.key("seen").begin_array();
  for (const Seen& seen : all) {
    json.begin_object().field("signal", signal_text(plan, seen.term));
    json.field("role", journal::word(journal::role_names, seen.term.role));
    json.field("readings", seen.readings).field("without_data", seen.blind);
    bool counted = plan.signals[seen.term.signal].evidence == plan::Evidence::Counts;
    if (counted) json.field("total", seen.total).field("bad", seen.bad);
    else if (seen.readings > 0) json.field("value", seen.value);
    json.end_object();
  }
  json.end_array();
}

void write_answers(json::Writer& json, const StepLog& step) {
  json.key("approved").begin_array();
  for (const journal::Approved& one : step.approved)
    json.begin_object().field("by", one.by).field("reason", one.reason).field("holder", one.holder).end_object();
  json.end_array();
  if (!step.rejected) return;
  json.key("rejected").begin_object().field("by", step.rejected->by).field("reason", step.rejected->reason);
  json.field("holder", step.rejected->holder).end_object();
}

/// The scopes that have failed.
void write_scopes(json::Writer& json, const RunLog& log) {
  json.key("scopes").begin_array();
  for (const ScopeLog& scope : log.scopes) {
    json.begin_object().field("what", plan::scope_text(log.plan, scope.scope));
    json.field("cause", journal::word(journal::cause_names, scope.failed.cause)).field("detail", scope.failed.detail);
    json.field("begin_ns", scope.begin_ns).field("end_ns", scope.end_ns);
    json.field("restored", scope.ended && scope.ended->restored).key("left_out").begin_array();
    for (uint32_t left : plan::left_out(log.plan, scope.scope)) json.value(plan::scope_text(log.plan, left));
    json.end_array().end_object();
  }
  json.end_array();
}

void write_step(json::Writer& json, const plan::Plan& plan, const StepLog& step) {
  bool verify = journal::is_check(step.step);
  bool hold = verify || (!step.step.undo && plan.steps[step.step.step].kind == plan::StepKind::Hold);
  bool approval = !verify && !step.step.undo && plan.steps[step.step.step].kind == plan::StepKind::Approval;
  bool commit = !verify && !step.step.undo && plan.steps[step.step.step].kind == plan::StepKind::Commit;
  auto is = [&](plan::StepKind kind) {
    return !verify && !step.step.undo && plan.steps[step.step.step].kind == kind;
  };
  bool notify = is(plan::StepKind::Notify), preflight = is(plan::StepKind::Preflight);
  hold |= preflight;
  std::string_view kind = verify           ? "verify"
                          : step.step.undo ? "undo"
                          : approval       ? "approval"
                          : commit         ? "commit"
                          : notify         ? "notify"
                          : preflight      ? "preflight"
                          : is(plan::StepKind::Checkpoint) ? "checkpoint"
                          : is(plan::StepKind::Lock)       ? "lock"
                          : is(plan::StepKind::Unlock)     ? "unlock"
                          : hold           ? "hold"
                                           : "act";
  json.begin_object().field("kind", kind);
  if (!verify)
    json.field("text", step.step.undo ? plan.undo[step.step.step].text : plan.steps[step.step.step].text);
  if (!step.step.undo && plan.steps[step.step.step].phase != plan::none)
    json.field("phase", plan.phases[plan.steps[step.step.step].phase].name);
  json.field("begin_ns", step.begin_ns).field("end_ns", step.end_ns).field("done", step.ended && !step.failed);
  json.field("attempts", step.attempts).field("adopted", step.adopted).field("detail", step.detail);
  if (!step.asked.empty()) {
    json.key("asked").begin_array();
    for (const journal::GateAsked& asked : step.asked) {
      json.begin_object().field("gate", plan.gates[asked.gate].text);
      json.field("verdict", journal::word(journal::verdict_names, asked.verdict));
      json.field("reason", journal::word(journal::reason_names, asked.reason));
      json.field("detail", asked.detail).end_object();
    }
    json.end_array();
  }
  if (approval || !step.asked.empty()) write_answers(json, step);
  if (hold) {
    json.key("verdicts").begin_array();
    for (const journal::GateDecided& verdict : step.verdicts) {
      json.begin_object().field("gate", plan.gates[verdict.gate].text);
      json.field("verdict", journal::word(journal::verdict_names, verdict.verdict));
      json.field("reason", journal::word(journal::reason_names, verdict.reason));
      json.field("unproven", verdict.unproven).field("detail", verdict.detail).end_object();
    }
    json.end_array();
    write_seen(json, plan, step.seen);
  }
  json.end_object();
}

/// Where a rollback leads that nothing on record speaks for.
void write_back_to(json::Writer& json, const plan::Plan& plan, const exec::State& state) {
  json.key("back_to").begin_array();
  for (const journal::BackTo& one : state.unproven)
    json.begin_object().field("service", plan::service_text(plan.services.at(one.service)))
        .field("version", one.version).field("held", one.held).field("why", one.why).end_object();
  json.end_array().field("withheld", state.rollback == exec::RollbackPhase::Withheld);
}

}  // namespace

std::string summary_json(const RunLog& log, const exec::State& state, std::string_view run, int exit_code,
                         const std::function<void(json::Writer&)>& more) {
  json::Writer json;
  json.begin_object()
      .field("version", 1)
      .field("type", "result")
      .field("run", run)
      .field("rollout", log.plan.rollout);
  if (!log.plan.environment.empty()) json.field("environment", log.plan.environment);
  std::string_view outcome = state.parked        ? "parked"
                             : log.ended       ? journal::word(journal::outcome_names, log.ended->outcome)
                             : log.interrupted ? "interrupted"
                                               : "running";
  json.field("outcome", outcome).field("exit_code", exit_code).field("run_ns", log.now_ns);
  auto write_pause = [&](std::string_view key, const std::optional<journal::Paused>& pause) {
    if (pause) json.key(key).begin_object().field("by", pause->by).field("reason", pause->reason).end_object();
  };
  write_pause("paused", log.paused);
  write_pause("line", log.line);
  if (log.overridden)
    json.key("override").begin_object().field("by", log.overridden->by).field("reason", log.overridden->reason)
        .field("until", effects::utc_text(log.overridden->until_wall_ns)).end_object();
  if (!state.unproven.empty()) write_back_to(json, log.plan, state);
  if (!log.ended && !state.away.empty()) {
    json.key("away").begin_array();
    for (const auto& [endpoint, away] : state.away)
      json.begin_object().field("endpoint", endpoint).field("since_ns", away.since_ns).field("detail", away.detail)
          .end_object();
    json.end_array();
  }
  json.field("detail", state.parked ? state.parked->detail : log.ended ? log.ended->detail : log.in_flight);
  if (log.after_success_ns > 0) json.field("after_success_ns", log.after_success_ns);
  json.key("services").begin_array();
  Outline outline = outline_of(log.plan);
  for (uint32_t i = 0; i < log.plan.services.size(); ++i) {
    const Change* change = outline.change_of(i);  // none: only a hook acts on it, and brings no version
    json.begin_object().field("service", plan::service_text(log.plan.services[i]));
    json.field("from", change ? change->from : "").field("to", change ? change->to : "");
    json.field("exposure_ns", state.services[i].exposure_ns).key("canary_requests");
    std::optional<int64_t> requests = log.canary_requests(i);
    if (requests) json.value(*requests);
    else json.null();
    json.end_object();
  }
  json.end_array().key("steps").begin_array();
  for (const StepLog& step : log.steps) write_step(json, log.plan, step);
  json.end_array();
  if (!log.messages.empty()) {
    json.key("messages").begin_array();
    for (const journal::Notified& one : log.messages) {
      json.begin_object().field("team", one.message.substr(one.message.find('/') + 1)).field("id", one.message);
      json.field("delivered", one.delivered).field("attempts", one.attempts).field("detail", one.detail).end_object();
    }
    json.end_array();
  }
  json.key("rollback");
  if (log.rollback) {
    json.begin_object()
        .field("cause", journal::word(journal::cause_names, log.rollback->cause))
        .field("detail", log.rollback->detail);
    json.field("begin_ns", log.rollback_ns).key("traffic_back_ns");
    if (std::optional<int64_t> back = log.traffic_back_ns()) json.value(*back);
    else json.null();
    json.end_object();
  } else json.null();
  if (!log.scopes.empty()) write_scopes(json, log);
  if (more) more(json);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace rollout::cli
