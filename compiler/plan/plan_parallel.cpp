// `parallel`: each statement in it is a branch that starts where the block starts, or, a phase with `after`, where the
// phases that it names end. Branches must not get in each other's way: then paths need not be enumerated, and each
// service goes back on its own.
#include <set>

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/plan/branches.h"
#include "compiler/plan/build.h"

namespace rollout::plan {

namespace {

/// A run is let into a lock once: of two branches that take it, the first to leave would open it for other runs.
void take_lock(Branches& branches, const std::string& name, Diagnostics& diagnostics) {
  uint32_t branch = uint32_t(branches.list.size() - 1);
  auto [taken, first] = branches.last_lock.try_emplace(name, branch);
  if (!first && !branches.ordered(taken->second, branch))
    diagnostics
        .report(branches.list[branch].span, diag::LockAgain, name)
        .at(branches.list[taken->second].span, "by this branch, at the same time")
        .advise(fmt::format("take it once around both: `lock {} {{ parallel {{ … }} }}`", name));
  taken->second = branch;
}

}  // namespace

void Planner::plan_branches(const ast::Block* block, Scope& scope) {
  Branches branches;
  branches.start = ends_;
  const ScopeRules rules = rules_of_branches(block);
  UndoScope rule;
  uint32_t group = none;
  for (const ast::Statement* statement : block->statements) {
    if (statement->kind == ast::StatementKind::OnFailure) {
      plan_on_failure(static_cast<const ast::OnFailureStatement*>(statement), scope, rule);
      continue;
    }
    // No branch: it belongs to what is around the block.
    if (statement->kind == ast::StatementKind::Rollback) {
      plan_statement(statement, scope);
      continue;
    }
    uint32_t first = uint32_t(plan_.steps.size());
    branches.list.push_back({statement->span, {}, {}, false});
    ends_ = branches.start;
    const auto* phase = statement->kind == ast::StatementKind::Phase
                            ? static_cast<const ast::PhaseStatement*>(statement)
                            : nullptr;
    if (phase && !start_after(phase, branches)) continue;
    uint32_t own = open_scope(rules, group);
    plan_statement(statement, scope);
    close_scope(own, group);
    end_branch(branches, first);
    if (phase && !phase->label) branches.phases.try_emplace(phase->name.text, uint32_t(branches.list.size() - 1));
    if (!has_budget(block->span)) break;
  }
  join_branches(branches);
  for (size_t i = group; i < plan_.scopes.size(); ++i)
    if (plan_.scopes[i].group == group) plan_.scopes[i].at_most = rule.at_most;
}

/// What comes next waits for all branches that no other branch waits for.
void Planner::join_branches(const Branches& branches) {
  std::set<uint32_t> ends;
  for (const Branches::Branch& branch : branches.list)
    if (!branch.waited_for && branch.ends != branches.start) ends.insert(branch.ends.begin(), branch.ends.end());
  ends_ = ends.empty() ? branches.start : std::vector<uint32_t>(ends.begin(), ends.end());
}

/// Sets what the phase comes after. Only phases above it can be named, so there are no circles.
bool Planner::start_after(const ast::PhaseStatement* phase, Branches& branches) {
  std::set<uint32_t> ends;
  for (const ast::Name& name : phase->after) {
    auto found = branches.phases.find(name.text);
    if (found == branches.phases.end()) {
      std::vector<std::string_view> known;
      for (const auto& entry : branches.phases) known.push_back(entry.first());
      llvm::sort(known);
      Diagnostic& diagnostic = diagnostics_.report(name.span, diag::UnknownPhase, std::string(name.text));
      std::string_view near = nearest(name.text, known);
      if (!near.empty()) diagnostic.advise(fmt::format("did you mean `{}`?", near)).fix(name.span, std::string(near));
      if (!known.empty()) diagnostic.note(fmt::format("above it {} {}", known.size() == 1 ? "stands" : "stand",
                                    list_of(known)));
      return false;
    }
    Branches::Branch& before = branches.list[found->second];
    before.waited_for = true;
    branches.list.back().after.push_back(found->second);
    ends.insert(before.ends.begin(), before.ends.end());
  }
  if (!ends.empty()) ends_.assign(ends.begin(), ends.end());
  return true;
}

/// Holds the services that the last branch changes or judges against the branches that run at the same time. Judging
/// alone is in the way, too: two holds that gather evidence on one service would count the same requests twice.
void Planner::end_branch(Branches& branches, uint32_t first_step) {
  branches.list.back().ends = ends_;
  std::set<uint32_t> touched;
  auto reads = [&](const Term& term) { touched.insert(plan_.signals[term.signal].service); };
  auto judge = [&](uint32_t gate) {
    for (uint32_t condition : plan_.gates[gate].conditions) {
      reads(plan_.conditions[condition].left);
      if (plan_.conditions[condition].right) reads(*plan_.conditions[condition].right);
    }
  };
  for (uint32_t i = first_step; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (step.kind == StepKind::Act) touched.insert(step.action.service);
    if (step.kind == StepKind::Lock) take_lock(branches, plan_.locks[step.lock].name, diagnostics_);
    for (uint32_t gate : step.gates) judge(gate);
  }
  for (size_t i = plan_.scopes.size(); i-- > 0 && plan_.scopes[i].first_step >= first_step;)
    if (uint32_t gate = plan_.scopes[i].rollback.verify_gate; gate != none) judge(gate);
  uint32_t branch = uint32_t(branches.list.size() - 1);
  for (uint32_t service : touched) {
    auto [user, first] = branches.last_user.try_emplace(service, branch);
    if (!first && !branches.ordered(user->second, branch))
      diagnostics_.report(branches.list[branch].span, diag::BranchesCollide, service_text(plan_.services[service]))
          .at(branches.list[user->second].span, "at the same time as this one")
          .advise("let one wait for the other, `phase b after a`, or put both into one phase");
    user->second = branch;
  }
}

}  // namespace rollout::plan
