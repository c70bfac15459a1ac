// Runs two programs in turn and compares them. Only ratios taken in the same alternating run are worth keeping:
// the same binary's time moves by more than half between two calls an hour apart.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::bench {

/// One program with its arguments; output is thrown away. Must end with exit code 0 to count.
using Command = std::vector<std::string>;

struct Sample {
  double wall_ms = 0;  ///< without proofs_ms
  double cpu_ms = 0;
  double peak_mib = 0;
  double proofs_ms = 0;  ///< what `--timings` says of the proofs, which no peer has; 0 without that flag
};

struct Comparison {
  Sample ours;            ///< medians
  Sample peer;
  double ratio = 0;       ///< median of the pairwise ratios of wall time, ours / peer
  double least_ms = 0;    ///< our fastest run
  double load = 0;        ///< 1-minute load average when the case began
};

/// One call, or why it failed.
Result<Sample> run_once(const Command& command);

/// `rounds` times ours, then the peer; one round before is not counted.
Result<Comparison> compare(const Command& ours, const Command& peer, int rounds);

double median(std::vector<double> values);

/// 1-minute load average, as the machine says.
double load_now();

/// `AMD EPYC …, 2 cores, Linux 6.1`: what a figure has to be read with.
std::string machine();

}  // namespace rollout::bench
