// The point of no return: what stands above it is never taken back once it has passed, so the way back begins anew.
#include <fmt/format.h>

#include "compiler/plan/build.h"
#include "compiler/plan/way_back.h"

namespace rollout::plan {

using eval::Value;

void Planner::plan_commit(const ast::CommitStatement* commit, Scope& scope) {
  Value why = eval(commit->why, scope);
  if (!why.is(Value::Kind::String)) return;
  if (why.text.empty())
    diagnostics_.report(commit->why->span, diag::BadText, "`\"\"`", "reason of a commit", "it is empty");
  uint32_t first = committed_ ? last_commit_ + 1 : uint32_t(entry_steps_);
  if (!guarded_ || !is_judged(plan_, first, uint32_t(plan_.steps.size())))
    diagnostics_.report(commit->span, diag::CommitUnguarded)
        .advise("write `hold 10m judged by …` or `approve by TEAM` above it");
  if (!left_behind_.empty()) {
    const UndoScope& behind = plan_.scopes[left_behind_.begin()->second];
    diagnostics_.report(commit->span, diag::CommitLeavesBehind, behind.place)
        .advise("let a failure take back everything: `on failure rollback`");
  }
  if (!faults_lifted(commit->span, "at this commit")) return;
  end_checkpoint();
  Step step;
  step.kind = StepKind::Commit;
  step.text = fmt::format("commit {}", eval::to_text(why));
  step.reason = "from here on nothing above it is taken back";
  last_commit_ = add_step(std::move(step), commit->span);
  model_.commit();
  derived_.clear();
  committed_ = true;
}

void Planner::plan_retry(const ast::OnFailureStatement* rule, Scope& scope) {
  plan_.retry = {count(rule->times, scope, "retry"), duration(rule->every, scope, "every", 1), last_commit_};
  if (plan_.retry.times > max_retries)
    diagnostics_.report(rule->times->span, diag::RefinementBroken, "retry", std::to_string(plan_.retry.times))
        .advise(fmt::format("at most {}", max_retries));
  retry_at_ = rule->times->span;
}

/// A retry is another call, and what is not idempotent is called once for an effect.
void Planner::report_not_retried() {
  if (plan_.retry.times == 0) return;
  const std::vector<uint32_t> scopes = scopes_of_steps(plan_);
  for (size_t i = plan_.retry.from_step + 1; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.kind != StepKind::Act || !step.action.once || scopes[i] != none) continue;
    diagnostics_.report(retry_at_, diag::RetryOnce, step.text)
        .note(fmt::format("it stands at {}; once it was called and nothing is seen of it, the run parks", step.place))
        .advise(fmt::format("where a second call does no more than the first, let backend `{}` say so: "
                            "`action {} {{ idempotent }}`",
                            plan_.targets[step.action.target].backend, step.action.name));
    return;
  }
}

}  // namespace rollout::plan
