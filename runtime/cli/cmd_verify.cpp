#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/verify/recheck.h"
#include "runtime/cli/planning.h"

namespace rollout::cli {

int cmd_verify(const Context& context) {
  const std::string& named = context.args.positional.at(0);
  PlanOrExit loaded = load_saved_plan(context, named);
  if (!loaded.planned) return loaded.exit_code;
  const plan::Plan& plan = loaded.planned->plan;
  if (!plan.facts)
    return context.fail(FileErrors, fmt::format("`{}` holds no facts: an earlier rollout made it; make it again: "
                                                "rollout plan --out {}",
                                                named, named));
  std::vector<std::string> broken = verify::recheck(plan);
  if (context.json()) {
    json::Writer json;
    json.begin_object().field("version", 1).field("plan", loaded.planned->hash).key("broken").begin_array();
    for (const std::string& text : broken) json.value(text);
    json.end_array().end_object();
    context.out(json.take() + "\n");
    return broken.empty() ? Ok : FileErrors;
  }
  for (const std::string& text : broken) context.fail(FileErrors, text);
  if (!broken.empty()) return FileErrors;
  if (!context.quiet)
    context.out(fmt::format("{} plan {}: what it says of itself holds\n", context.style.good("ok:"),
                            loaded.planned->hash.substr(0, 12)));
  return Ok;
}

}  // namespace rollout::cli
