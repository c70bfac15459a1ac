#include "runtime/cli/bugs_of.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/verify/proofs.h"

namespace rollout::cli {

namespace {

bool is_load(const std::string& violation) {
  return violation.find(": I1: ") != std::string::npos || violation.find(": I2: ") != std::string::npos;
}

bool is_foretold(const plan::Plan& plan) {
  std::vector<verify::Finding> findings = verify::prove(plan).findings;
  return std::any_of(findings.begin(), findings.end(),
                     [](const verify::Finding& finding) { return finding.claim == verify::Claim::Capacity; });
}

}  // namespace

std::vector<std::string> bugs_of(const plan::Plan& plan, const std::vector<std::string>& violations) {
  std::vector<std::string> bugs = violations;
  if (std::any_of(bugs.begin(), bugs.end(), is_load) && is_foretold(plan)) std::erase_if(bugs, is_load);
  return bugs;
}

std::vector<std::string> bugs_of(const sim::PromotionScript& script, const sim::PromotionResult& result) {
  std::vector<std::string> bugs = result.violations;
  for (const sim::StageScript& stage : script.stages) {
    std::string where = fmt::format("in {}: ", stage.environment);
    auto here = [&](const std::string& violation) { return violation.starts_with(where) && is_load(violation); };
    if (std::any_of(bugs.begin(), bugs.end(), here) && is_foretold(stage.plan)) std::erase_if(bugs, here);
  }
  return bugs;
}

}  // namespace rollout::cli
