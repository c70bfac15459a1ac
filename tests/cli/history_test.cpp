// What the record of a project says of the way back of a service.
#include <catch2/catch.hpp>

#include "compiler/plan/plan_json.h"
#include "runtime/cli/history.h"
#include "runtime/journal/memory_store.h"

namespace rollout::cli {

namespace {

using journal::Outcome;
using journal::Payload;

constexpr int64_t day_ns = int64_t{86'400} * 1'000'000'000;

/// One action on the service and its way back; `number` makes it a plan of its own.
plan::Plan plan_of(const std::string& service, int number) {
  plan::Plan plan;
  plan.rollout = "release" + std::to_string(number);
  plan.targets.push_back({"hosts", "local", {}});
  plan.services.push_back({service, "", {{"Workload", 0, {}}}});
  plan::Step step;
  step.action.service = 0;
  step.action.target = 0;
  step.action.text = step.text = "deploy";
  step.rollback = {0};
  plan.steps.push_back(step);
  plan.undo.push_back(step.action);
  return plan;
}

/// A run that went as far as `events` say, on the day `day`.
void record(journal::Store& store, const plan::Plan& plan, int64_t day, std::vector<Payload> events) {
  std::string bytes = plan::to_json(plan);
  Result<journal::RunInfo> run = store.create({plan.rollout, bytes, plan::hash_of(bytes),
                                               {plan::identity_of(plan, plan.services[0])}, "a test", day * day_ns});
  REQUIRE(run);
  std::vector<journal::Event> list;
  for (Payload& payload : events) list.push_back({0, day * day_ns, std::move(payload)});
  REQUIRE(store.append(run->run, 1, list));
}

const std::vector<Payload> went_back = {
    journal::StepStarted{{0, false}, 1, "a"}, journal::RollbackStarted{journal::Cause::Abort, 0, "tried"},
    journal::StepStarted{{0, true}, 1, "b"}, journal::StepDone{{0, true}, 1, false, ""},
    journal::RunEnded{Outcome::RolledBack, "tried", false}};

}  // namespace

TEST_CASE("a rollback is rehearsed when some run has taken the service back") {
  journal::MemoryStore store;
  ProjectHistory history(store);
  auto rehearsed = [&](const std::string& service) {
    Result<std::optional<int64_t>> when = history.rehearsed_wall_ns(service);
    REQUIRE(when);
    return *when;
  };
  CHECK(!rehearsed("checkout"));
  // It ended well, or before anything was changed: nothing was taken back.
  record(store, plan_of("checkout", 1), 1, {journal::RunEnded{Outcome::Succeeded, "", false}});
  record(store, plan_of("checkout", 2), 2,
         {journal::RollbackStarted{journal::Cause::NoEvidence, plan::none, "no past"},
          journal::RunEnded{Outcome::RolledBack, "no past", false}});
  CHECK(!rehearsed("checkout"));
  record(store, plan_of("checkout", 3), 3, went_back);
  CHECK(rehearsed("checkout") == 3 * day_ns);
  CHECK(!rehearsed("cart"));
  // One that could not be gone to its end is no rehearsal; the last good one still is.
  record(store, plan_of("checkout", 4), 4,
         {journal::StepStarted{{0, false}, 1, "a"}, journal::RollbackStarted{journal::Cause::Abort, 0, "tried"},
          journal::StepStarted{{0, true}, 1, "b"}, journal::StepFailed{{0, true}, 1, true, false, "stuck"},
          journal::RunEnded{Outcome::Parked, "stuck", false}});
  CHECK(rehearsed("checkout") == 3 * day_ns);
  record(store, plan_of("checkout", 5), 5, went_back);
  CHECK(rehearsed("checkout") == 5 * day_ns);
}

}  // namespace rollout::cli
