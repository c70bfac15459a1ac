// What a run asks people, and whose answer counts. For the executor, and for the commands that answer.
// Always true: only members of who was asked count, each once, and only while the question is open; and not who started
// the run where a policy asks for somebody else.
#pragma once

#include <string>
#include <vector>

#include "runtime/exec/state.h"
#include "runtime/journal/store.h"

namespace rollout::exec {

bool waits_for_approval(const plan::Plan& plan, StepRef step);

/// An approval, or a hold that has asked people of whom not enough have answered.
bool waits_for_people(const plan::Plan& plan, const State& state, StepRef step);

/// One question that is open: an approval that its step waits for, or what a gate of its hold asks.
struct Question {
  StepRef step;
  uint32_t gate = plan::none;
  const plan::Approval* approval;
  const Ask* ask;
};

/// In the order of the plan; none once the run goes back.
std::vector<Question> open_questions(const plan::Plan& plan, const State& state);

/// Their steps, each once.
std::vector<StepRef> open_approvals(const plan::Plan& plan, const State& state);

/// What the plan says of a question of `hold`; `gate` none: of the approval that it is.
const plan::Approval& approval_of(const plan::Plan& plan, StepRef hold, uint32_t gate, const Ask& ask);

/// The response of a gate to a verdict or to the lack of one.
const plan::Response& response_to(const plan::Gate& gate, journal::Verdict verdict, journal::Reason reason);

/// Who may say yes to what `hold` asks now, in a run that `author` has started.
std::vector<std::string> members_now(const plan::Plan& plan, StepRef hold, const plan::Approval& approval,
                                     const Ask& ask, std::string_view author);

/// Why `answer`, to what its step asks, does not count; empty: it does.
std::string answer_problem(const plan::Plan& plan, const State& state, const journal::Request& answer);

/// A pause, or its end, that is one: a way back is not paused, and whoever began it has ended the pause.
bool changes_pause(const State& state, const journal::Request& request);

/// Of what was asked of all runs only the last word counts: a run that begins later knows nothing of earlier stops.
void keep_last_of_line(std::vector<journal::Request>& requests);

/// `1 of 2 of sre have approved: anna`.
std::string approved_text(const plan::Approval& approval, const std::vector<std::string>& approved);

/// When, at the latest, the questions of a hold are to be looked at again; nothing: no bound is ahead.
std::optional<int64_t> next_ask_bound(const plan::Plan& plan, const HoldState& hold, int64_t now);

}  // namespace rollout::exec
