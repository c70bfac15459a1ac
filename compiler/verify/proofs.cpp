#include "compiler/verify/proofs.h"

#include <fmt/format.h>

#include "compiler/plan/cost.h"
#include "compiler/verify/beside.h"
#include "compiler/verify/capacity.h"
#include "compiler/verify/decisions.h"
#include "compiler/verify/exposure.h"
#include "compiler/verify/growth.h"
#include "compiler/verify/late_rollbacks.h"
#include "compiler/verify/policies.h"
#include "compiler/verify/quota.h"
#include "compiler/verify/sight.h"
#include "compiler/verify/start.h"
#include "compiler/verify/totality.h"

namespace rollout::verify {

using plan::Back;
using plan::Forward;
using plan::Region;
using plan::longer;

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
  find_shrinking(plan, proofs.findings);
  prove_beside(plan, facts, proofs.findings);
  prove_quota(plan, forward, facts, proofs.findings);
  find_breaches(plan, proofs.findings);
  if (plan.budget_exposure_ns)
    if (auto over = over_budget(plan, facts, *plan.budget_exposure_ns)) proofs.findings.push_back(std::move(*over));
  explain(plan, proofs.findings);
  return proofs;
}

std::vector<Finding> find_incompatible(const plan::Plan& plan) {
  std::vector<Finding> findings;
  plan::Facts unused;
  prove_beside(plan, unused, findings);
  explain(plan, findings);
  return findings;
}

std::string begins_text(const plan::Plan& plan, uint32_t step) {
  if (step >= plan.steps.size()) return {};
  const plan::Step& of = plan.steps[step];
  if (of.phase == plan::none) return fmt::format("with `{}`", of.text);
  return fmt::format("in phase {}", plan.phases[of.phase].name);
}

}  // namespace rollout::verify
