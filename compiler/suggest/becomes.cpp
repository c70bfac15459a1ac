#include "compiler/suggest/becomes.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/calendar/stay.h"
#include "compiler/verify/proofs.h"

namespace rollout::suggest {

using eval::duration_text;
using plan::Facts;
using plan::Plan;

namespace {

/// In the first environment in which the rollout can be planned.
std::optional<Plan> plan_of(const Compilation& compilation, const std::string& rollout) {
  std::vector<std::string> environments;
  for (auto [name, index] : compilation.program->visible_environments()) environments.emplace_back(name);
  if (environments.empty()) environments.emplace_back();
  for (const std::string& environment : environments) {
    plan::Request request;
    request.rollout = rollout, request.environment = environment;
    Diagnostics unheard;
    std::optional<Plan> plan = plan::make_plan(*compilation.program, request, compilation.sources, unheard);
    if (plan && !unheard.has_errors()) return plan;
  }
  return std::nullopt;
}

std::string exposure_text(const Plan& plan, const Facts& facts) {
  int64_t total_ns = 0;
  for (const plan::ExposureFacts& one : facts.exposure) total_ns += one.harm_ns.value_or(0);
  return fmt::format("users may meet a regression for {} of full traffic; the budget is {}", duration_text(total_ns),
                     duration_text(plan.budget_exposure_ns.value_or(0)));
}

/// Three digits, rounded up.
std::string percent_up(int64_t share_ppb) {
  int64_t unit = 1;
  while (share_ppb / unit >= 1000) unit *= 10;
  return eval::percent_text((share_ppb + unit - 1) / unit * unit);
}

std::string sight_text(const Plan& plan, const Facts& facts) {
  std::string out;
  for (size_t i = 0; i < facts.phases.size(); ++i)
    if (facts.phases[i].sees_ppb)
      out += fmt::format("{}{} in {}", out.empty() ? "the gates see a rise of " : ", ",
                         percent_up(*facts.phases[i].sees_ppb), plan.phases[i].name);
  return out;
}

std::string start_text(const Facts& facts) {
  const std::optional<plan::SafeStart>& start = facts.start_answered ? facts.start_answered : facts.start;
  if (!start) return {};
  if (start->weekly.empty()) return fmt::format("it may take {}, and waits at close", duration_text(start->needs_ns));
  return fmt::format("it may take {}, and meets no close if it begins {}", duration_text(start->needs_ns),
                     calendar::windows_text(start->weekly));
}

}  // namespace

std::string becomes(std::string_view finding, const Compilation& compilation, const std::string& rollout) {
  std::optional<Plan> plan = plan_of(compilation, rollout);
  if (!plan) return {};
  Facts facts = verify::prove(*plan).facts;
  std::string forward = fmt::format("forward it takes at most {}", duration_text(facts.worst_ns));
  if (finding == diag::OverBudget.name) return fmt::format("{}; {}", exposure_text(*plan, facts), forward);
  if (finding == diag::RollbackTooSlow.name)
    return fmt::format("a rollback may take {}, and `within` gives it {}", duration_text(facts.back_once_ns),
                       duration_text(plan->rollback.within_ns));
  if (finding == diag::GateBlind.name)
    if (std::string sight = sight_text(*plan, facts); !sight.empty()) return fmt::format("{}; {}", sight, forward);
  bool calendar = finding == diag::WindowTooShort.name || finding == diag::NoSafeStart.name ||
                  finding == diag::AnswerLate.name;
  if (calendar)
    if (std::string start = start_text(facts); !start.empty()) return start;
  return forward;
}

}  // namespace rollout::suggest
