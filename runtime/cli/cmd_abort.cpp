#include <fmt/format.h>

#include "runtime/cli/session.h"

namespace rollout::cli {

namespace {

/// How long the driver of a run may take to see an abort: it may be in the middle of a call.
constexpr int64_t max_wait_ns = 30'000'000'000;
constexpr int64_t look_again_ns = 300'000'000;

enum class Seen { NotYet, TurnsBack, EndedBefore };

/// What the journal says about the abort.
Seen seen_in(journal::Store& store, const std::string& name) {
  Result<std::vector<journal::Event>> events = store.read(name);
  if (!events) return Seen::NotYet;
  bool back = false;
  for (const journal::Event& event : *events) {
    back |= std::holds_alternative<journal::RollbackStarted>(event.what);
    const auto* ended = std::get_if<journal::RunEnded>(&event.what);
    if (ended) return ended->outcome == journal::Outcome::Succeeded ? Seen::EndedBefore : Seen::TurnsBack;
  }
  return back ? Seen::TurnsBack : Seen::NotYet;
}

int ended_before(const Context& context, const std::string& name) {
  return context.fail(Refused, fmt::format("run {} ended before the abort was seen: the new version serves, nothing "
                                           "was taken back",
                                           name));
}

/// Whoever holds the locks drives the run and sees the request; when nobody does, this process drives it. A holder
/// that goes without turning back leaves the run to us.
int take_back(const Context& context, journal::Store& store, const Planned& planned, const std::string& name) {
  effects::Clock& clock = context.env.effects().clock;
  int64_t give_up_ns = clock.monotonic_ns() + max_wait_ns;
  while (true) {
    Result<Session> session = open_session(context, planned);
    if (session) {
      if (seen_in(store, name) == Seen::EndedBefore) return ended_before(context, name);
      if (!context.quiet && !context.json())
        context.out(fmt::format("nobody drives run {}; taking it back from here\n", name));
      return drive_run(*session, name);
    }
    if (!session.error().refused) return context.fail(session.error(), NeedsHand);
    Seen seen = seen_in(store, name);
    if (seen == Seen::EndedBefore) return ended_before(context, name);
    if (seen == Seen::TurnsBack) {
      if (!context.quiet && !context.json())
        context.out(
            fmt::format("run {} takes itself back; follow it by `rollout status {} --watch`\n", name, name));
      return Ok;
    }
    if (clock.monotonic_ns() >= give_up_ns)
      return context.fail(NeedsHand, fmt::format("the abort of run {} is recorded, but nobody has acted on it yet: {}",
                                                 name, session.error().message));
    clock.sleep_until(clock.monotonic_ns() + look_again_ns);
  }
}

}  // namespace

int cmd_abort(const Context& context) {
  const std::string& name = context.args.positional.at(0);
  Project project = project_for(context, project_of(context.env.directory, "."));
  Result<std::unique_ptr<journal::Store>> store = open_store(context, project, false);
  if (!store) return context.fail(store.error());
  if (!*store)
    return context.fail(
        Usage, fmt::format("there are no runs in {}; name the project with --project DIR", project.state()));
  Result<journal::RunInfo> run = find_run(**store, name);
  if (!run) return context.fail(Usage, run.error().message);
  std::string holder = effects::holder_text();
  journal::Request request;
  request.by = holder;
  request.reason = context.args.has("--reason") ? context.args.value("--reason") : "no reason given";
  request.wall_ns = context.env.effects().clock.wall_ns();
  if (Result<int64_t> durable = (*store)->request(name, request); !durable)
    return context.fail(durable.error());
  Result<Planned> planned = planned_of(**store, *run, project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  return take_back(context, **store, *planned, name);
}

}  // namespace rollout::cli
