// `rollout rollback`: a person has found the version bad. A run that is underway is taken back as by `abort`; one that
// has succeeded goes its own way back, as long as nothing has come after it.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/begin_run.h"
#include "runtime/cli/hand.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/rollback.h"
#include "runtime/cli/rollback_window.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/store_errors.h"

namespace rollout::cli {

namespace {

OpError refused(std::string why) { return {why + "; nothing was changed", false, true}; }

/// A run since, of one of the services: what it left is no longer what this run would take back, and where it has gone
/// back, its generation still keeps earlier runs from acting.
Status check_newest(const RunInHand& held, const std::vector<journal::RunInfo>& runs) {
  std::vector<std::string> services = service_names(held.planned.plan);
  for (const journal::RunInfo& run : runs) {  // newest first
    if (run.run == held.run()) {
      if (run.outcome == journal::Outcome::Succeeded) return Done{};
      return refused(fmt::format("run {0} no longer stands as succeeded; `rollout status {0}` says what became of it",
                                 run.run));
    }
    for (const journal::Generation& generation : run.generations)
      if (std::find(services.begin(), services.end(), generation.service) != services.end())
        return refused(
            fmt::format("run {} of {} came after {} and changed {}; {}make a plan that brings the version you want",
                        run.run, run.rollout, held.run(), generation.service,
                        run.outcome.value_or(journal::Outcome::Succeeded) == journal::Outcome::Succeeded
                            ? fmt::format("take that one back by `rollout rollback {}`, or ", run.run)
                            : ""));
  }
  return Done{};
}

/// A promotion that has not ended builds on what its runs have brought.
Status check_promotion(const RunInHand& held) {
  Result<std::optional<OpenPromotion>> open = open_promotion_of(*held.named.store, held.run());
  if (!open) return open.error();
  if (!*open) return Done{};
  return refused(fmt::format("run {0} is of promotion {1}, which goes on from it; end that first by `rollout abort "
                             "{1}`", held.run(), (*open)->name));
}

/// What runs is what the run has brought: nobody has released past this project since.
Status check_there(const Context& context, const RunInHand& held) {
  const plan::Plan& plan = held.planned.plan;
  Result<plan::Snapshot> now = look_at_world(context, plan, held.planned.project);
  if (!now) return now.error();
  for (const Change& change : outline_of(plan).changes) {
    if (!change.touched || change.subject != plan::Subject::Service) continue;
    auto seen = std::find_if(now->services.begin(), now->services.end(),
                             [&](const plan::ObservedService& one) { return one.service == change.service; });
    if (seen == now->services.end()) continue;
    std::string runs = seen->stable.is(eval::Value::Kind::None) ? "" : seen->stable.text;
    if (runs != change.to)
      return refused(
          fmt::format("{} runs {}, and run {} had brought {}: somebody has changed it since; make a plan that "
                      "brings the version you want",
                      change.service, runs.empty() ? "nothing" : runs, held.run(), to_text(change)));
  }
  return Done{};
}

}  // namespace

/// Kind and text, as the record has it: `security: CVE-2026-1234`.
std::string rollback_reason(const Context& context) {
  std::string kind = context.args.value("--kind");
  return kind.empty() ? context.args.value("--reason") : fmt::format("{}: {}", kind, context.args.value("--reason"));
}

Status check_way(const Context& context, const RunInHand& held, Of of) {
  if (held.named.run.outcome != journal::Outcome::Succeeded) {
    bool back = held.named.run.outcome == journal::Outcome::RolledBack;
    std::string what = back ? "has gone back already" : "is parked, and a way back that stopped is not begun again";
    return refused(fmt::format("run {0} {1}; `rollout status {0}` says what is so now", held.run(), what));
  }
  const plan::Plan& plan = held.planned.plan;
  if (uint32_t commit = exec::commit_passed(plan, held.state); commit != plan::none)
    return refused(
        fmt::format("run {} has passed `{}`, which nothing takes back; make a plan that brings the version you "
                    "want",
                    held.run(), plan.steps[commit].text));
  int64_t age_ns = context.env.effects().clock.wall_ns() - ended_wall_ns(held.events);
  if (age_ns > rollback_window_ns(plan))
    return refused(fmt::format("run {} succeeded {} ago, and its way back is kept for {}; make a plan that brings the "
                               "version you want", held.run(), short_duration(age_ns),
                               eval::duration_text(rollback_window_ns(plan))));
  Result<std::vector<journal::RunInfo>> runs = held.named.store->list();
  if (!runs) return runs.error();
  if (Status newest = check_newest(held, *runs); !newest) return newest;
  return of == Of::Promotion ? Status(Done{}) : check_promotion(held);
}

namespace {

std::string back_question(const RunInHand& held) {
  std::vector<std::string> parts;
  for (const Change& change : outline_of(held.planned.plan).changes)
    if (change.touched)
      parts.push_back(fmt::format("{} {} -> {}", change.service, to_text(change), from_text(change)));
  return fmt::format("take run {} back: {}?", held.run(), join(parts, ", "));
}

}  // namespace

int take_back_ended(const Context& context, RunInHand& held, const Back& back) {
  if (Status way = check_way(context, held, back.of); !way) return context.fail(way.error());
  Result<Session> session = open_session(context, held.planned, held.run());
  if (!session) return fail_unchanged(context, session.error());
  session->beside = back.beside;
  // Again, under the locks.
  if (Status way = check_way(context, held, back.of); !way) return context.fail(way.error());
  if (Status there = check_there(context, held); !there) return fail_unchanged(context, there.error());
  if (!context.quiet && !context.json())
    for (const journal::BackTo& one : held.state.unproven)
      context.out(fmt::format("{} goes back to {}: {}\n",
                              plan::service_text(held.planned.plan.services.at(one.service)), one.version, one.why));
  if (back.of == Of::Run && !context.args.has("--yes")) {
    if (!somebody_is_there(context))
      return context.fail(Usage, "nobody can be asked here; say `--yes` to take the run back");
    if (!ask(context, back_question(held))) return context.fail(Usage, "nothing was changed");
  }
  journal::Event reopened{held.state.run_ns, context.env.effects().clock.wall_ns(),
                          journal::Reopened{effects::holder_text(), back.reason}};
  Result<journal::Appended> written =
      session->store->append(held.run(), int64_t(held.events.size()), {std::move(reopened)});
  if (!written) return fail_unchanged(context, written.error());
  return drive_run(*session, held.run());
}

int64_t ended_wall_ns(const std::vector<journal::Event>& events) {
  for (size_t i = events.size(); i-- > 0;)
    if (std::holds_alternative<journal::RunEnded>(events[i].what)) return events[i].wall_ns;
  return events.empty() ? 0 : events.back().wall_ns;
}

int cmd_rollback(const Context& context) {
  const std::string& name = context.args.positional.at(0);
  if (context.args.value("--reason").empty())
    return context.fail(Usage, "say why it is taken back, for the record: --reason TEXT");
  if (journal::is_promotion(name)) return rollback_promotion(context, name);
  int exit_code = Ok;
  std::optional<RunInHand> held = take_hold(context, name, exit_code);
  if (!held) return exit_code;
  if (held->named.run.outcome) return take_back_ended(context, *held, {Of::Run, rollback_reason(context)});
  journal::Request request{0, journal::Ask::Rollback, effects::holder_text(), rollback_reason(context),
                           context.env.effects().clock.wall_ns()};
  if (Result<int64_t> durable = held->named.store->request(name, request); !durable)
    return context.fail(durable.error());
  return take_back(context, *held->named.store, held->planned, name, "rollback");
}

}  // namespace rollout::cli
