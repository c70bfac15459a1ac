// The world that a plan is for: what names mean there, and who must approve before anything begins.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

std::string rollout_text(const Plan& plan) {
  return plan.environment.empty() ? plan.rollout : fmt::format("{} in {}", plan.rollout, plan.environment);
}

std::string identity_of(const Plan& plan, const Service& service) {
  std::string text = known_text(service);
  return plan.environment.empty() ? text : fmt::format("{}/{}", plan.environment, text);
}

bool Planner::choose_environment() {
  if (request_.environment.empty()) return true;
  const auto& scope = program_.modules.back()->scope;
  auto named = scope.find(request_.environment);
  if (named != scope.end() && named->second.kind == ir::Ref::Environment) {
    environment_ = &program_.environments[named->second.index];
    plan_.environment = environment_->decl->name.text;
    return true;
  }
  std::vector<std::string_view> known;
  for (auto [name, index] : program_.visible_environments()) known.push_back(name);
  Span file{program_.modules.back()->file->source, 0, 0};
  Diagnostic& diagnostic = diagnostics_.report(file, diag::UnknownName, "environment", request_.environment);
  if (!known.empty()) diagnostic.note(fmt::format("there {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
  return false;
}

/// What an input is there when nothing is given; null: what it is everywhere.
const ast::Expr* Planner::environment_default(uint32_t input) const {
  if (!environment_) return nullptr;
  for (const ir::Rebinding& one : environment_->values)
    if (one.kind == ir::Ref::Input && one.index == input) return one.value;
  return nullptr;
}

/// What policies ask of the world comes first, so that nobody is asked to approve what would not begin; where the
/// rollout has checks of its own it is asked with them. Then the approvals of the environment. They have judged nothing
/// yet: behind them a commit is as unguarded as it was.
void Planner::plan_entry(Span rollout) {
  if (!at_start_.conditions.empty() && !at_start_.own_preflight) {
    Gate gate = preflight_gate();
    add_start_conditions(gate);
    add_preflight_hold(std::move(gate), rollout);
  }
  if (environment_) {
    Scope scope{environment_->module, {}, 0};
    for (const ast::Statement* approval : environment_->decl->approvals)
      plan_approve(static_cast<const ast::ApproveStatement*>(approval), scope);
  }
  entry_steps_ = plan_.steps.size();
  guarded_ = false;
}

}  // namespace rollout::plan
