// Teams, and the approvals that a rollout waits for.
#include <iterator>
#include <utility>

#include <llvm/ADT/StringSet.h>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

const std::vector<std::string_view> responses = {"park", "rollback", "fail"};

/// The strings of a literal list; empty for every other expression, whose value only planning knows.
std::vector<const ast::LiteralExpr*> strings_of(const ast::Expr* expr) {
  std::vector<const ast::LiteralExpr*> strings;
  if (expr->kind != ast::ExprKind::List) return strings;
  for (const ast::Expr* item : static_cast<const ast::ListExpr*>(expr)->items) {
    if (item->kind != ast::ExprKind::Literal) continue;
    auto* literal = static_cast<const ast::LiteralExpr*>(item);
    if (literal->literal == ast::LiteralKind::String) strings.push_back(literal);
  }
  return strings;
}

std::string_view unquoted(std::string_view text) { return text.substr(1, text.size() - 2); }

}  // namespace

/// `team sre { members = ["oncall-1", "oncall-2"] }`
void Checker::check_team(ir::Team& team) {
  std::string whose = fmt::format("team `{}`", team.decl->name.text);
  const ast::Expr* members = nullptr;
  for (const ast::Setting& setting : team.decl->settings) {
    bool channel = setting.name.text == "notify";
    if (setting.name.text != "members" && !channel) {
      report_unknown(setting.name.span, setting.name.text, "setting of " + whose, {"members", "notify"});
      continue;
    }
    if (channel ? team.notify : members)
      diagnostics_.report(setting.name.span, diag::GivenTwice, std::string(setting.name.text));
    if (setting.has_block) diagnostics_.report(setting.name.span, diag::NoBlock, std::string(setting.name.text));
    if (channel) {
      check_channel(team, setting);
      continue;
    }
    expect(setting.value, program_.types.list_of(simple(TypeKind::String)), "`members`");
    members = setting.value;
  }
  if (!members) {
    auto has_name = [](const ast::Setting& setting) { return setting.name.text == "notify"; };
    if (std::all_of(team.decl->settings.begin(), team.decl->settings.end(), has_name))
      diagnostics_.report(team.decl->name.span, diag::SettingMissing, whose, "members", "a List<String>")
          .advise("name who may approve: `members = [\"anna\", \"ben\"]`");
    return;
  }
  team.members = members;
  llvm::StringSet<> seen;
  for (const ast::LiteralExpr* member : strings_of(members))
    if (!seen.insert(unquoted(member->text)).second)
      diagnostics_.report(member->span, diag::GivenTwice, std::string(unquoted(member->text)));
}

/// `2 of sre { timeout 4h  on timeout park }`, behind `approve by` or `ask`, which is `whose`.
void Checker::check_question(const ast::Question& question, std::string_view whose) {
  if (question.quorum) expect(question.quorum, simple(TypeKind::Int), whose);
  expect(question.team, simple(TypeKind::Team), question.quorum ? "`of`" : whose);
  constexpr std::string_view names[] = {"timeout", "on timeout", "escalate"};
  bool given[std::size(names)] = {};
  for (const ast::ApproveClause& clause : question.clauses) {
    bool escalates = clause.kind == ast::ApproveClauseKind::Escalate;
    std::string_view wanted = escalates ? "to" : "timeout", name = names[size_t(clause.kind)];
    if (clause.word.text != wanted)
      diagnostics_
          .report(clause.word.span, diag::ExpectedFound, fmt::format("`{}`", wanted), std::string(clause.word.text))
          .advise("an approval has `timeout 4h`, `on timeout park` and `escalate to managers after 1h`")
          .fix(clause.word.span, std::string(wanted));
    if (std::exchange(given[size_t(clause.kind)], true))
      diagnostics_.report(clause.word.span, diag::GivenTwice, std::string(name));
    if (escalates) expect(clause.team, simple(TypeKind::Team), "`escalate to`");
    if (clause.time) expect(clause.time, simple(TypeKind::Duration), escalates ? "`after`" : "`timeout`");
    else if (std::find(responses.begin(), responses.end(), clause.then.text) == responses.end())
      report_unknown(clause.then.span, clause.then.text, "response", responses);
  }
}

/// `given approve by "oncall-1" after 10m`
void Checker::check_answer(const ast::TestItem& item) {
  expect(item.subject, simple(TypeKind::String), item.reject ? "`given reject by`" : "`given approve by`");
  expect(item.after, simple(TypeKind::Duration), "`after`");
  if (item.subject->kind != ast::ExprKind::Literal) return;
  std::vector<std::string_view> known;
  for (const ir::Team& team : program_.teams)
    if (team.members)
      for (const ast::LiteralExpr* member : strings_of(team.members)) known.push_back(unquoted(member->text));
  auto* person = static_cast<const ast::LiteralExpr*>(item.subject);
  if (person->literal != ast::LiteralKind::String || known.empty()) return;
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  std::string_view name = unquoted(person->text);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  Diagnostic& diagnostic = diagnostics_.report(person->span, diag::UnknownName, "member of a team", std::string(name));
  if (std::string_view near = nearest(name, known); !near.empty())
    diagnostic.advise(fmt::format("did you mean `{}`?", near)).fix(person->span, fmt::format("\"{}\"", near));
  diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
}

}  // namespace rollout::check
