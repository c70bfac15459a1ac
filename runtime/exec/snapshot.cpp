#include "runtime/exec/snapshot.h"

#include <algorithm>
#include <utility>

#include "runtime/exec/fold.h"
#include "runtime/exec/state_text.h"

namespace rollout::exec {

bool SnapshotPace::is_due(const State& state) const {
  const int64_t tail = state.events - events_;
  return tail >= least_tail_ && tail * snapshot_bytes_an_event >= bytes_ && !state.ended;
}

std::string SnapshotPace::due(const State& state) {
  if (!is_due(state)) return {};
  std::optional<std::string> text = encode(state);
  // What cannot be written now is tried again when another one would be due.
  note(state.events, text ? text->size() : size_t(bytes_));
  return std::move(text).value_or("");
}

void SnapshotPace::note(int64_t events, size_t bytes) {
  events_ = events;
  bytes_ = int64_t(bytes);
}

Result<RunSoFar> read_run(journal::Store& store, const plan::Plan& plan, std::string_view run, SnapshotPace* pace) {
  Result<journal::Recent> recent = store.read_on(run);
  if (!recent) return recent.error();
  std::optional<State> begun;
  if (recent->snapshot) begun = decode_state(plan, recent->snapshot->text);
  const bool fits = begun && begun->events == recent->snapshot->events;
  if (recent->snapshot && !fits) {
    // Another version has written it.
    Result<std::vector<journal::Event>> all = store.read(run);
    if (!all) return all.error();
    return RunSoFar{fold_all(plan, *all), std::move(*all)};
  }
  if (fits && pace != nullptr) pace->note(recent->snapshot->events, recent->snapshot->text.size());
  RunSoFar out{fits ? std::move(*begun) : initial_state(plan), std::move(recent->events)};
  for (const journal::Event& event : out.events) fold(out.state, plan, event);
  return out;
}

}  // namespace rollout::exec
