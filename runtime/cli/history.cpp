#include "runtime/cli/history.h"

#include <algorithm>

#include "compiler/plan/older_plan.h"
#include "runtime/cli/pruned.h"

namespace rollout::cli {

namespace {

/// What a scope took back counts as well: it is the same way back.
bool may_have_gone_back(const journal::RunInfo& run, const std::string& identity) {
  bool touches = std::any_of(run.generations.begin(), run.generations.end(),
                             [&](const journal::Generation& one) { return one.service == identity; });
  return touches && run.outcome && *run.outcome != journal::Outcome::Succeeded;
}

}  // namespace

Result<std::optional<int64_t>> ProjectHistory::rehearsed_wall_ns(const std::string& identity) {
  Result<std::optional<Rehearsal>> found = rehearsal(identity);
  if (!found) return found.error();
  return *found ? std::optional((*found)->wall_ns) : std::optional<int64_t>();
}

Result<std::optional<ProjectHistory::Rehearsal>> ProjectHistory::rehearsal(const std::string& identity) {
  Result<std::vector<journal::RunInfo>> runs = store_.list();
  if (!runs) return runs.error();
  for (const journal::RunInfo& run : *runs) {  // newest first
    if (!may_have_gone_back(run, identity)) continue;
    Result<std::optional<int64_t>> when = went_back(run, identity);
    if (!when) return when.error();
    if (*when) return std::optional(Rehearsal{run.run, **when});
  }
  return std::optional<Rehearsal>();
}

/// When the last of its undo actions on the service was done, where none of them failed for good.
Result<std::optional<int64_t>> ProjectHistory::went_back(const journal::RunInfo& run, const std::string& identity) {
  Result<std::string> bytes = store_.plan_bytes(run.run);
  if (!bytes && is_pruned(store_, run.run)) return std::optional<int64_t>();
  if (!bytes) return bytes.error();
  Result<plan::Plan> plan = plan::from_json_to_show(*bytes, run.plan_hash);
  if (!plan) return std::optional<int64_t>();  // of another version: what it did cannot be told
  Result<std::vector<journal::Event>> events = store_.read(run.run);
  if (!events) return events.error();
  auto of_service = [&](journal::StepRef step) {
    return step.undo && step.step < plan->undo.size() &&
           plan::identity_of(*plan, plan->services[plan->undo[step.step].service]) == identity;
  };
  std::optional<int64_t> done;
  for (const journal::Event& event : *events) {
    if (const auto* e = std::get_if<journal::StepDone>(&event.what); e && of_service(e->step)) done = event.wall_ns;
    const auto* failed = std::get_if<journal::StepFailed>(&event.what);
    if (failed && failed->last && of_service(failed->step)) return std::optional<int64_t>();
  }
  return done;
}

}  // namespace rollout::cli
