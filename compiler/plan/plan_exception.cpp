// `except rollout hotfix { … }`: a rollout that somebody has let off a policy, until a date.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/calendar/calendar.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

const ast::ExceptionClause* clause_of(const ast::PolicyItem& item, std::string_view word) {
  for (const ast::ExceptionClause& clause : item.clauses)
    if (clause.word.text == word) return &clause;
  return nullptr;
}

/// As two names are compared: nobody becomes somebody else by a blank or a capital letter.
std::string plain(std::string_view name) {
  constexpr std::string_view blanks = " \t\r\n";
  size_t from = name.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  std::string made(name.substr(from, name.find_last_not_of(blanks) - from + 1));
  for (char& letter : made)
    if (letter >= 'A' && letter <= 'Z') letter = char(letter - 'A' + 'a');
  return made;
}

}  // namespace

/// Whether the rollout is let off this policy; a mistake in how it is said is reported, and lets nobody off.
bool Planner::is_excepted(const ir::Policy& policy) {
  bool excepted = false;
  for (const ast::PolicyItem& item : policy.decl->items)
    if (item.kind == ast::PolicyItemKind::Except && item.rollout.text == plan_.rollout)
      excepted |= except(policy, item);
  return excepted;
}

bool Planner::except(const ir::Policy& policy, const ast::PolicyItem& item) {
  const ast::ExceptionClause *because = clause_of(item, "because"), *asked = clause_of(item, "asked");
  const ast::ExceptionClause *approved = clause_of(item, "approved"), *until = clause_of(item, "until");
  if (!because || !asked || !approved || !until || !approved->of || !until->of) return false;
  auto value = [&](const ast::Expr* expr) { return eval_->eval(policy.module, expr, {}); };
  Value team = value(approved->of), date = value(until->value), zone_name = value(until->of);
  if (!team.is(Value::Kind::Entity) || !date.is(Value::Kind::Date)) return false;
  Result<calendar::Zone> zone = calendar::zone_named(zone_name.text);
  if (!zone) return false;  // the evaluator has reported it
  PolicyException made{std::string(policy.decl->name.text), value(because->value).text, value(asked->value).text,
                       value(approved->value).text, team.text};
  // The day itself still belongs to it.
  made.until_wall_ns = calendar::instant_of(*zone, date.number + 1, 0);
  made.until = fmt::format("{} in {}", calendar::date_text(date.number), zone->name);
  for (const ast::ExceptionClause* clause : {because, asked, approved})
    if (plain(value(clause->value).text).empty()) {
      diagnostics_.report(clause->value->span, diag::ExceptionIncomplete, "anything here: the text is empty");
      return false;
    }
  if (plain(made.asked) == plain(made.approved)) {
    diagnostics_.report(approved->value->span, diag::ExceptionOwn, made.asked)
        .at(asked->value->span, "asked for here")
        .advise(fmt::format("let somebody else of {} approve it", made.team));
    return false;
  }
  std::vector<std::string> members = members_of(program_.teams[size_t(team.number)]);
  if (std::find(members.begin(), members.end(), made.approved) == members.end()) {
    std::vector<std::string_view> known(members.begin(), members.end());
    diagnostics_
        .report(approved->value->span, diag::UnknownName, fmt::format("member of `{}`", made.team), made.approved)
        .note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
    return false;
  }
  if (request_.now_wall_ns && *request_.now_wall_ns >= made.until_wall_ns) {
    diagnostics_.report(until->span, diag::ExceptionExpired, plan_.rollout, made.policy, made.until)
        .note("the policy holds again, as if the exception were not there")
        .advise("keep the policy and remove this, or have it approved anew until a later date");
    return false;
  }
  plan_.exceptions.push_back(std::move(made));
  return true;
}

}  // namespace rollout::plan
