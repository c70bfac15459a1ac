#include <fmt/format.h>

#include "compiler/base/allow.h"
#include "runtime/cli/compile_files.h"
#include "runtime/cli/report.h"
#include "runtime/cli/report_formats.h"
#include "runtime/cli/snapshot.h"
#include "runtime/cli/view_tests.h"

namespace rollout::cli {

namespace {

/// A rollout that no test runs has ways, too.
void add_untested(const Compilation& compilation, Coverage& coverage) {
  const ir::Program& program = *compilation.program;
  for (const ir::Rollout& rollout : program.rollouts) {
    if (rollout.module + 1 != program.modules.size()) continue;
    plan::Request request;
    request.rollout = rollout.decl->name.text;
    if (coverage.knows(request.rollout)) continue;
    Diagnostics unused;
    std::optional<plan::Plan> plan = plan::make_plan(program, request, compilation.sources, unused);
    if (plan) coverage.add_plan(*plan);
  }
}

int finish(const Context& context, const std::vector<Tested>& all, const Coverage* coverage,
           const std::vector<std::string>& files) {
  size_t failed = failed_of(all);
  if (context.json()) {
    context.out(tests_json(all, coverage));
  } else if (context.format == "junit") {
    context.out(tests_junit(all));
  } else if (context.format == "mermaid") {
    context.out(coverage->mermaid());
  } else {
    if (coverage != nullptr) context.out(coverage->text(context.style));
    if (all.empty() && !context.quiet)
      context.out(fmt::format("there are no tests in {}; one is written as `test \"a good version arrives\" {{ … }}`\n",
                              files.size() == 1 ? files.front() : count_of(files.size(), "file")));
    else if (!context.quiet || failed > 0)
      context.out(fmt::format("{}, {}\n", count_of(all.size() - failed, "test") + " passed",
                              failed == 0 ? "none failed" : fmt::format("{} failed", failed)));
  }
  return failed == 0 ? Ok : FileErrors;
}

/// The tests of one file, then its snapshots.
int test_file(const Context& context, const Place& place, Compilation& compilation, std::vector<Tested>& all,
              Coverage* coverage) {
  auto add = [&](Tested tested) {
    all.push_back(std::move(tested));
    if (context.format == "text") print_test(context, all.back());
  };
  TestPlans plans(compilation);
  for (const plan::TestCase& test :
       plan::test_cases(*compilation.program, compilation.sources, compilation.diagnostics))
    add(run_test(plans, place.typed, test, coverage));
  if (coverage != nullptr) add_untested(compilation, *coverage);
  if (context.args.has("--update")) {
    Result<std::vector<std::string>> written = write_snapshots(context, compilation, place);
    if (!written) return context.fail(written.error(), written.error().settled ? FileErrors : Environment);
    for (const std::string& path : *written)
      if (context.format == "text" && !context.quiet) context.out(fmt::format("wrote {}\n", path));
  }
  for (Tested& compared : compare_snapshots(compilation, place)) add(std::move(compared));
  return Ok;
}

/// Nothing: it has no errors.
std::optional<Broken> broken_by(const Compilation& compilation, const std::string& file) {
  Broken broken{file, ""};
  for (const Diagnostic* one : compilation.diagnostics.sorted()) {
    if (one->severity != Severity::Error || is_allowed(*one, compilation.sources)) continue;
    broken.messages += short_line(*one, compilation.sources);
    if (!one->help.empty()) broken.messages += fmt::format("  {}\n", one->help);
  }
  return broken.messages.empty() ? std::nullopt : std::optional(std::move(broken));
}

}  // namespace

int cmd_test(const Context& context) {
  std::vector<std::string> named = context.args.positional;
  if (named.empty()) named.push_back(".");
  Result<std::vector<std::string>> files = rollout_files(context.env.directory, named);
  if (!files) return context.fail(Usage, files.error().message);
  bool covers = context.args.has("--coverage") || context.format == "mermaid";
  Timings timings(context);
  Report report(context);
  std::vector<Tested> all;
  std::vector<Broken> broken;
  Coverage coverage;
  CompileFiles compile(context.env.directory, timings);
  for (const std::string& file : *files) {
    Result<Place> place = place_of(context.env.directory, file);
    if (!place) return context.fail(Usage, place.error().message);
    if (!covers && compile.is_known(*place)) continue;
    std::unique_ptr<Compilation> compilation = compile.compile(*place);
    coverage.enter(file);
    if (!compilation->diagnostics.has_errors())
      if (int code = test_file(context, *place, *compilation, all, covers ? &coverage : nullptr); code != Ok)
        return code;
    report.add(*compilation);
    if (!compilation->diagnostics.has_errors()) compile.reported(*place, *compilation);
    if (std::optional<Broken> one = broken_by(*compilation, place->typed)) broken.push_back(std::move(*one));
  }
  if (report.errors() > 0) {
    report.finish();
    if (context.format == "junit") context.out(broken_junit(all, broken));
    return FileErrors;
  }
  return finish(context, all, covers ? &coverage : nullptr, *files);
}

}  // namespace rollout::cli
