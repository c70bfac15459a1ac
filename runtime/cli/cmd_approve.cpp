// `approve` and `reject`: the answer of a person to what a run waits for, left in its mailbox.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/apply_promotion.h"
#include "runtime/cli/crew.h"
#include "runtime/cli/hand.h"
#include "runtime/cli/outline.h"
#include "runtime/exec/approval.h"
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
    std::vector<std::string> members = exec::members_now(plan, question.step, *question.approval, *question.ask,
                                                              state.author);
    if (question.step.step != answer.step || std::count(members.begin(), members.end(), answer.by) == 0) continue;
    size_t before = std::size_t(std::count(question.ask->approved.begin(), question.ask->approved.end(), answer.by));
    counts.push_back(fmt::format("{} of {} of {}", question.ask->approved.size() + 1 - before,
                                 question.approval->quorum, question.approval->team));
  }
  return fmt::format("{} has approved step {}: {}", answer.by, answer.step, join(counts, ", "));
}

/// The object of docs/schemas/answer.json.
std::string answer_json(const std::string& run, const plan::Plan& plan, const exec::State& state,
                        const journal::Request& answer, bool driven) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "answer").field("run", run).field("step", answer.step);
  json.field("answer", answer.ask == journal::Ask::Approve ? "approve" : "reject").field("by", answer.by);
  json.field("reason", answer.reason).field("driven", driven).key("questions").begin_array();
  for (const exec::Question& question : exec::open_questions(plan, state)) {
    if (question.step.step != answer.step) continue;
    json.begin_object().field("team", question.approval->team).field("quorum", question.approval->quorum);
    json.key("approved").begin_array();
    for (const std::string& by : question.ask->approved) json.value(by);
    std::vector<std::string> members = exec::members_now(plan, question.step, *question.approval, *question.ask,
                                                         state.author);
    bool counts = answer.ask == journal::Ask::Approve &&
                  std::count(members.begin(), members.end(), answer.by) > 0 &&
                  std::count(question.ask->approved.begin(), question.ask->approved.end(), answer.by) == 0;
    if (counts) json.value(answer.by);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

/// To a worker, and the promotion that it is a part of with it.
Status leave_run(journal::Store& store, const plan::Plan& plan, const std::string& run) {
  Result<std::optional<OpenPromotion>> whole = open_promotion_of(store, run);
  if (!whole) return whole.error();
  if (Status offered = store.claims()->offer(claim_names(plan), run); !offered || !*whole) return offered;
  return store.claims()->offer({(*whole)->claim}, (*whole)->name);
}

int answer(const Context& context, journal::Ask ask) {
  int exit_code = Ok;
  std::optional<RunInHand> held = take_hold(context, context.args.positional.at(0), exit_code, Reads::State);
  if (!held) return exit_code;
  const std::string& name = held->run();
  journal::Store* store = held->named.store.get();
  if (held->named.run.outcome) return context.fail(journal::run_has_ended(name, *held->named.run.outcome));
  // What others have said counts from the moment at which they were told so, whether or not a driver has seen it.
  Result<std::vector<journal::Request>> requests = unseen_requests(*store, held->state, name);
  if (!requests) return context.fail(requests.error());
  const plan::Plan& plan = held->planned.plan;
  const exec::State state = as_asked(held->state, held->planned.plan, held->run(), *requests);
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
  bool idle = !driver_of(*store, plan);
  bool served = store->claims()->shared() || driver_of(*store, std::vector{std::string(crew_claim)});
  bool workers = idle && served && leave_run(*store, plan, name);
  if (context.json()) {
    context.out(answer_json(name, plan, state, request, !idle));
    return Ok;
  }
  if (context.quiet) return Ok;
  std::string who = workers ? "a worker goes on with it, or you do" : "go on";
  context.out(fmt::format(
      "{}{}\n", said(plan, state, request),
      idle ? fmt::format("; nobody drives run {0}: {1} by `rollout apply --resume {0}`", name, who) : ""));
  return Ok;
}

}  // namespace

int cmd_approve(const Context& context) { return answer(context, journal::Ask::Approve); }
int cmd_reject(const Context& context) { return answer(context, journal::Ask::Reject); }

}  // namespace rollout::cli
