// `on failure`: what follows when a round of a loop or a branch of `parallel` has failed.
#include "compiler/check/context.h"

namespace rollout::check {

namespace {
const std::vector<std::string_view> responses = {"rollback", "stop", "continue"};
}

/// `on failure { retry 3 every 1m then park }`
void Checker::check_retry(const ast::OnFailureStatement* rule) {
  auto expect_word = [&](const ast::Name& found, std::string_view word) {
    if (found.text == word) return;
    diagnostics_.report(found.span, diag::ExpectedFound, fmt::format("`{}`", word), std::string(found.text))
        .advise("write `on failure { retry 3 every 1m then park }`")
        .fix(found.span, std::string(word));
  };
  expect_word(rule->word, "failure");
  expect_word(rule->retry, "retry");
  expect_word(rule->then, "park");
  expect(rule->times, simple(TypeKind::Int), "`retry`");
  expect(rule->every, simple(TypeKind::Duration), "`every`");
  bool committed = false;
  for (const ast::Statement* other : block_->statements) {
    if (other == rule) break;
    committed |= other->kind == ast::StatementKind::Commit;
    if (other->kind == ast::StatementKind::OnFailure)
      diagnostics_.report(rule->span, diag::GivenTwice, "on failure").at(other->span, "the first one");
  }
  if (block_ != rollout_body_ || !committed)
    diagnostics_.report(rule->span, diag::RetryHere)
        .advise("before a `commit` what fails goes back, and may be tried again as a new run");
}

void Checker::check_on_failure(const ast::OnFailureStatement* rule) {
  if (rule->times) return check_retry(rule);
  auto expect_word = [&](const ast::Name& found, std::string_view word) {
    if (found.text == word) return;
    diagnostics_.report(found.span, diag::ExpectedFound, fmt::format("`{}`", word), std::string(found.text))
        .advise("write `on failure continue at most 2 failures`")
        .fix(found.span, std::string(word));
  };
  expect_word(rule->word, "failure");
  if (block_ != round_body_)
    diagnostics_.report(rule->span, diag::OnFailureHere)
        .advise("without it everything goes back, to the start of the run or to its last `commit`");
  for (const ast::Statement* other : block_->statements) {
    if (other == rule) break;
    if (other->kind == ast::StatementKind::OnFailure)
      diagnostics_.report(rule->span, diag::GivenTwice, "on failure").at(other->span, "the first one");
  }
  bool known = std::find(responses.begin(), responses.end(), rule->then.text) != responses.end();
  if (!known) report_unknown(rule->then.span, rule->then.text, "response", responses);
  bool goes_on = rule->then.text == "continue";
  if (known && goes_on && !rule->at_most)
    diagnostics_.report(rule->then.span, diag::ExpectedFound, "`continue at most 2 failures`", "continue")
        .advise("a release that fails everywhere must not go on: say how many may fail");
  if (known && !goes_on && rule->at_most)
    diagnostics_.report(rule->at_most_words[0].span, diag::ExpectedFound, "the end of the rule", "at most")
        .advise("only `continue` has a bound");
  if (!rule->at_most) return;
  expect(rule->at_most, simple(TypeKind::Int), "`at most`");
  expect_word(rule->at_most_words[0], "most");
  if (rule->at_most_words[1].text != "failure") expect_word(rule->at_most_words[1], "failures");
}

}  // namespace rollout::check
