#include "compiler/environments_apart.h"

#include <fmt/format.h>

namespace rollout {

namespace {

/// The same text: the same part of the same system, for the same service.
std::string identity(const plan::Plan& plan, const plan::Service& service, const plan::Binding& binding) {
  const plan::Target& target = plan.targets[binding.target];
  std::string text = fmt::format("{} {} {}", plan::service_text(service), binding.capability, target.backend);
  auto add = [&](const plan::NamedValues& config) {
    for (const auto& [name, value] : config) text += fmt::format(" {}={}", name, eval::to_text(value));
  };
  add(target.config);
  text += " by";
  // A router serves many services, each by its own part of it.
  if (binding.divides()) add(binding.config);
  return text;
}

}  // namespace

void EnvironmentsApart::add(const plan::Plan& plan, const ir::Environment& environment, Diagnostics& diagnostics) {
  bool reported = false;
  for (const plan::Service& service : plan.services)
    for (const plan::Binding& binding : service.bindings) {
      auto [first, fresh] = first_.try_emplace(identity(plan, service, binding), &environment);
      if (fresh || first->second == &environment || reported) continue;
      const ast::Name &name = environment.decl->name, &other = first->second->decl->name;
      const std::string& target = plan.targets[binding.target].name;
      diagnostics
          .report(name.span, diag::EnvironmentsShare, std::string(other.text), std::string(name.text),
                  plan::service_text(service), target)
          .at(other.span, "the other one")
          .note("a run in the one would take what runs in the other for its own")
          .advise(fmt::format("give one of them a target of its own: `{} = …`", target));
      reported = true;
    }
}

}  // namespace rollout
