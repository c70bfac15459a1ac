// What `check` finds beyond types: every rollout planned in every environment, every promotion and every test.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <llvm/ADT/StringSet.h>

#include "compiler/base/allow.h"
#include "compiler/compile.h"
#include "compiler/environments_apart.h"
#include "compiler/hold_given.h"
#include "compiler/neighbours.h"
#include "compiler/plan/effort.h"
#include "compiler/plan/idle_givens.h"
#include "compiler/plan/promoted.h"
#include "compiler/plan/test_case.h"

namespace rollout {

namespace {

using Inputs = std::vector<std::pair<std::string, std::string>>;

/// Many plans of one program: their total is bounded, and what several of them show is said once.
class PlanChecker {
 public:
  PlanChecker(Compilation& compilation, const FindMigrations& migrations, Neighbours& neighbours,
              const WhenDone& when_done)
      : compilation_(compilation),
        program_(*compilation.program),
        diagnostics_(compilation.diagnostics),
        migrations_(migrations),
        neighbours_(neighbours),
        when_done_(when_done),
        environments_(program_.visible_environments()) {}

  /// Whether there are so many that it would end at the limit: said before the first of them is made.
  bool too_many(size_t rollouts, size_t tests, Span at);
  void check_rollout(const ir::Rollout& rollout, const Inputs& inputs);
  void check_promotion(const ir::Promotion& promotion, const Inputs& inputs);
  void check_test(const ir::Test& test);

 private:
  void keep(const plan::Plan& plan, const plan::Stage& stage);
  void hold_together(const ir::Promotion& promotion, const std::vector<plan::Stage>& stages);
  bool has_room(Span at);
  std::optional<plan::Plan> make_plan(plan::Request request, Span at);
  std::optional<plan::Plan> make_plan_with_files(plan::Request request, Span at);
  void say_once(size_t since, std::string_view environment);

