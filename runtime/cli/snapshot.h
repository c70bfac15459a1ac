// Snapshots: what the plans of a file looked like when somebody last said that it was right, as text beside the file:
// `shop.release.snapshot`, `shop.release.production.snapshot`. For `test`, which compares them and with `--update`
// writes them. They are made without a look at the world, with the examples of the inputs.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/cli/project.h"
#include "runtime/cli/run_test.h"

namespace rollout::cli {

inline constexpr size_t max_snapshot_bytes = size_t{16} << 20;

/// One entry for each snapshot that is there: the plan is as it says, or how it differs.
std::vector<Tested> compare_snapshots(const Compilation& compilation, const Place& place);

/// Writes one for each rollout of the file in each environment that the file knows; those that changed are in the
/// result, as a person would type them.
Result<std::vector<std::string>> write_snapshots(const Context& context, const Compilation& compilation,
                                                 const Place& place);

}  // namespace rollout::cli
