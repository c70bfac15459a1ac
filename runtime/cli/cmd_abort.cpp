#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/hand.h"

namespace rollout::cli {

namespace {

/// Whether the journal says that the run goes back.
bool turns_back(journal::Store& store, const std::string& name) {
  Result<std::vector<journal::Event>> events = store.read(name);
  return events && std::any_of(events->begin(), events->end(), [](const journal::Event& event) {
           return std::holds_alternative<journal::RollbackStarted>(event.what);
         });
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
  std::string lock_name = journal::promotion_claim(promotion.state.begun);
  int64_t give_up_ns = clock.monotonic_ns() + max_hand_wait_ns;
  while (true) {
    Status ours = promotion.store->claims()->take({lock_name}, effects::holder_text(), name);
    if (ours) {
      if (!context.quiet && !context.json())
        context.out(fmt::format("nobody drives promotion {}; ending it from here\n", name));
      Timings timings(context);
      return go_on(context, promotion, timings);
    }
    if (!ours.error().refused) return context.fail(ours.error(), NeedsHand);
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
                          not_seen(driver_of(*promotion.store, std::vector{lock_name}), name, "abort",
                                   fmt::format("rollout abort {}", name)));
    clock.sleep_until(clock.monotonic_ns() + hand_look_ns);
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
  if (journal::is_promotion(name) && context.args.has("--give-up"))
    return context.fail(Usage, "a run is given up, and no promotion: `rollout status` names the run that it stands in");
  if (journal::is_promotion(name)) return abort_promotion(context, name, request);
  if (context.args.has("--give-up") && !context.args.has("--reason"))
    return context.fail(Usage, "a run is given up for a reason: --reason TEXT");
  NamedRunOrExit named = open_run(context, name);
  if (!named.found) return named.exit_code;
  if (context.args.has("--give-up")) return give_up(context, *named.found, std::move(request));
  auto& [project, store, run] = *named.found;
  if (Result<int64_t> durable = store->request(name, request); !durable)
    return context.fail(durable.error());
  Result<Planned> planned = planned_of(*store, run, project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  return take_back(context, *store, *planned, name, "abort");
}

}  // namespace rollout::cli
