// Distribution: what came of many simulated runs: how they ended, how long they took, how long users met the new
// version, and how often a good version was taken back. For `simulate --runs`. Always true: the same runs in the same
// order, whoever made them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/cli/healthy_world.h"

namespace rollout::cli {

/// One run.
struct Figures {
  std::string outcome;  ///< `succeeded`, `rolled back in phase pilot`
  int64_t run_ns = 0;
  int64_t exposure_ns = 0;       ///< of the most exposed service
  int64_t rollback_ns = 0;       ///< 0: it did not go back
  bool false_rollback = false;   ///< it went back by itself, of a version with nothing wrong
  std::vector<std::string> violations = {};
};

struct Distribution {
  std::vector<Figures> runs;  ///< by seed, ascending

  std::map<std::string, int64_t> outcomes() const;
  /// Of all runs, or of those that went back, in order of size.
  std::vector<int64_t> sorted(int64_t Figures::*field, bool only_back = false) const;
  int64_t false_rollbacks() const;
};

/// What was simulated: the field of docs/schemas/distribution.json that names it, its name, and a title for people.
struct Simulated {
  std::string field, name, title;
};

/// Makes the runs in as many copies of this process as `world` says, and shows what came of them; the exit code.
int simulate_many(const Context& context, const Simulated& what, const HealthyWorld& world,
                  const std::function<Figures(int64_t index)>& one);

/// Whether the run, or a part of it, went back, and not because people wanted it or did not answer.
bool taken_back_unasked(const std::vector<journal::Event>& events);

/// A picture of it, as SVG. Of at least one run.
std::string distribution_svg(const Simulated& what, const HealthyWorld& world, const Distribution& distribution);

}  // namespace rollout::cli
