#include "compiler/plan/planner.h"

#include <fmt/format.h>

#include "compiler/eval/input_value.h"
#include "compiler/ir/operators.h"
#include "compiler/ir/variables.h"
#include "compiler/plan/build.h"
#include "compiler/plan/declared.h"
#include "compiler/plan/effort.h"
#include "compiler/plan/fits.h"
#include "compiler/plan/plan_json.h"

namespace rollout::plan {

std::string service_text(const Service& service) {
  return service.place.empty() ? service.name : fmt::format("{}[{}]", service.name, service.place);
}

std::string known_text(const Service& service) {
  Service known = service;
  if (!service.was.empty()) known.name = service.was;
  return service_text(known);
}

std::string written_text(const Service& service) {
  return service.place.empty() ? service.name : fmt::format("{}[\"{}\"]", service.name, service.place);
}

std::string_view role_word(Role role) {
  constexpr std::string_view words[role_count] = {"all", "stable", "canary", "control"};
  return words[size_t(role)];
}

std::string_view role_text(Role role) {
  constexpr std::string_view texts[role_count] = {"service", "stable version", "canary", "control"};
  return texts[size_t(role)];
}

std::string variable_text(const Service& service, Variable variable, Role role) {
  const ir::VariableRow& row = ir::variable_rows()[size_t(variable)];
  std::string of = row.by_role ? fmt::format(", {}", role_word(role)) : "";
  return fmt::format("{}({}{})", row.name, service_text(service), of);
}

std::optional<Variable> state_variable(Subject subject) {
  switch (subject) {
    case Subject::Service: break;
    case Subject::Flag: return Variable::Flag;
    case Subject::Database: return Variable::Schema;
  }
  return std::nullopt;
}

std::optional<Plan> make_plan(const ir::Program& program, const Request& request, const SourceMap& sources,
                              Diagnostics& diagnostics) {
  auto finish = [&](Planner& planner) {
    std::optional<Plan> plan = planner.run();
    if (request.shared) request.shared->effort += planner.effort();
    return plan;
  };
  if (!has_start_rules(program)) {
    Planner planner(program, request, sources, diagnostics);
    return finish(planner);
  }
  Diagnostics ignored;  // all of it is said by the second one
  Planner first(program, request, sources, ignored);
  finish(first);
  Planner second(program, request, sources, diagnostics, first.wanted());
  return finish(second);
}

size_t least_effort(const ir::Program& program) {
  constexpr size_t each = 20;
  return each + program.modules.size() + program.inputs.size() + program.policies.size();
}

size_t Planner::effort() const {
  return statements_ + (eval_ ? eval_->calls() : 0) + least_effort(program_) + request_.values.size() +
         request_.snapshot.services.size();
}

std::optional<Plan> Planner::run() {
  size_t errors = diagnostics_.errors();
  const ir::Rollout* rollout = choose_rollout();
  if (!rollout || !choose_environment() || !read_inputs()) return std::nullopt;
  plan_.tool_version = ROLLOUT_VERSION;
  plan_.rollout = std::string(rollout->decl->name.text);
  plan_.offline = request_.snapshot.offline;
  add_sources();
  plan_entry(rollout->decl->name.span);
  Scope scope{rollout->module, eval::Frame(rollout->slots), 0};
  plan_block(rollout->decl->body, scope);
  end_checkpoint();
  report_not_retried();
  for (UndoScope& behind : plan_.scopes)
    if (behind.on_failure == OnFailure::Checkpoint) behind.rollback = plan_.rollback;
  if (!plan_.steps.empty() && !has_work(*rollout))
    plan_.steps.clear(), plan_.scopes.clear(), plan_.locks.clear(), forget_approvals();
  if (plan_.steps.empty()) plan_.watches.clear();
  else plan_back_hooks();
  if (diagnostics_.errors() == errors) meet_neighbours(), count_quotas();
  Span end = rollout->decl->name.span;
  if (diagnostics_.errors() == errors && faults_lifted(end, "when the rollout ends")) control_ended(end);
  name_phases();
  count_runs();
  report_idle_loops();
  if (diagnostics_.errors() == errors) report_against_dependencies(end);
  if (diagnostics_.errors() == errors) enforce_policies(*rollout->decl);
  if (diagnostics_.errors() != errors) return std::nullopt;
  plan_.declared = declared_text(plan_);
  return std::move(plan_);
}

/// A plan is carried out once. One that changes nothing would be the same each time, but for the runs before it.
void Planner::count_runs() {
  bool acts = llvm::any_of(plan_.steps, [](const Step& step) { return step.kind == StepKind::Act; });
  if (acts || plan_.steps.empty() || request_.snapshot.offline) return;
  eval::Value runs = eval::Value::of(eval::Value::Kind::Int, request_.snapshot.runs);
  plan_.observed.push_back({fmt::format("runs({})", plan_.rollout), std::move(runs), "state", Recheck::Recorded});
}

/// Where no action of a rollout has anything to do, its holds and questions are left out. One that has no actions is
/// there for these.
bool Planner::has_work(const ir::Rollout& rollout) const {
  bool acts = false, waits = false;
  for (const Step& step : plan_.steps) {
    acts |= step.kind == StepKind::Act;
    waits |= step.kind == StepKind::Hold || step.kind == StepKind::Approval;
  }
  return acts || (waits && !ir::calls_actions(program_, rollout.called));
}

/// The rollouts of the file that was asked for: it is the last module.
const ir::Rollout* Planner::choose_rollout() {
  // A test may run a rollout that its file imports.
  const auto& scope = program_.modules.back()->scope;
  auto named = scope.find(request_.rollout.empty() ? "release" : request_.rollout);
  if (named != scope.end() && named->second.kind == ir::Ref::Rollout) {
    const ir::Rollout& rollout = program_.rollouts[named->second.index];
    if (!request_.rollout.empty() || rollout.module + 1 == program_.modules.size()) return &rollout;
  }
  std::vector<std::string_view> known;
  const ir::Rollout* only = nullptr;
  for (const ir::Rollout& rollout : program_.rollouts) {
    if (rollout.module + 1 != program_.modules.size()) continue;
    known.push_back(rollout.decl->name.text);
    only = &rollout;
  }
  if (known.size() == 1 && request_.rollout.empty()) return only;
  Span file{program_.modules.back()->file->source, 0, 0};
  if (known.empty()) {
    diagnostics_.report(file, diag::NoRollout).advise("declare one: `rollout release { … }`");
  } else if (request_.rollout.empty()) {
    diagnostics_.report(file, diag::ManyRollouts, list_of(known)).advise("name one behind the file");
  } else {
    Diagnostic& diagnostic = diagnostics_.report(file, diag::UnknownName, "rollout", request_.rollout);
    std::string_view near = nearest(request_.rollout, known);
    if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near));
    diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
  }
  return nullptr;
}

