#include "runtime/cli/report.h"

#include <fmt/format.h>

namespace rollout::cli {

int cmd_check(const Context& context) {
  std::vector<std::string> named = context.args.positional;
  if (named.empty()) named.push_back(".");
  Result<std::vector<std::string>> files = rollout_files(context.env.directory, named);
  if (!files) return context.fail(Usage, files.error().message);
  Timings timings(context);
  Report report(context);
  size_t rollouts = 0, tests = 0;
  for (const std::string& file : *files) {
    Result<Place> place = place_of(context.env.directory, file);
    if (!place) return context.fail(Usage, place.error().message);
    std::unique_ptr<Compilation> compilation = compile_file(*place, context.env.directory, timings);
    check_plans(*compilation);
    timings.mark("plan");
    report.add(*compilation);
    const ir::Program& program = *compilation->program;
    for (const ir::Rollout& rollout : program.rollouts)
      rollouts += rollout.module + 1 == program.modules.size();
    for (const ir::Test& test : program.tests) tests += test.module + 1 == program.modules.size();
  }
  report.finish();
  if (report.errors() > 0) return FileErrors;
  if (!context.quiet && !context.json())
    context.out(fmt::format("{} {}, {}, {}\n", context.style.good("ok:"), count_of(files->size(), "file"),
                            count_of(rollouts, "rollout"), count_of(tests, "test")));
  return Ok;
}

}  // namespace rollout::cli
