// Runs of which only a row is left: what it says, and whether it is the one that was written. For those who show old
// runs or check their record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/json.h"
#include "runtime/cli/record.h"
#include "runtime/journal/prune.h"
#include "runtime/journal/store.h"

namespace rollout::cli {

using PrunedRuns = std::map<std::string, journal::Pruned>;
/// All of them, by the name of the run. Does not check their chain; a line that cannot be read is of no run, and
/// prunes_problems names it.
Result<PrunedRuns> pruned_runs(journal::Store& store);

/// Whether what could not be read of the run is missing because it was pruned.
bool is_pruned(journal::Store& store, const std::string& run);

/// What is wrong with what is left of a run; empty: it agrees with the run's row and with the heads noted of it.
std::vector<std::string> remains_problems(journal::Store& store, const journal::Pruned& pruned,
                                          const std::vector<NotedHead>& heads);

/// What is wrong with the chain of all prunes, each with the run that it is about, or with none. `noted_here`: whoever
/// prunes notes the head of that chain in `heads`, so a run whose own head is there has its prune there too.
std::vector<std::pair<std::string, std::string>> prunes_problems(journal::Store& store,
                                                                 const std::vector<NotedHead>& heads, bool noted_here);

/// `pruned on … by …: …; …`, behind the name of the run.
std::string pruned_words(const journal::Pruned& pruned);
void write_pruned(json::Writer& json, const journal::Pruned& pruned);

/// `audit RUN` of a pruned run; nothing: it was not.
std::optional<int> audit_pruned(const Context& context, const std::string& name);

}  // namespace rollout::cli
