#include "runtime/cli/bugs_of.h"

#include <algorithm>

#include "compiler/verify/proofs.h"

namespace rollout::cli {

namespace {

bool is_load(const sim::Violation& violation) {
  return violation.rule == sim::Rule::I1 || violation.rule == sim::Rule::I2;
}

bool is_foretold(const plan::Plan& plan) {
  std::vector<verify::Finding> findings = verify::prove(plan).findings;
  return std::any_of(findings.begin(), findings.end(),
                     [](const verify::Finding& finding) { return finding.claim == verify::Claim::Capacity; });
}

}  // namespace

std::vector<std::string> bugs_of(const plan::Plan& plan, const std::vector<sim::Violation>& violations) {
  std::vector<sim::Violation> bugs = violations;
  if (std::any_of(bugs.begin(), bugs.end(), is_load) && is_foretold(plan)) std::erase_if(bugs, is_load);
  return sim::texts_of(bugs);
}

std::vector<std::string> bugs_of(const sim::PromotionScript& script, const sim::PromotionResult& result) {
  std::vector<sim::Violation> bugs = result.violations;
  for (uint32_t stage = 0; stage < script.stages.size(); ++stage) {
    auto here = [&](const sim::Violation& violation) { return violation.stage == stage && is_load(violation); };
    if (std::any_of(bugs.begin(), bugs.end(), here) && is_foretold(script.stages[stage].plan))
      std::erase_if(bugs, here);
  }
  return sim::texts_of(bugs);
}

}  // namespace rollout::cli
