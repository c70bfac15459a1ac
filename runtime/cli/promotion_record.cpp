#include "runtime/cli/promotion_record.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/effects/clock.h"
#include "runtime/exec/promotion.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

using exec::PromotionState;
using journal::PromotionInfo;
using journal::PromotionOutcome;
using journal::Request;

std::string_view word_of(const std::optional<PromotionOutcome>& outcome) {
  return outcome ? journal::word(*outcome) : "not ended";
}

std::vector<std::string> row_problems(const PromotionState& state, const PromotionInfo& row) {
  std::vector<std::string> problems;
  const journal::PromotionBegun& begun = state.begun;
  if (row.promotion != begun.promotion)
    problems.push_back(fmt::format("the store calls it `{}`, and its first event `{}`", row.promotion,
                                   begun.promotion));
  if (row.file != begun.file || row.acts_on != begun.acts_on)
    problems.push_back("the store says another file or other services than its first event");
  if (row.created_wall_ns != state.began_wall_ns)
    problems.push_back("the store says another time at which it began");
  std::optional<PromotionOutcome> outcome;
  if (state.ended) outcome = state.ended->outcome;
  if (row.outcome != outcome)
    problems.push_back(
        fmt::format("the store says {}, and its events say {}", word_of(row.outcome), word_of(outcome)));
  std::string stands_in = state.reopened ? "" : state.stages[exec::stage_of(state)].run;
  if (row.open_run != stands_in)
    problems.push_back(fmt::format("the store says that it stands in run {}, and its events say {}",
                                   row.open_run.empty() ? "(none)" : row.open_run,
                                   stands_in.empty() ? "(none)" : stands_in));
  return problems;
}

/// `request 4 (abort by anna)`
std::string named(int64_t id, journal::Ask ask, const std::string& by) {
  return fmt::format("request {} ({} by {})", id, journal::word(journal::ask_names, ask), by);
}

/// Why nobody can have left this request; empty: somebody can. The first abort is heard, and nothing else is asked.
std::string why_added(const PromotionState& state, const Request& row) {
  if (!journal::takes_back(row.ask)) return "nobody asks that of a promotion";
  if (state.aborted && row.id < state.aborted->request) return "a later one was heard, and it is in no event";
  if (!state.ended || state.reopened) return {};
  if (state.ended->outcome == PromotionOutcome::Succeeded) return "the promotion succeeded, which an abort forbids";
  if (row.wall_ns > state.wall_ns + max_clock_ahead_ns)
    return fmt::format("it says that it was left on {}, behind the end of the promotion",
                       effects::utc_text(row.wall_ns));
  return {};
}

std::vector<std::string> mailbox_problems(const PromotionState& state, const std::vector<Request>& requests) {
  std::vector<std::string> problems;
  bool there = !state.aborted;
  for (const Request& row : requests) {
    if (row.line) continue;
    std::string name = named(row.id, row.ask, row.by);
    if (state.aborted && row.id == state.aborted->request) {
      there = true;
      bool same = journal::takes_back(row.ask) && row.by == state.aborted->by && row.reason == state.aborted->reason;
      if (!same) problems.push_back(fmt::format("{} was changed: its event says otherwise who asked, or why", name));
    } else if (std::string why = why_added(state, row); !why.empty()) {
      problems.push_back(fmt::format("{} was added: {}", name, why));
    }
  }
  if (!there)
    problems.push_back(fmt::format("{} is in its events and was deleted from the store",
                                   named(state.aborted->request, journal::Ask::Abort, state.aborted->by)));
  return problems;
}

}  // namespace

Result<std::vector<std::string>> promotion_problems(journal::Store& store, const PromotionInfo& row,
                                                    const std::vector<NotedHead>& heads) {
  Result<journal::Chain> chain = store.chain(row.name);
  if (!chain) return chain.error();
  std::vector<std::string> problems = chain_problems(*chain, row.name, heads);
  if (!problems.empty()) return problems;
  PromotionState state;
  for (const journal::Kept& kept : chain->rows) {
    Result<journal::PromotionEvent> event = journal::decode_promotion(kept.line);
    if (!event) return std::vector{event.error().message};
    exec::fold(state, *event);
  }
  if (state.stages.empty()) return std::vector<std::string>{"its first event does not say what it is"};
  if (row.events == chain->events) problems = row_problems(state, row);
  Result<std::vector<Request>> requests = store.requests(row.name, INT64_MIN);
  if (!requests) return requests.error();
  for (std::string& problem : mailbox_problems(state, *requests)) problems.push_back(std::move(problem));
  return problems;
}

}  // namespace rollout::cli
