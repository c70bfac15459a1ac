// Checkpoints, budgets, locks and what becomes of a run when a newer one begins.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

void Planner::plan_checkpoint(const ast::CheckpointStatement* checkpoint, Scope& scope) {
  Value why = eval(checkpoint->why, scope);
  if (!why.is(Value::Kind::String)) return;
  if (why.text.empty())
    diagnostics_.report(checkpoint->why->span, diag::BadText, "`\"\"`", "name of a checkpoint", "it is empty");
  end_checkpoint();
  Step step;
  step.kind = StepKind::Checkpoint;
  step.text = fmt::format("checkpoint {}", eval::to_text(why));
  step.reason = "what fails below it goes back to here only";
  add_step(std::move(step), checkpoint->span);
  checkpoint_ = uint32_t(plan_.scopes.size());
  UndoScope behind;
  behind.on_failure = OnFailure::Checkpoint;
  behind.group = checkpoint_;
  behind.first_step = uint32_t(plan_.steps.size());
  behind.place = place_text(checkpoint->span);
  plan_.scopes.push_back(std::move(behind));
  open_scopes_.emplace_back();
  open_scopes_.back().index = checkpoint_;
}

/// Another checkpoint, a commit or the end of the rollout stands here.
void Planner::end_checkpoint() {
  uint32_t group = checkpoint_;
  close_scope(std::exchange(checkpoint_, none), group);
}

/// Where a `rollback { … }` that stands here belongs: what lies behind a checkpoint goes back by the rule of the run.
Rollback& Planner::rollback_here() {
  bool of_run = open_scopes_.empty() || open_scopes_.back().index == checkpoint_;
  return of_run ? plan_.rollback : plan_.scopes[open_scopes_.back().index].rollback;
}

void Planner::plan_budget(const ast::BudgetStatement* budget, Scope& scope) {
  if (plan_.budget_exposure_ns) diagnostics_.report(budget->span, diag::GivenTwice, "budget exposure");
  plan_.budget_exposure_ns = duration(budget->bound, scope, "budget exposure", 1);
}

void Planner::plan_newer(const ast::NewerStatement* newer, Scope& scope) {
  if (newer_) diagnostics_.report(newer->span, diag::GivenTwice, "on newer run");
  newer_ = true;
  plan_.newer.then = newer->then.text == "queue"     ? OnNewer::Queue
                     : newer->then.text == "replace" ? OnNewer::Replace
                                                     : OnNewer::Reject;
  if (plan_.newer.then == OnNewer::Reject) return;
  plan_.newer.within_ns = newer->within ? wait(newer->within, scope, "within") : default_newer_ns;
}

int64_t Planner::wait(const ast::Expr* expr, Scope& scope, std::string_view whose) {
  int64_t value = duration(expr, scope, whose, 1);
  if (value > most_wait_ns)
    diagnostics_.report(expr->span, diag::RefinementBroken, std::string(whose), eval::duration_text(value))
        .advise(fmt::format("at most {}", eval::duration_text(most_wait_ns)));
  return value;
}

void Planner::plan_lock(const ast::LockStatement* statement, Scope& scope) {
  const auto& names = program_.modules[scope.module]->scope;
  auto found = names.find(statement->name.text);
  if (found == names.end() || found->second.kind != ir::Ref::Lock) return;
  uint32_t declared = found->second.index;
  check_lock_order(declared, statement->name.span);
  std::string name(program_.locks[declared].decl->name.text);
  uint32_t index = uint32_t(plan_.locks.size()), first = uint32_t(plan_.steps.size());
  std::vector<uint32_t> before = ends_;
  Lock lock;
  lock.name = plan_.environment.empty() ? name : fmt::format("{}/{}", plan_.environment, name);
  lock.within_ns = statement->within ? wait(statement->within, scope, "within") : default_lock_ns;
  plan_.locks.push_back(std::move(lock));
  Step take;
  take.kind = StepKind::Lock;
  take.lock = index;
  take.text = fmt::format("lock {}", name);
  take.reason = "no other run may be in such a part meanwhile";
  add_step(std::move(take), statement->span);
  open_locks_.push_back(declared);
  plan_block(statement->body, scope);
  open_locks_.pop_back();
  if (plan_.steps.size() == first + 1) {
    plan_.steps.pop_back();
    plan_.locks.resize(index);
    ends_ = std::move(before);
    return;
  }
  Step give_back;
  give_back.kind = StepKind::Unlock;
  give_back.lock = index;
  give_back.text = fmt::format("unlock {}", name);
  give_back.reason = "what the lock was taken for is done";
  uint32_t last = add_step(std::move(give_back), statement->span);
  plan_.locks[index].first_step = first;
  plan_.locks[index].last_step = last;
}

/// Two parts of one plan, or two runs of it, that take two locks in different orders could wait for each other.
void Planner::check_lock_order(uint32_t lock, Span span) {
  for (uint32_t outer : open_locks_) {
    if (outer == lock) {
      diagnostics_.report(span, diag::LockAgain, std::string(program_.locks[lock].decl->name.text));
      continue;
    }
    lock_orders_.try_emplace({outer, lock}, span);
    auto other = lock_orders_.find({lock, outer});
    if (other == lock_orders_.end()) continue;
    diagnostics_
        .report(span, diag::LockOrder, std::string(program_.locks[lock].decl->name.text),
                std::string(program_.locks[outer].decl->name.text))
        .at(other->second, "taken the other way round here")
        .advise("take locks in one order everywhere");
  }
}

}  // namespace rollout::plan
