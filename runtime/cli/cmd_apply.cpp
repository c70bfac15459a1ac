#include <fmt/format.h>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/begin_run.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/line.h"
#include "runtime/cli/newer_run.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_plan.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/store_errors.h"

namespace rollout::cli {

namespace {

/// Looked at again under the locks: another process may have ended the run meanwhile.
int resume(Session& session, const std::string& name) {
  Result<std::optional<journal::RunInfo>> run = session.store->info(name);
  if (!run) return session.context.fail(run.error(), NeedsHand);
  if (!*run || (*run)->outcome)
    return session.context.fail(
        Refused, fmt::format("run {} has ended; `rollout status {}` says how", name, name));
  return drive_run(session, name);
}

int offer(const Context& context, journal::Store& store, const Planned& planned, const std::string& run) {
  if (std::optional<effects::Holder> driver = driver_of(store, planned.plan))
    return context.fail(Refused, fmt::format("run {} is driven by {} already", run, driver->who));
  Status offered = store.claims()->offer(claim_names(planned.plan), run);
  return offered ? leave_to_workers(context, run) : context.fail(offered.error());
}

/// `apply --resume RUN`: the plan comes from the journal.
int resume_named(const Context& context, const std::string& name) {
  NamedRunOrExit named = open_run(context, name);
  if (!named.found) return named.exit_code;
  auto& [project, store, run] = *named.found;
  Result<Planned> planned = planned_of(*store, run, project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  if (context.args.has("--detach")) return offer(context, *store, *planned, run.run);
  Result<Session> session = open_session(context, *planned, run.run);
  if (!session) return context.fail(session.error());
  int code = resume(*session, run.run);
  if (context.args.has("--hand-over") && goes_on(*session->store, *planned, run.run)) session->claims.hand_over();
  return code;
}

/// A run of the same services that has not ended, though nobody drives it: it comes first.
int unfinished(Session& session, const journal::RunInfo& run) {
  const Context& context = session.context;
  bool wanted = context.args.has("--resume");
  // The claims are those of the new plan. The old run may act on other services, and while a person thinks about an
  // answer, an abort from another terminal must be able to take it.
  session.claims.give_back();
  if (!wanted && !context.args.has("--yes") && somebody_is_there(context))
    wanted = ask(context, fmt::format("run {} of {} has not ended, and nobody drives it; resume it?", run.run,
                                      run.rollout));
  if (!wanted)
    return context.fail(
        Refused,
        fmt::format("run {} of {} has not ended, and nobody drives it; {}", run.run, run.rollout,
                    ways_to_end(*session.store, run.run)));
  Result<Planned> planned = planned_of(*session.store, run, session.planned.project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  Result<Session> other = open_session(context, *planned, run.run);
  if (!other) return context.fail(other.error());
  return resume(*other, run.run);
}

/// Refused while the plan's calendar is closed, unless the plan waits then, and while a policy forbids to begin.
Status check_open(const Context& context, const plan::Plan& plan) {
  std::optional<NotNow> closed = not_now(plan, context.env.effects().clock.wall_ns());
  if (closed) return OpError{closed->why + (closed->opens_wall_ns ? "; apply the plan then" : ""), false, true};
  return Done{};
}

int start(Session& session, const Way& way) {
  const Context& context = session.context;
  // Again: the question may have stood on the screen for an hour.
  if (Status fresh = check_world(context, session.planned); !fresh) return fail_unchanged(context, fresh.error());
  if (Status open = check_open(context, session.planned.plan); !open) return fail_unchanged(context, open.error());
  bool hotfix = context.args.has("--hotfix");
  Result<journal::RunInfo> created = begin_run(session, {.replaces = way.replaced,
                                                            .reason = hotfix ? context.args.value("--reason") : ""});
  if (!created) return fail_unchanged(context, created.error());
  if (!context.quiet && !context.json())
    context.out(fmt::format("\nrun {}\n", context.style.bold(created->run)));
  if (context.args.has("--detach")) {
    session.claims.hand_over();
    return leave_to_workers(context, created->run);
  }
  return drive_run(session, created->run);
}

}  // namespace

int cmd_apply(const Context& context) {
  std::string named = context.args.value("--resume");
  bool left = context.args.has("--detach");
  if (journal::is_promotion(named)) return left ? offer_promotion(context, named) : resume_promotion(context, named);
  if (!named.empty()) return resume_named(context, named);
  if (context.args.positional.empty())
    return context.fail(Usage, "`rollout apply` needs FILE or PLAN; see `rollout apply --help`");
  Timings timings(context);
  PlanOrExit made = plan_from_arguments(context, Look::World, true, timings);
  if (!made.stages.empty()) return apply_promotion(context, made.stages, timings);
  if (!made.planned) return made.exit_code;
  const Planned& planned = *made.planned;
  if (planned.plan.offline)
    return context.fail(
        Refused,
        "this plan was made offline, so nobody looked at what it would change; make one without --offline");
  Way way;
  if (!context.args.has("--resume")) way = make_way(context, planned);
  if (way.exit_code) return *way.exit_code;
  // The older run has changed what this plan was made for; a saved plan says itself that it is stale.
  if (way.waited && !planned.saved) made = plan_from_arguments(context, Look::World, true, timings);
  if (!made.planned) return made.exit_code;
  Result<Session> session = open_session(context, planned);
  if (!session) return fail_unchanged(context, session.error());
  Result<std::vector<journal::RunInfo>> runs = session->store->list();
  if (!runs) return fail_unchanged(context, runs.error());
  if (std::optional<journal::RunInfo> open = unfinished_run(*runs, service_names(planned.plan)))
    return unfinished(*session, *open);
  if (context.args.has("--resume")) return context.fail(Refused, "there is no unfinished run to resume");
  for (const journal::RunInfo& run : *runs)  // says more than that the plan is stale, which it is by then
    if (run.plan_hash == planned.hash) return context.fail(journal::plan_already_run(run.run));
  if (Status fresh = check_world(context, planned); !fresh) return fail_unchanged(context, fresh.error());
  if (!context.quiet && !context.json())
    context.out(plan_text(planned.plan, planned.hash, context.style, context.verbose));
  if (!outline_of(planned.plan).has_changes) return Ok;
  if (Status open = check_open(context, planned.plan); !open) return fail_unchanged(context, open.error());
  // Before anybody is asked; looked at again when the run begins.
  if (Status moves = check_line(*session->store); !moves) return fail_unchanged(context, moves.error());
  Result<std::string> accepted = check_versions(context, planned.plan, *session->store);
  if (!accepted) return fail_unchanged(context, accepted.error());
  if (Status told = tell_unproven(context, planned, session->store.get()); !told)
    return fail_unchanged(context, told.error());
  std::optional<std::string> start_now = start_text(planned.plan, context.env.effects().clock.wall_ns());
  if (start_now && !context.quiet && !context.json()) context.out(fmt::format("\nstart: {}\n", *start_now));
  if (!context.args.has("--yes")) {
    if (!somebody_is_there(context))
      return context.fail(Usage, "nobody can be asked here; say `--yes` to carry the plan out");
    if (!ask(context, "carry this out?")) return context.fail(Usage, "nothing was changed");
  }
  return start(*session, way);
}

}  // namespace rollout::cli
