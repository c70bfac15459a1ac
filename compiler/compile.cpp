#include "compiler/compile.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/base/allow.h"
#include "compiler/neighbours.h"
#include "compiler/plan/plan_json.h"
#include "compiler/plan/test_case.h"
#include "compiler/verify/report.h"
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

/// Of what is said of one environment, and, with `common`, of what is said of all of them.
void check_phases(const plan::Plan& plan, const plan::TestCase& test, std::string_view environment, bool common,
                  Diagnostics& diagnostics) {
  auto check = [&](const auto& item) {
    bool meant = item.environment.empty() ? common : item.environment == environment;
    if (meant) check_phase(plan, item.phase, item.phase_span, diagnostics);
  };
  for (const plan::GivenFailure& failure : test.failures) check(failure);
  for (const plan::GivenAnswer& answer : test.answers) check(answer);
  for (const plan::Expectation& expected : test.expectations) check(expected);
}

void check_tests(Compilation& compilation) {
  const ir::Program& program = *compilation.program;
  for (const plan::TestCase& test : plan::test_cases(program, compilation.sources, compilation.diagnostics)) {
    std::vector<plan::Stage> stages = test.stages;
    if (stages.empty()) stages.push_back({test.request.rollout, test.request.environment, 0});
    for (const plan::Stage& stage : stages) {
      std::optional<plan::Plan> plan = plan::make_plan(program, plan::request_of(test, stage), compilation.sources,
                                                       compilation.diagnostics);
      if (!plan) break;
      check_phases(*plan, test, stage.environment, &stage == &stages.front(), compilation.diagnostics);
    }
  }
}

/// What a service has in one world must not be there in another: each run would take the other's instances for its own.
void check_apart(const plan::Plan& plan, const plan::Plan& other, const ir::Environment& environment,
                 const ir::Environment& of_other, Diagnostics& diagnostics) {
  auto same_place = [&](const plan::Service& service, const plan::Service& there) {
    for (const plan::Binding& binding : service.bindings)
      for (const plan::Binding& other_binding : there.bindings) {
        const plan::Target &target = plan.targets[binding.target], &taken = other.targets[other_binding.target];
        bool one = binding.capability == other_binding.capability && target.backend == taken.backend &&
                   target.config == taken.config;
        // A router serves many services, each by its own part of it.
        if (one && (binding.capability != "TrafficRouter" || binding.config == other_binding.config)) return &target;
      }
    return static_cast<const plan::Target*>(nullptr);
  };
  for (const plan::Service& service : plan.services)
    for (const plan::Service& there : other.services) {
      if (plan::service_text(service) != plan::service_text(there)) continue;
      const plan::Target* target = same_place(service, there);
      if (!target) continue;
      const ast::Name &name = environment.decl->name, &other_name = of_other.decl->name;
      diagnostics
          .report(name.span, diag::EnvironmentsShare, std::string(other_name.text), std::string(name.text),
                  plan::service_text(service), target->name)
          .at(other_name.span, "the other one")
          .note("a run in the one would take what runs in the other for its own")
          .advise(fmt::format("give one of them a target of its own: `{} = …`", target->name));
      return;
    }
}

/// Made once more where databases take part: what is said of their files shows which ones they are.
std::optional<plan::Plan> plan_with_files(Compilation& compilation, plan::Request& request,
                                          const FindMigrations& migrations) {
  auto make = [&] {
    return plan::make_plan(*compilation.program, request, compilation.sources, compilation.diagnostics);
  };
  std::optional<plan::Plan> plan = make();
  if (plan && migrations) request.snapshot.migrations = migrations(*plan);
  if (!request.snapshot.migrations.empty()) plan = make();
  if (plan) prove_plan(compilation, *plan, compilation.diagnostics);
  return plan;
}

