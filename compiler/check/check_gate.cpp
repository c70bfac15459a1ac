#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

/// The word behind a number says what is counted: `over 3 weeks` would be read as three samples.
void check_noun(Diagnostics& diagnostics, const ast::Name& noun, std::string_view clause, std::string_view counted) {
  if (noun.text == counted) return;
  bool near = !nearest(noun.text, {counted}).empty();
  diagnostics
      .report(noun.span, diag::WrongNoun, std::string(clause), std::string(counted), std::string(noun.text))
      .fix(noun.span, std::string(counted))
      .advise(near ? fmt::format("did you mean `{}`?", counted) : fmt::format("write `{} N {}`", clause, counted));
}

}  // namespace

void Checker::check_gate(ir::Gate& gate) {
  for (const ir::Parameter& parameter : gate.parameters) add_local(parameter.name, parameter.type);
  const ast::GateDecl* decl = gate.decl;
  if (decl->sample) expect_in(eval::sample_range, decl->sample, TypeKind::Duration);
  else
    diagnostics_.report(decl->name.span, diag::ClauseMissing, std::string(decl->name.text), "sample every")
        .advise("write `sample every 15s`");
  if (decl->minimum) {
    expect_in(eval::minimum_range, decl->minimum, TypeKind::Int);
    check_noun(diagnostics_, decl->minimum_noun, "minimum", "requests");
  }
  if (decl->harm) {
    expect_in(eval::harm_range, decl->harm, TypeKind::Percent);
    const Type* of = check_expr(decl->harm_of);
    if (!of->is(TypeKind::Live) && !of->is(TypeKind::Error))
      diagnostics_.report(decl->harm_of->span, diag::WrongType, "`harm … of`", "a live value", text(of))
          .advise("read a signal of what is judged, such as `s.canary.error_rate`");
  }
  for (const ast::ConditionClause& clause : decl->conditions) check_condition(clause);
  for (size_t i = 0; i < decl->responses.size(); ++i) {
    const ast::ResponseClause& response = decl->responses[i];
    auto same = [&](const ast::ResponseClause& other) { return other.event.text == response.event.text; };
    if (llvm::any_of(decl->responses.take_front(i), same))
      diagnostics_.report(response.event.span, diag::GivenTwice, fmt::format("on {}", response.event.text));
    check_response(response);
  }
  if (decl->conditions.empty())
    diagnostics_.report(decl->name.span, diag::GateEmpty, std::string(decl->name.text))
        .advise("write `require s.error_rate < 1%`");
  gate.slots = slots_;
}

void Checker::expect_in(const eval::Range& range, const ast::Expr* given, TypeKind wanted) {
  expect(given, simple(wanted), fmt::format("`{}`", range.clause));
  keep_range(range, given);
}

void Checker::check_condition(const ast::ConditionClause& clause) {
  check_live_condition(clause.condition, clause.kind == ast::ClauseKind::Reject ? "`reject when`" : "`require`");
  check_certainty(clause.proven, clause.samples, clause.samples_noun);
}

void Checker::check_certainty(const ast::Expr* proven, const ast::Expr* samples, const ast::Name& noun) {
  if (proven) expect_in(eval::proven_range, proven, TypeKind::Percent);
  if (!samples) return;
  expect_in(eval::over_range, samples, TypeKind::Int);
  check_noun(diagnostics_, noun, "over", "samples");
}

void Checker::check_watch(const ast::WatchStatement* watch) {
  check_live_condition(watch->condition, "`rollback when`");
  if (watch->held) expect(watch->held, simple(TypeKind::Duration), "`held`");
  check_certainty(watch->proven, watch->samples, watch->samples_noun);
  if (watch->every) expect(watch->every, simple(TypeKind::Duration), "`every`");
}

/// One comparison with a live value on its left: what the engine can evaluate and a person can read in a timeline.
void Checker::check_live_condition(const ast::Expr* condition, std::string_view whose) {
  const Type* type = check_expr(condition);
  if (type->is(TypeKind::Error)) return;
  if (info(condition).ref == ir::Ref::Confirm) {
    report_confirm(condition);
    return;
  }
  if (is_live_condition(condition, type)) return;
  Diagnostic& diagnostic = diagnostics_.report(condition->span, diag::NotLiveCondition, std::string(whose), text(type));
  diagnostic.advise("compare a live value, such as `s.canary.error_rate > 1%`; several conditions are several clauses");
}

void Checker::check_response(const ast::ResponseClause& response) {
  const std::vector<std::string_view> events = {"fail", "no_data", "undecided", "error"};
  if (std::find(events.begin(), events.end(), response.event.text) == events.end())
    report_unknown(response.event.span, response.event.text, "outcome of a gate", events);
  if (response.hold) expect(response.hold, simple(TypeKind::Duration), "`hold`");
  bool overrules = response.hold || response.kind == ast::ResponseKind::Pass;
  if (response.event.text == "fail" && overrules)
    diagnostics_.report(response.span, diag::FailOverruled)
        .advise("write `on fail { ask sre }`, so that a person decides with the evidence before them");
  if (response.kind == ast::ResponseKind::Ask) check_question(response.question, "`ask`");
}

}  // namespace rollout::check
