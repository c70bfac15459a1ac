// The benchmarks of the engine, each in this process beside its peers: `rollout_bench --only NAME --scratch FOLDER`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "compiler/base/result.h"

namespace rollout::bench {

/// How a benchmark is run.
struct Setting {
  std::filesystem::path scratch;  ///< on the disk that is measured
  bool quick = false;    ///< a few rounds, to see that it runs: the figures say little
};

/// `all`: one after the other. The exit code: 0 where all limits are kept, 1 where one is not (a quick run does not
/// say), 2 where it could not be measured. Nothing: there is no such benchmark.
std::optional<int> run_engine_bench(const std::string& name, const Setting& setting);

/// Their names, for the usage.
std::string engine_benches();

}  // namespace rollout::bench
