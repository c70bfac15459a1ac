// `approve` and `reject`: the answer of a person to what a run waits for, left in its mailbox.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "runtime/cli/outline.h"
#include "runtime/cli/session.h"
#include "runtime/exec/approval.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/store_errors.h"

namespace rollout::cli {

namespace {

std::string step_text(const plan::Plan& plan, journal::StepRef step) {
  uint32_t phase = plan.steps[step.step].phase;
  std::string in = phase == plan::none ? "" : fmt::format(" in phase {}", plan.phases[phase].name);
  return fmt::format("step {}{} ({})", step.step, in, plan.steps[step.step].text);
}

/// By its number or its phase; only among those that wait.
bool is_meant(const plan::Plan& plan, journal::StepRef step, const std::string& wanted) {
  uint32_t number = 0;
  auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (error == std::errc() && end == wanted.data() + wanted.size()) return number == step.step;
  uint32_t phase = plan.steps[step.step].phase;
  return phase != plan::none && plan::is_phase(plan.phases[phase], wanted);
}

/// The one step that is meant, or why there is none.
Result<journal::StepRef> waiting_step(const Context& context, const plan::Plan& plan, const exec::State& state,
                                      const std::string& run) {
  std::vector<journal::StepRef> open = exec::open_approvals(plan, state);
  auto refuse = [](std::string why) { return OpError{std::move(why), false, true}; };
  if (open.empty())
    return refuse(fmt::format("run {0} waits for no approval; `rollout status {0}` says what it does", run));
  std::string waiting;
  for (journal::StepRef step : open) waiting += (waiting.empty() ? "" : ", ") + step_text(plan, step);
  if (context.args.positional.size() > 1) {
    const std::string& wanted = context.args.positional[1];
    std::erase_if(open, [&](journal::StepRef step) { return !is_meant(plan, step, wanted); });
    if (open.empty())
      return refuse(fmt::format("run {} waits for no approval at step `{}`; it waits at {}", run, wanted, waiting));
  }
  if (open.size() > 1)
    return refuse(fmt::format("run {} waits for several approvals: {}; name the step behind the run", run, waiting));
  return open.front();
}

std::string said(const plan::Plan& plan, const exec::State& state, const journal::Request& answer) {
  if (answer.ask == journal::Ask::Reject)
    return fmt::format("{} has rejected step {}; the run goes back", answer.by, answer.step);
  std::vector<std::string> counts;
  for (const exec::Question& question : exec::open_questions(plan, state)) {
    std::vector<std::string> members = exec::members_now(*question.approval, *question.ask);
    if (question.step.step != answer.step || std::count(members.begin(), members.end(), answer.by) == 0) continue;
    size_t before = std::size_t(std::count(question.ask->approved.begin(), question.ask->approved.end(), answer.by));
    counts.push_back(fmt::format("{} of {} of {}", question.ask->approved.size() + 1 - before,
                                 question.approval->quorum, question.approval->team));
  }
  return fmt::format("{} has approved step {}: {}", answer.by, answer.step, join(counts, ", "));
}

int answer(const Context& context, journal::Ask ask) {
  const std::string& name = context.args.positional.at(0);
  NamedRunOrExit named = open_run(context, name);
  if (!named.found) return named.exit_code;
  auto& [project, store, run] = *named.found;
  if (run.outcome) return context.fail(journal::run_has_ended(name, *run.outcome));
  Result<Planned> planned = planned_of(*store, run, project);
  if (!planned) return context.fail(planned.error(), NeedsHand);
  Result<std::vector<journal::Event>> events = store->read(name);
  if (!events) return context.fail(events.error());
  const plan::Plan& plan = planned->plan;
  exec::State state = exec::fold_all(plan, *events);
  Result<journal::StepRef> step = waiting_step(context, plan, state, name);
  if (!step) return context.fail(step.error());
  std::string holder = effects::holder_text();
  journal::Request request{0, ask, context.args.value("--as"), context.args.value("--reason"),
                           context.env.effects().clock.wall_ns(), step->step, holder};
  bool guessed = request.by.empty();
  if (guessed) request.by = holder.substr(0, holder.find('@'));
  if (ask == journal::Ask::Reject && request.reason.empty())
    return context.fail(Usage, "say why it is rejected: --reason TEXT");
  if (std::string problem = exec::answer_problem(plan, state, request); !problem.empty())
    return context.fail(Refused, problem + (guessed ? "; say who you are by `--as NAME`" : ""));
  if (Result<int64_t> durable = store->request(name, request); !durable) return context.fail(durable.error());
  if (context.quiet) return Ok;
  bool idle = !driver_of(planned->project, plan);
  context.out(fmt::format("{}{}\n", said(plan, state, request),
                          idle ? fmt::format("; nobody drives run {0}: go on by `rollout apply --resume {0}`", name)
                               : ""));
  return Ok;
}

}  // namespace

int cmd_approve(const Context& context) { return answer(context, journal::Ask::Approve); }
int cmd_reject(const Context& context) { return answer(context, journal::Ask::Reject); }

}  // namespace rollout::cli
