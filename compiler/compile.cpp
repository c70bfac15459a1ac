#include "compiler/compile.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/base/allow.h"
#include "compiler/plan/plan_json.h"
#include "stdlib/stdlib.h"

namespace rollout {

namespace {

check::Library library() {
  check::Library all;
  for (const stdlib::File* file = stdlib::files; file->path; ++file)
    all.emplace_back(fmt::format("std/{}", file->path), file->text);
  return all;
}

/// A phase that is named in a test but not in the rollout would never fail and never be rolled back in.
void check_phase(const plan::Plan& plan, const std::string& name, Span span, Diagnostics& diagnostics) {
  std::vector<std::string_view> known;
  for (const plan::Phase& phase : plan.phases) {
    if (name.empty() || plan::is_phase(phase, name)) return;
    known.push_back(phase.name);
  }
  if (name.empty()) return;
  std::string owner = fmt::format("rollout `{}`", plan.rollout);
  Diagnostic& diagnostic = diagnostics.report(span, diag::UnknownMember, owner, "phase", name);
  std::string_view near = nearest(name, known);
  if (!known.empty()) diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
  if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near)).fix(span, std::string(near));
}

void check_tests(Compilation& compilation) {
  const ir::Program& program = *compilation.program;
  for (const plan::TestCase& test : plan::test_cases(program, compilation.sources, compilation.diagnostics)) {
    std::optional<plan::Plan> plan = plan::make_plan(program, test.request, compilation.sources,
                                                     compilation.diagnostics);
    if (!plan) continue;
    for (const plan::GivenFailure& failure : test.failures)
      check_phase(*plan, failure.phase, failure.phase_span, compilation.diagnostics);
    for (const plan::GivenAnswer& answer : test.answers)
      check_phase(*plan, answer.phase, answer.phase_span, compilation.diagnostics);
    for (const plan::Expectation& expected : test.expectations)
      check_phase(*plan, expected.phase, expected.phase_span, compilation.diagnostics);
  }
}

}  // namespace

std::unique_ptr<Compilation> compile(const std::string& path, const check::Loader& load,
                                     const std::function<void()>& when_parsed) {
  auto compilation = std::make_unique<Compilation>();
  compile(*compilation, path, load, {}, when_parsed);
  return compilation;
}

void compile(Compilation& compilation, const std::string& path, const check::Loader& load,
             const check::Layout& layout, const std::function<void()>& when_parsed) {
  if (compilation.diagnostics.has_errors()) {
    compilation.program = std::make_unique<ir::Program>();
    return;
  }
  check::Library files = library();
  check::Sources from{load, files, layout};
  compilation.program = check::check(path, from, compilation.sources, compilation.diagnostics, when_parsed);
}

std::string library_hash() {
  std::string all;
  for (const stdlib::File* file = stdlib::files; file->path; ++file)
    all += fmt::format("{} {}\n", file->path, plan::hash_of(file->text));
  return plan::hash_of(all);
}

void check_plans(Compilation& compilation, const std::vector<std::pair<std::string, std::string>>& inputs,
                 const FindMigrations& migrations) {
  const ir::Program& program = *compilation.program;
  std::vector<std::pair<std::string, std::string>> own;
  for (const auto& given : inputs)
    for (const ir::Input& input : program.inputs)
      if (input.decl->name.text == given.first) own.push_back(given);
  for (const ir::Rollout& rollout : program.rollouts) {
    if (compilation.diagnostics.has_errors() || rollout.module + 1 != program.modules.size()) continue;
    plan::Request request;
    request.rollout = rollout.decl->name.text;
    request.inputs = own;
    std::optional<plan::Plan> plan = plan::make_plan(program, request, compilation.sources, compilation.diagnostics);
    if (!plan || !migrations) continue;
    request.snapshot.migrations = migrations(*plan);
    if (!request.snapshot.migrations.empty())
      plan::make_plan(program, request, compilation.sources, compilation.diagnostics);
  }
  if (compilation.diagnostics.has_errors()) return;
  check_tests(compilation);
  if (compilation.diagnostics.has_errors()) return;
  report_unused_allows(compilation.sources, program.modules.back()->file->source, compilation.diagnostics);
}

}  // namespace rollout
