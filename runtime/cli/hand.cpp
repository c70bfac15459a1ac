#include "runtime/cli/hand.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/look.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/snapshot.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

/// Whether the journal says that the run goes back. It cannot have ended otherwise: the store lets no run succeed
/// once an abort of it is on record.
bool turns_back(journal::Store& store, const std::string& name) {
  Result<std::vector<journal::Event>> events = store.read(name);
  return events && std::any_of(events->begin(), events->end(), [](const journal::Event& event) {
           return std::holds_alternative<journal::RollbackStarted>(event.what);
         });
}

/// Of a run whose driver has come to its end with it; nothing: there is something to do still.
std::optional<int> ended_meanwhile(const Context& context, journal::Store& store, const std::string& name) {
  Result<std::vector<journal::RunInfo>> runs = store.list();
  Result<journal::RunInfo> run = runs ? find_run(*runs, name) : Result<journal::RunInfo>(runs.error());
  if (!run || !run->outcome) return std::nullopt;
  if (*run->outcome != journal::Outcome::RolledBack)
    return context.fail(NeedsHand, fmt::format("run {0} has ended: {1}; `rollout status {0}` says what to do", name,
                                               journal::spoken(*run->outcome)));
  if (!context.quiet && !context.json())
    context.out(fmt::format("run {0} has taken itself back; `rollout status {0}` says how\n", name));
  return Ok;
}

/// The run that a promotion stands in.
std::optional<std::string> run_meant(const Context& context, const std::string& name, int& exit_code, bool looks) {
  if (!journal::is_promotion(name)) return name;
  std::optional<NamedPromotion> promotion = (looks ? look_at_promotion : open_promotion)(context, name, exit_code);
  if (!promotion) return std::nullopt;
  const exec::PromotionState::Stage& stage = promotion->state.stages[exec::stage_of(promotion->state)];
  if (!stage.run.empty() && !stage.ended) return stage.run;
  if (promotion->state.ended) {
    std::string back = exec::next_to_take_back(promotion->state)
                           ? fmt::format("; `rollout rollback {} --reason TEXT` takes back what it has brought", name)
                           : "";
    exit_code = context.fail(Refused, fmt::format("promotion {0} has ended; `rollout status {0}` says how, and names "
                                                  "its runs{1}", name, back));
    return std::nullopt;
  }
  exit_code =
      context.fail(Refused, fmt::format("no run of promotion {0} is underway; `rollout status {0}` says where it "
                                        "stands, `rollout apply --resume {0}` goes on",
                                        name));
  return std::nullopt;
}

std::optional<RunInHand> held_run(const Context& context, const std::string& name, int& exit_code, Reads reads,
                                  bool looks) {
  std::optional<std::string> meant = run_meant(context, name, exit_code, looks);
  if (!meant) return std::nullopt;
  NamedRunOrExit named = (looks ? look_at_run : open_run)(context, *meant);
  exit_code = named.exit_code;
  if (!named.found) return std::nullopt;
  auto fail = [&](const OpError& error) {
    exit_code = context.fail(error, looks ? unread_code(error) : int(NeedsHand));
    return std::nullopt;
  };
  Result<Planned> planned = (looks ? planned_to_show : planned_of)(*named.found->store, named.found->run,
                                                                   named.found->project);
  if (!planned) return fail(planned.error());
  journal::Store& store = *named.found->store;
  if (reads == Reads::State) {
    Result<exec::RunSoFar> past = exec::read_run(store, planned->plan, named.found->run.run);
    if (!past) return fail(with_way_out(past.error(), named.found->run.run));
    return RunInHand{std::move(*named.found), std::move(*planned), {}, std::move(past->state)};
  }
  Result<std::vector<journal::Event>> events = store.read(named.found->run.run);
  if (!events)
    return fail(named.found->run.outcome ? events.error() : with_way_out(events.error(), named.found->run.run));
  exec::State state = exec::fold_all(planned->plan, *events);
  return RunInHand{std::move(*named.found), std::move(*planned), std::move(*events), std::move(state)};
}

}  // namespace

std::optional<RunInHand> take_hold(const Context& context, const std::string& name, int& exit_code, Reads reads) {
  return held_run(context, name, exit_code, reads, false);
}

std::optional<RunInHand> look_into(const Context& context, const std::string& name, int& exit_code) {
  return held_run(context, name, exit_code, Reads::Events, true);
}

Result<std::vector<journal::Request>> unseen_requests(journal::Store& store, const exec::State& state,
                                                      const std::string& run) {
  Result<std::vector<journal::Request>> requests = store.requests(run, state.last_request);
  if (!requests) return requests;
  exec::keep_last_of_line(*requests);
  // The line has moved all the time, as far as this run knows.
  std::erase_if(*requests, [&](const journal::Request& request) {
    return request.line && request.ask == journal::Ask::Resume && !state.line;
  });
  return requests;
}

std::string asked_text(const journal::Request& request) {
  std::string_view what = journal::word(journal::ask_names, request.ask);
  if (request.line) what = request.ask == journal::Ask::Pause ? "stop-the-line" : "start-the-line";
  return one_line(fmt::format("{} by {}{}; no driver has seen it yet", what, request.by,
                              request.reason.empty() ? "" : ": " + request.reason));
}

