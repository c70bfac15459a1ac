#include "runtime/exec/park_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/exec/fold.h"
#include "runtime/exec/standing.h"

namespace rollout::exec {

namespace {

std::string list_undo(const plan::Plan& plan, const State& state, const plan::WayBack& way, bool done) {
  std::string out;
  for (uint32_t index : plan::undo_list(plan, way)) {
    if ((state.undo[index].status == StepStatus::Done) != done) continue;
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", plan.undo[index].text);
  }
  return out;
}

/// The action that was begun on the flag behind the last one that was done, or failed and may have taken effect.
std::optional<StepRef> open_setting(const plan::Plan& plan, const State& state, uint32_t flag) {
  const std::optional<StepRef>& done = state.services[flag].router;
  std::optional<StepRef> open;
  auto look = [&](StepRef ref) {
    const StepState& of = state.at(ref);
    const plan::Action& action = action_of(plan, ref);
    if (action.service != flag || !share_set_by(action)) return;
    bool failed = of.status == StepStatus::Failed && of.touched;
    if (!failed && of.status != StepStatus::Begun && of.status != StepStatus::Pausing) return;
    // The way back begins no sooner than what failed has ended.
    bool past = failed && done && (state.at(*done).ended_ns > of.ended_ns ||
                                   (state.at(*done).ended_ns == of.ended_ns && done->undo && !ref.undo));
    if (!past) open = ref;
  };
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].kind == plan::StepKind::Act) look({i, false});
  for (uint32_t i = 0; i < plan.undo.size(); ++i) look({i, true});
  return open;
}

std::string flag_text(const plan::Plan& plan, const State& state, uint32_t flag) {
  std::string name = plan::service_text(plan.services[flag]);
  const std::optional<StepRef>& done = state.services[flag].router;
  auto share = [&] {
    return fmt::format("on for {:.4g}% of the users",
                       double(share_set_by(action_of(plan, *done)).value_or(0)) / double(eval::percent_one));
  };
  std::optional<StepRef> open = open_setting(plan, state, flag);
  if (!open) return done ? fmt::format(" {} is {}.", name, share()) : fmt::format(" {} is as it was before.", name);
  return fmt::format(" Whether `{}` took effect is not known; {}.", action_of(plan, *open).text,
                     done ? fmt::format("before that {} was {}", name, share())
                          : fmt::format("nothing had changed {} before that", name));
}

std::string service_texts(const plan::Plan& plan, const State& state) {
  std::string out;
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    const plan::Service& service = plan.services[i];
    std::string name = plan::service_text(service);
    double percent = double(state.services[i].share_ppb) / double(eval::percent_one);
    if (service.subject == plan::Subject::Database) continue;
    if (service.subject == plan::Subject::Flag) {
      out += flag_text(plan, state, i);
      continue;
    }
    if (percent > 0)
      out += fmt::format(" The canary of {} may still have {:.4g}% of its traffic.", name, percent);
    else out += fmt::format(" The canary of {} has no traffic.", name);
  }
  return out;
}

}  // namespace

std::string text_stuck(const plan::Plan& plan, const State& state, StepRef undo) {
  const plan::Action& action = action_of(plan, undo);
  std::string target =
      action.target < plan.targets.size() ? plan.targets[action.target].name : "its system";
  std::string done = list_undo(plan, state, state.way, true);
  return fmt::format(
      "The rollback stopped at `{}` after {} attempts: {}.{} Done: {}. Not done: {}. Repair {}, do "
      "what is not done by hand in "
      "this order, then make a new plan.",
      action.text, state.at(undo).attempt, state.at(undo).detail, service_texts(plan, state),
      done.empty() ? "nothing" : done, list_undo(plan, state, state.way, false), target);
}

std::string text_past_commit(const plan::Plan& plan, const State& state) {
  uint32_t commit = commit_passed(plan, state);
  std::string done = list_undo(plan, state, state.way, true);
  std::string for_good;
  for (uint32_t i = commit + 1; i < plan.steps.size(); ++i) {
    const plan::Step& step = plan.steps[i];
    bool acts = step.kind == plan::StepKind::Act && step.action.reversibility == plan::Reversibility::Irreversible;
    if (acts && state.steps[i].status != StepStatus::Pending)
      for_good += fmt::format("{}`{}`", for_good.empty() ? "" : ", ", step.text);
  }
  if (!for_good.empty()) for_good = fmt::format(" Cannot be undone, and may have taken effect: {}.", for_good);
  return fmt::format(
      "{}. The run had passed `{}`, which no rollback crosses: what came before it stays. Undone since: {}.{}{} Mend "
      "the cause, then go on with a new plan.",
      state.cause_detail, plan.steps[commit].text, done.empty() ? "nothing" : done, for_good,
      service_texts(plan, state));
}

std::string text_withheld(const plan::Plan& plan, const State& state) {
  std::string held;
  for (const journal::BackTo& one : state.unproven)
    if (one.held)
      held += fmt::format("{}{} {} ({})", held.empty() ? "" : ", ", plan::service_text(plan.services.at(one.service)),
                          one.version, one.why);
  return fmt::format("{}. No rollback begins by itself: it would lead back to {}. Nothing goes on, and what is set "
                     "stays.{} Neither version is known to be good: `rollout abort` goes back all the same; a "
                     "version that mends it comes by `rollout apply FILE --hotfix --reason TEXT`, which goes back "
                     "first.",
                     state.cause_detail, held, service_texts(plan, state));
}

