// StateAway: since when the state cannot be read, for a command that looks at it again and again. What it has shown
// before is still what is known; that it cannot be read says nothing of the runs in it.
#pragma once

#include <optional>
#include <string>

#include "runtime/cli/command.h"

namespace rollout::cli {

class StateAway {
 public:
  explicit StateAway(const Context& context) : context_(context) {}

  /// What the last look has come to; null: it could be read. `says`: of the first that could not, and of the first that
  /// could again, on standard error.
  void note(const OpError* error, bool says);
  bool is_away() const { return since_wall_ns_.has_value(); }
  /// `the state is away since 2026-11-23T12:00:00Z: …`; empty: it is not.
  std::string text() const;

 private:
  const Context& context_;
  std::optional<int64_t> since_wall_ns_;
  std::string why_;
};

}  // namespace rollout::cli
