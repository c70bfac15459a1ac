// What is left of a run whose events and plan were removed: one line of a chain of its own, beside the run's row, which
// stays. For SqlStore and those who read old runs. Always true: a line is never removed or changed, and an open or
// parked run has none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "runtime/journal/event.h"

namespace rollout::journal {

/// The name by which the chain of these lines is read and its head noted, as if it were a run's.
inline constexpr std::string_view prune_chain = "prunes";

struct Pruned {
  std::string run;
  std::string rollout;
  std::string plan_hash;
  int64_t events = 0;  ///< that there were
  std::string head;    ///< the hash of the last one
  Outcome outcome = Outcome::Succeeded;
  int64_t ended_wall_ns = 0;
  std::string began_by;  ///< who began the run
  int64_t wall_ns = 0;   ///< when it was pruned
  std::string by;
  std::string reason;
  std::string exported;  ///< the file to which it was copied before; empty: none
};

std::string encode(const Pruned& pruned);
Result<Pruned> decode_pruned(std::string_view line);

/// `run r3 was pruned on … by …: …; …`
std::string pruned_text(const Pruned& pruned);

}  // namespace rollout::journal
