// The benchmark's deployment of N phases: for our peers by perf/gen.py, for us in the rollout language. The
// same rows in both: each phase has one of eight targets, a weight, a duration, two gates, and follows the one
// before.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "compiler/base/result.h"

namespace rollout::bench {

/// The text of a .rollout file with one rollout of `phases` phases. `harm`: it is declared, and each phase proves that
/// it is not there, which no peer has words for.
std::string rollout_source(int phases, bool harm = false);

/// `let`s, each made of the one before, or all of the first.
std::string chain_source(int count);
std::string fan_source(int count);

/// One `parallel` with a phase for each of `count` services.
std::string branches_source(int count);

/// `program`, which has the rollout `release` of `checkout`, with `count` tests more: good and bad versions, noise, and
/// processes that die.
std::string tests_source(std::string_view program, int count);

/// Writes `gen.py LANGUAGE phases` to `path`.
Status write_peer_source(const std::filesystem::path& generator, const std::string& language, int phases,
                         const std::filesystem::path& path);

}  // namespace rollout::bench
