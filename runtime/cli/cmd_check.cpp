#include "runtime/cli/compile_files.h"
#include "runtime/cli/mend.h"
#include "runtime/cli/report.h"

#include <set>

#include <fmt/format.h>

#include "compiler/neighbours.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/packages.h"
#include "runtime/cli/planning.h"

namespace rollout::cli {

namespace {

using Inputs = std::vector<std::pair<std::string, std::string>>;

constexpr int64_t max_error_limit = 1'000'000;
constexpr int max_rounds = 10;

/// What the files of the project say of the migrations of a plan; nothing where they cannot be read: `plan` says why.
FindMigrations migrations_in(const Context& context, const Place& place) {
  return [&context, &place](const plan::Plan& plan) {
    Result<std::vector<plan::ObservedMigrations>> found = migrations_of(context, plan, place.project);
    return found ? std::move(*found) : std::vector<plan::ObservedMigrations>();
  };
}

/// One round of edits.
int mend_once(const Context& context, const std::vector<std::string>& files, const Inputs& inputs, Timings& timings,
              bool& changed) {
  Mend mend(context);
  CompileFiles compile(context.env.directory, timings);
  for (const std::string& file : files) {
    Result<Place> place = place_of(context.env.directory, file);
    if (!place) return context.fail(Usage, place.error().message);
    std::unique_ptr<Compilation> compilation = compile.compile(*place);
    compilation->now_wall_ns = context.env.effects().clock.wall_ns();
    check_plans(*compilation, inputs, migrations_in(context, *place));
    mend.add(*place, *compilation);
  }
  int code = mend.finish();
  changed = mend.changed();
  return code;
}

/// Round after round: names are looked at only in a file that parses.
int mend_files(const Context& context, const std::vector<std::string>& files, const Inputs& inputs,
               Timings& timings) {
  bool changed = true;
  for (int round = 0; changed && round < max_rounds; ++round)
    if (int code = mend_once(context, files, inputs, timings, changed); code != Ok) return code;
  return Ok;
}

/// All files of all packages, also those that nothing imports.
void check_locked(const Context& context, const std::string& named, Report& report) {
  Result<Place> place = place_of(context.env.directory, named);
  Project project = place ? place->project : project_of(context.env.directory, named);
  Compilation files;
  files.sources.show_names_as(typed_paths(project, context.env.directory));
  Packages packages = read_packages(project, files.sources, files.diagnostics, Lock::Ignored);
  if (!files.diagnostics.has_errors()) check_lock(project, packages, files.diagnostics);
  report.add(files);
}

/// Two projects with one state share their locks.
Home home_of(const Context& context, const Project& project) {
  std::string url = state_url(context, project);
  return {project.root, url.empty() ? project.state() : url};
}

}  // namespace

int cmd_check(const Context& context) {
  std::vector<std::string> named = context.args.positional;
  if (named.empty()) named.push_back(".");
  Result<std::vector<std::string>> files = rollout_files(context.env.directory, named);
  if (!files) return context.fail(Usage, files.error().message);
  Result<Inputs> inputs = inputs_of(context);
  if (!inputs) return context.fail(Usage, inputs.error().message);
  Timings timings(context);
  if (context.args.has("--fix"))
    if (int code = mend_files(context, *files, *inputs, timings); code != Ok) return code;
  Result<int64_t> limit = number_of(context.args, "--error-limit", max_shown, 1, max_error_limit);
  if (!limit) return context.fail(Usage, limit.error().message);
  Report report(context, size_t(*limit));
  size_t rollouts = 0, tests = 0;
  Neighbours neighbours;
  std::set<std::string> known;
  // What is compared here is not compared again file by file.
  Lock lock = context.args.has("--locked") ? Lock::Ignored : Lock::Verified;
  if (lock == Lock::Ignored)
    for (const std::string& name : named) check_locked(context, name, report);
  CompileFiles compile(context.env.directory, timings, lock);
  for (const std::string& file : *files) {
    Result<Place> place = place_of(context.env.directory, file);
    if (!place) return context.fail(Usage, place.error().message);
    if (compile.is_known(*place)) continue;
    std::unique_ptr<Compilation> compilation = compile.compile(*place);
    compilation->now_wall_ns = context.env.effects().clock.wall_ns();
    check_plans(*compilation, *inputs, migrations_in(context, *place), neighbours, home_of(context, place->project),
                [&](std::string_view done) { timings.mark(done); });
    timings.mark("plan");
    report.add(*compilation);
    compile.reported(*place, *compilation);
    const ir::Program& program = *compilation->program;
    for (const ir::Input& input : program.inputs) known.insert(std::string(input.decl->name.text));
    for (const ir::Rollout& rollout : program.rollouts)
      rollouts += rollout.module + 1 == program.modules.size();
    for (const ir::Test& test : program.tests) tests += test.module + 1 == program.modules.size();
  }
  report.finish();
  if (report.errors() > 0) return FileErrors;
  for (const auto& [name, text] : *inputs)
    if (!known.contains(name))
      return context.fail(Usage,
                          fmt::format("`--set {0}=…`: no file that was checked has an input `{0}`", name));
  if (!context.quiet && (context.format == "text" || context.format == "short"))
    context.out(fmt::format("{} {}, {}, {}\n", context.style.good("ok:"), count_of(files->size(), "file"),
                            count_of(rollouts, "rollout"), count_of(tests, "test")));
  return Ok;
}

}  // namespace rollout::cli
