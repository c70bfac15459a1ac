#include "runtime/cli/apply_promotion.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/begin_run.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/view_plan.h"
#include "runtime/cli/view_promotion.h"
#include "runtime/cli/view_promotion_run.h"

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

std::vector<journal::Fixed> sources_of(const plan::Plan& plan) {
  std::vector<journal::Fixed> out;
  for (const plan::Source& source : plan.sources) out.push_back({source.path, source.sha256});
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

/// Plans, makes and drives the runs of one promotion. Holds the locks of the run that it has made.
class Hands : public exec::PromotionHands {
 public:
  Hands(const Context& context, const Project& project, journal::Store& store, Timings& timings)
      : context_(context), project_(project), store_(store), timings_(timings) {}

  Result<Entrance> enter(const PromotionState& state, journal::StageOf stage) override {
    const std::string& environment = state.begun.stages[stage.stage].environment;
    code_.reset();
    release();
    PlanOrExit made = plan_stage(context_, Look::World, stage_request(state, stage.stage), timings_);
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
      return OpError{fmt::format("{} was not entered: {}", environment, closed->why), false, true};
    }
    if (stage.stage == 0) stage.digests = digests_in(plan);
    return begin(std::move(stage));
  }

  Status drive(const PromotionState& state, uint32_t stage) override {
    const std::string& run = state.stages[stage].run;
    if (Status ready = session_ ? Status(Done{}) : take_over(run); !ready) return ready;
    code_ = drive_run(*session_, run);
    release();
    return Done{};
  }

  /// What the last run, or the last attempt to begin one, ended with; nothing: there was none.
  std::optional<int> code() const { return code_; }

 private:
  void release() {
    session_.reset();
    planned_.reset();
  }

  StageRequest stage_request(const PromotionState& state, uint32_t stage) const {
    const journal::PromotedStage& of = state.begun.stages[stage];
    StageRequest request{{project_, state.begun.file, typed_paths(project_, context_.env.directory)(state.begun.file)},
                         {state.begun.rollout, of.environment, of.soak_ns},
                         {}};
    for (const journal::Fixed& input : state.begun.inputs) request.inputs.emplace_back(input.name, input.text);
    for (const journal::Fixed& digest : state.digests)
      request.digests.push_back({digest.name, digest.text, "the first plan of the promotion"});
    return request;
  }

  Result<Entrance> begin(journal::StageOf stage) {
    Result<Session> session = open_session(context_, *planned_);
    if (!session) return session.error();
    session_.emplace(std::move(*session));
    session_->beside = store_.claims();
    Result<std::vector<journal::RunInfo>> runs = store_.list();
    if (!runs) return runs.error();
    if (std::optional<journal::RunInfo> open = unfinished_run(*runs, service_names(planned_->plan)))
      return OpError{fmt::format("run {0} of {1} has not ended, and nobody drives it; go on with it by `rollout apply "
                                 "--resume {0}`, or take it back by `rollout abort {0}`",
                                 open->run, open->rollout),
                     false, true};
    // Planned a moment ago, but not under the locks.
    if (Status fresh = check_world(context_, *planned_); !fresh) return fresh.error();
    if (!context_.quiet && !context_.json())
      context_.out("\n" + plan_text(planned_->plan, planned_->hash, context_.style, context_.verbose));
    Result<journal::RunInfo> run = begin_run(*session_, {.stage = std::move(stage)});
    if (!run) return run.error();
    return Entrance{};
  }

  Status take_over(const std::string& name) {
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

  const Context& context_;
  const Project& project_;
  journal::Store& store_;
  Timings& timings_;
  std::optional<Planned> planned_;
  std::optional<Session> session_;  ///< refers to `planned_`
  std::optional<int> code_;
};

/// How the command ends when the promotion has.
int exit_code_of(const PromotionState& state, std::optional<int> last) {
  switch (state.ended->outcome) {
    case journal::PromotionOutcome::Succeeded: return Ok;
    case journal::PromotionOutcome::Superseded: return Refused;
    case journal::PromotionOutcome::RolledBack: return RolledBack;
    case journal::PromotionOutcome::Stopped:
    case journal::PromotionOutcome::Aborted: break;
  }
  const PromotionState::Stage& stage = state.stages[exec::stage_of(state)];
  bool went_back = stage.ended && stage.ended->outcome == journal::Outcome::RolledBack;
  if (!went_back) return NeedsHand;
  // Nothing was changed in this environment; but the ones before it have the new version.
  if (last == int(Environment)) return exec::stage_of(state) == 0 ? Environment : NeedsHand;
  return last.value_or(RolledBack);
}

/// Of the file and the inputs that a command names, the newest one that has not ended.
Result<std::optional<journal::PromotionInfo>> unfinished(journal::Store& store, const std::string& promotion,
                                                         const std::string& file) {
  Result<std::vector<journal::PromotionInfo>> all = store.promotions();
  if (!all) return all.error();
  for (const journal::PromotionInfo& one : *all)
    if (!one.outcome && one.promotion == promotion && one.file == file) return std::optional(one);
  return std::optional<journal::PromotionInfo>();
}

/// What a command says that a promotion is to be.
struct Wanted {
  Place place;
  std::string promotion;
  std::vector<plan::Stage> stages;
  std::vector<std::pair<std::string, std::string>> inputs;
};

bool same_inputs(const PromotionState& state, const Wanted& wanted) {
  if (state.begun.inputs.size() != wanted.inputs.size()) return false;
  return std::all_of(wanted.inputs.begin(), wanted.inputs.end(), [&](const auto& input) {
    return std::count(state.begun.inputs.begin(), state.begun.inputs.end(), journal::Fixed{input.first, input.second});
  });
}

int resume_unfinished(const Context& context, NamedPromotion& promotion, const Wanted& wanted,
                      Timings& timings) {
  std::string how = fmt::format("go on with it by `rollout apply --resume {0}`, or end it by `rollout abort {0}`",
                                promotion.name);
  if (!same_inputs(promotion.state, wanted))
    return context.fail(Refused, fmt::format("promotion {} of {} has other inputs and has not ended; {}",
                                             promotion.name, wanted.promotion, how));
  bool go = context.args.has("--resume") || context.args.has("--yes");
  if (!go && somebody_is_there(context))
    go = ask(context, fmt::format("promotion {} of {} has not ended, and nobody drives it; go on with it?",
                                  promotion.name, wanted.promotion));
  if (!go)
    return context.fail(Refused, fmt::format("promotion {} of {} has not ended, and nobody drives it; {}",
                                             promotion.name, wanted.promotion, how));
  return go_on(context, promotion, timings);
}

/// All environments as they would be entered now: what is wrong with the last one is said before the first is changed.
std::optional<std::vector<StagePlan>> preview(const Context& context, const Wanted& wanted, Timings& timings,
                                              int& exit_code) {
  std::vector<StagePlan> plans;
  for (const plan::Stage& stage : wanted.stages) {
    PlanOrExit made = plan_stage(context, Look::World, {wanted.place, stage, wanted.inputs}, timings);
    exit_code = made.exit_code;
    if (!made.planned) return std::nullopt;
    plans.push_back({stage, std::move(*made.planned)});
  }
  return plans;
}

journal::PromotionBegun begun_of(const Wanted& wanted, const std::vector<StagePlan>& plans) {
  journal::PromotionBegun begun{wanted.promotion, wanted.stages.front().rollout, wanted.place.path, {}, {},
                                sources_of(plans.front().planned.plan), effects::holder_text()};
  for (const plan::Stage& stage : wanted.stages) begun.stages.push_back({stage.environment, stage.soak_ns});
  for (const auto& [name, text] : wanted.inputs) begun.inputs.push_back({name, text});
  return begun;
}

int begin(const Context& context, Wanted& wanted, std::unique_ptr<journal::Store> store, Timings& timings) {
  int exit_code = Ok;
  std::optional<std::vector<StagePlan>> plans = preview(context, wanted, timings, exit_code);
  if (!plans) return exit_code;
  if (!context.quiet && !context.json())
    context.out(promotion_text(wanted.promotion, *plans, context.style, context.verbose));
  bool changes = std::any_of(plans->begin(), plans->end(),
                             [](const StagePlan& plan) { return outline_of(plan.planned.plan).has_changes; });
  if (!changes) return Ok;
  if (!context.args.has("--yes")) {
    if (!somebody_is_there(context))
      return context.fail(Usage, "nobody can be asked here; say `--yes` to carry the promotion out");
    if (!ask(context, "carry this out, one environment after the other?"))
      return context.fail(Usage, "nothing was changed");
  }
  journal::PromotionBegun begun = begun_of(wanted, *plans);
  Project project = plans->front().planned.project;
  plans.reset();
  Result<std::string> name = store->begin(begun, context.env.effects().clock.wall_ns());
  if (!name) return fail_unchanged(context, name.error());
  NamedPromotion promotion{std::move(project), std::move(store), *name, {}};
  return go_on(context, promotion, timings);
}

}  // namespace

