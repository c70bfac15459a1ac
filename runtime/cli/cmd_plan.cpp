#include <filesystem>

#include <fmt/format.h>

#include "runtime/cli/outline.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/view_plan.h"

namespace rollout::cli {

namespace {

void print_plan(const Context& context, const Planned& planned) {
  if (context.json()) context.out(planned.bytes);
  else if (context.format == "markdown") context.out(plan_markdown(planned.plan, planned.hash));
  else context.out(plan_text(planned.plan, planned.hash, context.style, context.verbose));
}

}  // namespace

int cmd_plan(const Context& context) {
  Timings timings(context);
  Look look = context.args.has("--offline") ? Look::Nowhere : Look::World;
  PlanOrExit made = plan_from_arguments(context, look, false, timings);
  if (!made.planned) return made.exit_code;
  std::string path = context.args.value("--out");
  if (!path.empty()) {
    std::string absolute = (std::filesystem::path(context.env.directory) / path).lexically_normal().string();
    if (Status written = context.env.effects().files.write(absolute, made.planned->bytes); !written)
      return context.fail(written.error());
  }
  if (path.empty() || !context.quiet) print_plan(context, *made.planned);
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
