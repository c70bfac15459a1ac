// Hooks. Those around phases unfold into steps of each phase below them; those of the way back are kept beside the
// steps, for the engine, which goes the way back first.
#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>

#include "compiler/plan/build.h"
#include "compiler/plan/fits.h"

namespace rollout::plan {

using ast::HookWord;

namespace {

constexpr size_t max_names = 20, max_looked_at = 1000;  // of phases that a message names, and finds them among

std::string text_of(const ast::HookStatement* hook) {
  return hook->when == HookWord::BeforePhase ? "before phase" : "after phase";
}

}  // namespace

void Planner::open_hook(const ast::HookStatement* hook, Scope& scope) {
  bool around = hook->when == HookWord::BeforePhase || hook->when == HookWord::AfterPhase;
  std::string phase(hook->phase.text);
  if (hook->label) phase = eval(hook->label, scope).text;
  if (around) hooks_of_[phase].push_back(hooks_.size());
  (around ? hooks_ : back_hooks_).push_back({hook, scope, std::move(phase), plan_.phases.size()});
}

/// The block in which they stand is over.
void Planner::close_hooks(size_t first) {
  for (size_t i = first; i < hooks_.size(); ++i) {
    const OpenHook& hook = hooks_[i];
    if (hook.phases == 0 && !program_.modules[hook.scope.module]->library) report_idle_hook(hook);
  }
  for (size_t i = first; i < hooks_.size(); ++i) hooks_of_[hooks_[i].phase].pop_back();
  hooks_.erase(hooks_.begin() + ptrdiff_t(first), hooks_.end());
}

void Planner::report_idle_hook(const OpenHook& hook) {
  if (hook.phase.empty()) {
    diagnostics_.report(hook.written->span, diag::HookIdle, text_of(hook.written))
        .advise("move it above the phases that it is for");
    return;
  }
  std::vector<std::string_view> known;
  size_t below = std::min(plan_.phases.size(), hook.above + max_looked_at);
  for (size_t i = hook.above; i < below && known.size() < max_names; ++i)
    if (!llvm::is_contained(known, plan_.phases[i].name)) known.push_back(plan_.phases[i].name);
  Diagnostic& diagnostic =
      diagnostics_.report(hook.written->phase.span, diag::HookPhase, hook.phase, text_of(hook.written));
  if (known.empty()) diagnostic.advise("move it above the phase that it is for");
  else if (std::string_view near = nearest(hook.phase, known); !near.empty())
    diagnostic.advise(fmt::format("did you mean `{}`?", near));
  if (!known.empty()) diagnostic.note(fmt::format("below it {} {}", known.size() == 1 ? "is" : "are", list_of(known)));
}

/// The outermost comes first before a phase and last after it. A hook has no phases and no hooks of its own.
void Planner::plan_around_phase(HookWord when) {
  auto those_for = [&](llvm::StringRef phase) {
    auto found = hooks_of_.find(phase);
    return found == hooks_of_.end() ? std::vector<size_t>() : found->second;
  };
  std::vector<size_t> all = those_for(""), own = those_for(plan_.phases[phase_].name), order;
  std::merge(all.begin(), all.end(), own.begin(), own.end(), std::back_inserter(order));
  bool before = when == HookWord::BeforePhase;
  if (!before) std::reverse(order.begin(), order.end());
  for (size_t index : order) {
    OpenHook& hook = hooks_[index];
    if (before) ++hook.phases;
    if (hook.written->when != when) continue;
    Scope scope = hook.scope;
    plan_block(hook.written->body, scope);
  }
}

/// Of the phase itself nothing is left. What a hook has changed stays: what comes next builds upon it.
void Planner::drop_hook_steps(size_t first_step, std::vector<uint32_t> ends) {
  auto begin = plan_.steps.begin() + ptrdiff_t(first_step);
  if (std::any_of(begin, plan_.steps.end(), [](const Step& step) { return step.kind == StepKind::Act; })) return;
  for (auto step = begin; step != plan_.steps.end(); ++step)
    for (uint32_t gate : step->gates)
      for (uint32_t condition : plan_.gates[gate].conditions)
        plan_.conditions[condition].planned_blocks -= foreseen_samples(plan_.gates[gate], step->hold_ns);
  for (size_t i = plan_.steps.size(); i-- > first_step;)
    if (plan_.steps[i].approval != none && plan_.steps[i].approval + 1 == plan_.approvals.size())
      plan_.approvals.pop_back();
  plan_.steps.erase(begin, plan_.steps.end());
  ends_ = std::move(ends);
}

/// Once all steps are known: a hook changes nothing that they change.
void Planner::plan_back_hooks() {
  for (OpenHook& open : back_hooks_) {
    Hook hook;
    hook.on_abort = open.written->when == HookWord::Abort;
    hook.place = place_text(open.written->span);
    plan_back_hook(open.written->body, open.scope, hook);
    if (!hook.notes.empty() || !hook.actions.empty()) plan_.hooks.push_back(std::move(hook));
  }
}

void Planner::plan_back_hook(const ast::Block* body, Scope& scope, Hook& into) {
  uint32_t outer_locals = scope.locals;
  for (const ast::Statement* statement : body->statements) {
    if (!has_budget(statement->span)) break;
    if (statement->kind == ast::StatementKind::Let) plan_statement(statement, scope);
    if (statement->kind == ast::StatementKind::Call)
      plan_back_action(static_cast<const ast::CallStatement*>(statement)->call, scope, into);
    if (statement->kind == ast::StatementKind::If) {
      auto* branch = static_cast<const ast::IfStatement*>(statement);
      bool holds = eval(branch->condition, scope).number != 0;
      if (const ast::Block* chosen = holds ? branch->then_block : branch->else_block)
        plan_back_hook(chosen, scope, into);
    }
    if (statement->kind != ast::StatementKind::Notify) continue;
    auto* notify = static_cast<const ast::NotifyStatement*>(statement);
    uint32_t channel = told_channel(notify->team, scope);
    if (channel == none) continue;
    if (std::optional<std::string> text = message_of(notify, scope)) into.notes.push_back({channel, std::move(*text)});
  }
  scope.locals = outer_locals;
}

void Planner::plan_back_action(const ast::CallExpr* call, Scope& scope, Hook& into) {
  std::optional<Action> action = called_action(call, scope);
  if (!action) return;
  if (action->reversibility != Reversibility::Reversible) {
    diagnostics_
        .report(call->span, diag::NotInHook, fmt::format("`{}`, which changes for good,", action->text),
                into.on_abort ? "on abort" : "on rollback")
        .advise("only reversible actions: somebody must be able to set it back");
    return;
  }
  uint32_t service = action->service;
  bool changed = llvm::any_of(plan_.steps, [&](const Step& step) {
    return step.kind == StepKind::Act && step.action.service == service;
  });
  if (changed) {
    diagnostics_.report(call->span, diag::HookCollides, service_text(plan_.services[service]))
        .advise("leave it out: the way back restores it before any hook");
    return;
  }
  if (!allowed(*action, call->span) || !hooks_agree(*action, call->span)) return;
  uint32_t index = add_undo(std::move(*action));
  if (llvm::find(into.actions, index) == into.actions.end()) into.actions.push_back(index);
}

/// Hooks wait for nothing, not for one another either: whichever comes last would win.
bool Planner::hooks_agree(const Action& action, Span span) {
  for (const Setting& setting : action.sets) {
    std::string what = variable_text(plan_.services[action.service], setting.variable, setting.role);
    auto [first, fresh] = hook_settings_.try_emplace(what, setting.value, span);
    if (fresh || first->second.first == setting.value) continue;
    diagnostics_
        .report(span, diag::HooksDisagree, what, eval::to_text(first->second.first), eval::to_text(setting.value))
        .at(first->second.second, "the other one")
        .advise("leave one of them out: when somebody aborts, `on rollback` is done as well as `on abort`");
    return false;
  }
  return true;
}

}  // namespace rollout::plan
