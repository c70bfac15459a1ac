// Figures of the engine: one line for each, ours beside what the same machine can do at best, in the same run. For the
// benchmarks that `rollout_bench --only NAME` runs in one process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::bench {

/// What is said of one measured thing.
struct Figure {
  std::string what;
  std::string unit;   ///< of ours and of the peer's
  double ours = 0;
  std::string peer;   ///< empty: nobody to compare with
  double theirs = 0;
  double ratio = 0;   ///< median of the pairwise ratios, ours / theirs
  double limit = 0;   ///< of the ratio, or of ours where there is no peer; 0: none
  bool at_least = false;  ///< the limit is the least that is allowed, not the most
  bool is_kept() const;
};

/// Of two rows of figures that were taken in turn.
Figure compared(std::string what, std::string unit, const std::vector<double>& ours, std::string peer,
                const std::vector<double>& theirs, double limit = 0, bool at_least = false);
Figure alone(std::string what, std::string unit, double ours, double limit = 0, bool at_least = false);

/// Whether all limits are kept.
bool print_figures(const std::vector<Figure>& figures, const std::string& remark = "");

int64_t clock_ns(int clock);
int64_t now_ns();  ///< monotonic
double quantile(std::vector<double> values, double at);

/// Bytes that the program has in use on the heap.
int64_t heap_bytes();

}  // namespace rollout::bench
