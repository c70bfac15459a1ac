#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/session.h"

namespace rollout::cli {

namespace {

/// How long the driver of a run may take to see an abort: it may be in the middle of a call.
constexpr int64_t max_wait_ns = 30'000'000'000;
constexpr int64_t look_again_ns = 300'000'000;

/// Whether the journal says that the run goes back. It cannot have ended otherwise: the store lets no run succeed
/// once an abort of it is on record.
bool turns_back(journal::Store& store, const std::string& name) {
  Result<std::vector<journal::Event>> events = store.read(name);
  return events && std::any_of(events->begin(), events->end(), [](const journal::Event& event) {
           return std::holds_alternative<journal::RollbackStarted>(event.what);
         });
}

/// Nobody has acted on the abort: who should, and how to get there.
std::string not_seen(const std::optional<effects::Holder>& driver, const std::string& name) {
  std::string recorded = fmt::format("the abort of {}{} is recorded, but ",
                                     journal::is_promotion(name) ? "promotion " : "run ", name);
  if (!driver) return recorded + fmt::format("nobody has acted on it; give `rollout abort {}` again", name);
  std::string end = driver->pid > 0 ? fmt::format("`kill -9 {}`", driver->pid) : "SIGKILL";
  std::string go_on = driver->stopped && driver->pid > 0
                          ? fmt::format("is stopped: `kill -CONT {}` lets it go on and take the run back; or end it",
                                        driver->pid)
                          : fmt::format("has not acted on it for {}; see whether it hangs, end it",
                                        short_duration(max_wait_ns));
  return fmt::format("{}{}, which drives it, {} by {} and give `rollout abort {}` again", recorded, driver->who, go_on,
                     end, name);
}

/// Whoever holds the locks drives the run and sees the request; when nobody does, this process drives it. A holder
/// that goes without turning back leaves the run to us.
int take_back(const Context& context, journal::Store& store, const Planned& planned, const std::string& name) {
  effects::Clock& clock = context.env.effects().clock;
  int64_t give_up_ns = clock.monotonic_ns() + max_wait_ns;
  for (bool first = true;; first = false) {
    Result<Session> session = open_session(context, planned, name);
    if (session) {
      if (!context.quiet && !context.json())
        context.out(fmt::format("nobody drives run {}; taking it back from here\n", name));
      return drive_run(*session, name);
    }
    if (!session.error().refused) return context.fail(session.error(), NeedsHand);
    if (turns_back(store, name)) {
      if (!context.quiet && !context.json())
        context.out(
            fmt::format("run {} takes itself back; follow it by `rollout status {} --watch`\n", name, name));
      return Ok;
    }
    if (context.env.interrupts() > 0)
      return context.fail(context.env.interrupt_code(),
                          fmt::format("the abort of run {} is recorded and stays so; whoever drives it takes it back",
                                      name));
    std::optional<effects::Holder> driver = driver_of(planned.project, planned.plan);
    // Looked at twice: a debugger stops a process for a moment.
    bool stopped = driver && driver->stopped && !first;
    if (stopped || clock.monotonic_ns() >= give_up_ns) return context.fail(NeedsHand, not_seen(driver, name));
    if (first && driver && !context.quiet && !context.json())
      context.out(fmt::format("the abort of run {} is recorded; waiting for {}, which drives it\n", name, driver->who));
    clock.sleep_until(clock.monotonic_ns() + look_again_ns);
  }
}

/// Whether the promotion says that it enters nothing more, or the run that it stands in goes back.
bool turns_back(journal::Store& store, const exec::PromotionState& state) {
  const std::string& run = state.stages[exec::stage_of(state)].run;
  return state.aborted || state.ended || (!run.empty() && turns_back(store, run));
}

/// As take_back, for a promotion: its record and its open run carry the request already.
int end_promotion(const Context& context, NamedPromotion& promotion) {
  effects::Clock& clock = context.env.effects().clock;
  const std::string& name = promotion.name;
  std::string lock_name = promotion_lock(promotion.state.begun.promotion);
  int64_t give_up_ns = clock.monotonic_ns() + max_wait_ns;
  while (true) {
    Result<effects::ServiceLock> lock =
        effects::ServiceLock::take(promotion.project.locks(), lock_name, effects::holder_text(), name);
    if (lock) {
      if (!context.quiet && !context.json())
        context.out(fmt::format("nobody drives promotion {}; ending it from here\n", name));
      Timings timings(context);
      return go_on(context, promotion, *lock, timings);
    }
    if (!lock.error().refused) return context.fail(lock.error(), NeedsHand);
    Result<std::vector<journal::PromotionEvent>> events = promotion.store->read_promotion(name);
    if (events && turns_back(*promotion.store, exec::fold_all(*events))) {
      if (!context.quiet && !context.json())
        context.out(fmt::format("promotion {0} enters no further environment, and a run underway goes back; follow it "
                                "by `rollout status {0} --watch`\n",
                                name));
      return Ok;
    }
    if (context.env.interrupts() > 0)
      return context.fail(context.env.interrupt_code(),
                          fmt::format("the abort of promotion {} is recorded and stays so", name));
    if (clock.monotonic_ns() >= give_up_ns)
      return context.fail(NeedsHand,
                          not_seen(effects::ServiceLock::holder_of(promotion.project.locks(), lock_name), name));
    clock.sleep_until(clock.monotonic_ns() + look_again_ns);
  }
}

int abort_promotion(const Context& context, const std::string& name, const journal::Request& request) {
  int exit_code = Ok;
  std::optional<NamedPromotion> promotion = open_promotion(context, name, exit_code);
  if (!promotion) return exit_code;
  if (Result<int64_t> durable = promotion->store->request(name, request); !durable)
    return context.fail(durable.error());
  return end_promotion(context, *promotion);
}

}  // namespace

int cmd_abort(const Context& context) {
  const std::string& name = context.args.positional.at(0);
  journal::Request request;
  request.by = effects::holder_text();
  request.reason = context.args.has("--reason") ? context.args.value("--reason") : "no reason given";
  request.wall_ns = context.env.effects().clock.wall_ns();
  if (journal::is_promotion(name)) return abort_promotion(context, name, request);
  NamedRunOrExit named = open_run(context, name);
  if (!named.found) return named.exit_code;
  auto& [project, store, run] = *named.found;
  if (Result<int64_t> durable = store->request(name, request); !durable)
    return context.fail(durable.error());
  Result<Planned> planned = planned_of(*store, run, project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  return take_back(context, *store, *planned, name);
}

}  // namespace rollout::cli
