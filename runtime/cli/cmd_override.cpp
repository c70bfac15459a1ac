// `override`: one run goes on although the line is stopped, for a reason and a time that stand in its record.
#include <charconv>

#include <fmt/format.h>

#include "runtime/cli/hand.h"
#include "runtime/journal/store_errors.h"

namespace rollout::cli {

namespace {

/// Whoever needs longer says so again.
constexpr int64_t most_minutes = 24 * 60;
constexpr int64_t ns_per_minute = 60'000'000'000;

/// `30m`, `2h`: minutes; nothing: it is no such text, or too long.
std::optional<int64_t> minutes_of(std::string_view text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, size_t(text.data() + text.size() - end));
  if (error != std::errc() || number < 1 || number > most_minutes || (unit != "m" && unit != "h")) return std::nullopt;
  int64_t minutes = unit == "h" ? number * 60 : number;
  return minutes <= most_minutes ? std::optional(minutes) : std::nullopt;
}

Status may_be_overridden(const RunInHand& held, const exec::State& state) {
  const std::string& run = held.run();
  if (held.named.run.outcome) return journal::run_has_ended(run, *held.named.run.outcome);
  if (state.phase != exec::RunPhase::Running || state.abort)
    return OpError{fmt::format("run {0} goes back, and no stopped line keeps it from that; `rollout status {0} "
                               "--watch` follows it", run), false, true};
  if (!state.line)
    return OpError{fmt::format("the line is not stopped, so there is nothing to override; `rollout status {}` says "
                               "what run {} waits for", run, run), false, true};
  return Done{};
}

}  // namespace

int cmd_override(const Context& context) {
  std::optional<int64_t> minutes = minutes_of(context.args.value("--for"));
  if (context.args.has("--for") && !minutes)
    return context.fail(Usage, fmt::format("`--for {}` is no time that an override may last: whole minutes or hours, "
                                           "from 1m to 24h, as 30m or 2h", context.args.value("--for")));
  if (context.args.value("--reason").empty() || !minutes)
    return context.fail(Usage, "say why and for how long, at most 24h: rollout override RUN --for 30m --reason TEXT");
  int exit_code = Ok;
  std::optional<RunInHand> held = take_hold(context, context.args.positional.at(0), exit_code);
  if (!held) return exit_code;
  const std::string& run = held->run();
  Result<std::vector<journal::Request>> unseen = unseen_requests(*held->named.store, held->state, run);
  if (!unseen) return context.fail(unseen.error());
  const exec::State state = as_asked(held->state, held->planned.plan, held->run(), *unseen);
  if (Status may = may_be_overridden(*held, state); !may) return context.fail(may.error());
  journal::Request request{0, journal::Ask::Override, effects::holder_text(), context.args.value("--reason"),
                           context.env.effects().clock.wall_ns()};
  request.minutes = *minutes;
  if (Result<int64_t> durable = held->named.store->request(run, request); !durable)
    return context.fail(durable.error());
  bool stop_is_on_record = held->state.line.has_value();
  Waited waited = wait_for_driver(context, *held, "override", [&](const exec::State& now) {
    if (now.overridden) return Reached::Done;
    bool started = stop_is_on_record && !now.line;
    return now.phase != exec::RunPhase::Running || started ? Reached::TooLate : Reached::Not;
  });
  if (waited.exit_code) return *waited.exit_code;
  if (waited.seen == Reached::TooLate)
    return context.fail(Refused, fmt::format("run {0} went back or ended, or the line was started, before it could be "
                                             "overridden; `rollout status {0}` says which", run));
  bool in_force = waited.seen == Reached::Done;
  std::string until = effects::utc_text(request.wall_ns + *minutes * ns_per_minute);
  std::string said =
      in_force ? fmt::format("run {} goes on until {}, although the line is stopped; then it pauses again", run, until)
               : fmt::format("the override is recorded, until {}; nobody drives run {}: `rollout apply --resume {}`",
                             until, run, run);
  if (context.json()) context.out(request_json(run, request, in_force, in_force));
  else if (!context.quiet) context.out(said + "\n");
  return Ok;
}

}  // namespace rollout::cli
