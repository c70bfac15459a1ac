// `rollout rollback p3`: what a promotion has brought is taken back, the last environment first, each by the way back
// of its own run. Goes on where an earlier try of the same command has stopped.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/begin_run.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/rollback.h"

namespace rollout::cli {

namespace {

using exec::PromotionState;
using journal::Outcome;

class WayBack {
 public:
  WayBack(const Context& context, NamedPromotion& promotion) : context_(context), promotion_(promotion) {}

  int go() {
    if (std::optional<int> refused = begin()) return *refused;
    while (std::optional<uint32_t> stage = exec::next_to_take_back(promotion_.state)) {
      Result<StageBack> back = take_back(*stage);
      if (!back) return context_.fail(back.error(), NeedsHand);
      if (!back->taken_back) return back->exit_code;  // stopped: the same command goes on
      if (Status noted = record(*back->taken_back); !noted) return context_.fail(noted.error(), NeedsHand);
      if (back->taken_back->outcome == Outcome::RolledBack) continue;
      std::string detail = fmt::format("{} did not go back, and the environments before it keep the version",
                                       environment(*stage));
      return end({journal::PromotionOutcome::Stopped, detail}, back->exit_code);
    }
    return end({journal::PromotionOutcome::RolledBack, "all that it had brought was taken back"}, RolledBack);
  }

 private:
  /// Nothing was taken back when the run has not come to an end; `exit_code` is that of its driver.
  struct StageBack {
    std::optional<journal::StageTakenBack> taken_back;
    int exit_code = Ok;
  };

  const std::string& environment(uint32_t stage) const { return promotion_.state.begun.stages[stage].environment; }

  Status record(journal::PromotionPayload what) {
    journal::PromotionEvent event{context_.env.effects().clock.wall_ns(), std::move(what)};
    Result<std::vector<journal::PromotionEvent>> events = promotion_.store->read_promotion(promotion_.name);
    if (!events) return events.error();
    Result<journal::Appended> written = promotion_.store->append_to(promotion_.name, int64_t(events->size()), event);
    if (!written) return written.error();
    exec::fold(promotion_.state, event);
    return Done{};
  }

  int end(journal::PromotionEnded ended, int exit_code) {
    std::string said = fmt::format("promotion {}: {}\n", promotion_.name, ended.detail);
    if (Status noted = record(std::move(ended)); !noted) return context_.fail(noted.error(), NeedsHand);
    if (!context_.quiet && !context_.json()) context_.out(said);
    return exit_code;
  }

  std::optional<RunInHand> hold(uint32_t stage, int& exit_code) {
    return take_hold(context_, promotion_.state.stages[stage].run, exit_code);
  }

  /// Every environment is looked at before the first is touched; nothing: it may begin, or go on.
  std::optional<int> begin() {
    if (promotion_.state.reopened && !promotion_.state.ended) return std::nullopt;
    if (!promotion_.state.ended)
      return context_.fail(Refused, fmt::format("promotion {0} has not ended; `rollout abort {0}` ends it and takes "
                                                "back where it stands, then this command takes back the rest; nothing "
                                                "was changed", promotion_.name));
    std::string list;
    PromotionState looked = promotion_.state;
    while (std::optional<uint32_t> stage = exec::next_to_take_back(looked)) {
      int exit_code = Ok;
      std::optional<RunInHand> held = hold(*stage, exit_code);
      if (!held) return exit_code;
      if (Status way = check_way(context_, *held, Of::Promotion); !way) return context_.fail(way.error());
      list += fmt::format("{}{} ({})", list.empty() ? "" : ", then ", environment(*stage), held->run());
      looked.stages[*stage].taken_back = journal::StageTakenBack{*stage, Outcome::RolledBack, ""};
    }
    if (list.empty())
      return context_.fail(Refused, fmt::format("promotion {0} has brought nothing that could be taken back; `rollout "
                                                "status {0}` says what is where", promotion_.name));
    if (!context_.args.has("--yes")) {
      if (!somebody_is_there(context_))
        return context_.fail(Usage, "nobody can be asked here; say `--yes` to take the promotion back");
      if (!ask(context_, fmt::format("take promotion {} back: {}?", promotion_.name, list)))
        return context_.fail(Usage, "nothing was changed");
    }
    Status noted = record(journal::PromotionReopened{effects::holder_text(), rollback_reason(context_)});
    return noted ? std::nullopt : std::optional(context_.fail(noted.error(), NeedsHand));
  }

  int drive(RunInHand& held) {
    if (held.named.run.outcome) return take_back_ended(context_, held, Of::Promotion);
    Result<Session> session = open_session(context_, held.planned, held.run());
    return session ? drive_run(*session, held.run()) : context_.fail(session.error(), NeedsHand);
  }

  Result<StageBack> take_back(uint32_t stage) {
    int exit_code = Ok;
    if (!context_.quiet && !context_.json()) context_.out(fmt::format("\n{} goes back\n", environment(stage)));
    std::optional<RunInHand> held = hold(stage, exit_code);
    if (!held) return StageBack{std::nullopt, exit_code};
    bool open = !held->named.run.outcome || held->named.run.outcome == Outcome::Succeeded;
    if (open) exit_code = drive(*held);
    else exit_code = held->named.run.outcome == Outcome::RolledBack ? RolledBack : NeedsHand;
    Result<std::vector<journal::RunInfo>> runs = promotion_.store->list();
    if (!runs) return runs.error();
    for (const journal::RunInfo& run : *runs)
      if (run.run == promotion_.state.stages[stage].run && run.outcome && run.outcome != Outcome::Succeeded)
        return StageBack{journal::StageTakenBack{stage, *run.outcome, rollback_reason(context_)}, exit_code};
    return StageBack{std::nullopt, exit_code};
  }

  const Context& context_;
  NamedPromotion& promotion_;
};

}  // namespace

int rollback_promotion(const Context& context, const std::string& name) {
  int exit_code = Ok;
  std::optional<NamedPromotion> promotion = open_promotion(context, name, exit_code);
  if (!promotion) return exit_code;
  Status ours = promotion->store->claims()->take({promotion_lock(promotion->state.begun.promotion)},
                                                 effects::holder_text(), name);
  if (!ours) return context.fail(ours.error());
  // Looked at again under the lock: another process may have begun meanwhile.
  Result<std::vector<journal::PromotionEvent>> events = promotion->store->read_promotion(name);
  if (!events) return context.fail(events.error(), NeedsHand);
  promotion->state = exec::fold_all(*events);
  return WayBack(context, *promotion).go();
}

}  // namespace rollout::cli
