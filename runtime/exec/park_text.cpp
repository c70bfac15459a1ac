#include "runtime/exec/park_text.h"

#include <fmt/format.h>

#include "runtime/exec/fold.h"

namespace rollout::exec {

namespace {

std::string list_undo(const plan::Plan& plan, const State& state, bool done) {
  std::string out;
  for (uint32_t index : plan::undo_list(plan, state.way)) {
    if ((state.undo[index].status == StepStatus::Done) != done) continue;
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", plan.undo[index].text);
  }
  return out;
}

std::string service_texts(const plan::Plan& plan, const State& state) {
  std::string out;
  for (size_t i = 0; i < plan.services.size(); ++i) {
    const plan::Service& service = plan.services[i];
    std::string name = plan::service_text(service);
    double percent = double(state.services[i].share_ppb) / double(eval::percent_one);
    if (service.subject == plan::Subject::Database) continue;
    if (service.subject == plan::Subject::Flag) {
      out += fmt::format(" {} is on for {:.4g}% of the users.", name, percent);
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
  std::string done = list_undo(plan, state, true);
  return fmt::format(
      "The rollback stopped at `{}` after {} attempts: {}.{} Done: {}. Not done: {}. Repair {}, do "
      "what is not done by hand in "
      "this order, then make a new plan.",
      action.text, state.at(undo).attempt, state.at(undo).detail, service_texts(plan, state),
      done.empty() ? "nothing" : done, list_undo(plan, state, false), target);
}

std::string text_past_commit(const plan::Plan& plan, const State& state) {
  uint32_t commit = commit_passed(plan, state);
  std::string done = list_undo(plan, state, true);
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

}  // namespace rollout::exec
