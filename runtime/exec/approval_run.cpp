// One wait for an approval: who has answered, and what follows. It is a hold without gates, so watches, routers and
// instances are looked after as in every other hold.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/approval.h"
#include "runtime/exec/executor.h"

namespace rollout::exec {

namespace {

const plan::Approval& approval_of(const plan::Plan& plan, StepRef step) {
  return plan.approvals.at(plan.steps.at(step.step).approval);
}

std::string list_text(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

bool waits_for_approval(const plan::Plan& plan, StepRef step) {
  return !step.undo && plan.steps.at(step.step).kind == plan::StepKind::Approval;
}

std::vector<StepRef> open_approvals(const plan::Plan& plan, const State& state) {
  std::vector<StepRef> open;
  if (state.phase != RunPhase::Running || state.abort) return open;
  for (const auto& [step, hold] : state.holds)
    if (waits_for_approval(plan, step) && !hold.rejected) open.push_back(step);
  return open;
}

std::string answer_problem(const plan::Plan& plan, const State& state, const journal::Request& answer) {
  StepRef step{answer.step, false};
  std::vector<StepRef> open = open_approvals(plan, state);
  if (std::find(open.begin(), open.end(), step) == open.end())
    return fmt::format("step {} waits for no approval", answer.step);
  const plan::Approval& approval = approval_of(plan, step);
  if (std::find(approval.members.begin(), approval.members.end(), answer.by) == approval.members.end())
    return fmt::format("`{}` is no member of team {} ({})", answer.by, approval.team, list_text(approval.members));
  // Who has approved may still change their mind.
  const std::vector<std::string>& approved = state.holds.at(step).approved;
  bool again = std::find(approved.begin(), approved.end(), answer.by) != approved.end();
  if (again && answer.ask == journal::Ask::Approve)
    return fmt::format("`{}` has approved it already, and each member counts once", answer.by);
  return {};
}

std::string approved_text(const plan::Approval& approval, const std::vector<std::string>& approved) {
  if (approved.empty()) return fmt::format("nobody of {} has approved", approval.team);
  return fmt::format("{} of {} of {} {} approved: {}", approved.size(), approval.quorum, approval.team,
                     approved.size() == 1 ? "has" : "have", list_text(approved));
}

std::optional<journal::Payload> Executor::on_request(const State& state, const journal::Request& request) const {
  if (request.ask == journal::Ask::Abort) return journal::AbortRequested{request.id, request.by, request.reason};
  if (!answer_problem(plan_, state, request).empty()) return std::nullopt;
  StepRef step{request.step, false};
  if (request.ask == journal::Ask::Reject)
    return journal::Rejected{step, request.id, request.by, request.reason, request.holder};
  return journal::Approved{step, request.id, request.by, request.reason, request.holder};
}

std::optional<Executor::Events> Executor::decide_approval(const State& state, const HoldState& hold,
                                                          int64_t now, bool held_back) const {
  using journal::Cause;
  const plan::Approval& approval = approval_of(plan_, hold.step);
  auto stop = [&](Cause cause, const std::string& detail) {
    Events out = {journal::StepFailed{hold.step, 1, true, false, detail}};
    for (auto& event : rollback(state, cause, detail)) out.push_back(std::move(event));
    return out;
  };
  if (hold.rejected)
    return stop(Cause::Rejected, fmt::format("rejected by {}: {}", hold.rejected->by, hold.rejected->reason));
  bool enough = int64_t(hold.approved.size()) >= approval.quorum;
  if (enough && held_back) return std::nullopt;  // nothing may begin yet, and watches are to look on
  if (enough)
    return Events{journal::StepDone{hold.step, 1, false, fmt::format("approved by {}", list_text(hold.approved))}};
  if (now - hold.started_ns < approval.timeout_ns) return std::nullopt;
  std::string detail = fmt::format("approval timed out after {}: {}", eval::duration_text(approval.timeout_ns),
                                   approved_text(approval, hold.approved));
  if (approval.on_timeout == plan::Unapproved::Park) return Events{journal::Parked{hold.step, std::move(detail)}};
  return stop(approval.on_timeout == plan::Unapproved::Fail ? Cause::StepFailed : Cause::Unapproved, detail);
}

}  // namespace rollout::exec
