#include "runtime/cli/beside_events.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "runtime/effects/clock.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

using journal::Ask;
using journal::Request;

constexpr int64_t ns_per_minute = 60'000'000'000;

/// What was asked, as far as the event that came of it says so.
struct Heard {
  Request as;              ///< without its time
  bool has_step = false, has_minutes = false, has_holder = false;
  int64_t until_ns = 0;    ///< of Override
};

/// Nothing: no request stands behind the event.
std::optional<Heard> heard_in(const journal::Payload& what) {
  auto plain = [](Ask ask, const auto& e) {
    Heard heard;
    heard.as.id = e.request, heard.as.ask = ask, heard.as.by = e.by, heard.as.reason = e.reason;
    return heard;
  };
  auto latch = [&](Ask ask, const auto& e) {
    Heard heard = plain(ask, e);
    heard.as.line = e.line;
    return heard;
  };
  auto answer = [&](Ask ask, const auto& e) {
    Heard heard = plain(ask, e);
    heard.as.step = e.step.step, heard.as.holder = e.holder;
    heard.has_step = heard.has_holder = true;
    return heard;
  };
  if (const auto* e = std::get_if<journal::AbortRequested>(&what))
    return plain(e->rollback ? Ask::Rollback : e->replaced ? Ask::Replace : Ask::Abort, *e);
  if (const auto* e = std::get_if<journal::Paused>(&what)) return latch(Ask::Pause, *e);
  if (const auto* e = std::get_if<journal::Unpaused>(&what)) return latch(Ask::Resume, *e);
  if (const auto* e = std::get_if<journal::Approved>(&what)) return answer(Ask::Approve, *e);
  if (const auto* e = std::get_if<journal::Rejected>(&what)) return answer(Ask::Reject, *e);
  if (const auto* e = std::get_if<journal::RequestVoid>(&what)) return plain(e->ask, *e);
  const auto* e = std::get_if<journal::LineOverridden>(&what);
  if (e == nullptr) return std::nullopt;
  Heard heard = plain(Ask::Override, *e);
  heard.has_minutes = true, heard.until_ns = e->until_wall_ns;
  return heard;
}

/// Of a chain that is whole: its first event, what came of requests, and its ends.
std::vector<journal::Event> telling(const journal::Chain& chain) {
  std::vector<journal::Event> out;
  for (size_t i = 0; i < chain.rows.size(); ++i) {
    const std::string& line = chain.rows[i].line;
    auto has = [&](std::string_view text) { return line.find(text) != std::string::npos; };
    if (i > 0 && !has("\"request\":") && !has("\"run_ended\"") && !has("\"reopened\"")) continue;
    if (Result<journal::Event> event = journal::decode(line)) out.push_back(std::move(*event));
  }
  return out;
}

/// `request 4 (approve by anna)`
std::string named(const Request& request) {
  return fmt::format("request {} ({} by {})", request.id, journal::word(journal::ask_names, request.ask), request.by);
}

/// What the row says otherwise than the event that came of it; empty: nothing.
std::string difference(const Request& row, const Heard& heard) {
  if (row.line != heard.as.line) return "of whom it was asked";
  if (row.ask != heard.as.ask) return "what was asked";
  if (row.by != heard.as.by || (heard.has_holder && row.holder != heard.as.holder)) return "who asked";
  if (row.reason != heard.as.reason) return "why it was asked";
  if (heard.has_step && row.step != heard.as.step) return "of which step it was asked";
  if (heard.has_minutes && row.wall_ns + row.minutes * ns_per_minute != heard.until_ns) return "until when it holds";
  return {};
}

}  // namespace

std::vector<std::string> request_problems(const journal::Chain& chain, const std::vector<Request>& requests) {
  const std::vector<journal::Event> events = telling(chain);
  const auto* started = events.empty() ? nullptr : std::get_if<journal::RunStarted>(&events.front().what);
  std::vector<std::string> problems;
  std::map<int64_t, const Request*> rows;
  for (const Request& row : requests) rows.emplace(row.id, &row);
  std::set<int64_t> heard_ids;
  int64_t latest_wall_ns = INT64_MAX;  ///< of a request, once the run has ended
  for (const journal::Event& event : events) {
    if (std::holds_alternative<journal::RunEnded>(event.what)) latest_wall_ns = event.wall_ns + max_clock_ahead_ns;
    if (std::holds_alternative<journal::Reopened>(event.what)) latest_wall_ns = INT64_MAX;
    std::optional<Heard> heard = heard_in(event.what);
    if (!heard) continue;
    heard_ids.insert(heard->as.id);
    auto row = rows.find(heard->as.id);
    if (row == rows.end()) {
      if (started != nullptr && started->says_void)
        problems.push_back(fmt::format("{} is in its events and was deleted from the store", named(heard->as)));
    } else if (std::string what = difference(*row->second, *heard); !what.empty()) {
      problems.push_back(fmt::format("{} was changed: its event says otherwise {}", named(*row->second), what));
    }
  }
  for (const Request& row : requests) {
    if (row.line || heard_ids.count(row.id) > 0) continue;
    // Requests are heard in order, and each leaves an event.
    bool passed = started != nullptr && started->says_void && !heard_ids.empty() && row.id < *heard_ids.rbegin();
    bool late = row.wall_ns > latest_wall_ns;
    if (passed)
      problems.push_back(fmt::format("{} was added: a later one was heard, and it is in no event", named(row)));
    else if (late)
      problems.push_back(fmt::format("{} was added: it says that it was left on {}, behind the end of the run",
                                     named(row), effects::utc_text(row.wall_ns)));
  }
  return problems;
}

Result<Problems> lock_problems(journal::Store& store, const std::vector<journal::RunInfo>& runs) {
  std::set<std::string> unknown, there;
  std::set<std::pair<std::string, std::string>> held;  ///< lock, run
  for (const journal::RunInfo& run : runs) {
    there.insert(run.run);
    if (run.outcome) continue;
    Result<std::vector<journal::Event>> events = store.read(run.run);
    if (!events && events.error().retryable) return events.error();
    if (!events) unknown.insert(run.run);
    std::set<std::string> mine;
    for (const journal::Event& event : events ? *events : std::vector<journal::Event>()) {
      if (const auto* taken = std::get_if<journal::LockTaken>(&event.what)) mine.insert(taken->name);
      if (const auto* released = std::get_if<journal::LockReleased>(&event.what)) mine.erase(released->name);
      if (std::holds_alternative<journal::RunEnded>(event.what)) mine.clear();
    }
    for (const std::string& lock : mine) held.emplace(lock, run.run);
  }
  Result<std::vector<journal::HeldLock>> rows = store.locks();
  if (!rows) return rows.error();
  Problems problems;
  for (const journal::HeldLock& row : *rows) {
    if (held.erase({row.name, row.run}) > 0 || unknown.count(row.run) > 0) continue;
    std::string_view why = there.count(row.run) > 0 ? "by its events it does not" : "there is no such run";
    problems.emplace_back(row.run, fmt::format("the store says that it holds lock `{}`, and {}", row.name, why));
  }
  for (const auto& [lock, run] : held)
    problems.emplace_back(run, fmt::format("it holds lock `{}` by its events, and the store does not say so", lock));
  return problems;
}

}  // namespace rollout::cli