std::string text_astray(const plan::Plan& plan, const State& state, const std::vector<Astray>& astray) {
  std::string list;
  auto version = [](const std::string& text) { return text.empty() ? std::string("nothing") : text; };
  for (const Astray& one : astray)
    list += fmt::format("{}{} runs {}, and ran {}", list.empty() ? "" : "; ",
                        plan::service_text(plan.services.at(one.service)), version(one.runs), version(one.before));
  return fmt::format("{}. The way back has done all that the record of this run knows of, but what runs now is not "
                     "what ran before the run: {}. Somebody has changed it since, or the record is older than what was "
                     "done, as that of a restored backup is. Nothing more was changed: see which version is to serve, "
                     "and bring it by a new plan.",
                     state.cause_detail, list);
}

std::string text_not_verified(const plan::Plan& plan, const State& state) {
  std::string gate = plan.rollback.verify_gate < plan.gates.size()
                         ? plan.gates[plan.rollback.verify_gate].text
                         : "";
  if (commit_passed(plan, state) != plan::none)
    return fmt::format("The check `{}` did not pass after the rollback: {}. {}", gate, state.verify_detail,
                       text_past_commit(plan, state));
  return fmt::format(
      "Everything this run had changed is restored, but the check `{}` did not pass afterwards: "
      "{}.{} The earlier version serves; "
      "find out whether the service is well before the next rollout.",
      gate, state.verify_detail, service_texts(plan, state));
}

namespace {

/// What each failed scope came to: `checkout[eu-2] has gone back: gate …`.
std::string scope_lines(const plan::Plan& plan, const State& state) {
  std::string out;
  for (uint32_t index : state.failed_scopes) {
    const ScopeState& scope = state.scopes[index];
    bool back = scope.rollback == RollbackPhase::Complete;
    out += fmt::format("{}{} {}: {}", out.empty() ? "" : "; ", plan::scope_text(plan, index),
                       back ? "has gone back" : "has not gone back", scope.detail);
  }
  return out;
}

bool all_back(const State& state) {
  return std::all_of(state.failed_scopes.begin(), state.failed_scopes.end(), [&](uint32_t scope) {
    return state.scopes[scope].rollback == RollbackPhase::Complete;
  });
}

}  // namespace

std::string text_scope_stuck(const plan::Plan& plan, const State& state, uint32_t scope, StepRef undo) {
  std::string done = list_undo(plan, state, state.scopes[scope].way, true);
  return fmt::format("`{}` failed after {} attempts: {}; done: {}; not done: {}", action_of(plan, undo).text,
                     state.at(undo).attempt, state.at(undo).detail, done.empty() ? "nothing" : done,
                     list_undo(plan, state, state.scopes[scope].way, false));
}

std::string text_scope_unverified(const plan::Plan& plan, const State& state, uint32_t scope) {
  return fmt::format("everything is restored, but the check `{}` did not pass: {}",
                     plan.gates[plan.scopes[scope].rollback.verify_gate].text, state.scopes[scope].verify_detail);
}

std::string text_scope_failed(const plan::Plan& plan, const State& state, uint32_t scope) {
  return fmt::format("{} failed: {}", plan::scope_text(plan, scope), state.scopes[scope].cause_detail);
}

std::string text_retried(const plan::Plan& plan, const State& state, uint32_t step) {
  const StepState& of = state.steps[step];
  return fmt::format("`{}` failed after {} attempts: {}. What came before `{}` stays. Mend the cause; `rollout apply "
                     "--resume` tries again, `rollout abort` takes back what came since.",
                     plan.steps[step].text, of.attempt - of.first_attempt, of.detail,
                     plan.steps[plan.retry.from_step].text);
}

std::string text_at_checkpoint(const plan::Plan& plan, const State& state, uint32_t scope) {
  bool back = state.scopes[scope].rollback == RollbackPhase::Complete;
  uint32_t commit = commit_passed(plan, state);
  std::string end = commit == plan::none ? "to the start of the run" : fmt::format("to `{}`", plan.steps[commit].text);
  return fmt::format("{}. What came before it stays.{} Mend the cause; `rollout apply --resume` tries {} again, "
                     "`rollout abort` takes back everything, {}.",
                     scope_lines(plan, state), service_texts(plan, state),
                     back ? "what stands behind it" : "what could not go back", end);
}

std::string text_scopes_parked(const plan::Plan& plan, const State& state) {
  for (uint32_t scope : state.failed_scopes)
    if (plan::is_behind_checkpoint(plan, scope)) return text_at_checkpoint(plan, state, scope);
  std::string_view resume = all_back(state) ? "`rollout apply --resume` lets the others go on without it"
                                            : "`rollout apply --resume` tries again what could not go back";
  return fmt::format("{}. Nothing new begins, and what the others reached stays.{} {}; `rollout abort` takes back "
                     "everything.",
                     scope_lines(plan, state), service_texts(plan, state), resume);
}

std::string text_left_behind(const plan::Plan& plan, const State& state) {
  size_t parts = state.failed_scopes.size();
  std::string skipped;
  const std::vector<bool> never = skipped_scopes(plan, state);
  for (uint32_t i = 0; i < never.size(); ++i) {
    uint32_t parent = plan.scopes[i].parent;
    if (!never[i] || (parent != plan::none && never[parent])) continue;
    skipped += fmt::format("{}{}", skipped.empty() ? "; not begun, since it needs what has failed: " : "; ",
                           plan::scope_text(plan, i));
    ++parts;
  }
  return fmt::format("All is done but {}: {}{}. What has gone back runs its earlier version. Mend the cause, then make "
                     "a new plan: it changes only what is behind.",
                     parts == 1 ? "one part" : fmt::format("{} parts", parts), scope_lines(plan, state), skipped);
}

}  // namespace rollout::exec
