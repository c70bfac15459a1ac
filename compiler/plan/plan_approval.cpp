// Approvals: who must say yes before the way goes on, and what happens when nobody does.
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
  return fmt::format("{} of {} within {}, else {}", approval.quorum, approval.team,
                     eval::duration_text(approval.timeout_ns), responses[size_t(approval.on_timeout)]);
}

void Planner::plan_approve(const ast::ApproveStatement* approve, Scope& scope) {
  Value entity = eval(approve->team, scope);
  if (!entity.is(Value::Kind::Entity)) return;
  const ir::Team& team = program_.teams[size_t(entity.number)];
  Approval approval{entity.text, {}, 1, default_timeout_ns, Unapproved::Park};
  for (const Value& member : eval_->eval(team.module, team.members, {}).items) {
    bool twice = std::find(approval.members.begin(), approval.members.end(), member.text) != approval.members.end();
    if (!twice) approval.members.push_back(member.text);
  }
  if (approve->quorum) approval.quorum = count(approve->quorum, scope, "approve by");
  for (const ast::ApproveClause& clause : approve->clauses) {
    if (clause.timeout) approval.timeout_ns = duration(clause.timeout, scope, "timeout", 1);
    else approval.on_timeout = response_of(clause.then.text);
  }
  if (approval.quorum > int64_t(approval.members.size())) {
    size_t members = approval.members.size();
    diagnostics_
        .report(approve->span, diag::ApprovalImpossible, approval.quorum, approval.team,
                fmt::format("{} member{}", members, members == 1 ? "" : "s"))
        .at(team.decl->name.span, "declared here")
        .advise("ask for fewer, or name more members");
    return;
  }
  guarded_ = true;
  Step step;
  step.kind = StepKind::Approval;
  step.approval = uint32_t(plan_.approvals.size());
  step.text = fmt::format("approve by {}", approval_text(approval));
  step.reason = "people decide whether the next step is taken";
  plan_.approvals.push_back(std::move(approval));
  add_step(std::move(step), approve->span);
}

}  // namespace rollout::plan
