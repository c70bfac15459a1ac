// What a test gives beside signals, failures and people: noise, locks of other runs, what happens at a moment; and that
// nothing is given twice.
#include <map>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

using ast::TestItem;
using ast::TestItemKind;

const std::vector<std::string_view> moments = {"abort", "resume", "crash"};

/// How two expressions are told to mean the same: as names, members and places; anything else differs.
std::string path_of(const ast::Expr* expr) {
  if (expr->kind == ast::ExprKind::Name) return std::string(static_cast<const ast::NameExpr*>(expr)->name);
  if (expr->kind == ast::ExprKind::Literal) return std::string(static_cast<const ast::LiteralExpr*>(expr)->text);
  if (expr->kind == ast::ExprKind::Member) {
    auto* member = static_cast<const ast::MemberExpr*>(expr);
    return fmt::format("{}.{}", path_of(member->object), member->member.text);
  }
  if (expr->kind == ast::ExprKind::Index) {
    auto* index = static_cast<const ast::IndexExpr*>(expr);
    return fmt::format("{}[{}]", path_of(index->object), path_of(index->index));
  }
  return fmt::format("(at {})", expr->span.begin);
}

/// What may stand once in a test, as words for its reader; empty: any number of times.
std::string once_text(const TestItem& item) {
  std::string phase = item.phase.text.empty() ? "" : fmt::format(" in phase {}", item.phase.text);
  std::string where = phase + (item.environment.text.empty() ? "" : fmt::format(" in {}", item.environment.text));
  switch (item.kind) {
    case TestItemKind::Signal: return path_of(item.subject) + where;
    case TestItemKind::Fail: return fmt::format("fail {}{}", path_of(item.subject), where);
    case TestItemKind::Start: return "start";
    case TestItemKind::Noise: return "noise";
    case TestItemKind::Lock: return fmt::format("lock {}{}", item.words[0].text, where);
    case TestItemKind::Crash: return "crash" + where;
    case TestItemKind::Abort: return item.then.text.empty() ? "abort" : "";
    // Whoever answers twice tries whether that counts twice.
    case TestItemKind::Answer:
    case TestItemKind::Run:
    case TestItemKind::Expect: break;
  }
  return "";
}

}  // namespace

/// `given noise seed 7`: counts and values vary by chance, the same way each time; `drift`: what is true wanders, too.
void Checker::check_noise(const TestItem& item) {
  if (item.words[0].text != "drift") expect_word(item.words[0], "noise", "given noise seed 7");
  expect_word(item.words[1], "seed", "given noise seed 7");
  expect(item.subject, simple(TypeKind::Int), "`seed`");
}

/// `given lock schema held until 5m`
void Checker::check_lock_held(const TestItem& item) {
  expect_symbol(item.words[0], ir::Ref::Lock, "lock");
  expect_word(item.words[1], "until", "given lock schema held until 5m");
  expect(item.subject, simple(TypeKind::Duration), "`until`");
}

/// `at 10m abort`, `at 10m resume`, `at 10m crash`
void Checker::check_person(const TestItem& item) {
  expect(item.subject, simple(TypeKind::Duration), "`at`");
  bool known = item.then.text.empty() || std::find(moments.begin(), moments.end(), item.then.text) != moments.end();
  if (!known) report_unknown(item.then.span, item.then.text, "event", moments);
}

void Checker::check_given_once(const ir::Test& test) {
  std::map<std::string, Span> seen;
  for (const TestItem& item : test.decl->items) {
    std::string text = once_text(item);
    if (text.empty()) continue;
    auto [first, fresh] = seen.try_emplace(text, item.span);
    if (!fresh) diagnostics_.report(item.span, diag::GivenTwice, text).at(first->second, "the first one");
  }
}

}  // namespace rollout::check
