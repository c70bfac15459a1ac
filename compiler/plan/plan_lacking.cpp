// Actions that a capability has and a backend lacks: said at the call, with the targets that could do it.
#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

/// That of the target which the binding means in this environment, at this place.
const ir::Backend& Planner::backend_of(const ir::Binding& binding, uint32_t service) {
  const ir::Service& owner = program_.services[size_t(entities_[service].number)];
  uint32_t target = target_index(eval_->eval(owner.module, binding.named, eval::place_frame(entities_[service])));
  return program_.backends[program_.targets[declared_targets_[target]].backend];
}

bool Planner::lacks(const ir::Capability& capability, const ir::Action& action, const ir::Backend& backend) const {
  auto is_action = [&](const ast::Name& name) { return name.text == action.name.text; };
  bool named = llvm::any_of(backend.decl->lacking, is_action);
  return named && llvm::any_of(backend.capabilities,
                               [&](uint32_t other) { return &program_.capabilities[other] == &capability; });
}

/// Whether one of the backends that act on it reads the variable back.
bool Planner::observes(uint32_t service, Variable variable) const {
  return llvm::any_of(plan_.services[service].bindings, [&](const Binding& binding) {
    const ir::Backend& backend = program_.backends[program_.targets[declared_targets_[binding.target]].backend];
    return llvm::is_contained(backend.observed, uint32_t(variable));
  });
}

/// `action route with routed + cohorts`: what an action cannot do without stands in the service's binding.
bool Planner::has_settings(const ir::Binding& binding, const ir::Action& action, uint32_t service, Span span) {
  const ir::Backend& backend = backend_of(binding, service);
  auto named = [&](const ast::ActionLimits& limits) { return limits.name.text == action.name.text; };
  auto limits = llvm::find_if(backend.decl->actions, named);
  if (limits == backend.decl->actions.end() || limits->needs.empty()) return true;
  const std::string_view capability = program_.capabilities[binding.capability].decl->name.text;
  auto bound = llvm::find_if(plan_.services[service].bindings,
                             [&](const Binding& one) { return one.capability == capability; });
  std::vector<std::string_view> missing;
  const ast::Name* first = nullptr;
  for (const ast::Name& need : limits->needs)
    for (const auto& [name, value] : bound->config) {
      if (name != need.text || !value.is(eval::Value::Kind::None)) continue;
      if (first == nullptr) first = &need;
      missing.push_back(need.text);
    }
  if (first == nullptr) return true;
  std::string_view setting = program_.capabilities[binding.capability].decl->setting.text;
  std::string_view target = program_.targets[binding.target].decl->name.text;
  bool inside = called_at_.valid();
  Diagnostic& diagnostic = diagnostics_.report(
      inside ? called_at_ : span, diag::SettingMissing, fmt::format("`{}` on target `{}`", action.name.text, target),
      std::string(first->text),
      fmt::format("which the `{}` of `{}` leaves out", setting, plan_.services[service].name));
  if (inside) diagnostic.at(span, "called here");
  diagnostic.at(first->span, fmt::format("`{}` cannot do without it", backend.decl->name.text));
  diagnostic.advise(fmt::format("write `{} = {} {{ … {} = … }}`", setting, target, fmt::join(missing, " = …  ")));
  return false;
}

/// `backends`: those of the program that can. The library may have others that it does not import.
void Planner::advise_backends(Diagnostic& diagnostic, const ir::Capability& capability, const ir::Action& action,
                              std::string_view setting, std::vector<std::string_view> backends) {
  std::vector<std::string> others;
  if (program_.in_library && program_.modules[capability.module]->library)
    others = program_.in_library(capability.decl->name.text, action.name.text);
  llvm::erase_if(others, [&](const std::string& name) { return llvm::is_contained(backends, name); });
  backends.insert(backends.end(), others.begin(), others.end());
  if (backends.empty()) {
    diagnostic.note(fmt::format("no backend of this program or of the library can `{}`", action.name.text));
    return;
  }
  std::string import = others.empty() ? "" : fmt::format(": `import std.backend.{{{}}}`", fmt::join(others, ", "));
  diagnostic.advise(fmt::format("give the {} to a target of {}, which can{}", setting, list_of(backends), import));
}

bool Planner::can(uint32_t index, const ir::Action& action, uint32_t service, Span span) {
  const ir::Capability& capability = program_.capabilities[index];
  for (const ir::Binding& binding : program_.services[size_t(entities_[service].number)].bindings) {
    if (binding.capability != index) continue;
    const ir::Backend& backend = backend_of(binding, service);
    if (!lacks(capability, action, backend)) return has_settings(binding, action, service, span);
    const ir::Target& target = program_.targets[binding.target];
    std::vector<std::string_view> targets, backends;
    auto fits = [&](const ir::Backend& other) {
      return llvm::is_contained(other.capabilities, index) && !lacks(capability, action, other);
    };
    for (const ir::Target& other : program_.targets)
      if (other.backend != UINT32_MAX && fits(program_.backends[other.backend]))
        targets.push_back(other.decl->name.text);
    for (const ir::Backend& other : program_.backends)
      if (fits(other)) backends.push_back(other.decl->name.text);
    bool inside = called_at_.valid();
    Diagnostic& diagnostic = diagnostics_.report(inside ? called_at_ : span, diag::ActionLacking,
                                                 std::string(target.decl->name.text), std::string(action.name.text),
                                                 std::string(backend.decl->name.text));
    if (inside) diagnostic.at(span, "called here");
    std::string setting = fmt::format("{} of `{}`", capability.decl->name.text, plan_.services[service].name);
    if (!targets.empty()) diagnostic.advise(fmt::format("give the {} to {}, which can", setting, list_of(targets)));
    else advise_backends(diagnostic, capability, action, setting, std::move(backends));
    return false;
  }
  return true;
}

}  // namespace rollout::plan
