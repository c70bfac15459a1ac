// Outline: what a run may spend, what it holds, and what becomes of it when a newer one begins.
#include <fmt/format.h>

#include "runtime/cli/outline.h"

namespace rollout::cli {

namespace {

/// `lock schema around expand orders to V2, within 10m`
std::string lock_text(const plan::Plan& plan, const plan::Lock& lock) {
  std::vector<std::string> acts;
  for (uint32_t i = lock.first_step + 1; i < lock.last_step; ++i)
    if (plan.steps[i].kind == plan::StepKind::Act) acts.push_back(plan.steps[i].text);
  if (acts.size() > 2) acts = {acts.front(), fmt::format("{} more", acts.size() - 1)};
  std::string around = acts.empty() ? "" : fmt::format(" around {}", join(acts, " and "));
  return fmt::format("lock {}{}: no other run holds it meanwhile; waited for at most {}, then it counts as failed",
                     lock.name, around, eval::duration_text(lock.within_ns));
}

}  // namespace

std::vector<std::string> limit_texts(const plan::Plan& plan) {
  std::vector<std::string> texts;
  if (plan.steps.empty()) return texts;
  if (plan.budget_exposure_ns)
    texts.push_back(fmt::format("exposure: at most {} of full traffic on what nothing has looked at, then it goes back",
                                eval::duration_text(*plan.budget_exposure_ns)));
  for (const plan::Lock& lock : plan.locks) texts.push_back(lock_text(plan, lock));
  if (plan.rollback.kept_ns > 0)
    texts.push_back(fmt::format("once it has succeeded, `rollout rollback` takes it back for {}",
                                eval::duration_text(plan.rollback.kept_ns)));
  std::string within = eval::duration_text(plan.newer.within_ns);
  switch (plan.newer.then) {
    case plan::OnNewer::Reject: break;
    case plan::OnNewer::Queue:
      texts.push_back(fmt::format("a newer run waits until this one has ended, for at most {}", within));
      break;
    case plan::OnNewer::Replace:
      texts.push_back(fmt::format("a newer run takes this one back before it begins, and waits for that for at most {}",
                                  within));
      break;
  }
  return texts;
}

}  // namespace rollout::cli
