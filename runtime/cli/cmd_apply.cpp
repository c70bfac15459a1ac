#include <fmt/format.h>

#include "runtime/cli/outline.h"
#include "runtime/cli/session.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_plan.h"
#include "runtime/cli/view_promotion.h"
#include "runtime/journal/store_errors.h"

namespace rollout::cli {

namespace {

/// True when a person said yes. Only asked where there is one.
bool ask(const Context& context, std::string_view question) {
  context.out(fmt::format("\n{} [y/N] ", question));
  std::string answer = context.env.read_line().value_or("");
  return answer == "y" || answer == "Y" || answer == "yes";
}

bool somebody_is_there(const Context& context) {
  return context.env.terminals.input && context.env.terminals.output && !context.json();
}

/// Looked at again under the locks: another process may have ended the run meanwhile.
int resume(Session& session, const std::string& name) {
  Result<std::vector<journal::RunInfo>> runs = session.store->list();
  if (!runs) return session.context.fail(runs.error(), NeedsHand);
  Result<journal::RunInfo> run = find_run(*runs, name);
  if (!run) return session.context.fail(run.error(), NeedsHand);
  if (run->outcome)
    return session.context.fail(
        Refused, fmt::format("run {} has ended; `rollout status {}` says how", name, name));
  return drive_run(session, name);
}

/// `apply --resume RUN`: the plan comes from the journal.
int resume_named(const Context& context, const std::string& name) {
  NamedRunOrExit named = open_run(context, name);
  if (!named.found) return named.exit_code;
  auto& [project, store, run] = *named.found;
  Result<Planned> planned = planned_of(*store, run, project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  Result<Session> session = open_session(context, *planned, run.run);
  if (!session) return context.fail(session.error());
  return resume(*session, run.run);
}

/// A run of the same services that has not ended, though nobody drives it: it comes first.
int unfinished(Session& session, const journal::RunInfo& run) {
  const Context& context = session.context;
  bool wanted = context.args.has("--resume");
  // The locks are those of the new plan. The old run may act on other services, and while a person thinks about an
  // answer, an abort from another terminal must be able to take it.
  session.locks.clear();
  if (!wanted && !context.args.has("--yes") && somebody_is_there(context))
    wanted = ask(context, fmt::format("run {} of {} has not ended, and nobody drives it; resume it?", run.run,
                                      run.rollout));
  if (!wanted)
    return context.fail(
        Refused,
        fmt::format("run {} of {} has not ended, and nobody drives it; go on with it by `rollout apply "
                    "--resume {}`, or take it back by `rollout abort {}`",
                    run.run, run.rollout, run.run, run.run));
  Result<Planned> planned = planned_of(*session.store, run, session.planned.project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  Result<Session> other = open_session(context, *planned, run.run);
  if (!other) return context.fail(other.error());
  return resume(*other, run.run);
}

/// For what goes wrong before the first effect.
int fail_unchanged(const Context& context, const OpError& error) {
  bool says_so = error.message.find("nothing was changed") != std::string::npos;
  return context.fail(error.refused ? Refused : Environment,
                      says_so ? error.message : error.message + "; nothing was changed");
}

/// What the plan observed is still so, and everything that it needs is there.
Status check_world(Session& session) {
  const Planned& planned = session.planned;
  Result<plan::Snapshot> now = look_at_world(session.context, planned.plan, planned.project);
  if (!now) return now.error();
  return check_observed(planned.plan, *now);
}

/// Refused while the plan's calendar is closed, unless the plan waits then, and while a policy forbids to begin.
Status check_open(const Context& context, const plan::Plan& plan) {
  if (std::optional<std::string> forbidden = forbidden_text(plan, context.env.effects().clock.wall_ns()))
    return OpError{*forbidden + "; apply the plan then", false, true};
  std::optional<std::string> closed = closed_text(plan, context.env.effects().clock.wall_ns());
  if (!closed || plan.during->waits) return Done{};
  return OpError{*closed + "; apply the plan then", false, true};
}

int start(Session& session) {
  const Context& context = session.context;
  const Planned& planned = session.planned;
  // Again: the question may have stood on the screen for an hour.
  if (Status fresh = check_world(session); !fresh) return fail_unchanged(context, fresh.error());
  if (Status open = check_open(context, planned.plan); !open) return fail_unchanged(context, open.error());
  if (Status there = look_before_acting(context, planned, *session.store); !there)
    return fail_unchanged(context, there.error());
  journal::NewRun run{planned.plan.rollout,        planned.bytes,  planned.hash,
                      service_names(planned.plan), session.holder, context.env.effects().clock.wall_ns()};
  // Another state folder may have released here: what the backends have seen counts as much as our own record.
  for (const plan::Service& service : planned.plan.services) {
    std::string what = fmt::format("generation({})", plan::service_text(service));
    run.seen_generations.push_back(0);
    for (const plan::Observed& observed : planned.plan.observed)
      if (observed.what == what) run.seen_generations.back() = observed.value.number;
  }
  Result<journal::RunInfo> created = session.store->create(run);
  if (!created) return fail_unchanged(context, created.error());
  // Only for people, who then know what to abort; the locks hold without it.
  for (effects::ServiceLock& lock : session.locks) (void)lock.name(session.holder, created->run);
  if (!context.quiet && !context.json())
    context.out(fmt::format("\nrun {}\n", context.style.bold(created->run)));
  return drive_run(session, created->run);
}

}  // namespace

int cmd_apply(const Context& context) {
  std::string named = context.args.value("--resume");
  if (!named.empty()) return resume_named(context, named);
  if (context.args.positional.empty())
    return context.fail(Usage, "`rollout apply` needs FILE or PLAN; see `rollout apply --help`");
  Timings timings(context);
  PlanOrExit made = plan_from_arguments(context, Look::World, true, timings);
  if (!made.stages.empty())
    return context.fail(Usage, fmt::format("`{}` is a promotion, which is carried out one environment at a time:{}",
                                           context.args.positional[1],
                                           promotion_by_hand(context.args.positional[0], made.stages)));
  if (!made.planned) return made.exit_code;
  const Planned& planned = *made.planned;
  if (planned.plan.offline)
    return context.fail(
        Refused,
        "this plan was made offline, so nobody looked at what it would change; make one without --offline");
  Result<Session> session = open_session(context, planned);
  if (!session) return fail_unchanged(context, session.error());
  Result<std::vector<journal::RunInfo>> runs = session->store->list();
  if (!runs) return fail_unchanged(context, runs.error());
  if (std::optional<journal::RunInfo> open = unfinished_run(*runs, service_names(planned.plan)))
    return unfinished(*session, *open);
  if (context.args.has("--resume")) return context.fail(Refused, "there is no unfinished run to resume");
  for (const journal::RunInfo& run : *runs)  // says more than that the plan is stale, which it is by then
    if (run.plan_hash == planned.hash) return context.fail(journal::plan_already_run(run.run));
  if (Status fresh = check_world(*session); !fresh) return fail_unchanged(context, fresh.error());
  if (!context.quiet && !context.json())
    context.out(plan_text(planned.plan, planned.hash, context.style, context.verbose));
  if (!outline_of(planned.plan).has_changes) return Ok;
  if (Status open = check_open(context, planned.plan); !open) return fail_unchanged(context, open.error());
  if (!context.args.has("--yes")) {
    if (!somebody_is_there(context))
      return context.fail(Usage, "nobody can be asked here; say `--yes` to carry the plan out");
    if (!ask(context, "carry this out?")) return context.fail(Usage, "nothing was changed");
  }
  return start(*session);
}

}  // namespace rollout::cli
