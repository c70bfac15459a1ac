// Distribution: what came of many simulated runs: how they ended, how long they took, how long users were exposed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/cli/command.h"

namespace rollout::cli {

struct Distribution {
  std::map<std::string, int64_t> outcomes;
  std::vector<int64_t> durations_ns, exposures_ns;

  void add(const std::string& outcome, int64_t duration_ns, int64_t exposure_ns) {
    ++outcomes[outcome];
    durations_ns.push_back(duration_ns);
    exposures_ns.push_back(exposure_ns);
  }
};

/// What was simulated: the field of docs/schemas/distribution.json that names it, its name, and a title for people.
struct Simulated {
  std::string field, name, title;
};
/// Of at least one run.
void print_distribution(const Context& context, const Simulated& what, Distribution runs);

}  // namespace rollout::cli
