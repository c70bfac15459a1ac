#include <fmt/format.h>

#include "runtime/cli/session.h"

namespace rollout::cli {

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
  // Whoever holds the locks drives the run and will see the request; when nobody does, this process drives it.
  Result<Session> session = open_session(context, *planned);
  if (!session && session.error().refused) {
    if (!context.quiet && !context.json())
      context.out(
          fmt::format("run {} takes itself back; follow it by `rollout status {} --watch`\n", name, name));
    return Ok;
  }
  if (!session) return context.fail(session.error(), NeedsHand);
  if (!context.quiet && !context.json())
    context.out(fmt::format("nobody drives run {}; taking it back from here\n", name));
  return drive_run(*session, name);
}

}  // namespace rollout::cli
