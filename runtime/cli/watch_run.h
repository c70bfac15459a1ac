// A run as it goes on, for `status RUN --watch`, and what `status` knows beside its record: who drives it and what was
// asked of it. Read from the state alone.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/session.h"

namespace rollout::cli {

struct BesideRun {
  std::string driver;                   ///< in words; empty: nobody drives it, or that cannot be found out
  std::vector<journal::Request> asked;  ///< what no driver has seen yet
  exec::State latched;                  ///< the state once the driver has seen pauses and answers that were asked for
  int64_t since_ns = 0;                 ///< since its last event; 0 of a run that has ended
};
/// An error: the state does not answer.
Result<BesideRun> beside_run(const Context& context, journal::Store& store, const plan::Plan& plan,
                             const exec::State& state, const std::string& run);
std::string asked_lines(const std::vector<journal::Request>& asked, const Style& style);

/// Until the run has ended: on a terminal whose cursor can be moved one picture that is drawn anew, elsewhere and with
/// `--plain` a line for each event, so that a screen reader reads each of them once. Then its summary.
int watch_run(const Context& context, journal::Store& store, const std::string& run, const Planned& planned);

}  // namespace rollout::cli
