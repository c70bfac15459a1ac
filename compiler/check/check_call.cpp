#include "compiler/check/values.h"

namespace rollout::check {

namespace {

constexpr size_t max_named = 100;  // parameters, of which a message shows the first ones

/// From `culprit` on, each argument without a label gets the name that its place would have meant.
void name_arguments(Diagnostic& diagnostic, const ast::CallExpr* call, const ast::Argument* culprit,
                    llvm::ArrayRef<ir::Parameter> parameters) {
  std::vector<std::string_view> known;
  for (const ir::Parameter& parameter : parameters.take_front(max_named + 1))
    if (!parameter.name.text.empty()) known.push_back(parameter.name.text);
  if (known.size() <= max_named) diagnostic.advise(fmt::format("the arguments are {}", list_of(known)));
  for (size_t i = size_t(culprit - call->arguments.begin()); i < call->arguments.size() && i < parameters.size(); ++i) {
    const ast::Argument& argument = call->arguments[i];
    Span value = argument.value->span, before = {value.source, value.begin, value.begin};
    if (argument.label.text.empty() && !parameters[i].name.text.empty())
      diagnostic.fix(before, fmt::format("{}: ", parameters[i].name.text));
  }
}

}  // namespace

const Type* ValueChecker::check_member_call(const ast::CallExpr* call, const ast::MemberExpr* member) {
  if (const Type* enumeration = check_case(member)) {
    report_not_callable(call, enumeration);
    return simple(TypeKind::Error);
  }
  const Type* object = check_expr(member->object);
  if (object->is(TypeKind::Error)) return object;
  if (object->is(TypeKind::Metrics)) return check_method_call(call, member);
  if (object->is(TypeKind::Team) && member->member.text == "confirms") return check_confirm(call, member);
  if (object->is(TypeKind::Service) && member->member.text == "baseline") return check_baseline(call, member);
  if (object->is(TypeKind::Record) && member->member.text == "with") return check_copy(call, object->index);
  if (ir::part_named(object->kind, member->member.text) == ir::Part::Contains)
    return check_contains(call, member, object);
  const Type* callee = check_expr(call->callee);
  if (callee->is(TypeKind::Error)) return callee;
  if (callee->is(TypeKind::Gate)) return check_gate_call(call, open_parameters(callee));
  if (!callee->is(TypeKind::Quantiled)) {
    report_not_callable(call, callee);
    return simple(TypeKind::Error);
  }
  if (call->arguments.size() == 1) {
    expect(call->arguments[0].value, simple(TypeKind::Percent), "a quantile");
    keep_range(eval::quantile_range, call->arguments[0].value);
    return program_.types.live(simple(TypeKind::Duration));
  }
  diagnostics_.report(call->span, diag::QuantileMissing).advise("name the quantile: `latency(99%)`");
  return simple(TypeKind::Error);
}

const Type* ValueChecker::check_call(const ast::CallExpr* call) {
  if (call->callee->kind == ast::ExprKind::Member)
    return check_member_call(call, static_cast<const ast::MemberExpr*>(call->callee));
  auto* name = call->callee->kind == ast::ExprKind::Name ? static_cast<const ast::NameExpr*>(call->callee) : nullptr;
  if (name && !find_local(name->name) && !find(name->name))
    if (std::optional<ir::Builtin> builtin = ir::builtin_named(name->name)) return check_builtin(call, *builtin);
  ir::Symbol symbol;  // kind None: not the name of a declaration
  if (name && !find_local(name->name)) symbol = find(name->name).value_or(symbol);
  if (symbol.kind == ir::Ref::Record) {
    info(call->callee) = {simple(TypeKind::None), ir::Ref::Record, symbol.index, 0};
    return check_record_call(call, symbol.index);
  }
  if (symbol.kind == ir::Ref::Func) return check_func_call(call, symbol.index);
  const Type* callee = check_expr(call->callee);
  if (callee->is(TypeKind::Gate)) {
    if (symbol.kind == ir::Ref::Gate) return check_gate_call(call, program_.gates[symbol.index].parameters);
    return check_gate_call(call, open_parameters(callee));
  }
  if (!callee->is(TypeKind::Error)) report_not_callable(call, callee);
  return simple(TypeKind::Error);
}

const Type* ValueChecker::check_builtin(const ast::CallExpr* call, ir::Builtin builtin) {
  if (builtin == ir::Builtin::Secret) return check_secret(call);
  if (builtin == ir::Builtin::Weekly) return check_weekly(call);
  if (builtin == ir::Builtin::Running) {
    info(call->callee) = {simple(TypeKind::Probe), ir::Ref::Builtin, uint32_t(builtin), 0};
    check_arguments(call, {}, 0, "`running`", true);
    return simple(TypeKind::Probe);
  }
  if (builtin != ir::Builtin::Http) return check_conversion(call, builtin);
  info(call->callee) = {simple(TypeKind::Probe), ir::Ref::Builtin, uint32_t(ir::Builtin::Http), 0};
  ir::Parameter path{{"path", call->callee->span}, simple(TypeKind::Path), nullptr, nullptr, {}};
  check_arguments(call, {path}, 0, "`http`", true);
  const ast::Expr* given = call->arguments.empty() ? nullptr : call->arguments[0].value;
  bool literal = given && given->kind == ast::ExprKind::Literal;
  auto* written = literal ? static_cast<const ast::LiteralExpr*>(given) : nullptr;
  bool relative = written && info(given).type->is(TypeKind::Path) && !written->text.starts_with("\"/");
  if (relative)
    diagnostics_.report(given->span, diag::BadText, std::string(written->text), "path of a probe",
                        "it begins with a slash")
        .advise("write `http(\"/healthz\")`")
        .fix({given->span.source, given->span.begin + 1, given->span.begin + 1}, "/");
  return simple(TypeKind::Probe);
}

void ValueChecker::report_not_callable(const ast::CallExpr* call, const Type* callee) {
  Diagnostic& diagnostic = diagnostics_.report(call->callee->span, diag::NotCallable, text(callee));
  if (callee->is(TypeKind::Live))
    diagnostic.advise("only a histogram has quantiles; read this value as it is, without `(…)`");
}

std::vector<ir::Parameter> ValueChecker::open_parameters(const Type* gate) const {
  std::vector<ir::Parameter> open;
  for (const Type* type : gate->arguments) open.push_back({{}, type, nullptr, nullptr, {}});
  return open;
}

const ir::ParameterTable* ValueChecker::table_of(const std::vector<ir::Parameter>& parameters) {
  // Those of a gate that is still open have no names, and are no declaration: they do not stay where they are.
  if (parameters.size() <= ir::many_parameters || parameters.back().name.text.empty()) return nullptr;
  return &tables_.try_emplace(parameters.data(), parameters).first->second;
}

ir::Match ValueChecker::check_arguments(const ast::CallExpr* call, const std::vector<ir::Parameter>& parameters,
                                   size_t first, std::string_view whose, bool complete) {
  ir::Match match = ir::match_arguments(parameters, call->arguments, first, table_of(parameters));
  auto known = [&] {
    std::vector<std::string_view> names;
    for (size_t i = first; i < parameters.size() && suggests(); ++i)
      if (!parameters[i].name.text.empty()) names.push_back(parameters[i].name.text);
    return names;
  };
  switch (match.problem) {
    case ir::Match::Problem::None: break;
    case ir::Match::Problem::TooMany:
      diagnostics_.report(
          match.culprit->value->span, diag::TooManyArguments, std::string(whose),
          fmt::format("{} argument{}", parameters.size() - first, parameters.size() - first == 1 ? "" : "s"));
      return match;
    case ir::Match::Problem::UnknownLabel:
      report_unknown(match.culprit->label.span, match.culprit->label.text, fmt::format("argument of {}", whose),
                     known());
      return match;
    case ir::Match::Problem::Twice:
      diagnostics_.report(match.culprit->label.span, diag::GivenTwice, std::string(match.culprit->label.text));
      return match;
    case ir::Match::Problem::PositionalAfterLabel:
      name_arguments(diagnostics_.report(match.culprit->value->span, diag::LabelMissing), call, match.culprit,
                     llvm::ArrayRef(parameters).drop_front(first));
      return match;
  }
  for (const ir::Match::Given& one : match.given) {
    const ir::Parameter& parameter = parameters[one.parameter];
    const ast::Argument& argument = *one.argument;
    if (!parameter.deprecated.text.empty())
      warn_deprecated(argument.label.text.empty() ? argument.value->span : argument.label.span, parameter.name,
                      parameter.deprecated);
    expect(argument.value, parameter.type,
           parameter.name.text.empty() ? std::string(whose) : fmt::format("`{}`", parameter.name.text));
    keep_bound(parameter, argument.value);
  }
  if (complete) report_missing(call, parameters, first, whose, match);
  return match;
}

/// The first argument that a call must give and does not: of one place, one mistake is shown.
void ValueChecker::report_missing(const ast::CallExpr* call, const std::vector<ir::Parameter>& parameters,
                                  size_t first, std::string_view whose, const ir::Match& match) {
  const ir::ParameterTable* table = table_of(parameters);
  size_t missing = parameters.size();
  if (table) {
    auto it = std::lower_bound(table->required.begin(), table->required.end(), first);
    while (it != table->required.end() && match.value(*it)) ++it;
    if (it != table->required.end()) missing = *it;
  } else {
    for (size_t i = parameters.size(); i-- > first;)
      if (!parameters[i].default_value && !match.value(i)) missing = i;
  }
  if (missing == parameters.size()) return;
  const ir::Parameter& parameter = parameters[missing];
  diagnostics_
      .report(after(call->callee->span), diag::ArgumentMissing, std::string(whose), std::string(parameter.name.text),
              text(parameter.type))
      .at(parameter.name.span, "declared here");
}

const Type* ValueChecker::check_record_call(const ast::CallExpr* call, uint32_t record) {
  check_arguments(call, program_.records[record].fields, 0,
                  fmt::format("`{}`", program_.records[record].decl->name.text), true);
  return program_.types.record(record);
}

/// `step.with(share: 5%)`: a copy in which the named fields have other values.
const Type* ValueChecker::check_copy(const ast::CallExpr* call, uint32_t record) {
  info(call->callee) = {simple(TypeKind::None), ir::Ref::Record, record, 1};
  for (const ast::Argument& argument : call->arguments)
    if (argument.label.text.empty()) {
      diagnostics_.report(argument.value->span, diag::LabelMissing).advise("name the field: `.with(share: 5%)`");
      return simple(TypeKind::Error);
    }
  check_arguments(call, program_.records[record].fields, 0,
                  fmt::format("`{}`", program_.records[record].decl->name.text), false);
  return program_.types.record(record);
}

/// What is not given stays open: `healthy(floor: 99%)` still takes a service.
const Type* ValueChecker::check_gate_call(const ast::CallExpr* call, const std::vector<ir::Parameter>& open) {
  ir::Match match = check_arguments(call, open, 0, "this gate", false);
  if (match.problem != ir::Match::Problem::None) return simple(TypeKind::Error);
  std::vector<const Type*> rest;
  for (size_t i = 0; i < open.size(); ++i)
    if (!match.value(i) && !open[i].default_value) rest.push_back(open[i].type);
  return program_.types.gate(rest);
}

const Type* ValueChecker::check_method_call(const ast::CallExpr* call, const ast::MemberExpr* member) {
  const ir::Target& target = program_.targets[info(member->object).index];
  if (target.backend == UINT32_MAX) return simple(TypeKind::Error);
  std::vector<std::string_view> known;
  for (uint32_t capability : program_.backends[target.backend].capabilities) {
    const std::vector<ir::Method>& methods = program_.capabilities[capability].signals;
    for (uint32_t i = 0; i < methods.size(); ++i) {
      known.push_back(methods[i].name.text);
      if (known.back() != member->member.text) continue;
      info(call->callee) = {simple(TypeKind::Signal), ir::Ref::Method, capability, i};
      check_arguments(call, methods[i].parameters, 0, fmt::format("`{}`", known.back()), true);
      return simple(TypeKind::Signal);
    }
  }
  report_unknown(member->member.span, member->member.text,
                 fmt::format("measure of `{}`", target.decl->name.text), known);
  return simple(TypeKind::Error);
}

}  // namespace rollout::check
