#include "runtime/cli/held_version.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/plan/older_plan.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/pruned.h"

namespace rollout::cli {

namespace {

/// What becomes of the service with this identity; nothing: the plan says nothing of its version.
std::optional<Change> change_of(const plan::Plan& plan, const std::string& identity) {
  for (const plan::Service& service : plan.services) {
    if (service.subject != plan::Subject::Service || plan::identity_of(plan, service) != identity) continue;
    for (Change& change : outline_of(plan).changes)
      if (change.service == plan::service_text(service) && change.touched) return std::move(change);
  }
  return std::nullopt;
}

/// What the plan brings to the service with this identity; empty: no other version.
std::string brought_to(const plan::Plan& plan, const std::string& identity) {
  std::optional<Change> change = change_of(plan, identity);
  return change && change->to != change->from ? change->to : "";
}

/// Some step of the scope acts on the service.
bool acts_on(const plan::Plan& plan, uint32_t scope, const std::string& identity) {
  const plan::UndoScope& of = plan.scopes.at(scope);
  for (uint32_t i = of.first_step; i <= of.last_step; ++i)
    if (plan.steps[i].kind == plan::StepKind::Act &&
        plan::identity_of(plan, plan.services[plan.steps[i].action.service]) == identity)
      return true;
  return false;
}

/// What spoke against the version that the run brought to the service; nothing: something else, or nobody, took it
/// back, or a preflight let nothing begin.
std::optional<std::string> spoke_against(const plan::Plan& plan, const std::vector<journal::Event>& events,
                                         const std::string& identity) {
  std::optional<std::string> why;
  bool began = false;
  for (const journal::Event& event : events) {
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    began = began || (started != nullptr && !started->step.undo && started->step.step < plan.steps.size() &&
                      plan.steps[started->step.step].kind == plan::StepKind::Act);
    if (!began) continue;
    // A person said so of a run that went back already: for another reason, which does not take that back.
    const auto* asked = std::get_if<journal::AbortRequested>(&event.what);
    if (asked != nullptr && asked->rollback) why = fmt::format("taken back by {}: {}", asked->by, asked->reason);
    const auto* whole = std::get_if<journal::RollbackStarted>(&event.what);
    const auto* withheld = std::get_if<journal::RollbackWithheld>(&event.what);
    const auto* scope = std::get_if<journal::ScopeRollbackStarted>(&event.what);
    if (whole != nullptr && journal::speaks_against(whole->cause)) why = whole->detail;
    if (withheld != nullptr && journal::speaks_against(withheld->cause)) why = withheld->detail;
    if (scope != nullptr && journal::speaks_against(scope->cause) && acts_on(plan, scope->scope, identity))
      why = scope->detail;
  }
  return why;
}

/// The run brought the service well: all of it, or all but parts that the service has no part in.
bool came_well(const plan::Plan& plan, const std::vector<journal::Event>& events, const std::string& identity) {
  bool well = false, left = true;
  for (const journal::Event& event : events) {
    if (const auto* scope = std::get_if<journal::ScopeRollbackStarted>(&event.what))
      left = left && !acts_on(plan, scope->scope, identity);
    if (std::holds_alternative<journal::Reopened>(event.what)) well = false;
    if (const auto* ended = std::get_if<journal::RunEnded>(&event.what))
      well = ended->outcome == journal::Outcome::Succeeded || (ended->left_behind && left);
  }
  return well;
}

bool touches(const journal::RunInfo& run, const std::string& identity) {
  return std::any_of(run.generations.begin(), run.generations.end(),
                     [&](const journal::Generation& one) { return one.service == identity; });
}

/// What the record says of one version of a service, from the newest run that says anything.
struct Said {
  bool well = false;
  std::optional<HeldVersion> held;
  std::string tried;  ///< `r7 brought it and was rolled back`: nothing spoke for or against it; empty: no run did
};

std::string tried_text(const journal::RunInfo& run) {
  bool back = run.outcome == journal::Outcome::RolledBack;
  return fmt::format("{} brought it and {}", run.run, back ? "was rolled back" : "was left parked");
}

Result<Said> said_of(journal::Store& store, const std::vector<journal::RunInfo>& runs, const std::string& identity,
                     const std::string& version) {
  size_t looked = 0;
  Said said;
  for (const journal::RunInfo& run : runs) {
    if (!run.outcome || !touches(run, identity)) continue;
    if (++looked > held_look_back) break;
    Result<std::string> bytes = store.plan_bytes(run.run);
    if (!bytes && is_pruned(store, run.run)) continue;  // it was none of the newest
    if (!bytes) return bytes.error();
    Result<plan::Plan> plan = plan::from_json_to_show(*bytes, run.plan_hash);
    if (!plan) continue;  // of another format: what it did cannot be told
    std::optional<Change> change = change_of(*plan, identity);
    if (!change || change->to != version) continue;
    said.well = *run.outcome == journal::Outcome::Succeeded;
    if (said.well) break;
    if (change->to == change->from) continue;
    Result<std::vector<journal::Event>> events = store.read(run.run);
    if (!events) return events.error();
    if (std::optional<std::string> why = spoke_against(*plan, *events, identity)) {
      said.held = HeldVersion{identity, version, run.run, std::move(*why)};
      break;
    }
    said.well = came_well(*plan, *events, identity);
    if (said.well) break;
    if (said.tried.empty()) said.tried = tried_text(run);
  }
  return said;
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
    Result<Said> said = said_of(store, *runs, identity, version);
    if (!said) return said.error();
    if (said->held) held.push_back(std::move(*said->held));
  }
  return held;
}

Result<std::vector<journal::BackTo>> unproven_versions(journal::Store* store, const plan::Plan& plan,
                                                       bool let_through) {
  Result<std::vector<journal::RunInfo>> runs = std::vector<journal::RunInfo>();
  if (store != nullptr) runs = store->list();
  if (!runs) return runs.error();
  std::vector<journal::BackTo> out;
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    std::string identity = plan::identity_of(plan, plan.services[i]);
    std::optional<Change> change = change_of(plan, identity);
    if (!change || !change->known || change->from.empty()) continue;  // it goes back to nothing
    Said said;
    if (store != nullptr) {
      Result<Said> found = said_of(*store, *runs, identity, change->from);
      if (!found) return found.error();
      said = std::move(*found);
    }
    if (said.well) continue;
    std::string why = said.held            ? fmt::format("held since {}: {}", said.held->run, said.held->why)
                      : said.tried.empty() ? "no run of this record has brought it"
                                           : said.tried;
    if (said.held && let_through) why += "; let through";
    out.push_back({i, change->from, said.held && !let_through, std::move(why)});
  }
  return out;
}

std::string unproven_text(const plan::Plan& plan, const journal::BackTo& unproven) {
  std::string_view then = unproven.held
                              ? "no rollback leads back to it by itself: the run would wait for a person, unless one "
                                "lets it through by --accept-held"
                              : "a rollback leads back to it all the same";
  return fmt::format("{} {}, which runs now: {}; {}", plan::service_text(plan.services.at(unproven.service)),
                     unproven.version, unproven.why, then);
}

std::string held_text(const std::vector<HeldVersion>& held) {
  std::vector<std::string> parts;
  for (const HeldVersion& one : held)
    parts.push_back(fmt::format("{} {}, held since {}: {}", one.service, one.version, one.run, one.why));
  return join(parts, "; ");
}

}  // namespace rollout::cli
