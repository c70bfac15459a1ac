// Enums: their cases, and `match`, which has an answer for each of them.
#include <algorithm>
#include <utility>

#include "compiler/base/visible.h"
#include "compiler/check/values.h"

namespace rollout::check {

namespace {
constexpr size_t max_named = 8;  // cases that a message names
}

void ValueChecker::check_enum(const ir::Enum& declared) {
  llvm::StringMap<Span> first;
  for (const ast::Name& name : declared.decl->cases) {
    auto [other, fresh] = first.try_emplace(name.text, name.span);
    if (!fresh)
      diagnostics_.report(name.span, diag::DeclaredTwice, std::string(name.text))
          .at(other->second, "first declared here");
  }
}

std::optional<uint32_t> ValueChecker::find_case(uint32_t enumeration, const ast::Name& name) {
  const ir::Enum& declared = program_.enums[enumeration];
  llvm::StringMap<uint32_t>& cases = cases_[enumeration];
  if (cases.empty())
    for (uint32_t i = 0; i < declared.decl->cases.size(); ++i) cases.try_emplace(declared.decl->cases[i].text, i);
  if (auto found = cases.find(name.text); found != cases.end()) return found->second;
  std::vector<std::string_view> known;
  for (size_t i = 0; i < declared.decl->cases.size() && suggests(); ++i) known.push_back(declared.decl->cases[i].text);
  report_unknown(name.span, name.text, fmt::format("case of enum `{}`", declared.decl->name.text), known);
  return std::nullopt;
}

bool ValueChecker::report_bare_case(const ast::NameExpr* name) {
  if (!suggests()) return false;
  std::string_view only;
  for (std::string_view other : names_of(ir::Ref::Enum)) {
    const ast::EnumDecl* decl = program_.enums[find(other)->index].decl;
    bool has = std::any_of(decl->cases.begin(), decl->cases.end(), [&](auto& one) { return one.text == name->name; });
    if (has && !only.empty()) return false;
    if (has) only = other;
  }
  if (only.empty()) return false;
  Diagnostic* diagnostic = report_unknown_once(name->span, name->name, "name");
  std::string whole = fmt::format("{}.{}", only, name->name);
  if (diagnostic) diagnostic->advise(fmt::format("it is a case of an enum: write `{}`", whole)).fix(name->span, whole);
  return true;
}

/// `Region.eu`: the object is the enum itself, no value.
const Type* ValueChecker::check_case(const ast::MemberExpr* member) {
  bool named = member->object->kind == ast::ExprKind::Name;
  auto* name = named ? static_cast<const ast::NameExpr*>(member->object) : nullptr;
  std::optional<ir::Symbol> symbol = name && !find_local(name->name) ? find(name->name) : std::nullopt;
  if (!symbol || symbol->kind != ir::Ref::Enum) return nullptr;
  info(member->object) = {simple(TypeKind::None), ir::Ref::Enum, symbol->index, 0};
  std::optional<uint32_t> found = find_case(symbol->index, member->member);
  if (!found) return simple(TypeKind::Error);
  info(member) = {nullptr, ir::Ref::Case, symbol->index, *found};
  return program_.types.enumeration(symbol->index);
}

std::string ValueChecker::advice_on_subject(const Type* subject) const {
  const Type* inside = subject->is(TypeKind::Optional) ? subject->arguments[0] : nullptr;
  if (inside && inside->is(TypeKind::Enum))
    return fmt::format("it may be absent: say which case holds then, `match (… or {}.{}) {{ … }}`",
                       program_.enums[inside->index].decl->name.text,
                       program_.enums[inside->index].decl->cases[0].text);
  if (inside)
    return fmt::format("it may be absent: `(… or VALUE)` is always {}, and `… == none` asks whether it is there",
                       with_article(inside));
  return "choose by a condition with `if`, or declare the cases: `enum Region { eu, us }`";
}

/// All arms give one type; a case without an arm is named.
const Type* ValueChecker::check_match(const ast::MatchExpr* match, const Type* wanted) {
  const Type* subject = check_expr(match->subject);
  if (subject->is(TypeKind::Error)) return subject;
  if (subject->is(TypeKind::Live)) {
    report_live(match->subject, "`match`", "a value of an enum");
    return simple(TypeKind::Error);
  }
  if (!subject->is(TypeKind::Enum)) {
    diagnostics_.report(match->subject->span, diag::WrongType, "`match`", "a value of an enum", text(subject))
        .advise(advice_on_subject(subject));
    return simple(TypeKind::Error);
  }
  const Type* result = wanted;
  Answers answers;
  llvm::DenseMap<uint32_t, bool> said;  // of a case, that it has two answers or more
  bool has_else = false, misspelt = false;
  for (const ast::MatchArm& arm : match->arms) {
    has_else |= arm.cases.empty();
    for (const ast::Name& name : arm.cases) {
      std::optional<uint32_t> found = find_case(subject->index, name);
      misspelt |= !found;
      if (!found) continue;
      auto [other, fresh] = answers.try_emplace(*found, name.span);
      if (!fresh && !std::exchange(said[*found], true))
        diagnostics_.report(name.span, diag::GivenTwice, std::string(name.text)).at(other->second, "given here");
    }
    if (result) expect(arm.value, result, "this arm");
    else result = check_expr(arm.value);
  }
  if (result && result->is(TypeKind::Live)) {
    diagnostics_.report(match->span, diag::LiveHere, "each arm of `match`", "a value")
        .note("a condition is one comparison, the same in every run")
        .advise("write a gate for each case, and choose the gate: `judged by match … { … }`");
    result = simple(TypeKind::Error);
  }
  if (!has_else && !misspelt) report_missing_cases(match, subject->index, answers);
  return result ? result : simple(TypeKind::Error);
}

/// Looks at no more cases than have an answer or are named, however many the enum has.
void ValueChecker::report_missing_cases(const ast::MatchExpr* match, uint32_t enumeration, const Answers& answers) {
  const ir::Enum& declared = program_.enums[enumeration];
  size_t cases = declared.decl->cases.size(), missing = cases - answers.size();
  if (missing == 0) return;
  bool all = missing <= max_named;
  std::vector<std::string_view> named;
  std::string list;
  for (size_t i = 0; named.size() < (all ? missing : max_named); ++i) {
    if (answers.count(uint32_t(i))) continue;
    named.push_back(declared.decl->cases[i].text);
    list += fmt::format("`{}`, ", shortened(named.back()));
  }
  list = all ? list_of(named) : fmt::format("{} and {} more", list.substr(0, list.size() - 2), missing - named.size());
  diagnostics_.report(match->subject->span, diag::CasesMissing, list)
      .at(declared.decl->name.span, "declared here")
      .advise(fmt::format("add `{} -> …`, or `else -> …` for all others", named.front()));
}

}  // namespace rollout::check
