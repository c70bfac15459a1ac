// Capabilities and backends: what the standard library declares, and users' plug-ins.
#include "compiler/check/context.h"
#include "compiler/check/once.h"

namespace rollout::check {

namespace {

const std::vector<std::string_view> roles = {"stable", "canary", "control"};
const std::vector<std::string_view> passing = {"killed", "delay", "restarted"};  // none: it is over
const std::vector<std::string_view> evidences = {"counts", "buckets", "value"};

bool is_one_of(std::string_view word, const std::vector<std::string_view>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What is named by a capability is named once, and an action sets a variable once.
void report_doubled(const ast::CapabilityDecl& capability, Diagnostics& diagnostics) {
  Once actions(diagnostics, diag::DeclaredTwice), signals(diagnostics, diag::DeclaredTwice);
  Once observed(diagnostics, diag::DeclaredTwice);
  for (const ast::ActionItem& action : capability.actions) {
    actions.add(action.name.text, action.name.span);
    Once effects(diagnostics, diag::GivenTwice);
    for (const ast::Effect& effect : action.effects) {
      std::string role = effect.role.text.empty() ? "" : fmt::format(", {}", effect.role.text);
      effects.add(fmt::format("{}({}{})", effect.variable.text, effect.service.text, role), effect.span);
    }
  }
  for (const ast::ObserveItem& item : capability.observations) observed.add(item.name.text, item.name.span);
  for (const ast::SignalMethod& signal : capability.signals) signals.add(signal.name.text, signal.name.span);
}

}  // namespace

std::vector<std::string_view> variable_names() {
  std::vector<std::string_view> names;
  for (const ir::VariableRow& row : ir::variable_rows()) names.push_back(row.name);
  return names;
}

/// `binding router of service`. What has only signals may be a metrics source, and what has nothing carries messages.
void Checker::check_binding(const ast::CapabilityDecl& capability) {
  if (capability.setting.text.empty()) {
    if (capability.actions.empty() && capability.observations.empty()) return;
    std::string_view of = "service";
    if (!capability.actions.empty() && !capability.actions[0].parameters.empty())
      if (const ast::Type* type = capability.actions[0].parameters[0].type)
        of = type->name.text == "Flag" ? "flag" : type->name.text == "Database" ? "database" : "service";
    std::string setting = llvm::StringRef(capability.name.text).lower();
    diagnostics_.report(capability.name.span, diag::CapabilityUnbound, std::string(capability.name.text))
        .advise(fmt::format("say in its braces which setting does, as in `binding {} of {}`; a {} then writes `{} = "
                            "TARGET {{ … }}`",
                            setting, of, of, setting));
    return;
  }
  bool taken = capability.setting.text == "traffic" || capability.setting.text == "depends_on";
  if (taken && capability.subject == ast::SubjectWord::Service)
    diagnostics_.report(capability.setting.span, diag::WrongKind, std::string(capability.setting.text),
                        "what a service says of itself", "a setting that binds a target")
        .advise("take another word");
}

void Checker::check_capability(ir::Capability& capability) {
  const ast::CapabilityDecl& decl = *capability.decl;
  check_binding(decl);
  report_doubled(decl, diagnostics_);
  TypeKind subject = ir::subject_kind(decl.subject);
  for (const ast::ActionItem& item : capability.decl->actions) {
    ir::Action action{item.name, item.reversibility, check_parameters(item.parameters), &item};
    if (action.parameters.empty() || !ir::is_subject(action.parameters[0].type->kind)) {
      diagnostics_.report(item.name.span, diag::FirstParameter, std::string(item.name.text))
          .advise("write `(s: Service, …)`");
      continue;
    }
    if (!decl.setting.text.empty() && !action.parameters[0].type->is(subject)) {
      diagnostics_.report(item.name.span, diag::FirstParameter, std::string(item.name.text))
          .at(decl.setting.span, fmt::format("it is bound by a {}", ir::subject_text(subject)))
          .advise("let both be the same; actions on something else make a capability of their own");
      continue;
    }
    check_effects(action);
    capability.actions.push_back(std::move(action));
  }
  // What every backend of this capability must read back is written as a backend writes it.
  ir::Backend any{module_, nullptr, {}, {}, {}, {}};
  for (const ast::ObserveItem& item : capability.decl->observations) check_observed(any, item);
  for (const ast::SignalMethod& signal : capability.decl->signals) {
    if (!is_one_of(signal.evidence.text, evidences))
      report_unknown(signal.evidence.span, signal.evidence.text, "evidence", evidences);
    capability.signals.push_back(
        {signal.name, check_parameters(signal.parameters), check_type(signal.type), signal.evidence.text});
  }
}

/// `sets share(s, canary) = share`: a variable of the model, what the action acts on, and of services a role.
void Checker::check_effects(const ir::Action& action) {
  locals_.clear();
  for (const ir::Parameter& parameter : action.parameters) add_local(parameter.name, parameter.type);
  for (const ast::Effect& effect : action.item->effects) {
    std::optional<size_t> variable = ir::variable_named(effect.variable.text);
    if (!variable) {
      report_unknown(effect.variable.span, effect.variable.text, "variable of the model", variable_names());
      continue;
    }
    const ir::VariableRow& row = ir::variable_rows()[*variable];
    TypeKind subject = action.parameters[0].type->kind;
    if (effect.service.text != action.parameters[0].name.text)
      report_unknown(effect.service.span, effect.service.text, fmt::format("{} here", ir::subject_text(subject)),
                     {action.parameters[0].name.text});
    if (row.subject != subject || row.by_role == effect.role.text.empty()) {
      std::string of(ir::subject_text(row.subject));
      diagnostics_.report(effect.span, diag::EffectForm, std::string(row.name), of)
          .note(row.subject != subject ? fmt::format("this action acts on a {}", ir::subject_text(subject))
                : row.by_role          ? "a service has one of each role: stable, canary and control"
                                       : fmt::format("a {} has no versions", of))
          .advise(fmt::format("write `sets {}`", row.form));
      continue;
    }
    if (row.by_role && !is_one_of(effect.role.text, roles))
      report_unknown(effect.role.span, effect.role.text, "role", roles);
    if (effect.variable.text == "share" && effect.role.text == "stable")
      diagnostics_.report(effect.span, diag::EffectForm, std::string(row.name), std::string(ir::subject_text(subject)))
          .note("the stable version gets what the canary and the control leave, so that all of them are 100%")
          .advise("write `sets share(s, canary)`, and leave this out");
    check_effect_value(action, effect, row.value);
  }
  locals_.clear();
}

const Type* Checker::type_of_variable(TypeKind kind) {
  return kind == TypeKind::List ? program_.types.list_of(simple(TypeKind::String)) : simple(kind);
}

void Checker::check_effect_value(const ir::Action& action, const ast::Effect& effect, TypeKind wanted) {
  bool is_literal_none = effect.value->kind == ast::ExprKind::Literal &&
                         static_cast<const ast::LiteralExpr*>(effect.value)->literal == ast::LiteralKind::None;
  bool may_be_none =
      wanted == TypeKind::Image || wanted == TypeKind::String || is_one_of(effect.variable.text, passing);
  if (is_literal_none && may_be_none) {
    info(effect.value).type = simple(TypeKind::None);
    return;
  }
  if (effect.value->kind != ast::ExprKind::Call)
    return expect(effect.value, type_of_variable(wanted), fmt::format("`{}`", effect.variable.text));
  // `version(s, canary)`: the value that the model has before the action.
  auto* call = static_cast<const ast::CallExpr*>(effect.value);
  auto name_of = [](const ast::Expr* expr) {
    return expr->kind == ast::ExprKind::Name ? static_cast<const ast::NameExpr*>(expr)->name : std::string_view();
  };
  bool copies = name_of(call->callee) == effect.variable.text && wanted != TypeKind::Percent &&
                call->arguments.size() == 2 &&
                name_of(call->arguments[0].value) == action.parameters[0].name.text &&
                is_one_of(name_of(call->arguments[1].value), roles);
  if (copies) return;
  diagnostics_.report(effect.value->span, diag::BadEffect, std::string(effect.variable.text))
      .advise(fmt::format("write a parameter of the action, or what another version has: `{}({}, canary)`",
                          effect.variable.text, action.parameters[0].name.text));
}

void Checker::check_limit(const ast::Name& number, int64_t least, int64_t most) {
  int64_t value = 0;
  if (number.text.empty()) return;
  bool fits = !llvm::StringRef(number.text).getAsInteger(10, value) && least <= value && value <= most;
  if (!fits)
    diagnostics_.report(number.span, diag::OutOfRange, std::string(number.text),
                        fmt::format("{} to {} is possible", least, most));
}

}  // namespace rollout::check
