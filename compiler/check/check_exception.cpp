// `except rollout hotfix { … }`: who lets a rollout off a policy, why, and until when.
#include <algorithm>
#include <iterator>
#include <utility>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

struct Wanted {
  std::string_view word;
  bool by;
  std::string_view example;
};
constexpr Wanted wanted[] = {
    {"because", false, "why: `because \"the certificate expires on Sunday\"`"},
    {"asked", true, "who wants it: `asked by \"anna\"`"},
    {"approved", true, "who lets it: `approved by \"ben\" of managers`"},
    {"until", false, "when it ends: `until 2026-12-31 in \"Europe/Stockholm\"`"},
};

}  // namespace

void Checker::check_exception(const ast::PolicyItem& item) {
  const ir::Policy& policy = program_.policies[policy_];
  if (locals_.size() > 0) {
    diagnostics_
        .report(item.span, diag::PolicyPlace, "`except`",
                policy.parameters.empty() ? "inside a quantifier" : "in a policy that is called")
        .advise("write it directly in the policy that has `for every rollout`");
    return;
  }
  bool given[std::size(wanted)] = {};
  for (const ast::ExceptionClause& clause : item.clauses) {
    auto known = std::find_if(std::begin(wanted), std::end(wanted),
                              [&](const Wanted& one) { return one.word == clause.word.text; });
    if (known == std::end(wanted)) {
      report_unknown(clause.word.span, clause.word.text, "clause of an exception",
                     {"because", "asked", "approved", "until"});
      continue;
    }
    if (known->by != clause.by) {
      diagnostics_.report(clause.word.span, diag::ExceptionIncomplete, std::string(known->example));
      given[known - wanted] = true;
      continue;
    }
    if (std::exchange(given[known - wanted], true))
      diagnostics_.report(clause.word.span, diag::GivenTwice, std::string(clause.word.text));
    check_exception_clause(clause);
  }
  for (size_t i = 0; i < std::size(wanted); ++i)
    if (!given[i]) diagnostics_.report(item.span, diag::ExceptionIncomplete, std::string(wanted[i].example));
}

void Checker::check_exception_clause(const ast::ExceptionClause& clause) {
  bool until = clause.word.text == "until", approved = clause.word.text == "approved";
  expect(clause.value, simple(until ? TypeKind::Date : TypeKind::String), fmt::format("`{}`", clause.word.text));
  if (clause.of && until) return expect(clause.of, simple(TypeKind::Zone), "`in`");
  if (clause.of && approved) return expect(clause.of, simple(TypeKind::Team), "`of`");
  if (until) diagnostics_.report(clause.span, diag::ExceptionIncomplete, "in which zone it ends: `in \"UTC\"`");
  if (approved) diagnostics_.report(clause.span, diag::ExceptionIncomplete, "of which team they are: `of managers`");
  if (clause.of)
    diagnostics_.report(clause.of->span, diag::PolicyPlace, "this", fmt::format("behind `{}`", clause.word.text));
}

}  // namespace rollout::check
