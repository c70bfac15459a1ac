#include "compiler/verify/proofs.h"

#include <fmt/format.h>

#include "compiler/verify/capacity.h"
#include "compiler/verify/cost.h"
#include "compiler/verify/decisions.h"
#include "compiler/verify/exposure.h"
#include "compiler/verify/sight.h"
#include "compiler/verify/start.h"
#include "compiler/verify/totality.h"

namespace rollout::verify {

Proofs prove(const plan::Plan& plan) {
  Proofs proofs;
  plan::Facts& facts = proofs.facts;
  prove_totality(plan, proofs.findings);
  Back back = prove_back(plan);
  Forward forward = prove_forward(plan, back);
  facts.best_ns = forward.best_ns;
  facts.typical_ns = forward.typical_ns;
  facts.worst_ns = forward.worst_ns;
  facts.parks = forward.parks;
  facts.phases = forward.phases;
  for (const Region& region : back.runs) {
    facts.back_ns = std::max(facts.back_ns, region.worst_ns);
    facts.back_once_ns = std::max(facts.back_once_ns, region.once_ns);
    if (!region.way.empty()) facts.give_up_ns = std::max(facts.give_up_ns, give_up_ns(plan, region));
  }
  facts.give_up_ns = longer(facts.give_up_ns, hooks_ns(plan));
  find_late_rollbacks(plan, back, proofs.findings);
  prove_exposure(plan, back, forward, facts);
  prove_sight(plan, facts, proofs.findings);
  prove_start(plan, forward, facts, proofs.findings);
  find_undecided(plan, forward, proofs.findings);
  find_overload(plan, proofs.findings);
  if (plan.budget_exposure_ns)
    if (auto over = over_budget(plan, facts, *plan.budget_exposure_ns)) proofs.findings.push_back(std::move(*over));
  return proofs;
}

std::string begins_text(const plan::Plan& plan, uint32_t step) {
  if (step >= plan.steps.size()) return {};
  const plan::Step& of = plan.steps[step];
  if (of.phase == plan::none) return fmt::format("with `{}`", of.text);
  return fmt::format("in phase {}", plan.phases[of.phase].name);
}

namespace {

/// `00:15`, `1:30:00` from an hour on.
std::string clock_text(int64_t ns) {
  int64_t s = ns / eval::ns_per_s;
  if (s < 3600) return fmt::format("{:02}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace

std::string path_text(const std::vector<Moment>& path) {
  constexpr size_t most = 8;  // moments, before the middle is left out
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path.size() > most && i == most / 2) {
      out += fmt::format(" → … {} more", path.size() - most);
      i += path.size() - most;
    }
    out += fmt::format("{}{} {}", i ? " → " : "", clock_text(path[i].at_ns), path[i].text);
  }
  return out;
}

}  // namespace rollout::verify