bool Planner::read_inputs() {
  size_t errors = diagnostics_.errors();
  std::vector<eval::Value> values(program_.inputs.size());
  std::vector<bool> given(program_.inputs.size());
  llvm::StringMap<size_t> indices;
  for (size_t i = 0; i < program_.inputs.size(); ++i) indices.try_emplace(program_.inputs[i].decl->name.text, i);
  auto index_of = [&](const std::string& name) {
    if (auto index = indices.find(name); index != indices.end()) return index->second;
    std::vector<std::string_view> known;
    for (const ir::Input& input : program_.inputs) known.push_back(input.decl->name.text);
    Diagnostic& diagnostic = diagnostics_.report({}, diag::UnknownName, "input", name);
    std::string_view near = nearest(name, known);
    if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near));
    if (!known.empty()) diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
    return program_.inputs.size();
  };
  for (const auto& [name, value] : request_.values) {
    size_t index = index_of(name);
    if (index == values.size()) continue;
    values[index] = value;
    given[index] = true;
  }
  eval::Evaluator constants(program_, values, diagnostics_);
  for (const auto& [name, text] : request_.inputs) {
    size_t index = index_of(name);
    if (index == values.size() || given[index]) continue;
    const ir::Input& input = program_.inputs[index];
    Result<eval::Value> value = eval::read_input(program_, input.type, text);
    if (const std::string_view instead = input.decl->deprecated.text; instead.size() >= 2)
      diagnostics_.report(input.decl->name.span, diag::Deprecated, name,
                          std::string(instead.substr(1, instead.size() - 2)));
    // Somebody may have given the secret itself.
    bool hidden = ir::holds_secret(input.type);
    if (!value)
      diagnostics_.report(input.decl->name.span, diag::BadInput, name, hidden ? "…" : text,
                          value.error().message);
    else values[index] = std::move(*value);
    given[index] = true;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const ir::Input& input = program_.inputs[i];
    const ast::Expr* own = environment_default(uint32_t(i));
    const ast::Expr* fallback = own                         ? own
                                : input.decl->default_value ? input.decl->default_value
                                : request_.examples         ? input.decl->example
                                                            : nullptr;
    if (!given[i] && !fallback)
      diagnostics_.report(input.decl->name.span, diag::InputMissing, std::string(input.decl->name.text))
          .advise(fmt::format("give it: `--set {}=…`; an `example` beside its type is taken for previews",
                              input.decl->name.text));
    if (size_t first = indices.lookup(input.decl->name.text); first != i)
      diagnostics_.report(input.decl->name.span, diag::DeclaredTwice, std::string(input.decl->name.text))
          .at(program_.inputs[first].decl->name.span, "first declared here");
    if (!given[i] && fallback) values[i] = constants.eval(own ? environment_->module : input.module, fallback, {});
    ir::Parameter parameter{input.decl->name, input.type, nullptr, input.decl->where, {}};
    constants.check_where(parameter, input.module, values[i], input.decl->name.span);
    plan_.inputs.emplace_back(std::string(input.decl->name.text), values[i]);
  }
  eval_.emplace(program_, std::move(values), diagnostics_);
  if (environment_) eval_->enter(*environment_);
  read_observed();
  return diagnostics_.errors() == errors;
}

void Planner::add_sources() {
  size_t bytes = 0;
  for (const auto& module : program_.modules) bytes += sources_.text(module->file->source).size();
  step_limit_ = std::clamp(bytes / bytes_a_step, max_steps_of_little, max_steps);
  if (request_.shared) plan_.sources = request_.shared->sources;
  if (!plan_.sources.empty()) return;
  for (const auto& module : program_.modules)
    plan_.sources.push_back({module->path, hash_of(sources_.text(module->file->source))});
  if (request_.shared) request_.shared->sources = plan_.sources;
}

std::string Planner::place_text(Span span) const {
  return fmt::format("{}:{}", sources_.name(span.source), sources_.locate(span.source, span.begin).line);
}

}  // namespace rollout::plan