/// One rollout, in every environment that the file knows.
void check_rollout(Compilation& compilation, plan::Request request, const FindMigrations& migrations,
                   Neighbours& neighbours) {
  const ir::Program& program = *compilation.program;
  Diagnostics& diagnostics = compilation.diagnostics;
  std::vector<std::pair<std::string_view, uint32_t>> environments = program.visible_environments();
  if (environments.empty()) {
    std::optional<plan::Plan> plan = plan_with_files(compilation, request, migrations);
    if (plan && !diagnostics.has_errors()) neighbours.look(*plan, program, compilation.sources, diagnostics);
  }
  std::vector<std::pair<const ir::Environment*, plan::Plan>> plans;
  for (auto [name, index] : environments) {
    size_t known = diagnostics.size(), errors = diagnostics.errors();
    request.environment = name;
    request.snapshot.migrations.clear();
    std::optional<plan::Plan> plan = plan_with_files(compilation, request, migrations);
    diagnostics.note_since(known, fmt::format("in environment `{}`", name));
    if (!plan || diagnostics.errors() != errors) continue;
    const ir::Environment* environment = &program.environments[index];
    for (const auto& [other, planned] : plans) check_apart(*plan, planned, *environment, *other, diagnostics);
    if (diagnostics.errors() == errors) neighbours.look(*plan, program, compilation.sources, diagnostics);
    plans.emplace_back(environment, std::move(*plan));
  }
}

/// A promotion of an imported rollout is planned in its environments; those of the file have been.
void check_promotions(Compilation& compilation, const std::vector<std::pair<std::string, std::string>>& inputs) {
  const ir::Program& program = *compilation.program;
  for (const ir::Promotion& promotion : program.promotions) {
    if (promotion.module + 1 != program.modules.size() || compilation.diagnostics.has_errors()) continue;
    bool own = program.rollouts[promotion.rollout].module == promotion.module;
    for (const plan::Stage& stage : plan::stages_of(program, promotion, compilation.diagnostics)) {
      if (own) continue;
      size_t known = compilation.diagnostics.size();
      plan::Request request;
      request.rollout = stage.rollout;
      request.environment = stage.environment;
      request.inputs = inputs;
      plan::make_plan(program, request, compilation.sources, compilation.diagnostics);
      compilation.diagnostics.note_since(known, fmt::format("in environment `{}`", stage.environment));
    }
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

void prove_plan(const Compilation& compilation, plan::Plan& plan, Diagnostics& diagnostics) {
  verify::Proofs proofs = verify::prove(plan);
  Span rollout{compilation.program->modules.back()->file->source, 0, 0};
  for (const ir::Rollout& one : compilation.program->rollouts)
    if (one.decl->name.text == plan.rollout) rollout = one.decl->name.span;
  verify::report(proofs.findings, compilation.sources, rollout, diagnostics);
  plan.facts = std::move(proofs.facts);
}

void check_plans(Compilation& compilation, const std::vector<std::pair<std::string, std::string>>& inputs,
                 const FindMigrations& migrations) {
  Neighbours alone;
  check_plans(compilation, inputs, migrations, alone);
}

void check_plans(Compilation& compilation, const std::vector<std::pair<std::string, std::string>>& inputs,
                 const FindMigrations& migrations, Neighbours& neighbours) {
  const ir::Program& program = *compilation.program;
  neighbours.enter(program);
  std::vector<std::pair<std::string, std::string>> own;
  for (const auto& given : inputs)
    for (const ir::Input& input : program.inputs)
      if (input.decl->name.text == given.first) own.push_back(given);
  for (const ir::Rollout& rollout : program.rollouts) {
    if (compilation.diagnostics.has_errors() || rollout.module + 1 != program.modules.size()) continue;
    plan::Request request;
    request.rollout = rollout.decl->name.text;
    request.inputs = own;
    check_rollout(compilation, request, migrations, neighbours);
  }
  check_promotions(compilation, own);
  plan::check_policies(program, compilation.diagnostics);
  if (compilation.diagnostics.has_errors()) return;
  check_tests(compilation);
  if (compilation.diagnostics.has_errors()) return;
  report_unused_allows(compilation.sources, program.modules.back()->file->source, compilation.diagnostics);
}

}  // namespace rollout
