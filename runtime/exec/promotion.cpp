#include "runtime/exec/promotion.h"

#include <algorithm>

#include <fmt/format.h>


namespace rollout::exec {

namespace {

using journal::PromotionEnded;
using journal::PromotionOutcome;

/// Names of stages from `first` up to `last`, for people.
std::string environments(const PromotionState& state, size_t first, size_t last) {
  std::string out;
  for (size_t i = first; i < last; ++i)
    out += (i == first ? "" : i + 1 == last ? " and " : ", ") + state.begun.stages[i].environment;
  return out;
}

PromotionEnded stopped_in(const PromotionState& state, size_t stage) {
  const journal::StageEnded& ended = *state.stages[stage].ended;
  std::string detail = fmt::format("{} {}{}", state.begun.stages[stage].environment,
                                   ended.outcome == journal::Outcome::RolledBack ? "went back" : "needs a hand",
                                   ended.detail.empty() ? "" : ": " + ended.detail);
  if (std::string rest = not_entered(state); !rest.empty()) detail += fmt::format("; {} not entered", rest);
  return {state.aborted ? PromotionOutcome::Aborted : PromotionOutcome::Stopped, std::move(detail)};
}

PromotionEnded aborted_before(const PromotionState& state, size_t stage) {
  std::string by = fmt::format("aborted by {}: {}", state.aborted->by, state.aborted->reason);
  std::string rest = not_entered(state);
  std::string keeps = stage == 0 ? "" : fmt::format("; {} with what was brought there", environments(state, 0, stage));
  if (!rest.empty()) rest = fmt::format("; {} not entered", rest);
  return {PromotionOutcome::Aborted, by + rest + keeps};
}

}  // namespace

void fold(PromotionState& state, const journal::PromotionEvent& event) {
  state.wall_ns = event.wall_ns;
  if (const auto* e = std::get_if<journal::PromotionBegun>(&event.what)) {
    state.begun = *e;
    state.began_wall_ns = event.wall_ns;
    state.stages.resize(e->stages.size());
  } else if (const auto* e = std::get_if<journal::StageEntered>(&event.what); e && e->stage < state.stages.size()) {
    state.stages[e->stage] = {true, e->run, e->plan_hash, event.wall_ns, {}};
    if (e->stage == 0) state.digests = e->digests;
  } else if (const auto* e = std::get_if<journal::StageEnded>(&event.what); e && e->stage < state.stages.size()) {
    state.stages[e->stage].ended = *e;
  } else if (const auto* e = std::get_if<journal::PromotionAborted>(&event.what)) {
    state.aborted = *e;
  } else if (const auto* e = std::get_if<journal::PromotionReopened>(&event.what)) {
    state.reopened = *e;
    state.ended.reset();
    for (PromotionState::Stage& stage : state.stages)
      if (stage.taken_back && stage.taken_back->outcome != journal::Outcome::RolledBack) stage.taken_back.reset();
  } else if (const auto* e = std::get_if<journal::StageTakenBack>(&event.what); e && e->stage < state.stages.size()) {
    state.stages[e->stage].taken_back = *e;
  } else if (const auto* e = std::get_if<PromotionEnded>(&event.what)) {
    state.ended = *e;
  }
}

PromotionState fold_all(const std::vector<journal::PromotionEvent>& events) {
  PromotionState state;
  for (const journal::PromotionEvent& event : events) fold(state, event);
  return state;
}

std::optional<uint32_t> next_to_take_back(const PromotionState& state) {
  for (uint32_t i = uint32_t(state.stages.size()); i-- > 0;) {
    const PromotionState::Stage& stage = state.stages[i];
    bool brought = !stage.run.empty() && stage.ended && stage.ended->outcome == journal::Outcome::Succeeded;
    bool back = stage.taken_back && stage.taken_back->outcome == journal::Outcome::RolledBack;
    if (brought && !back) return i;
  }
  return std::nullopt;
}

uint32_t stage_of(const PromotionState& state) {
  uint32_t stage = 0;
  for (uint32_t i = 0; i < state.stages.size(); ++i)
    if (state.stages[i].entered) stage = i;
  return stage;
}

std::string not_entered(const PromotionState& state) {
  size_t first = 0;
  while (first < state.stages.size() && state.stages[first].entered) ++first;
  return environments(state, first, state.stages.size());
}

namespace {

PromotionCommand next_back(const PromotionState& state) {
  std::optional<uint32_t> stage = next_to_take_back(state);
  if (!stage) return EndPromotion{{PromotionOutcome::RolledBack, "all that it had brought was taken back"}};
  if (!state.stages[*stage].taken_back) return TakeBackStage{*stage};
  return EndPromotion{{PromotionOutcome::Stopped,
                       fmt::format("{} did not go back, and the environments before it keep the version",
                                   state.begun.stages[*stage].environment)}};
}

}  // namespace

PromotionCommand next_command(const PromotionState& state, int64_t wall_ns) {
  if (state.ended) return PromotionOver{};
  if (state.reopened) return next_back(state);
  for (uint32_t i = 0; i < state.stages.size(); ++i) {
    const PromotionState::Stage& stage = state.stages[i];
    if (!stage.entered) {
      if (state.aborted) return EndPromotion{aborted_before(state, i)};
      int64_t until = i == 0 ? wall_ns : state.stages[i - 1].ended->wall_ns + state.begun.stages[i - 1].soak_ns;
      if (wall_ns < until) return Soak{i - 1, until};
      return EnterStage{i};
    }
    if (!stage.ended) return DriveStage{i};
    if (stage.ended->outcome != journal::Outcome::Succeeded) return EndPromotion{stopped_in(state, i)};
  }
  // An abort that came behind the last success has nothing to take back any more, and says so.
  if (state.aborted) return EndPromotion{aborted_before(state, state.stages.size())};
  return EndPromotion{{PromotionOutcome::Succeeded, environments(state, 0, state.stages.size())}};
}

namespace {

constexpr int64_t store_retry_ns = 1'000'000'000;
/// A store that stays away for longer ends the driving; the promotion can be resumed.
constexpr int64_t max_store_away_ns = 3'600'000'000'000;

class Driver {
 public:
  Driver(const std::string& name, PromotionSurroundings& around) : name_(name), around_(around) {}

