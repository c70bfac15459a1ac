#include "runtime/cli/begin_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/gone_version.h"
#include "runtime/cli/held_version.h"
#include "runtime/cli/line.h"
#include "runtime/cli/view_during.h"

namespace rollout::cli {

bool ask(const Context& context, std::string_view question) {
  context.out(fmt::format("\n{} [y/N] ", question));
  std::string answer = context.env.read_line().value_or("");
  return answer == "y" || answer == "Y" || answer == "yes";
}

bool somebody_is_there(const Context& context) {
  return context.env.terminals.input && context.env.terminals.output && !context.json();
}

int leave_to_workers(const Context& context, const std::string& name) {
  std::string_view what = journal::is_promotion(name) ? "promotion" : "run";
  if (context.json())
    context.out(fmt::format("{{\"version\":1,\"type\":\"left\",\"run\":\"{}\"}}\n", name));
  else if (!context.quiet)
    context.out(fmt::format("{0} {1} is left to the workers; `rollout status {1} --watch` follows it\n", what, name));
  return Ok;
}

int fail_unchanged(const Context& context, const OpError& error) {
  bool says_so = error.message.find("nothing was changed") != std::string::npos;
  return context.fail(error.refused ? Refused : Environment,
                      says_so ? error.message : error.message + "; nothing was changed");
}

Status check_world(const Context& context, const Planned& planned) {
  Result<plan::Snapshot> now = look_at_world(context, planned.plan, planned.project);
  if (!now) return now.error();
  return check_observed(planned.plan, *now);
}

std::optional<NotNow> not_now(const plan::Plan& plan, int64_t wall_ns) {
  if (std::optional<std::string> ended = ended_text(plan, wall_ns)) return NotNow{*ended, std::nullopt};
  if (std::optional<std::string> forbidden = forbidden_text(plan, wall_ns)) {
    std::optional<int64_t> over;
    for (const plan::Forbidden& one : plan.forbidden)
      if (!over && calendar::open_at(one.during.calendar, wall_ns) != one.unless_open)
        over = (one.unless_open ? calendar::next_open : calendar::next_close)(one.during.calendar, wall_ns);
    return NotNow{*forbidden, over};
  }
  std::optional<std::string> closed = closed_text(plan, wall_ns);
  if (!closed || plan.during->waits) return std::nullopt;
  return NotNow{*closed, calendar::next_open(plan.during->calendar, wall_ns)};
}

std::string author_of(const Context& context) {
  std::string login = effects::holder_text();
  return context.args.has("--as") ? context.args.value("--as") : login.substr(0, login.find('@'));
}

Result<std::string> check_versions(const Context& context, const plan::Plan& plan, journal::Store& store,
                                   bool accept_held) {
  Result<std::vector<HeldVersion>> held = held_versions(store, plan);
  if (!held) return held.error();
  if (held->empty() || accept_held || context.args.has("--accept-held")) return held_text(*held);
  return OpError{fmt::format("{}; a person may let it through by --accept-held", held_text(*held)), false, true};
}

Status tell_unproven(const Context& context, const Planned& planned, journal::Store* store) {
  const plan::Plan& plan = planned.plan;
  if (plan.offline || context.json() || context.quiet || context.format != "text") return Done{};
  Result<std::vector<journal::BackTo>> unproven = unproven_versions(store, plan, context.args.has("--accept-held"));
  if (!unproven) return unproven.error();
  std::vector<std::string> said = gone_versions(plan, planned.project.root, context.env.effects());
  for (const journal::BackTo& one : *unproven) said.push_back(unproven_text(plan, one));
  if (!said.empty()) context.out("\n");
  for (const std::string& text : said)
    for (const std::string& line : wrap(text, size_t(std::max(context.style.columns, 40)))) context.out(line + "\n");
  return Done{};
}

Result<journal::RunInfo> begin_run(Session& session, Beginning beginning) {
  const Context& context = session.context;
  const Planned& planned = session.planned;
  if (Status moves = check_line(*session.store); !moves) return moves.error();
  Result<std::string> accepted = check_versions(context, planned.plan, *session.store, beginning.accept_held);
  if (!accepted) return accepted.error();
  if (Status there = look_before_acting(context, planned, *session.store); !there) return there.error();
  journal::NewRun run{planned.plan.rollout,        planned.bytes,  planned.hash,
                      service_names(planned.plan), session.holder, context.env.effects().clock.wall_ns()};
  // Another state folder may have released here: what the backends have seen counts as much as our own record.
  for (const plan::Service& service : planned.plan.services) {
    std::string what = fmt::format("generation({})", plan::service_text(service));
    run.seen_generations.push_back(0);
    for (const plan::Observed& observed : planned.plan.observed)
      if (observed.what == what) run.seen_generations.back() = observed.value.number;
  }
  run.stage = std::move(beginning.stage);
  run.replaces = std::move(beginning.replaces);
  run.reason = std::move(beginning.reason);
  run.accepted = std::move(*accepted);
  bool let_through = beginning.accept_held || context.args.has("--accept-held");
  Result<std::vector<journal::BackTo>> unproven =
      unproven_versions(session.store.get(), planned.plan, let_through);
  if (!unproven) return unproven.error();
  run.unproven = std::move(*unproven);
  run.by = beginning.by.empty() ? author_of(context) : std::move(beginning.by);
  Result<journal::RunInfo> created = session.store->create(run);
  if (!created) return created.error();
  // Only for people, who then know what to abort; the claims hold without it.
  (void)session.claims.claims().name(created->run);
  return created;
}

}  // namespace rollout::cli
