// Runs side by side, and how far a run goes back: checkpoints, budgets, locks, newer runs, renamed services.
#include <llvm/ADT/STLExtras.h>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {
const std::vector<std::string_view> newer_words = {"reject", "queue", "replace"};
}

void Checker::only_in_rollout(const ast::Statement* statement, std::string_view word) {
  if (block_ != rollout_body_) diagnostics_.report(statement->span, diag::OnlyInRollout, std::string(word));
}

void Checker::expect_word(const ast::Name& found, std::string_view word, std::string_view written) {
  if (found.text == word) return;
  diagnostics_.report(found.span, diag::ExpectedFound, fmt::format("`{}`", word), std::string(found.text))
      .advise(fmt::format("write `{}`", written))
      .fix(found.span, std::string(word));
}

/// `checkpoint "the schema is ready"`
void Checker::check_checkpoint(const ast::CheckpointStatement* checkpoint) {
  only_in_rollout(checkpoint, "checkpoint");
  expect(checkpoint->why, simple(TypeKind::String), "`checkpoint`");
}

/// `budget exposure <= 5m`
void Checker::check_budget(const ast::BudgetStatement* budget) {
  only_in_rollout(budget, "budget");
  expect_word(budget->word, "exposure", "budget exposure <= 5m");
  expect(budget->bound, simple(TypeKind::Duration), "`budget exposure`");
}

/// `rollback { kept 7d }`
void Checker::check_kept(const ast::RollbackStatement* rollback) {
  if (rollback->kept_word.text != "kept")
    return report_unknown(rollback->kept_word.span, rollback->kept_word.text, "clause of `rollback`",
                          {"within", "verify", "kept", "notify"});
  expect(rollback->kept, simple(TypeKind::Duration), "`kept`");
  only_in_rollout(rollback, "kept");
}

/// `lock schema within 10m { … }`
void Checker::check_lock(const ast::LockStatement* lock) {
  expect_symbol(lock->name, ir::Ref::Lock, "lock");
  if (lock->within) expect(lock->within, simple(TypeKind::Duration), "`within`");
  check_not_empty(lock->body, lock->span, "`lock`");
  check_block(lock->body);
}

/// `on newer run queue within 2h`
void Checker::check_newer(const ast::NewerStatement* newer) {
  only_in_rollout(newer, "on newer run");
  expect_word(newer->word, "newer", "on newer run reject");
  bool known = std::find(newer_words.begin(), newer_words.end(), newer->then.text) != newer_words.end();
  if (!known) report_unknown(newer->then.span, newer->then.text, "response", newer_words);
  if (!newer->within) return;
  expect(newer->within, simple(TypeKind::Duration), "`within`");
  if (newer->then.text == "reject")
    diagnostics_.report(newer->within->span, diag::ExpectedFound, "the end of the rule", "within")
        .advise("only `queue` and `replace` wait");
}

/// `renamed shop -> checkout`
void Checker::check_renamed(const ast::RenamedDecl* renamed) {
  std::optional<ir::Symbol> now = expect_symbol(renamed->now, ir::Ref::Service, "service");
  if (std::optional<ir::Symbol> still = find(renamed->was.text))
    diagnostics_.report(renamed->was.span, diag::RenamedStill, std::string(renamed->was.text))
        .at(still->span, "declared here");
  if (!now) return;
  auto first = llvm::find_if(program_.renamed, [&](const ir::Renamed& other) {
    return other.service == now->index || other.decl->was.text == renamed->was.text;
  });
  if (first == program_.renamed.end()) program_.renamed.push_back({renamed, now->index});
  else diagnostics_.report(renamed->span, diag::GivenTwice, "renamed").at(first->decl->span, "the first one");
}

}  // namespace rollout::check