  Result<PromotionDriven> go() {
    if (Status read = reload(false); !read) return read.error();
    if (known_ > 1 && !state_.ended && !just_reopened_)
      if (Status done = record(journal::PromotionResumed{around_.holder}); !done) return done.error();
    while (true) {
      if (Status taken = take_abort(); !taken) return taken.error();
      PromotionCommand command = next_command(state_, around_.clock.wall_ns());
      if (std::holds_alternative<PromotionOver>(command))
        return stop(state_.ended ? PromotionStop::Ended : PromotionStop::Stopped);
      if (around_.interrupts() > 0) return stop(PromotionStop::Interrupted);
      Status done = Done{};
      if (const EnterStage* enter = std::get_if<EnterStage>(&command)) done = carry_out(*enter);
      else if (const DriveStage* drive = std::get_if<DriveStage>(&command)) done = carry_out(*drive);
      else if (const TakeBackStage* back = std::get_if<TakeBackStage>(&command)) done = carry_out(*back);
      else if (const Soak* soak = std::get_if<Soak>(&command)) wait(soak_text(*soak), soak->until_wall_ns);
      else if (const EndPromotion* end = std::get_if<EndPromotion>(&command)) done = record(end->end);
      if (!done) return done.error();
      if (stopped_) return stop(around_.interrupts() > 0 ? PromotionStop::Interrupted : PromotionStop::Stopped);
    }
  }

 private:
  Result<PromotionDriven> stop(PromotionStop how) { return PromotionDriven{how, std::move(state_)}; }

  /// What is in the store and not known yet; `show` tells the listener.
  Status reload(bool show = true) {
    Result<std::vector<journal::PromotionEvent>> events = around_.store.read_promotion(name_);
    if (!events) return events.error();
    for (; known_ < events->size(); ++known_) {
      fold(state_, (*events)[known_]);
      just_reopened_ = std::holds_alternative<journal::PromotionReopened>((*events)[known_].what);
      if (show || events->size() == 1) around_.listener.on_event((*events)[known_], state_);
    }
    return Done{};
  }

  Status record(journal::PromotionPayload what) {
    journal::PromotionEvent event{around_.clock.wall_ns(), std::move(what)};
    int64_t give_up_ns = around_.clock.monotonic_ns() + max_store_away_ns;
    while (true) {
      Result<journal::Appended> written = around_.store.append_to(name_, int64_t(known_), event);
      if (written && *written == journal::Appended::AbortFirst) return Done{};  // the mailbox is looked at next
      if (written) break;
      bool waits = written.error().retryable && around_.clock.monotonic_ns() < give_up_ns && around_.interrupts() == 0;
      if (!waits) return written.error();
      around_.listener.on_trouble(written.error().message);
      around_.clock.sleep_until(around_.clock.monotonic_ns() + store_retry_ns);
    }
    ++known_;
    fold(state_, event);
    around_.listener.on_event(event, state_);
    return Done{};
  }

  /// An error: another process drives the promotion now.
  Status take_abort() {
    if (state_.ended) return Done{};
    Result<std::vector<journal::Request>> requests = around_.store.requests(name_, 0);
    if (!requests && requests.error().refused) return requests.error();
    if (!requests || state_.aborted || state_.reopened) return Done{};  // a store that is away is noticed later
    for (const journal::Request& request : *requests)
      if (journal::takes_back(request.ask))
        return record(journal::PromotionAborted{request.id, request.by, request.reason});
    return Done{};
  }

