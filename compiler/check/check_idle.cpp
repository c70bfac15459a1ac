// What is written and does nothing: empty blocks, marks between which nothing stands, hooks that are there twice.
#include "compiler/check/context.h"

namespace rollout::check {

namespace {

/// Behind it a rollout stands somewhere else. Messages and rules change nothing.
bool is_step(ast::StatementKind kind) {
  switch (kind) {
    case ast::StatementKind::Error:
    case ast::StatementKind::Call:
    case ast::StatementKind::Phase:
    case ast::StatementKind::Hold:
    case ast::StatementKind::For:
    case ast::StatementKind::If:
    case ast::StatementKind::Parallel:
    case ast::StatementKind::Approve:
    case ast::StatementKind::Lock: return true;
    case ast::StatementKind::Let:
    case ast::StatementKind::Watch:
    case ast::StatementKind::Rollback:
    case ast::StatementKind::OnFailure:
    case ast::StatementKind::Hook:
    case ast::StatementKind::During:
    case ast::StatementKind::Commit:
    case ast::StatementKind::Checkpoint:
    case ast::StatementKind::Budget:
    case ast::StatementKind::Newer:
    case ast::StatementKind::Notify:
    case ast::StatementKind::Preflight: break;
  }
  return false;
}

}  // namespace

void Checker::report_empty(Span span, std::string what) {
  diagnostics_.report(span, diag::EmptyBlock, std::move(what)).advise("write what it is for, or leave it out");
}

/// `span`: where it is reported.
void Checker::check_not_empty(const ast::Block* block, Span span, std::string_view what) {
  if (block->statements.empty()) report_empty(span, std::string(what));
}

/// `checkpoint` and `commit` stand between steps, by what is written: steps that turn out to have nothing to do count.
void Checker::check_marks(const ast::Block* body) {
  const ast::Statement* mark = nullptr;
  bool steps = false;
  // Nothing stands between `mark` and what is called `next`.
  auto close = [&](const std::string& next) {
    if (!mark || steps) return;
    if (mark->kind == ast::StatementKind::Commit)
      diagnostics_.report(mark->span, diag::CommitIdle)
          .advise("leave it out: what is done without it is as final when the rollout has ended");
    else
      diagnostics_.report(mark->span, diag::CheckpointIdle, next)
          .advise("leave it out, or move it between two steps");
  };
  for (const ast::Statement* statement : body->statements) {
    bool checkpoint = statement->kind == ast::StatementKind::Checkpoint;
    if (checkpoint && !mark && !steps) {
      diagnostics_.report(statement->span, diag::CheckpointIdle, "the beginning")
          .advise("leave it out: a rollback goes back to the beginning anyway");
      steps = true;  // that is enough for one mark
      mark = statement;
    } else if (checkpoint || statement->kind == ast::StatementKind::Commit) {
      close(checkpoint ? "the next `checkpoint`" : "the `commit`");
      mark = statement;
      steps = false;
    }
    steps |= is_step(statement->kind);
  }
  close("the end");
}

/// What is done when the whole run goes back stands in one place.
void Checker::check_back_hooks(const ast::Block* body) {
  const ast::Statement *on_abort = nullptr, *on_rollback = nullptr;
  for (const ast::Statement* statement : body->statements) {
    if (statement->kind != ast::StatementKind::Hook) continue;
    ast::HookWord when = static_cast<const ast::HookStatement*>(statement)->when;
    if (when != ast::HookWord::Abort && when != ast::HookWord::Rollback) continue;
    bool abort = when == ast::HookWord::Abort;
    const ast::Statement*& first = abort ? on_abort : on_rollback;
    if (first)
      diagnostics_.report(statement->span, diag::GivenTwice, abort ? "on abort" : "on rollback")
          .at(first->span, "the first one")
          .advise("put both into one");
    else first = statement;
  }
}

}  // namespace rollout::check
