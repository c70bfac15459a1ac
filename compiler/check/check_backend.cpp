// Backends: which actions of their capabilities they can do and how long those take, and what they read back.
#include <llvm/ADT/StringMap.h>

#include "compiler/check/context.h"
#include "compiler/check/once.h"
#include "compiler/eval/attempts.h"
#include "compiler/eval/literal.h"

namespace rollout::check {

namespace {

constexpr int64_t max_weight = 65536;

/// Of the model's variables, those that `plan` looks at; nothing asks a backend for another one.
const std::vector<std::string_view> read_back = {"version", "instances", "share", "schema", "drained"};

bool is_no_time(const ast::Expr* within) {
  if (within->kind != ast::ExprKind::Literal) return false;
  const auto* literal = static_cast<const ast::LiteralExpr*>(within);
  const Result<eval::Value> value = eval::parse_literal(literal->literal, literal->text);
  return value && value->is(eval::Value::Kind::Duration) && value->number == 0;
}

/// A setting of the target and one of a binding would both be meant by `identified by`.
void report_same_setting(const ast::BackendDecl& backend, Diagnostics& diagnostics) {
  llvm::StringMap<const ast::Name*> settings;
  for (const ast::Field& config : backend.config) settings.try_emplace(config.name.text, &config.name);
  for (const ast::Field& binding : backend.bindings) {
    auto config = settings.find(binding.name.text);
    if (config == settings.end()) continue;
    const ast::Name *first = config->second, *second = &binding.name;
    if (second->span.begin < first->span.begin) std::swap(first, second);
    diagnostics.report(second->span, diag::DeclaredTwice, std::string(second->text))
        .at(first->span, "first declared here");
  }
}

void report_doubled(const ast::BackendDecl& backend, Diagnostics& diagnostics) {
  Once observed(diagnostics, diag::DeclaredTwice);
  Once lacking(diagnostics, diag::GivenTwice), actions(diagnostics, diag::GivenTwice);
  for (const ast::ObserveItem& item : backend.observations) observed.add(item.name.text, item.name.span);
  for (const ast::Name& name : backend.lacking) lacking.add(name.text, name.span);
  for (const ast::ActionLimits& limits : backend.actions) actions.add(limits.name.text, limits.name.span);
  report_same_setting(backend, diagnostics);
}

/// A target's signal is named without its capability: `prom.gauge("queue_length", by: "track")`.
void report_same_signal(const ir::Program& program, const ir::Backend& backend, Diagnostics& diagnostics) {
  for (size_t i = 0; i < backend.capabilities.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      if (backend.capabilities[i] == backend.capabilities[j]) continue;
      for (const ast::SignalMethod& one : program.capabilities[backend.capabilities[j]].decl->signals)
        for (const ast::SignalMethod& other : program.capabilities[backend.capabilities[i]].decl->signals)
          if (one.name.text == other.name.text)
            diagnostics.report(backend.decl->name.span, diag::DeclaredTwice, std::string(other.name.text))
                .at(one.name.span, "in this capability")
                .at(other.name.span, "and in this one")
                .advise("let two backends implement them");
    }
}

}  // namespace

void Checker::check_backend(ir::Backend& backend) {
  for (const ast::Name& name : backend.decl->capabilities)
    if (std::optional<ir::Symbol> symbol = expect_symbol(name, ir::Ref::Capability, "capability"))
      backend.capabilities.push_back(symbol->index);
  check_bound_once(backend);
  report_doubled(*backend.decl, diagnostics_);
  report_same_signal(program_, backend, diagnostics_);
  backend.config = check_parameters(backend.decl->config);
  backend.bindings = check_parameters(backend.decl->bindings);
  for (ast::List<ast::IdentityPart> parts : backend.decl->identities) check_identity(backend, parts);
  std::vector<std::string_view> known;
  for (uint32_t capability : backend.capabilities)
    for (const ir::Action& action : program_.capabilities[capability].actions) known.push_back(action.name.text);
  auto expect_action = [&](const ast::Name& name) {
    if (llvm::is_contained(known, name.text)) return true;
    report_unknown(name.span, name.text, "action", known);
    return false;
  };
  for (const ast::Name& name : backend.decl->lacking) expect_action(name);
  // What a binding must give anyway, an action need not ask for.
  std::vector<std::string_view> optional;
  for (const ir::Parameter& binding : backend.bindings)
    if (binding.type->is(TypeKind::Optional)) optional.push_back(binding.name.text);
  for (const ast::ActionLimits& limits : backend.decl->actions) {
    auto same = [&](const ast::Name& other) { return other.text == limits.name.text; };
    if (expect_action(limits.name) && llvm::any_of(backend.decl->lacking, same))
      diagnostics_.report(limits.name.span, diag::GivenTwice, std::string(limits.name.text))
          .note("behind `except` it is said that the backend lacks it");
    for (const ast::Name& need : limits.needs)
      if (!llvm::is_contained(optional, need.text))
        report_unknown(need.span, need.text, "optional `binding`", optional);
    if (limits.within) expect(limits.within, simple(TypeKind::Duration), "`within`");
    if (limits.within && is_no_time(limits.within))
      diagnostics_.report(limits.within->span, diag::RefinementBroken, "within", "0s")
          .advise("say how long the action may take, such as `within 30s`");
    check_limit(limits.attempts, 1, eval::max_attempts);
    int64_t attempts = 1;
    llvm::StringRef(limits.attempts.text).getAsInteger(10, attempts);
    if (attempts > 1 && attempts <= eval::max_attempts && !limits.idempotent)
      diagnostics_.report(limits.attempts.span, diag::NotIdempotent, std::string(limits.name.text), attempts)
          .note("an attempt is another call, and what is not idempotent is called once for an effect")
          .advise("write `idempotent` behind it if a second call does no more than the first; otherwise leave "
                  "`attempts` out");
  }
  for (const ast::ObserveItem& item : backend.decl->observations) check_observed(backend, item);
  for (uint32_t capability : backend.capabilities) {
    // Of what a capability asks to be read back, its own check has said what is not written right.
    const ast::CapabilityDecl& asks = *program_.capabilities[capability].decl;
    for (const ast::ObserveItem& wanted : asks.observations) {
      auto same = [&](const ast::ObserveItem& item) { return item.name.text == wanted.name.text; };
      if (llvm::any_of(backend.decl->observations, same)) continue;
      diagnostics_
          .report(backend.decl->name.span, diag::SettingMissing, fmt::format("backend `{}`", backend.decl->name.text),
                  fmt::format("observe {}", wanted.name.text), fmt::format("which {} reads back", asks.name.text))
          .at(wanted.name.span, "asked for here");
    }
  }
  check_limit(backend.decl->weights_from, 0, max_weight);
  check_limit(backend.decl->weights_to, 1, max_weight);
  const ast::Name& per = backend.decl->weights_per;
  if (!per.text.empty() && per.text != "server") report_unknown(per.span, per.text, "unit", {"server"});
}

/// A setting means one capability, that of its target's backend.
void Checker::check_bound_once(const ir::Backend& backend) {
  for (size_t i = 0; i < backend.capabilities.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const ast::CapabilityDecl& one = *program_.capabilities[backend.capabilities[j]].decl;
      const ast::CapabilityDecl& other = *program_.capabilities[backend.capabilities[i]].decl;
      TypeKind subject = ir::subject_kind(other.subject);
      if (!ir::binds(one, subject, other.setting.text)) continue;
      diagnostics_
          .report(backend.decl->name.span, diag::BoundTwice, std::string(other.setting.text),
                  std::string(ir::subject_text(subject)), std::string(one.name.text), std::string(other.name.text))
          .at(one.setting.span, "of this capability")
          .at(other.setting.span, "and of this one")
          .advise(&one == &other ? "name the capability once"
                                 : "let two backends implement them, or give one of them a setting of its own");
    }
}

/// `identified by socket, routed as backend`: each a setting, or the name of what is bound, or each of its cohorts.
void Checker::check_identity(const ir::Backend& backend, ast::List<ast::IdentityPart> parts) {
  std::vector<std::string_view> known = {"service", "cohort"};
  std::vector<std::string_view> secrets, seen;
  for (const auto* settings : {&backend.config, &backend.bindings})
    for (const ir::Parameter& setting : *settings) {
      known.push_back(setting.name.text);
      if (setting.type->is(TypeKind::Secret)) secrets.push_back(setting.name.text);
    }
  for (const ast::IdentityPart& part : parts) {
    const ast::Name& word = part.word;
    if (!llvm::is_contained(known, word.text)) report_unknown(word.span, word.text, "setting", known);
    if (llvm::is_contained(seen, part.alias.text))
      diagnostics_.report(part.alias.span, diag::GivenTwice, std::string(part.alias.text));
    seen.push_back(part.alias.text);
    if (llvm::is_contained(secrets, word.text))
      diagnostics_.report(word.span, diag::SecretHere, "what identifies a thing")
          .advise("name the settings that say which thing it is, not those that say who asks for it");
  }
}

/// `observe share(s: Service, role: Role) -> Percent`: a variable that `plan` looks at, of what it acts on, and a role.
void Checker::check_observed(ir::Backend& backend, const ast::ObserveItem& item) {
  std::optional<size_t> variable = ir::variable_named(item.name.text);
  if (!variable) {
    report_unknown(item.name.span, item.name.text, "variable of the model", variable_names());
    return;
  }
  const ir::VariableRow& row = ir::variable_rows()[*variable];
  if (!llvm::is_contained(read_back, row.name)) {
    diagnostics_.report(item.name.span, diag::ObserveForm, std::string(row.name))
        .note(fmt::format("nothing asks a backend for it; `plan` looks at {}", list_of(read_back)))
        .advise("leave it out");
    return;
  }
  const Type* value = type_of_variable(row.value);
  std::string_view subject = row.subject == TypeKind::Flag ? "Flag"
                             : row.subject == TypeKind::Database ? "Database" : "Service";
  auto is = [&](size_t index, std::string_view name) {
    const ast::Type* type = item.parameters[index].type;
    return type && type->name.text == name && type->arguments.empty() && !type->optional;
  };
  const Type* type = check_type(item.type);
  if (type->is(TypeKind::Error)) return;
  bool fits = item.parameters.size() == (row.by_role ? 2u : 1u) && is(0, subject) && (!row.by_role || is(1, "Role")) &&
              type == value;
  if (fits) {
    backend.observed.push_back(uint32_t(*variable));
    return;
  }
  diagnostics_.report(item.name.span, diag::ObserveForm, std::string(row.name))
      .advise(fmt::format("write `observe {}({}: {}{}) -> {}`", row.name, char(std::tolower(subject[0])), subject,
                          row.by_role ? ", role: Role" : "", text(value)));
}

}  // namespace rollout::check
