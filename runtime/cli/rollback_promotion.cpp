// `rollout rollback p3`: what a promotion has brought is taken back, the last environment first, each by the way back
// of its own run. Goes on where an earlier try of the same command has stopped.
#include <fmt/format.h>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/begin_run.h"
#include "runtime/cli/rollback.h"

namespace rollout::cli {

namespace {

/// Looks at every environment before the first is touched: what would be taken back, in order.
struct Looked {
  std::string list;
  std::optional<int> exit_code = {};  ///< of the command, which has said why
};
Looked look(const Context& context, exec::PromotionState state) {
  Looked looked;
  while (std::optional<uint32_t> stage = exec::next_to_take_back(state)) {
    int exit_code = Ok;
    std::optional<RunInHand> held = take_hold(context, state.stages[*stage].run, exit_code);
    if (!held) return {"", exit_code};
    bool back = held->named.run.outcome == journal::Outcome::RolledBack;  // by hand, meanwhile
    if (Status way = back ? Status(Done{}) : check_way(context, *held, Of::Promotion); !way)
      return {"", context.fail(way.error())};
    looked.list += fmt::format("{}{} ({})", looked.list.empty() ? "" : ", then ",
                               state.begun.stages[*stage].environment, held->run());
    state.stages[*stage].taken_back = journal::StageTakenBack{*stage, journal::Outcome::RolledBack, ""};
  }
  return looked;
}

/// Nothing: it is on record that it goes back.
std::optional<int> begin(const Context& context, NamedPromotion& promotion) {
  const std::string& name = promotion.name;
  if (!promotion.state.ended)
    return context.fail(Refused, fmt::format("promotion {0} has not ended; `rollout abort {0}` ends it and takes "
                                             "back where it stands, then this command takes back the rest; nothing "
                                             "was changed", name));
  Looked looked = look(context, promotion.state);
  if (looked.exit_code) return looked.exit_code;
  if (looked.list.empty())
    return context.fail(Refused, fmt::format("promotion {0} has brought nothing that could be taken back; `rollout "
                                             "status {0}` says what is where", name));
  if (!context.args.has("--yes")) {
    if (!somebody_is_there(context))
      return context.fail(Usage, "nobody can be asked here; say `--yes` to take the promotion back");
    if (!ask(context, fmt::format("take promotion {} back: {}?", name, looked.list)))
      return context.fail(Usage, "nothing was changed");
  }
  journal::PromotionEvent event{context.env.effects().clock.wall_ns(),
                                journal::PromotionReopened{effects::holder_text(), rollback_reason(context)}};
  Result<journal::Appended> written = promotion.store->append_to(name, promotion.events, event);
  return written ? std::nullopt : std::optional(context.fail(written.error(), NeedsHand));
}

}  // namespace

int rollback_promotion(const Context& context, const std::string& name) {
  int exit_code = Ok;
  std::optional<NamedPromotion> promotion = open_promotion(context, name, exit_code);
  if (!promotion) return exit_code;
  if (Status ours = claim(*promotion); !ours) return context.fail(ours.error());
  bool goes_back = promotion->state.reopened && !promotion->state.ended;
  if (!goes_back)
    if (std::optional<int> refused = begin(context, *promotion)) return *refused;
  Timings timings(context);
  return go_on(context, *promotion, timings);
}

}  // namespace rollout::cli