std::string promotion_lock(const std::string& promotion) { return "promotion " + promotion; }

int go_on(const Context& context, NamedPromotion& promotion, Timings& timings) {
  effects::Effects effects = context.env.effects();
  Hands hands(context, promotion.project, *promotion.store, timings);
  PromotionView view(context, promotion.name);
  exec::PromotionSurroundings around{effects.clock, *promotion.store, hands, view, context.env.interrupts,
                                     effects::holder_text()};
  Result<exec::PromotionDriven> driven = exec::drive_promotion(promotion.name, around);
  Result<std::vector<journal::PromotionEvent>> events = promotion.store->read_promotion(promotion.name);
  if (!events) return context.fail(events.error(), NeedsHand);
  PromotionState state = exec::fold_all(*events);
  bool began = std::any_of(state.stages.begin(), state.stages.end(), [](const auto& stage) { return stage.entered; });
  int code = NeedsHand;
  if (!driven) {
    code = began ? int(NeedsHand) : int(Environment);
    code = context.fail(driven.error(), hands.code().value_or(code));
  } else {
    switch (driven->stop) {
      case exec::PromotionStop::Ended: code = exit_code_of(state, hands.code()); break;
      case exec::PromotionStop::Interrupted: code = context.env.interrupt_code(); break;
      case exec::PromotionStop::Stopped: code = hands.code().value_or(NeedsHand); break;
    }
  }
  if (context.json()) context.out(promotion_result_json(promotion.name, state, code));
  else if (!context.quiet || code != Ok)
    context.out("\n" + promotion_picture({promotion.name, state, {}, effects.clock.wall_ns()}, context.style));
  return code;
}

