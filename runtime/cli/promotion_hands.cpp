#include "runtime/cli/promotion_hands.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/begin_run.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/rollback.h"
#include "runtime/cli/view_plan.h"

namespace rollout::cli {

namespace {

using exec::Entrance;
using exec::PromotionState;

constexpr std::string_view digest_of = "digest(";

/// The digests that a plan found behind the tags of its images.
std::vector<journal::Fixed> digests_in(const plan::Plan& plan) {
  std::vector<journal::Fixed> out;
  for (const plan::Observed& observed : plan.observed)
    if (observed.what.starts_with(digest_of) && observed.value.is(eval::Value::Kind::String))
      out.push_back({observed.what.substr(digest_of.size(), observed.what.size() - digest_of.size() - 1),
                     observed.value.text});
  return out;
}

/// The file that is not the one that the promotion began with; empty: all are.
std::string changed_source(const std::vector<journal::Fixed>& began, const std::vector<journal::Fixed>& now) {
  for (const journal::Fixed& source : now)
    if (std::find(began.begin(), began.end(), source) == began.end()) return source.name;
  for (const journal::Fixed& source : began)
    if (std::find(now.begin(), now.end(), source) == now.end()) return source.name;
  return {};
}

Entrance refused(std::string why) { return {Entrance::Kind::Refused, {}, std::move(why), 0}; }

StageRequest stage_request(const Context& context, const Project& project, const PromotionState& state,
                           uint32_t stage) {
  const journal::PromotedStage& of = state.begun.stages[stage];
  StageRequest request{{project, state.begun.file, typed_paths(project, context.env.directory)(state.begun.file)},
                       {state.begun.rollout, of.environment, of.soak_ns},
                       {}};
  for (const journal::Fixed& input : state.begun.inputs) request.inputs.emplace_back(input.name, input.text);
  for (const journal::Fixed& digest : state.digests)
    request.digests.push_back({digest.name, digest.text, "the first plan of the promotion"});
  return request;
}

}  // namespace

std::vector<journal::Fixed> sources_of(const plan::Plan& plan) {
  std::vector<journal::Fixed> out;
  for (const plan::Source& source : plan.sources) out.push_back({source.path, source.sha256});
  return out;
}

void PromotionHands::release() {
  session_.reset();
  planned_.reset();
}

Result<Entrance> PromotionHands::enter(const PromotionState& state, journal::StageOf stage) {
  const std::string& environment = state.begun.stages[stage.stage].environment;
  code_.reset();
  release();
  PlanOrExit made = plan_stage(context_, Look::World, stage_request(context_, project_, state, stage.stage), timings_);
  if (!made.planned) {
    code_ = made.exit_code == Environment && stage.stage > 0 ? int(NeedsHand) : made.exit_code;
    return OpError{fmt::format("{} was not entered", environment)};
  }
  planned_ = std::move(*made.planned);
  const plan::Plan& plan = planned_->plan;
  std::string changed = changed_source(state.begun.sources, sources_of(plan));
  if (!changed.empty())
    return OpError{fmt::format("{} is not the file that {} began with, so {} was not entered; put it back as it was, "
                               "or end the promotion by `rollout abort {}` and begin another",
                               changed, stage.promotion, environment, stage.promotion),
                   false, true};
  if (!outline_of(plan).has_changes) return Entrance{Entrance::Kind::Unchanged, planned_->hash, {}, 0};
  if (std::optional<NotNow> closed = not_now(plan, context_.env.effects().clock.wall_ns())) {
    if (closed->opens_wall_ns) return Entrance{Entrance::Kind::Closed, {}, closed->why, *closed->opens_wall_ns};
    return refused(fmt::format("{} was not entered: {}", environment, closed->why));
  }
  if (stage.stage == 0) stage.digests = digests_in(plan);
  return begin(state.begun, std::move(stage));
}

void PromotionHands::go(const std::string& run) {
  code_ = drive_run(*session_, run);
  // Whoever stopped this process, lost its claims or its journal is not what the run waits for.
  waits_ = *code_ != Refused && !goes_on(store_, *planned_, run);
  release();
}

Status PromotionHands::drive(const PromotionState& state, uint32_t stage) {
  const std::string& run = state.stages[stage].run;
  if (Status ready = session_ ? Status(Done{}) : take_over(run); !ready) return ready;
  go(run);
  return Done{};
}

/// A run that a person has finished by hand meanwhile counts as what it says of itself.
Result<std::optional<journal::StageTakenBack>> PromotionHands::take_back(const PromotionState& state, uint32_t stage) {
  const std::string& run = state.stages[stage].run;
  const std::string& environment = state.begun.stages[stage].environment;
  if (!context_.quiet && !context_.json()) context_.out(fmt::format("\n{} goes back\n", environment));
  int said = Ok;
  std::optional<RunInHand> held = take_hold(context_, run, said);
  if (!held) {
    code_ = said;
    return OpError{fmt::format("{} was not taken back", environment)};
  }
  waits_ = false;
  if (!held->named.run.outcome) {
    if (Status ready = take_over(run); !ready) return ready.error();
    go(run);
  } else if (held->named.run.outcome == journal::Outcome::Succeeded) {
    code_ = take_back_ended(context_, *held, {Of::Promotion, state.reopened->reason, store_.claims()});
  } else {
    code_ = held->named.run.outcome == journal::Outcome::RolledBack ? RolledBack : NeedsHand;
  }
  Result<std::vector<journal::RunInfo>> runs = store_.list();
  if (!runs) return runs.error();
  Result<journal::RunInfo> now = find_run(*runs, run);
  if (!now) return now.error();
  if (!now->outcome || now->outcome == journal::Outcome::Succeeded) return std::optional<journal::StageTakenBack>();
  return std::optional(journal::StageTakenBack{stage, *now->outcome, state.reopened->reason});
}

Result<Entrance> PromotionHands::begin(const journal::PromotionBegun& begun, journal::StageOf stage) {
  Result<Session> session = open_session(context_, *planned_);
  if (!session) return session.error();
  session_.emplace(std::move(*session));
  session_->beside = store_.claims();
  stage.claim = store_.claims()->token();
  Result<std::vector<journal::RunInfo>> runs = store_.list();
  if (!runs) return runs.error();
  if (std::optional<journal::RunInfo> open = unfinished_run(*runs, service_names(planned_->plan)))
    return refused(fmt::format("run {} of {} has not ended, and nobody drives it; {}", open->run, open->rollout,
                               ways_to_end(store_, open->run)));
  Result<std::string> held = check_versions(context_, planned_->plan, store_, begun.accept_held);
  if (!held && held.error().refused) return refused(held.error().message);
  // Planned a moment ago, but not under the locks.
  if (Status fresh = check_world(context_, *planned_); !fresh) return fresh.error();
  if (!context_.quiet && !context_.json())
    context_.out("\n" + plan_text(planned_->plan, planned_->hash, context_.style, context_.verbose));
  Result<journal::RunInfo> run = begin_run(
      *session_, {.stage = std::move(stage), .by = begun.by, .accept_held = begun.accept_held});
  if (!run) return run.error();
  return Entrance{};
}

Status PromotionHands::take_over(const std::string& name) {
  Result<std::vector<journal::RunInfo>> runs = store_.list();
  if (!runs) return runs.error();
  Result<journal::RunInfo> run = find_run(*runs, name);
  if (!run) return run.error();
  Result<Planned> planned = planned_of(store_, *run, project_);
  if (!planned) return planned.error();
  planned_ = std::move(*planned);
  Result<Session> session = open_session(context_, *planned_, name);
  if (!session) return session.error();
  session_.emplace(std::move(*session));
  session_->beside = store_.claims();
  return Done{};
}

}  // namespace rollout::cli
