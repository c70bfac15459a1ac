// The names of phases. A strategy that is used for several services gives each its own phases of the same names; so
// does a loop over the places of one.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

bool is_phase(const Phase& phase, std::string_view wanted, std::string_view service) {
  std::string_view name = phase.name;
  if (name == wanted) return true;
  if (!service.empty()) {
    size_t place = service.find('[');
    bool here = place != std::string_view::npos && name == fmt::format("{}{}", wanted, service.substr(place));
    return here || name == fmt::format("{}[{}]", wanted, service);
  }
  return name.starts_with(wanted) && name.substr(wanted.size()).starts_with('[');
}

/// By phase: the service that it changes or, failing that, judges first.
std::vector<uint32_t> Planner::phase_services() const {
  std::vector<uint32_t> services(plan_.phases.size(), none);
  std::vector<uint32_t> judged(plan_.phases.size(), none);
  auto note = [](uint32_t& known, uint32_t service) { known = known == none ? service : known; };
  for (const Step& step : plan_.steps) {
    if (step.phase == none) continue;
    if (step.kind == StepKind::Act) note(services[step.phase], step.action.service);
    for (uint32_t gate : step.gates)
      for (uint32_t condition : plan_.gates[gate].conditions)
        note(judged[step.phase], plan_.signals[plan_.conditions[condition].left.signal].service);
  }
  for (size_t i = 0; i < services.size(); ++i) note(services[i], judged[i]);
  return services;
}

/// Phases of one name are told apart by their services, those of one service by its places: `pilot[search]`,
/// `pilot[eu]`. What is then still the same is a mistake.
void Planner::name_phases() {
  struct Same {
    uint32_t service = none;
    size_t count = 0;
    bool places = true;
  };
  llvm::StringMap<Same> same;
  std::vector<uint32_t> services = phase_services();
  for (uint32_t i = 0; i < plan_.phases.size(); ++i) {
    Same& all = same[plan_.phases[i].name];
    if (all.count++ == 0) all.service = services[i];
    all.places &= services[i] != none && all.service != none && !plan_.services[services[i]].place.empty() &&
                  plan_.services[services[i]].name == plan_.services[all.service].name;
  }
  llvm::StringMap<uint32_t> names;
  for (uint32_t i = 0; i < plan_.phases.size(); ++i) {
    // Of a service that runs what is wanted no step is left, and nobody sees the name.
    if (phase_spans_[i].end == 0) continue;
    std::string& name = plan_.phases[i].name;
    if (const Same& all = same[name]; all.count > 1 && services[i] != none) {
      const Service& service = plan_.services[services[i]];
      name = fmt::format("{}[{}]", name, all.places ? service.place : service_text(service));
    }
    auto [first, fresh] = names.try_emplace(name, i);
    if (fresh) continue;
    Diagnostic& diagnostic = diagnostics_.report(phase_spans_[i], diag::PhaseTwice, name);
    Span other = phase_spans_[first->second];
    if (other.begin != phase_spans_[i].begin) diagnostic.at(other, "the other one");
    diagnostic.advise("give each phase a name of its own, such as \"${step.name}\"");
  }
}

}  // namespace rollout::plan
