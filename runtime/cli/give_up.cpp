#include "runtime/cli/give_up.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/older_plan.h"
#include "compiler/plan/plan_json.h"
#include "runtime/cli/hand.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/record.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/store_errors.h"

namespace rollout::cli {

namespace {

/// Why nobody can go on with the run by this version; nothing: somebody can.
Result<std::optional<std::string>> why_stuck(journal::Store& store, const std::string& run) {
  Result<std::string> bytes = store.plan_bytes(run);
  if (!bytes && bytes.error().retryable) return bytes.error();
  if (!bytes) return std::optional(bytes.error().message);
  if (Result<plan::Plan> plan = plan::from_json(*bytes); !plan) return std::optional(plan.error().message);
  Result<std::vector<journal::Event>> events = store.read(run);
  if (events) return std::optional<std::string>();
  if (events.error().retryable) return events.error();
  return std::optional(events.error().message);
}

/// As far as plan and record can still be read together.
std::optional<exec::State> state_of(journal::Store& store, const journal::RunInfo& run) {
  Result<std::string> bytes = store.plan_bytes(run.run);
  Result<plan::Plan> plan = bytes ? plan::from_json_to_show(*bytes, run.plan_hash) : Result<plan::Plan>(bytes.error());
  Result<std::vector<journal::Event>> events = store.read(run.run);
  if (!plan || !events) return std::nullopt;
  return exec::fold_all(*plan, *events);
}

/// What ends the record: asked by a person, on the way back, which goes nowhere.
std::vector<journal::Event> last_events(journal::Store& store, const journal::RunInfo& run,
                                        const journal::Request& request, int64_t id) {
  std::optional<exec::State> state = state_of(store, run);
  std::string detail = fmt::format("given up by {}: {}; nothing was taken back: the last steps of `rollout audit {}` "
                                   "say how far it had come",
                                   request.by, request.reason, run.run);
  std::vector<journal::Payload> what = {journal::AbortRequested{id, request.by, request.reason}};
  if (!state || state->phase != exec::RunPhase::RollingBack)
    what.push_back(journal::RollbackStarted{journal::Cause::Abort, state ? state->furthest : plan::none, detail});
  what.push_back(journal::RunEnded{journal::Outcome::Parked, detail});
  std::vector<journal::Event> events;
  for (journal::Payload& one : what)
    events.push_back({state ? state->run_ns : 0, request.wall_ns, std::move(one)});
  return events;
}

}  // namespace

std::string give_up_text(const std::string& run) {
  return fmt::format("give it up: `rollout abort {} --give-up --reason TEXT` ends its record and changes nothing else",
                     run);
}

std::string next_of_earlier(const Planned& planned, const std::string& run) {
  if (plan::from_json(planned.bytes)) return {};
  return fmt::format("an earlier rollout made its plan: that version ends it; or {}", give_up_text(run));
}

std::string ways_to_end(journal::Store& store, const std::string& run) {
  Result<std::optional<std::string>> stuck = why_stuck(store, run);
  if (stuck && *stuck) return fmt::format("{}; or {}", **stuck, give_up_text(run));
  return fmt::format("go on with it by `rollout apply --resume {0}`, or take it back by `rollout abort {0}`", run);
}

OpError with_way_out(OpError error, const std::string& run) {
  if (!error.retryable) error.message += fmt::format("; or {}", give_up_text(run));
  return error;
}

int give_up(const Context& context, NamedRun& named, journal::Request request) {
  const std::string& name = named.run.run;
  journal::Store& store = *named.store;
  if (named.run.outcome) return context.fail(journal::run_has_ended(name, *named.run.outcome));
  Result<std::optional<std::string>> stuck = why_stuck(store, name);
  if (!stuck) return context.fail(stuck.error());
  if (!*stuck)
    return context.fail(Refused,
                        fmt::format("run {0} can be taken back, so it is not given up: rollout abort {0}", name));
  std::vector<std::string> services;
  for (const journal::Generation& one : named.run.generations) services.push_back(one.service);
  std::sort(services.begin(), services.end());
  Result<journal::Claimed> claims = journal::Claimed::take(*store.claims(), services, effects::holder_text(), name);
  if (!claims) return context.fail(claims.error());
  Result<std::optional<journal::RunInfo>> now = store.info(name);
  if (!now) return context.fail(now.error());
  Result<int64_t> id = store.request(name, request);
  if (!id) return context.fail(id.error());
  Result<journal::Appended> ended = store.append(name, (*now)->events, last_events(store, **now, request, *id));
  if (!ended) return context.fail(ended.error());
  note_head(context, named.project, store, name);
  if (context.json()) context.out(request_json(name, request, false, true));
  else if (!context.quiet)
    context.out(fmt::format("run {0} is given up: {1}. Its record has ended, its locks are free, and what runs of {2} "
                            "runs on as it is: look at it, then make a new plan\n",
                            name, **stuck, join(services, ", ")));
  return NeedsHand;
}

}  // namespace rollout::cli