  Status carry_out(const EnterStage& enter) {
    Result<std::string> other = changed_since(enter.stage);
    if (!other) return other.error();
    if (!other->empty()) return record(PromotionEnded{PromotionOutcome::Superseded, *other});
    Result<Entrance> entrance = around_.hands.enter(state_, {name_, int64_t(known_), enter.stage, state_.digests});
    if (!entrance) return entrance.error();
    switch (entrance->kind) {
      case Entrance::Kind::Entered: return reload();
      case Entrance::Kind::Unchanged:
        return record(journal::StageEntered{enter.stage, "", entrance->plan_hash, state_.digests});
      case Entrance::Kind::Closed: wait(entrance->why, entrance->opens_wall_ns); return Done{};
      case Entrance::Kind::Refused: return refuse(enter.stage, entrance->why);
    }
    return Done{};
  }

  /// One that has changed nothing yet ends there: a driver that tried it again could only be refused again.
  Status refuse(uint32_t stage, const std::string& why) {
    if (stage == 0)
      if (Status ended = record(PromotionEnded{PromotionOutcome::Stopped, "refused: " + why + "; nothing was changed"});
          !ended)
        return ended;
    return OpError{why, false, true};
  }

  /// Who has changed the environment before this one, so that it no longer is what was tried there; empty: nobody.
  Result<std::string> changed_since(uint32_t stage) {
    if (stage == 0 || state_.stages[stage - 1].run.empty()) return std::string();
    Result<std::vector<journal::RunInfo>> runs = around_.store.list();
    if (!runs) return runs.error();
    const journal::RunInfo* ours = nullptr;
    for (const journal::RunInfo& run : *runs)
      if (run.run == state_.stages[stage - 1].run) ours = &run;
    for (const journal::RunInfo& run : *runs)
      for (const journal::Generation& later : run.generations)
        for (size_t i = 0; ours != nullptr && i < ours->generations.size(); ++i)
          if (ours->generations[i].service == later.service && ours->generations[i].number < later.number)
            return fmt::format("{} was changed by run {} since {} had brought it there; {} not entered", later.service,
                               run.run, ours->run, not_entered(state_));
    return std::string();
  }

  Status carry_out(const DriveStage& drive) {
    const PromotionState::Stage& stage = state_.stages[drive.stage];
    if (stage.run.empty())
      return record(journal::StageEnded{drive.stage, journal::Outcome::Succeeded, stage.entered_wall_ns,
                                        "nothing had to be changed"});
    if (Status driven = around_.hands.drive(state_, drive.stage); !driven) return driven.error();
    Result<std::vector<journal::Event>> events = around_.store.read(stage.run);
    if (!events) return events.error();
    std::string cause;
    for (const journal::Event& event : *events) {
      if (const auto* back = std::get_if<journal::RollbackStarted>(&event.what)) cause = back->detail;
      const auto* ended = std::get_if<journal::RunEnded>(&event.what);
      if (ended == nullptr) continue;
      bool well = ended->outcome == journal::Outcome::Succeeded;
      return record(journal::StageEnded{drive.stage, ended->outcome, event.wall_ns,
                                        well || cause.empty() ? ended->detail : cause});
    }
    stopped_ = true;
    return Done{};
  }

  Status carry_out(const TakeBackStage& back) {
    Result<std::optional<journal::StageTakenBack>> taken = around_.hands.take_back(state_, back.stage);
    if (!taken) return taken.error();
    if (*taken) return record(std::move(**taken));
    stopped_ = true;
    return Done{};
  }

  std::string soak_text(const Soak& soak) const {
    return fmt::format("{} is left alone", state_.begun.stages[soak.stage].environment);
  }

  void wait(const std::string& why, int64_t until_wall_ns) {
    if (why != waits_for_) around_.listener.on_wait(state_, why, until_wall_ns);
    waits_for_ = why;
    int64_t left_ns = std::max<int64_t>(until_wall_ns - around_.clock.wall_ns(), 1);
    around_.clock.sleep_until(around_.clock.monotonic_ns() + std::min(left_ns, around_.poll_ns));
  }

  std::string name_;
  PromotionSurroundings& around_;
  PromotionState state_;
  size_t known_ = 0;
  bool stopped_ = false;
  bool just_reopened_ = false;  ///< by this process, or one that did nothing since
  std::string waits_for_;
};

}  // namespace

Result<PromotionDriven> drive_promotion(const std::string& promotion, PromotionSurroundings surroundings) {
  return Driver(promotion, surroundings).go();
}

}  // namespace rollout::exec
