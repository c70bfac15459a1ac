#include "runtime/cli/apply_promotion.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/begin_run.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/promotion_hands.h"
#include "runtime/cli/record.h"
#include "runtime/cli/view_promotion.h"
#include "runtime/cli/view_promotion_run.h"

namespace rollout::cli {

namespace {

using exec::PromotionState;

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

/// What a command says that a promotion is to be.
struct Wanted {
  Place place;
  std::string promotion;
  std::vector<plan::Stage> stages;
  std::vector<std::pair<std::string, std::string>> inputs;
  std::string acts_on;  ///< as of journal::PromotionBegun
};

/// From a plan that nobody sees and for which nobody looks at the world, which may be in the middle of the promotion.
/// What is wrong with the file is said when a stage is planned.
std::string acts_on(const Context& context, const Wanted& wanted, Timings& timings) {
  Env mute = context.env;
  mute.out = mute.err = [](std::string_view) {};
  Context unseen{mute, context.args, context.style, context.error_style, context.format, true};
  PlanOrExit first = plan_stage(unseen, Look::Nowhere, {wanted.place, wanted.stages.front(), wanted.inputs}, timings);
  return first.planned ? journal::acts_on_text(service_names(first.planned->plan)) : "";
}

/// Of the file and the inputs that a command names, the newest one that has not ended and whose record can be read.
Result<std::optional<journal::PromotionInfo>> unfinished(journal::Store& store, const Wanted& wanted) {
  Result<std::vector<journal::PromotionInfo>> all = store.promotions();
  if (!all) return all.error();
  for (const journal::PromotionInfo& one : *all) {
    if (one.outcome || one.promotion != wanted.promotion || one.file != wanted.place.path) continue;
    // Another project has one of this name and file; what an earlier version began says nothing of it.
    if (!one.acts_on.empty() && one.acts_on != wanted.acts_on) continue;
    Result<std::vector<journal::PromotionEvent>> events = store.read_promotion(one.name);
    if (events || !events.error().settled) return std::optional(one);
  }
  return std::optional<journal::PromotionInfo>();
}

bool same_inputs(const PromotionState& state, const Wanted& wanted) {
  if (state.begun.inputs.size() != wanted.inputs.size()) return false;
  return std::all_of(wanted.inputs.begin(), wanted.inputs.end(), [&](const auto& input) {
    return std::count(state.begun.inputs.begin(), state.begun.inputs.end(), journal::Fixed{input.first, input.second});
  });
}

/// `--detach`: a worker drives it.
int drive_or_leave(const Context& context, NamedPromotion& promotion, Timings& timings) {
  journal::Claims& claims = *promotion.store->claims();
  // Only for people and workers, who then know what is driven.
  (void)claims.name(promotion.name);
  if (!context.args.has("--detach")) return go_on(context, promotion, timings);
  claims.hand_over();
  return leave_to_workers(context, promotion.name);
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
  return drive_or_leave(context, promotion, timings);
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

journal::PromotionBegun begun_of(const Context& context, const Wanted& wanted, const std::vector<StagePlan>& plans) {
  journal::PromotionBegun begun{wanted.promotion, wanted.stages.front().rollout, wanted.place.path, {}, {},
                                sources_of(plans.front().planned.plan), effects::holder_text(), author_of(context),
                                context.args.has("--accept-held"), wanted.acts_on};
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
  journal::PromotionBegun begun = begun_of(context, wanted, *plans);
  Project project = plans->front().planned.project;
  plans.reset();
  Result<std::string> name = store->begin(begun, context.env.effects().clock.wall_ns());
  if (!name) return fail_unchanged(context, name.error());
  NamedPromotion promotion{std::move(project), std::move(store), *name, 1, {}};
  return drive_or_leave(context, promotion, timings);
}

}  // namespace

Status claim(NamedPromotion& promotion) {
  Status ours = promotion.store->claims()->take({journal::promotion_claim(promotion.state.begun)},
                                                effects::holder_text(), promotion.name);
  if (!ours) return ours;
  Result<std::vector<journal::PromotionEvent>> events = promotion.store->read_promotion(promotion.name);
  if (!events) return events.error();
  promotion.events = int64_t(events->size());
  promotion.state = exec::fold_all(*events);
  return Done{};
}

Result<std::optional<OpenPromotion>> open_promotion_of(journal::Store& store, const std::string& run) {
  Result<std::vector<journal::PromotionInfo>> all = store.promotions();
  if (!all) return all.error();
  for (const journal::PromotionInfo& info : *all) {
    if (info.outcome) continue;
    Result<std::vector<journal::PromotionEvent>> events = store.read_promotion(info.name);
    if (!events && events.error().settled) continue;  // it drives nothing any more
    if (!events) return events.error();
    PromotionState state = exec::fold_all(*events);
    for (const PromotionState::Stage& stage : state.stages)
      if (stage.entered && stage.run == run)
        return std::optional(OpenPromotion{info.name, journal::promotion_claim(state.begun)});
  }
  return std::optional<OpenPromotion>();
}

int offer_promotion(const Context& context, const std::string& name) {
  int exit_code = Ok;
  std::optional<NamedPromotion> promotion = open_promotion(context, name, exit_code);
  if (!promotion) return exit_code;
  if (promotion->state.ended)
    return context.fail(Refused, fmt::format("promotion {0} has ended; `rollout status {0}` says how", name));
  std::vector<std::string> claimed = {journal::promotion_claim(promotion->state.begun)};
  if (std::optional<effects::Holder> driver = driver_of(*promotion->store, claimed))
    return context.fail(Refused, fmt::format("promotion {} is driven by {} already", name, driver->who));
  Status offered = promotion->store->claims()->offer(claimed, name);
  return offered ? leave_to_workers(context, name) : context.fail(offered.error());
}

int go_on(const Context& context, NamedPromotion& promotion, Timings& timings) {
  effects::Effects effects = context.env.effects();
  PromotionHands hands(context, promotion.project, *promotion.store, timings);
  PromotionView view(context, promotion.name);
  exec::PromotionSurroundings around{effects.clock, *promotion.store, hands, view, context.env.interrupts,
                                     effects::holder_text()};
  Result<exec::PromotionDriven> driven = exec::drive_promotion(promotion.name, around);
  note_head(context, promotion.project, *promotion.store, promotion.name);
  bool for_others = !driven || driven->stop == exec::PromotionStop::Interrupted ||
                    (driven->stop == exec::PromotionStop::Stopped && !hands.waits_for_person());
  Result<std::vector<journal::PromotionEvent>> events = promotion.store->read_promotion(promotion.name);
  if (!events) {
    if (events.error().retryable && context.args.has("--hand-over")) promotion.store->claims()->hand_over();
    return context.fail(events.error(), NeedsHand);
  }
  PromotionState state = exec::fold_all(*events);
  if (for_others && !state.ended && context.args.has("--hand-over")) promotion.store->claims()->hand_over();
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
  Wanted wanted{std::move(*place), words.at(1), stages, std::move(*inputs), {}};
  wanted.acts_on = acts_on(context, wanted, timings);
  Result<std::unique_ptr<journal::Store>> store = open_store(context, *project, true);
  if (!store) return fail_unchanged(context, store.error());
  journal::Claims& claims = *(*store)->claims();
  std::string claimed = journal::promotion_claim(wanted.promotion, wanted.place.path, wanted.acts_on);
  if (Status ours = claims.take({claimed}, effects::holder_text(), {}); !ours)
    return fail_unchanged(context, ours.error());
  Result<std::optional<journal::PromotionInfo>> open = unfinished(**store, wanted);
  if (!open) return fail_unchanged(context, open.error());
  if (!*open) {
    if (context.args.has("--resume")) return context.fail(Refused, "there is no unfinished promotion to go on with");
    return begin(context, wanted, std::move(*store), timings);
  }
  Result<std::vector<journal::PromotionEvent>> events = (*store)->read_promotion((*open)->name);
  if (!events) return context.fail(events.error(), NeedsHand);
  NamedPromotion promotion{std::move(*project), std::move(*store), (*open)->name, int64_t(events->size()),
                           exec::fold_all(*events)};
  if (promotion_claim(promotion.state.begun) != claimed)
    if (Status ours = claim(promotion); !ours) return fail_unchanged(context, ours.error());
  return resume_unfinished(context, promotion, wanted, timings);
}

namespace {

/// Its record is damaged, and waits for a person: with its claim given back it is offered to no worker any more.
void set_aside(journal::Store& store, const std::string& name) {
  Result<std::vector<journal::PromotionInfo>> all = store.promotions();
  if (!all) return;
  for (const journal::PromotionInfo& one : *all)
    if (one.name == name &&
        store.claims()->take({journal::promotion_claim(one)}, effects::holder_text(), name))
      store.claims()->give_back();
}

std::optional<NamedPromotion> named_promotion(const Context& context, const std::string& name, int& exit_code,
                                              bool looks) {
  auto fail = [&](int code) {
    exit_code = code;
    return std::nullopt;
  };
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return fail(context.fail(Usage, project.error().message));
  Result<std::unique_ptr<journal::SqlStore>> store =
      looks ? look_at_state(context, *project) : open_state(context, *project, false);
  if (!store) return fail(context.fail(store.error()));
  if (!*store)
    return fail(context.fail(Usage, fmt::format("there are no promotions in {}; name the project with --project DIR",
                                                state_place(context, *project))));
  Result<std::vector<journal::PromotionEvent>> events = (*store)->read_promotion(name);
  if (!events) {
    if (events.error().settled && context.args.has("--hand-over")) set_aside(**store, name);
    return fail(context.fail(events.error(), events.error().settled ? NeedsHand : Usage));
  }
  return NamedPromotion{std::move(*project), std::move(*store), name, int64_t(events->size()),
                        exec::fold_all(*events)};
}

}  // namespace

std::optional<NamedPromotion> open_promotion(const Context& context, const std::string& name, int& exit_code) {
  return named_promotion(context, name, exit_code, false);
}

std::optional<NamedPromotion> look_at_promotion(const Context& context, const std::string& name, int& exit_code) {
  return named_promotion(context, name, exit_code, true);
}

int resume_promotion(const Context& context, const std::string& name) {
  int exit_code = Ok;
  std::optional<NamedPromotion> promotion = open_promotion(context, name, exit_code);
  if (!promotion) return exit_code;
  if (Status ours = claim(*promotion); !ours) return context.fail(ours.error());
  if (promotion->state.ended)
    return context.fail(Refused, fmt::format("promotion {0} has ended; `rollout status {0}` says how", name));
  Timings timings(context);
  return go_on(context, *promotion, timings);
}

}  // namespace rollout::cli
