#include "runtime/cli/held_version.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/pruned.h"

namespace rollout::cli {

namespace {

/// What the plan brings to the service with this identity; empty: no other version.
std::string brought_to(const plan::Plan& plan, const std::string& identity) {
  for (const plan::Service& service : plan.services) {
    if (service.subject != plan::Subject::Service || plan::identity_of(plan, service) != identity) continue;
    for (const Change& change : outline_of(plan).changes)
      if (change.service == plan::service_text(service) && change.touched && change.to != change.from)
        return change.to;
  }
  return {};
}

/// What spoke against the version that the run brought; nothing: something else, or nobody, took it back, or a
/// preflight let nothing begin.
std::optional<std::string> spoke_against(const plan::Plan& plan, const std::vector<journal::Event>& events) {
  std::optional<std::string> why;
  bool began = false;
  for (const journal::Event& event : events) {
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    began = began || (started != nullptr && !started->step.undo && started->step.step < plan.steps.size() &&
                      plan.steps[started->step.step].kind == plan::StepKind::Act);
    if (!began) continue;
    const auto* whole = std::get_if<journal::RollbackStarted>(&event.what);
    const auto* scope = std::get_if<journal::ScopeRollbackStarted>(&event.what);
    if (whole != nullptr && journal::speaks_against(whole->cause)) why = whole->detail;
    if (scope != nullptr && journal::speaks_against(scope->cause)) why = scope->detail;
  }
  return why;
}

bool touches(const journal::RunInfo& run, const std::string& identity) {
  return std::any_of(run.generations.begin(), run.generations.end(),
                     [&](const journal::Generation& one) { return one.service == identity; });
}

Result<std::optional<HeldVersion>> held_since(journal::Store& store, const std::vector<journal::RunInfo>& runs,
                                              const std::string& identity, const std::string& version) {
  size_t looked = 0;
  for (const journal::RunInfo& run : runs) {
    if (!run.outcome || !touches(run, identity)) continue;
    if (++looked > held_look_back) break;
    Result<std::string> bytes = store.plan_bytes(run.run);
    if (!bytes && is_pruned(store, run.run)) continue;  // it was none of the newest
    if (!bytes) return bytes.error();
    Result<plan::Plan> plan = plan::from_json(*bytes);
    if (!plan || brought_to(*plan, identity) != version) continue;  // of another format: what it did cannot be told
    if (*run.outcome == journal::Outcome::Succeeded) break;
    Result<std::vector<journal::Event>> events = store.read(run.run);
    if (!events) return events.error();
    if (std::optional<std::string> why = spoke_against(*plan, *events))
      return std::optional(HeldVersion{identity, version, run.run, std::move(*why)});
  }
  return std::optional<HeldVersion>();
}

}  // namespace

Result<std::vector<HeldVersion>> held_versions(journal::Store& store, const plan::Plan& plan) {
  Result<std::vector<journal::RunInfo>> runs = store.list();
  if (!runs) return runs.error();
  std::vector<HeldVersion> held;
  for (const plan::Service& service : plan.services) {
    std::string identity = plan::identity_of(plan, service);
    std::string version = brought_to(plan, identity);
    if (version.empty()) continue;
    Result<std::optional<HeldVersion>> one = held_since(store, *runs, identity, version);
    if (!one) return one.error();
    if (*one) held.push_back(std::move(**one));
  }
  return held;
}

std::string held_text(const std::vector<HeldVersion>& held) {
  std::vector<std::string> parts;
  for (const HeldVersion& one : held)
    parts.push_back(fmt::format("{} {}, held since {}: {}", one.service, one.version, one.run, one.why));
  return join(parts, "; ");
}

}  // namespace rollout::cli
