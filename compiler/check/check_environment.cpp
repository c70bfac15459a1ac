// Environments: what a name may mean there, and that a test says where it runs.
#include <llvm/ADT/DenseSet.h>

#include "compiler/check/context.h"

namespace rollout::check {

namespace {

constexpr std::string_view changeable = "targets, metrics sources, teams, values and the defaults of inputs";

}  // namespace

/// `environment production { edge = edge_prod  approve by release_managers }`
void Checker::check_environment(ir::Environment& environment) {
  std::vector<ir::Rebinding> values;
  llvm::DenseSet<std::pair<uint32_t, uint32_t>> seen;
  for (const ast::Rebinding& given : environment.decl->values) {
    std::optional<ir::Rebinding> value = check_rebinding(given);
    if (!value) continue;
    if (!seen.insert({uint32_t(value->kind), value->index}).second)
      diagnostics_.report(given.name.span, diag::GivenTwice, std::string(given.name.text));
    values.push_back(*value);
  }
  for (const ast::Statement* approval : environment.decl->approvals)
    check_question(static_cast<const ast::ApproveStatement*>(approval)->question, "`approve by`");
  environment.values = std::move(values);
}

std::optional<ir::Rebinding> Checker::check_rebinding(const ast::Rebinding& given) {
  std::optional<ir::Symbol> symbol = find(given.name.text);
  if (!symbol) {
    std::vector<std::string_view> known;
    for (ir::Ref kind : {ir::Ref::Target, ir::Ref::Team, ir::Ref::Let, ir::Ref::Input}) {
      if (!suggests()) break;
      for (std::string_view name : names_of(kind)) known.push_back(name);
    }
    report_unknown(given.name.span, given.name.text, "name", known);
    return std::nullopt;
  }
  if (symbol->kind == ir::Ref::None) return std::nullopt;  // declared twice: reported there
  bool observed = symbol->kind == ir::Ref::Let && program_.lets[symbol->index].decl->observation;
  if (symbol->kind == ir::Ref::Target || symbol->kind == ir::Ref::Team) return rebind_target(given, *symbol);
  if (symbol->kind == ir::Ref::Input || (symbol->kind == ir::Ref::Let && !observed))
    return rebind_value(given, *symbol);
  std::string what(observed ? "an observed value" : kind_text(*symbol));
  diagnostics_.report(given.name.span, diag::NotRebindable, std::string(given.name.text), what)
      .at(symbol->span, "declared here")
      .note(fmt::format("it may change {}", changeable));
  return std::nullopt;
}

/// Another target or metrics source that services can use in the same way, or another team.
std::optional<ir::Rebinding> Checker::rebind_target(const ast::Rebinding& given, const ir::Symbol& symbol) {
  std::string whose = fmt::format("`{}`", given.name.text);
  if (given.value->kind != ast::ExprKind::Name) {
    const Type* found = check_expr(given.value);
    if (found->is(TypeKind::Live)) report_live(given.value, whose, std::string(kind_text(symbol)));
    else diagnostics_.report(given.value->span, diag::WrongType, whose, std::string(kind_text(symbol)), text(found))
        .advise(fmt::format("name {} that is declared beside it", kind_text(symbol)));
    return std::nullopt;
  }
  auto* name = static_cast<const ast::NameExpr*>(given.value);
  std::optional<ir::Symbol> by = expect_symbol({name->name, name->span}, symbol.kind, kind_text(symbol).substr(2));
  if (!by) return std::nullopt;
  info(name).ref = by->kind;
  info(name).index = by->index;
  info(name).type = simple(symbol.kind == ir::Ref::Team ? TypeKind::Team : TypeKind::Target);
  ir::Rebinding rebinding{symbol.kind, symbol.index, by->index, given.value};
  if (symbol.kind == ir::Ref::Team) return rebinding;
  const ir::Target &from = program_.targets[symbol.index], &to = program_.targets[by->index];
  if (from.backend == UINT32_MAX || to.backend == UINT32_MAX) return std::nullopt;  // reported there
  std::string why;
  if (from.backend != to.backend)
    why = fmt::format("it is a `{}`, not a `{}`", program_.backends[to.backend].decl->name.text,
                      program_.backends[from.backend].decl->name.text);
  else if (from.decl->places && !to.decl->places) why = "it exists once, without places";
  else if (to.decl->places && !from.decl->places) why = "it exists at several places";
  if (why.empty()) return rebinding;
  diagnostics_.report(name->span, diag::NotAlike, std::string(name->name), std::string(given.name.text), why)
      .at(by->span, "declared here")
      .note("services are bound to the one, and must work with the other");
  return std::nullopt;
}

/// Another value of a `let`, or another default of an input.
std::optional<ir::Rebinding> Checker::rebind_value(const ast::Rebinding& given, const ir::Symbol& symbol) {
  bool input = symbol.kind == ir::Ref::Input;
  const Type* wanted = input ? program_.inputs[symbol.index].type : check_let(symbol.index);
  if (!wanted) return std::nullopt;
  expect(given.value, wanted, fmt::format("`{}`", given.name.text));
  if (info(given.value).time != ir::Time::Constant) {
    diagnostics_.report(given.value->span, diag::EnvironmentLate, std::string(given.name.text))
        .note("an environment is the same however `rollout` is called; inputs are given with `--set`");
    return std::nullopt;
  }
  if (input) {
    const ast::InputDecl* decl = program_.inputs[symbol.index].decl;
    warn_deprecated(given.name.span, decl->name, decl->deprecated);
    keep_bound({decl->name, wanted, nullptr, decl->where, {}, program_.inputs[symbol.index].module}, given.value);
  }
  return ir::Rebinding{symbol.kind, symbol.index, 0, given.value};
}

/// `run release(…) in production`: a file with environments is always planned in one of them.
void Checker::check_run_environment(const ast::TestItem& item) {
  if (!item.environment.text.empty()) {
    expect_symbol(item.environment, ir::Ref::Environment, "environment");
    return;
  }
  const std::vector<std::string_view>& known = names_of(ir::Ref::Environment);
  if (known.empty()) return;
  diagnostics_.report(item.span, diag::EnvironmentMissing)
      .note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)))
      .advise(fmt::format("write `run {}(…) in {}`", item.run.text, known.front()));
}

}  // namespace rollout::check
