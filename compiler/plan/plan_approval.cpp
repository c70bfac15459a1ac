// Approvals: who must say yes before the way goes on, and what happens when nobody does.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

/// Where no `timeout` is written: nobody waits for ever, and nobody's silence is a yes.
constexpr int64_t default_timeout_ns = 24 * 3600 * eval::ns_per_s;

Unapproved response_of(std::string_view word) {
  return word == "rollback" ? Unapproved::Rollback : word == "fail" ? Unapproved::Fail : Unapproved::Park;
}

}  // namespace

std::string approval_text(const Approval& approval) {
  constexpr std::string_view responses[] = {"park", "roll back", "fail"};
  const std::optional<Escalation>& more = approval.escalation;
  std::string escalated = more ? fmt::format(", {} too after {}", more->team, eval::duration_text(more->after_ns)) : "";
  std::string confirms = approval.confirms.empty() ? "" : fmt::format(", that {}", approval.confirms);
  return fmt::format("{} of {} within {}{}, else {}{}", approval.quorum, approval.team,
                     eval::duration_text(approval.timeout_ns), escalated, responses[size_t(approval.on_timeout)],
                     confirms);
}

bool in_preflight(const Plan& plan, const Step& step) {
  if (step.kind == StepKind::Preflight) return true;
  return step.kind == StepKind::Approval && !plan.approvals.at(step.approval).confirms.empty();
}

std::vector<std::string> response_texts(const Plan& plan, const Gate& gate) {
  std::vector<std::string> texts;
  auto add = [&](std::string_view event, const Response& response) {
    if (response.then == Fallback::Fail) return;
    std::string hold =
        response.hold_ns > 0 ? fmt::format("hold {}, then ", eval::duration_text(response.hold_ns)) : "";
    std::string then = response.then == Fallback::PassUnproven
                           ? "pass unproven"
                           : "ask " + approval_text(plan.approvals.at(response.approval));
    texts.push_back(fmt::format("on {}: {}{}", event, hold, then));
  };
  add("fail", gate.fail);
  add("no_data", gate.no_data);
  add("undecided", gate.undecided);
  add("error", gate.error);
  return texts;
}

std::vector<std::string> Planner::members_of(const ir::Team& team) {
  std::vector<std::string> members;
  for (const Value& member : eval_->eval(team.module, team.members, {}).items)
    if (std::find(members.begin(), members.end(), member.text) == members.end()) members.push_back(member.text);
  return members;
}

/// Nothing where a mistake was reported.
std::optional<Approval> Planner::make_approval(const ast::Question& question, Scope& scope) {
  Value entity = eval(question.team, scope);
  if (!entity.is(Value::Kind::Entity)) return std::nullopt;
  const ir::Team& team = program_.teams[size_t(entity.number)];
  Approval approval{entity.text, members_of(team), 1, default_timeout_ns, Unapproved::Park, {}, channel_of(team)};
  if (question.quorum) approval.quorum = count(question.quorum, scope, "approve by");
  const ast::Expr* escalated = nullptr;
  for (const ast::ApproveClause& clause : question.clauses) {
    switch (clause.kind) {
      case ast::ApproveClauseKind::Timeout: approval.timeout_ns = duration(clause.time, scope, "timeout", 1); break;
      case ast::ApproveClauseKind::OnTimeout: approval.on_timeout = response_of(clause.then.text); break;
      case ast::ApproveClauseKind::Escalate: {
        Value more = eval(clause.team, scope);
        if (!more.is(Value::Kind::Entity)) return std::nullopt;
        escalated = clause.time;
        const ir::Team& others = program_.teams[size_t(more.number)];
        approval.escalation = {more.text, members_of(others), duration(clause.time, scope, "after", 1),
                               channel_of(others)};
        break;
      }
    }
  }
  if (escalated && approval.escalation->after_ns >= approval.timeout_ns) {
    diagnostics_
        .report(escalated->span, diag::EscalateLate, eval::duration_text(approval.escalation->after_ns),
                eval::duration_text(approval.timeout_ns))
        .advise("escalate earlier, or wait longer: `timeout 4h`");
    return std::nullopt;
  }
  auto asked = [&](const std::string& other) {
    return std::find(approval.members.begin(), approval.members.end(), other) != approval.members.end();
  };
  if (escalated && std::all_of(approval.escalation->members.begin(), approval.escalation->members.end(), asked))
    diagnostics_.report(escalated->span, diag::EscalateIdle, approval.escalation->team)
        .advise("escalate to somebody else, or leave it out");
  if (approval.quorum <= int64_t(approval.members.size())) return approval;
  size_t members = approval.members.size();
  diagnostics_
      .report(called_at_.valid() ? called_at_ : question.span, diag::ApprovalImpossible, approval.quorum, approval.team,
              fmt::format("{} member{}", members, members == 1 ? "" : "s"))
      .at(team.decl->name.span, "declared here")
      .advise("ask for fewer, or name more members");
  return std::nullopt;
}

void Planner::plan_approve(const ast::ApproveStatement* approve, Scope& scope) {
  std::optional<Approval> approval = make_approval(approve->question, scope);
  if (!approval) return;
  guarded_ = true;
  Step step;
  step.kind = StepKind::Approval;
  step.approval = uint32_t(plan_.approvals.size());
  step.text = fmt::format("approve by {}", approval_text(*approval));
  step.reason = "people decide whether the next step is taken";
  plan_.approvals.push_back(std::move(*approval));
  add_step(std::move(step), approve->span);
}

/// What `on undecided { … }` and its like say.
std::optional<Response> Planner::make_response(const ast::ResponseClause& clause, Scope& scope) {
  Response response;
  if (clause.hold) response.hold_ns = duration(clause.hold, scope, "hold", 0);
  switch (clause.kind) {
    case ast::ResponseKind::Fail: break;
    case ast::ResponseKind::Pass: response.then = Fallback::PassUnproven; break;
    case ast::ResponseKind::Ask: {
      std::optional<Approval> approval = make_approval(clause.question, scope);
      if (!approval) return std::nullopt;
      response.then = Fallback::Ask;
      response.approval = uint32_t(plan_.approvals.size());
      plan_.approvals.push_back(std::move(*approval));
      break;
    }
  }
  return response;
}

/// A plan that changes nothing asks nobody.
void Planner::forget_approvals() {
  plan_.approvals.clear();
  for (Gate& gate : plan_.gates)
    for (Response* response : {&gate.fail, &gate.no_data, &gate.undecided, &gate.error})
      if (response->then == Fallback::Ask) *response = {};
}

}  // namespace rollout::plan