exec::State as_asked(exec::State state, const plan::Plan& plan, const std::string& run,
                     const std::vector<journal::Request>& requests) {
  exec::Executor executor(plan, run);
  for (const journal::Request& request : requests)
    if (std::optional<journal::Payload> event = executor.on_request(state, request))
      exec::fold(state, plan, {state.run_ns, request.wall_ns, std::move(*event)});
  return state;
}

std::string not_seen(const std::optional<effects::Holder>& driver, const std::string& name, std::string_view what,
                     std::string_view again) {
  std::string recorded = fmt::format("the {} of {}{} is recorded, but ", what,
                                     journal::is_promotion(name) ? "promotion " : "run ", name);
  if (!driver) return recorded + fmt::format("nobody has acted on it; give `{}` again", again);
  std::string end = driver->pid > 0 ? fmt::format("`kill -9 {}`", driver->pid) : "SIGKILL";
  bool latch = what == "pause" || what == "resume" || what == "override";
  std::string go_on = driver->stopped && driver->pid > 0
                          ? fmt::format("is stopped: `kill -CONT {}` lets it go on and {}; or end it", driver->pid,
                                        latch ? "act on it" : "take the run back")
                          : fmt::format("has not acted on it for {}; see whether it hangs, end it",
                                        short_duration(max_hand_wait_ns));
  return fmt::format("{}{}, which drives it, {} by {} and give `{}` again", recorded, driver->who, go_on, end, again);
}

/// A holder that goes without turning back leaves the run to us.
int take_back(const Context& context, journal::Store& store, const Planned& planned, const std::string& name,
              std::string_view what) {
  effects::Clock& clock = context.env.effects().clock;
  int64_t give_up_ns = clock.monotonic_ns() + max_hand_wait_ns;
  bool says = !context.quiet && !context.json();
  for (bool first = true;; first = false) {
    Result<Session> session = open_session(context, planned, name);
    if (session) {
      if (std::optional<int> code = ended_meanwhile(context, store, name)) return *code;
      if (says) context.out(fmt::format("nobody drives run {}; taking it back from here\n", name));
      return drive_run(*session, name);
    }
    if (!session.error().refused) return context.fail(session.error(), NeedsHand);
    if (turns_back(store, name)) {
      if (says)
        context.out(fmt::format("run {} takes itself back; follow it by `rollout status {} --watch`\n", name, name));
      return Ok;
    }
    if (context.env.interrupts() > 0)
      return context.fail(context.env.interrupt_code(),
                          fmt::format("the {} of run {} is recorded and stays so; whoever "
                                      "drives it takes it back",
                                      what, name));
    std::optional<effects::Holder> driver = driver_of(store, planned.plan);
    // Looked at twice: a debugger stops a process for a moment.
    bool stopped = driver && driver->stopped && !first;
    if (stopped || clock.monotonic_ns() >= give_up_ns)
      return context.fail(NeedsHand, not_seen(driver, name, what, fmt::format("rollout abort {}", name)));
    if (first && driver && says)
      context.out(fmt::format("the {} of run {} is recorded; waiting for {}, which drives it\n", what, name,
                              driver->who));
    clock.sleep_until(clock.monotonic_ns() + hand_look_ns);
  }
}

Waited wait_for_driver(const Context& context, const RunInHand& held, std::string_view what,
                       const std::function<Reached(const exec::State&)>& seen) {
  effects::Clock& clock = context.env.effects().clock;
  const std::string& run = held.run();
  int64_t give_up_ns = clock.monotonic_ns() + max_hand_wait_ns;
  for (bool first = true;; first = false) {
    // A state that does not answer says nothing of who drives.
    Result<std::optional<effects::Holder>> found = find_driver(*held.named.store, service_names(held.planned.plan));
    std::optional<effects::Holder> driver = found ? *found : std::nullopt;
    Result<exec::RunSoFar> past = exec::read_run(*held.named.store, held.planned.plan, run);
    if (!past && !past.error().retryable) return {Reached::Not, context.fail(past.error(), NeedsHand)};
    Reached now = past ? seen(past->state) : Reached::Not;
    if (now != Reached::Not || (found && !driver)) return {now};
    if (context.env.interrupts() > 0)
      return {now, context.fail(context.env.interrupt_code(),
                                fmt::format("the {} of run {} is recorded and stays so", what, run))};
    bool stopped = driver && driver->stopped && !first;
    if (stopped || clock.monotonic_ns() >= give_up_ns)
      return {now, context.fail(NeedsHand, not_seen(driver, run, what, fmt::format("rollout {} {}", what, run)))};
    clock.sleep_until(clock.monotonic_ns() + hand_look_ns);
  }
}

std::string request_json(std::string_view run, const journal::Request& request, bool driven, bool in_force) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "request").field("run", run);
  json.field("ask", journal::word(journal::ask_names, request.ask)).field("by", request.by);
  json.field("reason", request.reason).field("driven", driven).field("in_force", in_force).end_object();
  return json.take() + "\n";
}

}  // namespace rollout::cli
