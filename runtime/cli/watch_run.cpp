#include "runtime/cli/watch_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/give_up.h"
#include "runtime/cli/hand.h"
#include "runtime/cli/screen.h"
#include "runtime/cli/state_away.h"
#include "runtime/cli/view_run.h"
#include "runtime/cli/view_summary.h"
#include "runtime/exec/fold.h"

namespace rollout::cli {

namespace {

constexpr int64_t poll_ns = 500'000'000;
constexpr int narrowest = 40;  ///< that the summary is laid out for; the screen folds what is wider

std::string driver_text(const effects::Holder& driver) {
  return driver.stopped ? fmt::format("{}, which is stopped: `kill -CONT {}` lets it go on", driver.who, driver.pid)
                        : driver.who;
}

/// What is known of a run, look after look.
struct Watched {
  RunLog log;
  exec::State state;
  BesideRun beside;
  StateAway away;
};

/// Adds what is new in the record; an error: the record cannot be read now.
template <typename OnEvent>
Status look(Watched& watched, const Context& context, journal::Store& store, const plan::Plan& plan,
            const std::string& run, OnEvent on_event) {
  Result<std::vector<journal::Event>> events = store.read(run);
  if (!events) return events.error();
  for (size_t known = size_t(watched.state.events); known < events->size(); ++known) {
    exec::fold(watched.state, plan, (*events)[known]);
    watched.log.add((*events)[known]);
    on_event((*events)[known]);
  }
  Result<BesideRun> beside = beside_run(context, store, plan, watched.state, run);
  if (!beside) return beside.error();
  watched.beside = std::move(*beside);
  return Done{};
}

std::string picture_of(const Watched& watched, const std::string& run, std::string_view instead, const Style& style) {
  std::string away = watched.away.is_away() ? style.bad(watched.away.text()) + "\n" : "";
  return away + summary_text(watched.log, watched.beside.latched, run, style, watched.beside.driver,
                             watched.beside.since_ns, instead).substr(1) + asked_lines(watched.beside.asked, style);
}

}  // namespace

Result<BesideRun> beside_run(const Context& context, journal::Store& store, const plan::Plan& plan,
                             const exec::State& state, const std::string& run) {
  BesideRun beside;
  beside.latched = state;
  if (state.ended) return beside;
  Result<std::optional<effects::Holder>> driver = find_driver(store, service_names(plan));
  if (!driver) return driver.error();
  if (*driver) beside.driver = driver_text(**driver);
  Result<std::vector<journal::Request>> asked = unseen_requests(store, state, run);
  if (!asked) return asked.error();
  beside.asked = std::move(*asked);
  std::vector<journal::Request> latches = beside.asked;
  std::erase_if(latches, [](const journal::Request& request) {
    return request.ask != journal::Ask::Pause && request.ask != journal::Ask::Resume &&
           request.ask != journal::Ask::Override && request.ask != journal::Ask::Approve &&
           request.ask != journal::Ask::Reject;
  });
  beside.latched = as_asked(state, plan, run, latches);
  beside.since_ns = std::max<int64_t>(context.env.effects().clock.wall_ns() - state.wall_ns, 0);
  return beside;
}

std::string asked_lines(const std::vector<journal::Request>& asked, const Style& style) {
  std::string out;
  for (const journal::Request& request : asked)
    out += fmt::format("  {}  {}\n", style.dim(left("asked", 8)), asked_text(request));
  return out;
}

int watch_run(const Context& given, journal::Store& store, const std::string& run, const Planned& planned) {
  Context context = given;
  bool plain = context.args.has("--plain");
  if (plain) context.style = Style{false, false, context.style.columns};
  bool draws = can_redraw(context.env) && !plain && !context.json() && !context.quiet;
  const plan::Plan& plan = planned.plan;
  RunView view(context, plan, run, false);
  Screen screen(context);
  Watched watched{RunLog(plan), exec::initial_state(plan), {}, StateAway(context)};
  effects::Effects effects = context.env.effects();
  const std::string instead = next_of_earlier(planned, run);
  while (true) {
    Status looked = look(watched, context, store, plan, run, [&](const journal::Event& event) {
      if (!draws) view.on_event(event, watched.state);
    });
    if (!looked && !looked.error().retryable) return context.fail(looked.error(), unread_code(looked.error()));
    watched.away.note(looked ? nullptr : &looked.error(), !draws);
    if (watched.state.ended) break;
    if (draws) {
      context.style.columns = std::max(context.env.screen().columns, narrowest);
      screen.draw(picture_of(watched, run, instead, context.style));
    }
    effects.clock.sleep_until(effects.clock.monotonic_ns() + poll_ns);
    if (context.env.interrupts() > 0) return context.env.interrupt_code();
  }
  if (draws) screen.clear();
  context.out(context.json() ? summary_json(watched.log, watched.state, run,
                                            code_of_outcome(watched.log, watched.state))
                             : summary_text(watched.log, watched.state, run, context.style));
  return Ok;
}

}  // namespace rollout::cli
