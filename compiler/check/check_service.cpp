// Targets and services: configuration against what backends declare.
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringSet.h>

#include "compiler/check/context.h"
#include "compiler/check/lacking.h"
#include "compiler/ir/operators.h"

namespace rollout::check {

namespace {

/// A value that a setting of this type may have, as one writes it; empty: there is no usual one.
std::string_view example_of(const Type* type) {
  if (type->is(TypeKind::Probe)) return "http(\"/healthz\")";
  if (type->is(TypeKind::Url)) return "\"http://127.0.0.1:9090\"";
  if (type->is(TypeKind::List) && type->arguments[0]->is(TypeKind::String)) return "[\"bin/shop\"]";
  return {};
}

/// What an argument of one of its actions sets: whoever is told of it keeps it.
bool keeps(const ast::CapabilityDecl& capability, std::string_view variable) {
  return llvm::any_of(capability.actions, [&](const ast::ActionItem& action) {
    return llvm::any_of(action.effects, [&](const ast::Effect& effect) {
      return effect.variable.text == variable && effect.value->kind == ast::ExprKind::Name;
    });
  });
}

/// What two capabilities of one subject would both decide; empty: nothing.
std::string shared_by(const ast::CapabilityDecl& one, const ast::CapabilityDecl& other) {
  for (const ast::ActionItem& action : other.actions)
    if (llvm::any_of(one.actions, [&](const ast::ActionItem& mine) { return mine.name.text == action.name.text; }))
      return fmt::format("have an action `{}`", action.name.text);
  for (const ir::VariableRow& row : ir::variable_rows())
    if (keeps(one, row.name) && keeps(other, row.name)) return fmt::format("set `{}`", row.name);
  return {};
}

/// A literal of a setting that nobody declared, whose name is a slip for one that takes a secret, or like none.
bool may_be_secret(const ast::Setting& setting, const std::vector<ir::Parameter>& declared,
                   const std::vector<std::string_view>& names) {
  if (setting.has_block || !setting.value || setting.value->kind != ast::ExprKind::Literal) return false;
  std::string_view meant = nearest(setting.name.text, names);
  return llvm::any_of(declared, [&](const ir::Parameter& one) {
    return ir::holds_secret(one.type) && (meant.empty() || meant == one.name.text);
  });
}

}  // namespace

std::vector<ir::Given> Checker::check_settings(llvm::ArrayRef<ast::Setting> settings,
                                               const std::vector<ir::Parameter>& declared, Span whole,
                                               std::string_view whose) {
  std::vector<ir::Given> given;
  std::vector<std::string_view> known;
  llvm::StringMap<const ir::Parameter*> parameters;
  llvm::DenseSet<const ir::Parameter*> seen;
  bool misspelt = false;
  for (const ir::Parameter& parameter : declared) {
    known.push_back(parameter.name.text);
    parameters.try_emplace(parameter.name.text, &parameter);
  }
  for (const ast::Setting& setting : settings) {
    const ir::Parameter* parameter = parameters.lookup(setting.name.text);
    if (!parameter) {
      std::string what = fmt::format("setting of {}", whose);
      report_unknown(setting.name.span, setting.name.text, what, known);
      if (may_be_secret(setting, declared, known)) hide_unknown(setting.name.text, what, setting.value->span);
      misspelt = true;
      continue;
    }
    if (!seen.insert(parameter).second)
      diagnostics_.report(setting.name.span, diag::GivenTwice, std::string(setting.name.text));
    if (setting.has_block) diagnostics_.report(setting.name.span, diag::NoBlock, std::string(setting.name.text));
    warn_deprecated(setting.name.span, parameter->name, parameter->deprecated);
    given_ = &parameter->given;
    expect(setting.value, parameter->type, fmt::format("`{}`", setting.name.text));
    given_ = nullptr;
    keep_bound(*parameter, setting.value);
    given.push_back({parameter, module_, setting.value});
  }
  std::vector<const ir::Parameter*> missing;
  for (const ir::Parameter& parameter : declared) {
    if (!seen.contains(&parameter) && !parameter.default_value && !misspelt) missing.push_back(&parameter);
  }
  if (missing.empty()) return given;
  std::string others = with_article(missing[0]->type), help;
  for (const ir::Parameter* parameter : missing) {
    if (parameter != missing[0])
      others += fmt::format("; `{}`, {}", parameter->name.text, with_article(parameter->type));
    std::string_view example = example_of(parameter->type);
    if (!example.empty())
      help += fmt::format("{}`{} = {}`", help.empty() ? "" : ", ", parameter->name.text, example);
  }
  Diagnostic& diagnostic = diagnostics_.report(whole, diag::SettingMissing, std::string(whose),
                                               std::string(missing[0]->name.text), others);
  for (const ir::Parameter* parameter : missing) diagnostic.at(parameter->name.span, "declared here");
  if (!help.empty()) diagnostic.advise(fmt::format("write, for example, {}", help));
  return given;
}

void Checker::check_target(ir::Target& target) {
  std::optional<ir::Symbol> symbol = expect_symbol(target.decl->backend, ir::Ref::Backend, "backend");
  if (!symbol) return;
  target.backend = symbol->index;
  check_places(target.places, target.decl->name.text);
  if (target.decl->places) add_local(target.decl->places->variable, target.places.type);
  const ir::Backend& backend = program_.backends[symbol->index];
  target.config = check_settings(check_quota(target, backend), backend.config, target.decl->backend.span,
                                 fmt::format("`{}`", backend.decl->name.text));
}

void Checker::check_service(ir::Service& service) {
  check_places(service.places, service.decl->name.text);
  if (service.decl->places) add_local(service.decl->places->variable, service.places.type);
  llvm::ArrayRef<ast::Setting> settings = service.decl->settings;
  llvm::StringSet<> seen;
  for (const ast::Setting& setting : settings) {
    if (seen.insert(setting.name.text).second) check_service_setting(service, setting);
    else diagnostics_.report(setting.name.span, diag::GivenTwice, std::string(setting.name.text));
  }
  check_apart(service);
  add_capability_signals(service);
  for (const ast::SignalItem& signal : service.decl->signals) check_service_signal(service, signal);
  check_compatible(service);
}

/// `workload = hosts { … }` binds a target; `traffic = 400/s` and `depends_on = [cart]` are facts.
void Checker::check_service_setting(ir::Service& service, const ast::Setting& setting) {
  TypeKind subject = ir::subject_kind(service.decl->subject);
  if (setting.name.text == "traffic" && subject == TypeKind::Service) {
    if (setting.has_block) diagnostics_.report(setting.name.span, diag::NoBlock, "traffic");
    expect(setting.value, simple(TypeKind::Rate), "`traffic`");
    service.traffic = setting.value;
    return;
  }
  if (setting.name.text == "depends_on" && subject == TypeKind::Service) {
    if (setting.has_block) diagnostics_.report(setting.name.span, diag::NoBlock, "depends_on");
    expect(setting.value, program_.types.list_of(program_.types.service({})), "`depends_on`");
    service.depends_on = setting.value;
    return;
  }
  bool bound = llvm::any_of(program_.capabilities, [&](const ir::Capability& capability) {
    return ir::binds(*capability.decl, subject, setting.name.text);
  });
  if (!bound && !expect_setting(setting.name, subject)) return;
  const Type* type = check_expr(setting.value);
  if (type->is(TypeKind::Error)) return;
  if (!type->is(TypeKind::Target)) {
    diagnostics_
        .report(setting.value->span, diag::WrongType, fmt::format("`{}`", setting.name.text), "Target",
                text(type))
        .advise("name a target, such as `hosts { … }`");
    return;
  }
  uint32_t target = info(setting.value).index;
  if (program_.targets[target].backend == UINT32_MAX) return;
  const ir::Backend& backend = program_.backends[program_.targets[target].backend];
  auto fits = [&](uint32_t capability) {
    return ir::binds(*program_.capabilities[capability].decl, subject, setting.name.text);
  };
  auto capability = std::find_if(backend.capabilities.begin(), backend.capabilities.end(), fits);
  if (capability == backend.capabilities.end()) return report_lacking(setting, subject, program_.targets[target]);
  // `chaos = hosts` behind `workload = hosts { … }`: the same use of the same target.
  auto same = llvm::find_if(service.bindings, [&](const ir::Binding& other) { return other.target == target; });
  if (!setting.has_block && same != service.bindings.end()) {
    std::vector<ir::Given> config = same->config;
    service.bindings.push_back({*capability, target, std::move(config), setting.value});
    return;
  }
  Span whole = setting.has_block ? setting.name.span : setting.span;
  service.bindings.push_back(
      {*capability, target,
       check_settings(setting.block, backend.bindings, whole,
                      fmt::format("`{}` of `{}`", setting.name.text, backend.decl->name.text)),
       setting.value});
}

/// Two systems that are told of one thing would each keep a value of it, and a way back is told to one of them.
void Checker::check_apart(const ir::Service& service) {
  for (size_t i = 0; i < service.bindings.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const ast::CapabilityDecl& one = *program_.capabilities[service.bindings[j].capability].decl;
      const ast::CapabilityDecl& other = *program_.capabilities[service.bindings[i].capability].decl;
      std::string shared = shared_by(one, other);
      if (shared.empty()) continue;
      diagnostics_
          .report(service.bindings[i].named->span, diag::BindingsClash, std::string(one.setting.text),
                  std::string(other.setting.text), std::string(service.decl->name.text), shared)
          .at(service.bindings[j].named->span, "the other one")
          .advise("bind one of them: a way back is told to one system only");
    }
}

/// Whether some capability, if only one of the library that nothing imports, is bound by it.
bool Checker::expect_setting(const ast::Name& name, TypeKind subject) {
  const std::vector<BoundAs>& bound = bound_as(subject);
  if (llvm::any_of(bound, [&](const BoundAs& one) { return one.setting == name.text; })) return true;
  std::vector<std::string_view> known;
  for (const BoundAs& one : bound) known.push_back(one.setting);
  if (subject == TypeKind::Service) known.insert(known.end(), {"traffic", "depends_on"});
  report_unknown(name.span, name.text, fmt::format("setting of a {}", ir::subject_text(subject)), known);
  return false;
}

void Checker::report_lacking(const ast::Setting& setting, TypeKind subject, const ir::Target& target) {
  std::vector<std::string_view> wanted;
  for (const BoundAs& one : bound_as(subject))
    if (one.setting == setting.name.text) wanted.push_back(one.capability);
  Diagnostic& lacking = diagnostics_.report(setting.value->span, diag::BackendLacks,
                                            std::string(target.decl->name.text),
                                            std::string(program_.backends[target.backend].decl->name.text),
                                            fmt::format("{}", fmt::join(wanted, " or ")));
  if (suggests()) advise_fitting(lacking, program_, library_, wanted[0]);
  ++unknown_;
}

/// The library is read once for it, where something is wrong.
const std::vector<BoundAs>& Checker::bound_as(TypeKind subject) {
  auto [known, fresh] = bound_as_.try_emplace(subject);
  if (fresh) known->second = settings_of(program_, library_, subject);
  return known->second;
}

/// A capability may bring signals of its own: how many instances of a workload are unhealthy.
void Checker::add_capability_signals(ir::Service& service) {
  for (const ir::Binding& binding : service.bindings) {
    const std::vector<ir::Method>& methods = program_.capabilities[binding.capability].signals;
    for (uint32_t i = 0; i < methods.size(); ++i)
      service.signals.push_back({methods[i].name, methods[i].type, nullptr, binding.capability, i});
  }
}

void Checker::check_service_signal(ir::Service& service, const ast::SignalItem& signal) {
  constexpr std::string_view taken[] = {"stable", "canary", "control", "baseline", "replicas", "traffic"};
  if (llvm::is_contained(taken, signal.name.text)) {
    diagnostics_.report(signal.name.span, diag::WrongKind, std::string(signal.name.text), "what every service has",
                        "a signal of its own")
        .advise(fmt::format("call it otherwise: `{}_rate`", signal.name.text));
    return;
  }
  const Type* declared = check_type(signal.type);
  const Type* source = check_expr(signal.source);
  if (source->is(TypeKind::Error)) return;
  const ir::ExprInfo* method = signal.source->kind == ast::ExprKind::Call
                                   ? &info(static_cast<const ast::CallExpr*>(signal.source)->callee) : nullptr;
  if (!source->is(TypeKind::Signal) || !method || method->ref != ir::Ref::Method) {
    diagnostics_.report(signal.source->span, diag::WrongType, "a signal", "a measure of a metrics source", text(source))
        .advise("write, for example, `prom.gauge(\"saturation_ratio\", by: \"track\")`");
    return;
  }
  const ir::Method& measured = program_.capabilities[method->index].signals[method->index2];
  if (declared->is(TypeKind::Error)) declared = measured.type;  // so that its readers know something of it
  if (measured.type != declared)
    diagnostics_
        .report(signal.source->span, diag::WrongType, fmt::format("`{}`", signal.name.text), text(declared),
                text(measured.type))
        .at(measured.name.span, "declared here");
  for (const ir::ServiceSignal& other : service.signals)
    if (other.name.text == signal.name.text)
      diagnostics_.report(signal.name.span, diag::DeclaredTwice, std::string(signal.name.text))
          .at(other.name.span, "first declared here");
  service.signals.push_back({signal.name, declared, signal.source, method->index, method->index2});
}

}  // namespace rollout::check
