// `pause` and `resume`: a latch that keeps the steps of one run from beginning, and the end of it. `stop-the-line` and
// `start-the-line`: the same for every run of the project, and for those that would begin.
#include <fmt/format.h>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/hand.h"
#include "runtime/journal/store_errors.h"

namespace rollout::cli {

namespace {

journal::Request request_of(const Context& context, journal::Ask ask) {
  journal::Request request;
  request.ask = ask;
  request.by = effects::holder_text();
  request.reason = context.args.has("--reason") ? context.args.value("--reason") : "no reason given";
  request.wall_ns = context.env.effects().clock.wall_ns();
  return request;
}

int answer(const Context& context, const std::string& run, const journal::Request& request, bool driven, bool in_force,
           const std::string& text) {
  if (context.json()) context.out(request_json(run, request, driven, in_force));
  else if (!context.quiet) context.out(text + "\n");
  return Ok;
}

std::string by_text(const journal::Paused& pause) { return one_line(fmt::format("{}: {}", pause.by, pause.reason)); }

/// The run, held, and what was asked of it already.
struct Asked {
  RunInHand held;
  exec::State state;
};
std::optional<Asked> look(const Context& context, int& exit_code) {
  std::optional<RunInHand> held = take_hold(context, context.args.positional.at(0), exit_code, Reads::State);
  if (!held) return std::nullopt;
  if (held->named.run.outcome) {
    exit_code = context.fail(journal::run_has_ended(held->run(), *held->named.run.outcome));
    return std::nullopt;
  }
  Result<std::vector<journal::Request>> requests = unseen_requests(*held->named.store, held->state, held->run());
  if (!requests) {
    exit_code = context.fail(requests.error());
    return std::nullopt;
  }
  exec::State state = as_asked(held->state, held->planned.plan, held->run(), *requests);
  return Asked{std::move(*held), std::move(state)};
}

int fail_goes_back(const Context& context, const std::string& run) {
  return context.fail(Refused, fmt::format("run {0} goes back, and a way back is not paused; `rollout status {0} "
                                           "--watch` follows it", run));
}

int fail_withheld(const Context& context, const std::string& run, const exec::State& state) {
  return context.fail(Refused,
                      fmt::format("run {0} does not go forward any more, and back only by `rollout abort {0}`: {1}",
                                  run, state.parked ? state.parked->detail : state.cause_detail));
}

/// Whoever drives it may be gone when it was asked: then this process goes on.
int drive_on(const Context& context, const RunInHand& held) {
  const std::string& named = context.args.positional.at(0);
  if (journal::is_promotion(named)) return resume_promotion(context, named);
  Result<Session> session = open_session(context, held.planned, held.run());
  if (!session) return context.fail(session.error(), NeedsHand);
  return drive_run(*session, held.run());
}

}  // namespace

int cmd_pause(const Context& context) {
  int exit_code = Ok;
  std::optional<Asked> asked = look(context, exit_code);
  if (!asked) return exit_code;
  auto& [held, state] = *asked;
  const std::string& run = held.run();
  if (state.phase != exec::RunPhase::Running || state.abort) return fail_goes_back(context, run);
  if (state.rollback == exec::RollbackPhase::Withheld) return fail_withheld(context, run, state);
  journal::Request request = request_of(context, journal::Ask::Pause);
  bool driven = driver_of(*held.named.store, held.planned.plan).has_value();
  if (state.paused)
    return answer(context, run, request, driven, held.state.paused.has_value(),
                  fmt::format("run {} is paused already, by {}", run, by_text(*state.paused)));
  if (Result<int64_t> durable = held.named.store->request(run, request); !durable)
    return context.fail(durable.error());
  Waited waited = wait_for_driver(context, held, "pause", [](const exec::State& now) {
    if (now.paused) return Reached::Done;
    return now.phase != exec::RunPhase::Running ? Reached::TooLate : Reached::Not;
  });
  if (waited.exit_code) return *waited.exit_code;
  if (waited.seen == Reached::TooLate)
    return context.fail(Refused,
                        fmt::format("run {0} went back or ended before it could be paused; `rollout status {0}` "
                                    "says how",
                                    run));
  bool in_force = waited.seen == Reached::Done;
  std::string then = fmt::format("no step begins before `rollout resume {}`", run);
  return answer(
      context, run, request, in_force, in_force,
      in_force
          ? fmt::format("run {} is paused: what is underway ends, gates and watches go on, and {}", run, then)
          : fmt::format("the pause of run {} is recorded; nobody drives it, and once somebody does, {}", run, then));
}

int cmd_resume(const Context& context) {
  int exit_code = Ok;
  std::optional<Asked> asked = look(context, exit_code);
  if (!asked) return exit_code;
  auto& [held, state] = *asked;
  const std::string& run = held.run();
  std::optional<effects::Holder> driver = driver_of(*held.named.store, held.planned.plan);
  if (driver && !state.paused) {
    std::string why = state.line && !state.overridden
                          ? fmt::format("; the line is stopped by {}: `rollout start-the-line --reason TEXT` lets all "
                                        "runs go on", by_text(*state.line))
                          : "";
    return context.fail(Refused,
                        fmt::format("run {0} is not paused, and {1} drives it{2}; `rollout status {0}` says what "
                                    "it does",
                                    run, driver->who, why));
  }
  if (!driver && state.rollback == exec::RollbackPhase::Withheld && !state.abort)
    return fail_withheld(context, run, state);
  bool goes_back = state.phase != exec::RunPhase::Running || state.abort;
  if (driver && goes_back) return fail_goes_back(context, run);
  journal::Request request = request_of(context, journal::Ask::Resume);
  int64_t asked_id = 0;
  if (state.paused && !goes_back) {
    Result<int64_t> durable = held.named.store->request(run, request);
    if (!durable) return context.fail(durable.error());
    asked_id = *durable;
  }
  if (!driver) return drive_on(context, held);
  // Of a pause that the driver has not seen yet it has not seen the end either.
  bool was_in_force = held.state.paused.has_value();
  Waited waited = wait_for_driver(context, held, "resume", [&](const exec::State& now) {
    if (now.abort) return Reached::TooLate;
    if (!now.paused && (was_in_force || now.last_request >= asked_id)) return Reached::Done;
    return now.phase != exec::RunPhase::Running ? Reached::TooLate : Reached::Not;
  });
  if (waited.exit_code) return *waited.exit_code;
  if (waited.seen == Reached::TooLate) return fail_goes_back(context, run);
  if (waited.seen == Reached::Not) return drive_on(context, held);
  bool stopped = state.line && !state.overridden;
  std::string still = stopped ? "; the line is still stopped, so nothing begins before `rollout start-the-line "
                                "--reason TEXT`"
                              : "";
  return answer(context, run, request, true, true,
                fmt::format("the pause of run {} is lifted, and {} goes on with it{}", run, driver->who, still));
}

}  // namespace rollout::cli
