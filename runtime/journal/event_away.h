// What keeps a run waiting from outside, and what lets it go on: systems that do not answer, and people who override a
// stopped line. Part of the set of events (event.h), closed and versioned with it.
#pragma once

#include <cstdint>
#include <string>

namespace rollout::journal {

/// Calls to a target, or to one host of it, have come to nothing one after another: steps forward leave it alone for a
/// while at a time. How things stand in this process; another one begins without it.
struct EndpointAway {
  std::string endpoint;  ///< for people: `edge`, `web-1 of fleet`
  std::string detail;    ///< what the last call came to
};
/// It has answered again.
struct EndpointBack {
  std::string endpoint;
  int64_t away_ns = 0;
};

/// A person lets this run go on while the line is stopped, up to a moment of the wall clock.
struct LineOverridden {
  int64_t request = 0;  ///< id in the mailbox
  std::string by;
  std::string reason;
  int64_t until_wall_ns = 0;
};
/// That moment has come: the stop counts again.
struct OverrideEnded {};

}  // namespace rollout::journal
