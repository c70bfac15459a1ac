#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/begin_run.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/out_file.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_plan.h"
#include "runtime/cli/view_promotion.h"

namespace rollout::cli {

namespace {

constexpr OutKind saved_plan{"saved plan", R"({"format":)", "shop.plan", "print the plan: --format json"};

void print_plan(const Context& context, const Planned& planned) {
  if (context.json()) context.out(planned.bytes);
  else if (context.format == "markdown") context.out(plan_markdown(planned.plan, planned.hash));
  else context.out(plan_text(planned.plan, planned.hash, context.style, context.verbose));
}

std::string absolute(const Context& context, const std::string& typed) {
  return absolute_path(context.env.directory, typed);
}

/// One plan for each environment of the promotion that was named.
int plan_promotion(const Context& context, Look look, const std::vector<plan::Stage>& stages, Timings& timings) {
  const std::vector<std::string>& words = context.args.positional;
  if (context.args.has("--out"))
    return context.fail(Usage, fmt::format("a promotion is a plan for each environment, made when it is entered; save "
                                           "one: rollout plan {} {} --env {} --out {}.plan",
                                           words[0], stages[0].rollout, stages[0].environment, stages[0].environment));
  Result<Place> place = place_of(context.env.directory, words[0]);
  if (!place) return context.fail(Usage, place.error().message);
  Result<std::vector<std::pair<std::string, std::string>>> inputs = inputs_of(context);
  if (!inputs) return context.fail(Usage, inputs.error().message);
  std::vector<StagePlan> plans;
  for (const plan::Stage& stage : stages) {
    PlanOrExit made = plan_stage(context, look, {*place, stage, *inputs}, timings);
    if (!made.planned) return made.exit_code;
    plans.push_back({stage, std::move(*made.planned)});
  }
  if (context.json()) context.out(promotion_json(words[1], plans));
  else if (context.format == "markdown") context.out(promotion_markdown(words[1], plans));
  else context.out(promotion_text(words[1], plans, context.style, context.verbose));
  auto changes = [](const StagePlan& plan) { return outline_of(plan.planned.plan).has_changes; };
  bool some = std::any_of(plans.begin(), plans.end(), changes);
  return some && context.args.has("--detailed-exitcode") ? HasChanges : Ok;
}

}  // namespace

int cmd_plan(const Context& context) {
  Timings timings(context);
  std::string path = context.args.value("--out");
  if (context.args.has("--out"))
    if (Status free = check_free(context, path, saved_plan); !free) return context.fail(Usage, free.error().message);
  Look look = context.args.has("--offline") ? Look::Nowhere : Look::World;
  PlanOrExit made = plan_from_arguments(context, look, false, timings);
  if (!made.stages.empty()) return plan_promotion(context, look, made.stages, timings);
  if (!made.planned) return made.exit_code;
  if (!path.empty()) {
    if (Status written = context.env.effects().files.write(absolute(context, path), made.planned->bytes); !written)
      return context.fail(written.error());
  }
  if (path.empty() || !context.quiet) print_plan(context, *made.planned);
  const plan::Plan& plan = made.planned->plan;
  if (!plan.offline && outline_of(plan).has_changes) {
    Result<std::unique_ptr<journal::SqlStore>> store = look_at_state(context, made.planned->project);
    Status told = store ? tell_unproven(context, *made.planned, store->get()) : Status(store.error());
    // A plan can be made, and looked through, while its state is away.
    if (!told) context.fail(Ok, told.error().message + "; whether what runs now has come well cannot be told");
  }
  std::optional<std::string> start;
  if (!plan.offline && context.format == "text") start = start_text(plan, context.env.effects().clock.wall_ns());
  if (start && !context.quiet) context.out(fmt::format("\nstart: {}\n", *start));
  if (!path.empty() && !context.quiet && context.format == "text")
    context.out(fmt::format("\nsaved as {}; carry it out with: rollout apply {}\n", path, path));
  timings.mark("view");
  bool asked = context.args.has("--detailed-exitcode");
  return asked && outline_of(made.planned->plan).has_changes ? HasChanges : Ok;
}

int cmd_show(const Context& context) {
  PlanOrExit loaded = load_saved_plan(context, context.args.positional.at(0));
  if (!loaded.planned) return loaded.exit_code;
  print_plan(context, *loaded.planned);
  return Ok;
}

}  // namespace rollout::cli