int apply_promotion(const Context& context, const std::vector<plan::Stage>& stages, Timings& timings) {
  const std::vector<std::string>& words = context.args.positional;
  Result<Place> place = place_of(context.env.directory, words.at(0));
  if (!place) return context.fail(Usage, place.error().message);
  Result<std::vector<std::pair<std::string, std::string>>> inputs = inputs_of(context);
  if (!inputs) return context.fail(Usage, inputs.error().message);
  Result<Project> project = project_for(context, place->project);
  if (!project) return context.fail(Usage, project.error().message);
  if (project->root != place->project.root)
    return context.fail(Usage, "a promotion keeps its state in the project of its file; leave out `--project`");
  Wanted wanted{std::move(*place), words.at(1), stages, std::move(*inputs)};
  Result<std::unique_ptr<journal::Store>> store = open_store(context, *project, true);
  if (!store) return fail_unchanged(context, store.error());
  journal::Claims& claims = *(*store)->claims();
  if (Status ours = claims.take({promotion_lock(wanted.promotion)}, effects::holder_text(), {}); !ours)
    return fail_unchanged(context, ours.error());
  Result<std::optional<journal::PromotionInfo>> open = unfinished(**store, wanted.promotion, wanted.place.path);
  if (!open) return fail_unchanged(context, open.error());
  if (!*open) {
    if (context.args.has("--resume")) return context.fail(Refused, "there is no unfinished promotion to go on with");
    return begin(context, wanted, std::move(*store), timings);
  }
  Result<std::vector<journal::PromotionEvent>> events = (*store)->read_promotion((*open)->name);
  if (!events) return context.fail(events.error(), NeedsHand);
  NamedPromotion promotion{std::move(*project), std::move(*store), (*open)->name, exec::fold_all(*events)};
  return resume_unfinished(context, promotion, wanted, timings);
}

std::optional<NamedPromotion> open_promotion(const Context& context, const std::string& name, int& exit_code) {
  auto fail = [&](int code) {
    exit_code = code;
    return std::nullopt;
  };
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return fail(context.fail(Usage, project.error().message));
  Result<std::unique_ptr<journal::Store>> store = open_store(context, *project, false);
  if (!store) return fail(context.fail(store.error()));
  if (!*store)
    return fail(context.fail(Usage, fmt::format("there are no promotions in {}; name the project with --project DIR",
                                                state_place(context, *project))));
  Result<std::vector<journal::PromotionEvent>> events = (*store)->read_promotion(name);
  if (!events) return fail(context.fail(events.error(), Usage));
  return NamedPromotion{std::move(*project), std::move(*store), name, exec::fold_all(*events)};
}

int resume_promotion(const Context& context, const std::string& name) {
  int exit_code = Ok;
  std::optional<NamedPromotion> promotion = open_promotion(context, name, exit_code);
  if (!promotion) return exit_code;
  journal::Claims& claims = *promotion->store->claims();
  Status ours = claims.take({promotion_lock(promotion->state.begun.promotion)}, effects::holder_text(), name);
  if (!ours) return context.fail(ours.error());
  // Looked at again under the lock: another process may have ended it meanwhile.
  Result<std::vector<journal::PromotionEvent>> events = promotion->store->read_promotion(name);
  if (!events) return context.fail(events.error(), NeedsHand);
  promotion->state = exec::fold_all(*events);
  if (promotion->state.ended)
    return context.fail(Refused, fmt::format("promotion {0} has ended; `rollout status {0}` says how", name));
  if (promotion->state.reopened)
    return context.fail(Refused, fmt::format("promotion {0} is being taken back; `rollout rollback {0} --reason TEXT` "
                                             "goes on with that", name));
  Timings timings(context);
  return go_on(context, *promotion, timings);
}

}  // namespace rollout::cli
