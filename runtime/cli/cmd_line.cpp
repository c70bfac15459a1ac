// `stop-the-line` and `start-the-line`: no step of any run begins, and no new run, until somebody starts it again.
#include <fmt/format.h>

#include "runtime/cli/hand.h"
#include "runtime/cli/line.h"

namespace rollout::cli {

std::optional<journal::Request> line_stop(const std::vector<journal::Request>& requests) {
  std::optional<journal::Request> last;
  for (const journal::Request& request : requests)
    if (request.line) last = request;
  return last && last->ask == journal::Ask::Pause ? last : std::nullopt;
}

Result<std::optional<journal::Request>> stopped_line(journal::Store& store) {
  Result<std::vector<journal::Request>> requests = store.requests(journal::line_mailbox, 0);
  if (!requests) return requests.error();
  return line_stop(*requests);
}

std::string line_text(const journal::Request& stop) {
  return one_line(
      fmt::format("the line is stopped since {} by {}: {}", effects::utc_text(stop.wall_ns), stop.by, stop.reason));
}

Status check_line(journal::Store& store) {
  Result<std::optional<journal::Request>> stop = stopped_line(store);
  if (!stop) return stop.error();
  if (!*stop) return Done{};
  return OpError{fmt::format("{}; no run begins before `rollout start-the-line --reason TEXT`", line_text(**stop)),
                 false, true};
}

namespace {

int turn(const Context& context, journal::Ask ask) {
  bool stops = ask == journal::Ask::Pause;
  if (context.args.value("--reason").empty())
    return context.fail(Usage, fmt::format("say why, for the record: rollout {} --reason TEXT",
                                           stops ? "stop-the-line" : "start-the-line"));
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return context.fail(Usage, project.error().message);
  Result<std::unique_ptr<journal::Store>> store = open_store(context, *project, stops);
  if (!store) return context.fail(store.error());
  Result<std::optional<journal::Request>> now =
      *store ? stopped_line(**store) : Result<std::optional<journal::Request>>(std::optional<journal::Request>());
  if (!now) return context.fail(now.error());
  journal::Request request{0, ask, effects::holder_text(), context.args.value("--reason"),
                           context.env.effects().clock.wall_ns()};
  bool changes = now->has_value() != stops;
  if (changes)
    if (Result<int64_t> durable = (*store)->request(journal::line_mailbox, request); !durable)
      return context.fail(durable.error());
  std::string said =
      !changes ? (stops ? line_text(**now) + "; it stays so" : "the line is not stopped")
      : stops  ? "the line is stopped: no run begins and no step of a run, from now on for those that begin "
                 "and within a second for those under way; ways back go on. `rollout start-the-line "
                 "--reason TEXT` lets them go on"
               : "the line is started: runs go on, and new ones may begin";
  if (context.json()) context.out(request_json(journal::line_mailbox, request, false, true));
  else if (!context.quiet) context.out(said + "\n");
  return Ok;
}

}  // namespace

int cmd_stop_the_line(const Context& context) { return turn(context, journal::Ask::Pause); }
int cmd_start_the_line(const Context& context) { return turn(context, journal::Ask::Resume); }

}  // namespace rollout::cli
