// Hooks: what is done before and after each phase, and when the run goes back.
#include <fmt/format.h>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

std::string_view text_of(ast::HookWord when) {
  switch (when) {
    case ast::HookWord::BeforePhase: return "before phase";
    case ast::HookWord::AfterPhase: return "after phase";
    case ast::HookWord::Abort: return "on abort";
    case ast::HookWord::Rollback: return "on rollback";
  }
  return "";
}

bool is_back(ast::HookWord when) { return when == ast::HookWord::Abort || when == ast::HookWord::Rollback; }

/// What a statement is called in a message.
std::string_view text_of(const ast::Statement* statement) {
  switch (statement->kind) {
    case ast::StatementKind::Error: break;
    case ast::StatementKind::Call: return "a strategy";
    case ast::StatementKind::Phase: return "a phase";
    case ast::StatementKind::Hold: return "a hold";
    case ast::StatementKind::For: return "a loop";
    case ast::StatementKind::If: return "`if`";
    case ast::StatementKind::Let: return "`let`";
    case ast::StatementKind::Parallel: return "`parallel`";
    case ast::StatementKind::Watch: return "a watch";
    case ast::StatementKind::Rollback: return "`rollback`";
    case ast::StatementKind::OnFailure: return "`on failure`";
    case ast::StatementKind::Hook: return "a hook";
    case ast::StatementKind::During: return "`during`";
    case ast::StatementKind::Approve: return "an approval";
    case ast::StatementKind::Commit: return "`commit`";
    case ast::StatementKind::Checkpoint: return "`checkpoint`";
    case ast::StatementKind::Budget: return "`budget`";
    case ast::StatementKind::Lock: return "`lock`";
    case ast::StatementKind::Newer: return "`on newer run`";
    case ast::StatementKind::Notify: return "`notify`";
    case ast::StatementKind::Preflight: return "`preflight`";
  }
  return "this";
}

}  // namespace

bool Checker::may_stand_in(const ast::Statement* statement, ast::HookWord when) {
  switch (statement->kind) {
    case ast::StatementKind::Error:
    case ast::StatementKind::If:
    case ast::StatementKind::Let:
    case ast::StatementKind::Notify: return true;
    case ast::StatementKind::Call:
      return static_cast<const ast::CallStatement*>(statement)->call->callee->kind == ast::ExprKind::Member;
    case ast::StatementKind::Hold:
    case ast::StatementKind::Approve: return !is_back(when);
    case ast::StatementKind::Phase:
    case ast::StatementKind::For:
    case ast::StatementKind::Parallel:
    case ast::StatementKind::Watch:
    case ast::StatementKind::Rollback:
    case ast::StatementKind::OnFailure:
    case ast::StatementKind::Hook:
    case ast::StatementKind::During:
    case ast::StatementKind::Commit:
    case ast::StatementKind::Checkpoint:
    case ast::StatementKind::Budget:
    case ast::StatementKind::Lock:
    case ast::StatementKind::Newer:
    case ast::StatementKind::Preflight: break;
  }
  return false;
}

void Checker::check_hook_body(const ast::Block* body, ast::HookWord when) {
  for (const ast::Statement* statement : body->statements) {
    if (!may_stand_in(statement, when))
      diagnostics_.report(statement->span, diag::NotInHook, std::string(text_of(statement)), std::string(text_of(when)))
          .advise(is_back(when) ? "nothing stands in the way back: write `notify TEAM \"text\"`, or an action"
                                : "write `notify TEAM \"text\"`, an action, `hold … judged by …` or `approve by …`");
    if (statement->kind != ast::StatementKind::If) continue;
    auto* branch = static_cast<const ast::IfStatement*>(statement);
    check_hook_body(branch->then_block, when);
    if (branch->else_block) check_hook_body(branch->else_block, when);
  }
}

void Checker::check_hook(const ast::HookStatement* hook, bool in_parallel) {
  std::string name(text_of(hook->when));
  if (is_back(hook->when) && block_ != rollout_body_)
    diagnostics_.report(hook->span, diag::HookHere, name, "directly in a rollout")
        .advise("it is for the whole run; a part that goes back alone tells people by `rollback { notify TEAM }`");
  if (!is_back(hook->when) && in_parallel)
    diagnostics_.report(hook->span, diag::HookHere, name, "above the phases that it is for, not beside them")
        .advise("move it above `parallel`");
  check_not_empty(hook->body, hook->span, fmt::format("`{}`", name));
  if (hook->label) expect(hook->label, simple(TypeKind::String), fmt::format("`{}`", name));
  check_hook_body(hook->body, hook->when);
  check_block(hook->body);
}

}  // namespace rollout::check