  Compilation& compilation_;
  const ir::Program& program_;
  Diagnostics& diagnostics_;
  const FindMigrations& migrations_;
  Neighbours& neighbours_;
  const WhenDone& when_done_;
  std::vector<std::pair<std::string_view, uint32_t>> environments_;
  plan::Shared shared_;
  std::map<std::pair<std::string, std::string>, plan::Brought> brought_;  ///< by rollout and environment
  bool full_ = false;
  size_t unknown_phases_ = 0;
  std::set<std::tuple<uint32_t, uint32_t, uint32_t, std::string_view>> said_;
};

constexpr std::string_view split_file =
    "split the file: environments and rollouts that have nothing in common need not stand in one";

bool PlanChecker::has_room(Span at) {
  if (full_ || shared_.effort <= max_checked_statements) return !full_;
  full_ = true;
  diagnostics_.report(at, diag::CheckTooLong, max_checked_statements)
      .note("each rollout is planned in each environment, and for each test; this is where the limit was reached")
      .advise(std::string(split_file));
  return false;
}

bool PlanChecker::too_many(size_t rollouts, size_t tests, Span at) {
  size_t plans = rollouts * std::max<size_t>(environments_.size(), 1) + tests;
  if (plans <= max_checked_statements / plan::least_effort(program_)) return false;
  diagnostics_.report(at, diag::CheckTooLong, max_checked_statements)
      .note(fmt::format("each rollout is planned in each environment, and for each test: {} rollouts, {} environments "
                        "and {} tests are {} plans",
                        rollouts, environments_.size(), tests, plans))
      .advise(std::string(split_file));
  return true;
}

std::optional<plan::Plan> PlanChecker::make_plan(plan::Request request, Span at) {
  if (!has_room(at)) return std::nullopt;
  request.shared = &shared_;
  request.now_wall_ns = compilation_.now_wall_ns;
  return plan::make_plan(program_, request, compilation_.sources, diagnostics_);
}

/// Made once more where databases take part: what is said of their files shows which ones they are.
std::optional<plan::Plan> PlanChecker::make_plan_with_files(plan::Request request, Span at) {
  request.keep_breaches = true;  // the proofs report them, with their paths
  std::optional<plan::Plan> plan = make_plan(request, at);
  if (plan && migrations_) request.snapshot.migrations = migrations_(*plan);
  if (!request.snapshot.migrations.empty()) plan = make_plan(request, at);
  if (when_done_) when_done_("plan");
  if (plan) prove_plan(compilation_, *plan, request.inputs, diagnostics_);
  if (when_done_) when_done_("proofs");
  return plan;
}

/// Without this, every environment would keep every mistake.
void PlanChecker::say_once(size_t since, std::string_view environment) {
  diagnostics_.drop_since(since, [&](const Diagnostic& diagnostic) {
    Span span = diagnostic.span;
    return span.valid() && !said_.emplace(uint32_t(span.source), span.begin, span.end, diagnostic.name).second;
  });
  if (!environment.empty()) diagnostics_.note_since(since, fmt::format("in environment `{}`", environment));
}

/// One rollout, in every environment that the file knows.
void PlanChecker::check_rollout(const ir::Rollout& rollout, const Inputs& inputs) {
  plan::Request request;
  request.rollout = rollout.decl->name.text;
  request.inputs = inputs;
  Span at = rollout.decl->name.span;
  size_t known = diagnostics_.size();
  if (environments_.empty()) {
    std::optional<plan::Plan> plan = make_plan_with_files(request, at);
    if (plan && !diagnostics_.has_errors()) neighbours_.look(*plan, program_, compilation_.sources, diagnostics_);
    say_once(known, {});
  }
  EnvironmentsApart apart;
  for (auto [name, index] : environments_) {
    known = diagnostics_.size();
    size_t errors = diagnostics_.errors();
    request.environment = name;
    std::optional<plan::Plan> plan = make_plan_with_files(request, at);
    bool good = plan && diagnostics_.errors() == errors;
    say_once(known, name);
    known = diagnostics_.size();
    if (good) apart.add(*plan, program_.environments[index], diagnostics_);
    if (good) keep(*plan, {request.rollout, request.environment});
    if (good && diagnostics_.errors() == errors)
      neighbours_.look(*plan, program_, compilation_.sources, diagnostics_);
    say_once(known, {});
    if (full_) return;
  }
}

/// A promotion of an imported rollout is planned in its environments; those of the file have been.
void PlanChecker::check_promotion(const ir::Promotion& promotion, const Inputs& inputs) {
  Span at = promotion.decl->name.span;
  if (!has_room(at)) return;
  shared_.effort += 1 + program_.inputs.size();
  bool own = program_.rollouts[promotion.rollout].module == promotion.module;
  const std::vector<plan::Stage> stages = plan::stages_of(program_, promotion, diagnostics_);
  for (const plan::Stage& stage : stages) {
    if (own) continue;
    size_t known = diagnostics_.size();
    plan::Request request;
    request.rollout = stage.rollout;
    request.environment = stage.environment;
    request.inputs = inputs;
    if (std::optional<plan::Plan> plan = make_plan(request, at)) keep(*plan, stage);
    say_once(known, stage.environment);
  }
  hold_together(promotion, stages);
}

/// For promotions; most files have none.
void PlanChecker::keep(const plan::Plan& plan, const plan::Stage& stage) {
  if (!program_.promotions.empty()) brought_[{stage.rollout, stage.environment}] = plan::brought_by(plan);
}

/// What an environment gets the one before it has tried.
void PlanChecker::hold_together(const ir::Promotion& promotion, const std::vector<plan::Stage>& stages) {
  for (size_t i = 1; i < stages.size(); ++i) {
    const plan::Stage &earlier = stages[i - 1], &later = stages[i];
    std::optional<plan::Untried> untried = plan::first_untried(brought_[{earlier.rollout, earlier.environment}],
                                                               brought_[{later.rollout, later.environment}]);
    if (!untried) continue;
    diagnostics_
        .report(promotion.decl->stages[i].environment.span, diag::PromotesOther, later.environment, untried->image,
                untried->service, earlier.environment, untried->tried)
        .at(promotion.decl->stages[i - 1].environment.span, "the one before")
        .advise("let the image be the same in all environments: an input that none of them sets; two registries may "
                "hold the same build, by its digest or its name and tag");
  }
}

/// The names by which a test may mean a phase: `pilot` for `pilot[eu]`, too.
class PhaseNames {
 public:
  explicit PhaseNames(const plan::Plan& plan) : plan_(plan) {
    for (const plan::Phase& phase : plan.phases) {
      std::string_view name = phase.name;
      meant_.insert(name);
      for (size_t end = name.find('['); end != std::string_view::npos; end = name.find('[', end + 1))
        meant_.insert(name.substr(0, end));
    }
  }

