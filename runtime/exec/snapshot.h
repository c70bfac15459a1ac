// What a run has come to, read from its store: the newest snapshot and the events behind it, or all of them. And when
// the next snapshot is due. For drive(), and for whoever looks at a run before going on with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/exec/state.h"
#include "runtime/journal/store.h"

namespace rollout::exec {

/// Events behind a snapshot before another one is made: fewer are read in the time that a process takes to start.
inline constexpr int64_t snapshot_tail = 1000;
/// A snapshot may take so many bytes for each event behind the one before. An event takes about as many: a run is not
/// written twice.
inline constexpr int64_t snapshot_bytes_an_event = 256;

class SnapshotPace {
 public:
  explicit SnapshotPace(int64_t least_tail) : least_tail_(least_tail) {}
  bool is_due(const State& state) const;
  /// A snapshot of `state`, if one is due behind its last event; otherwise an empty text.
  std::string due(const State& state);
  /// There is one, of so many events and bytes.
  void note(int64_t events, size_t bytes);

 private:
  int64_t least_tail_;
  int64_t events_ = 0, bytes_ = 0;  ///< of the newest one
};

struct RunSoFar {
  State state;
  std::vector<journal::Event> events;  ///< that were folded behind the snapshot
};

/// The state is the fold of all events, whichever way it was read. `pace`: told of the snapshot; null: nobody is.
Result<RunSoFar> read_run(journal::Store& store, const plan::Plan& plan, std::string_view run,
                          SnapshotPace* pace = nullptr);

}  // namespace rollout::exec