  /// A phase that is named in a test but not in the rollout would never fail and never be rolled back in.
  /// `unknown` counts those that are not there; the first are compared with all that are.
  void check(const std::string& name, Span span, Diagnostics& diagnostics, size_t& unknown) const {
    constexpr size_t most = 200;
    if (name.empty() || meant_.contains(name)) return;
    std::string owner = fmt::format("rollout `{}`", plan_.rollout);
    Diagnostic& diagnostic = diagnostics.report(span, diag::UnknownMember, owner, "phase", name);
    if (++unknown > most) return;
    std::vector<std::string_view> known;
    for (const plan::Phase& phase : plan_.phases) known.push_back(phase.name);
    std::string_view near = nearest(name, known);
    if (!known.empty()) diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
    if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near)).fix(span, std::string(near));
  }

 private:
  const plan::Plan& plan_;
  llvm::StringSet<> meant_;
};

/// Of what is said of one environment, and, with `common`, of what is said of all of them.
void check_phases(const plan::Plan& plan, const plan::TestCase& test, std::string_view environment, bool common,
                  Diagnostics& diagnostics, size_t& unknown) {
  PhaseNames phases(plan);
  auto check = [&](const auto& item) {
    bool meant = item.environment.empty() ? common : item.environment == environment;
    if (meant) phases.check(item.phase, item.phase_span, diagnostics, unknown);
  };
  for (const plan::GivenFailure& failure : test.failures) check(failure);
  for (const plan::GivenAnswer& answer : test.answers) check(answer);
  for (const plan::GivenCrash& crash : test.crashes) check(crash);
  for (const plan::Expectation& expected : test.expectations) check(expected);
}

void PlanChecker::check_test(const ir::Test& written) {
  Span at = written.decl->name.span;
  if (!has_room(at)) return;
  shared_.effort += 1 + program_.inputs.size() + program_.lets.size();
  size_t known = diagnostics_.size();
  plan::TestCase test = plan::read_test(program_, written, compilation_.sources, diagnostics_);
  std::vector<plan::Stage> stages = plan::stages_of(test);
  std::vector<plan::Plan> plans;
  size_t errors = diagnostics_.errors();
  for (const plan::Stage& stage : stages) {
    shared_.effort += written.decl->items.size();
    std::optional<plan::Plan> plan = make_plan(plan::request_of(test, stage), at);
    if (!plan) break;
    bool first = &stage == &stages.front();
    check_phases(*plan, test, stage.environment, first, diagnostics_, unknown_phases_);
    size_t held = diagnostics_.size();
    hold_given(compilation_, *plan, diagnostics_);
    diagnostics_.note_since(held, fmt::format("in the test `{}`", test.name));
    plans.push_back(std::move(*plan));
  }
  if (diagnostics_.errors() == errors)
    for (const plan::Idle& idle : plan::idle_givens(test, plans))
      diagnostics_.report(idle.written.span, diag::GivenIdle, idle.written.text, idle.why)
          .advise("remove it: as it stands the test says more than it tries");
  say_once(known, {});
}

}  // namespace

void check_plans(Compilation& compilation, const Inputs& inputs, const FindMigrations& migrations,
                 const WhenDone& when_done) {
  Neighbours alone;
  check_plans(compilation, inputs, migrations, alone, {}, when_done);
}

void check_plans(Compilation& compilation, const Inputs& inputs, const FindMigrations& migrations,
                 Neighbours& neighbours, const Home& home, const WhenDone& when_done) {
  const ir::Program& program = *compilation.program;
  Diagnostics& diagnostics = compilation.diagnostics;
  neighbours.enter(program, home);
  if (diagnostics.has_errors()) return;
  Inputs own;
  for (const auto& given : inputs)
    for (const ir::Input& input : program.inputs)
      if (input.decl->name.text == given.first) own.push_back(given);
  PlanChecker checker(compilation, migrations, neighbours, when_done);
  auto is_own = [&](const auto& declared) { return declared.module + 1 == program.modules.size(); };
  auto rollouts = size_t(std::count_if(program.rollouts.begin(), program.rollouts.end(), is_own));
  auto tests = size_t(std::count_if(program.tests.begin(), program.tests.end(), is_own));
  if (rollouts > 0 && checker.too_many(rollouts, tests, program.rollouts.back().decl->name.span)) return;
  for (const ir::Rollout& rollout : program.rollouts)
    if (is_own(rollout)) checker.check_rollout(rollout, own);
  for (const ir::Promotion& promotion : program.promotions)
    if (is_own(promotion) && !diagnostics.has_errors()) checker.check_promotion(promotion, own);
  plan::check_policies(program, diagnostics);
  if (diagnostics.has_errors()) return;
  for (const ir::Test& test : program.tests)
    if (is_own(test)) checker.check_test(test);
  if (diagnostics.has_errors()) return;
  report_unused_allows(compilation.sources, program.modules.back()->file->source, diagnostics);
}

}  // namespace rollout
