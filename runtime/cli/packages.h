// Packages: the Layout that imports see, made from the rollout.toml files of a project and of what it depends on,
// and its lock: rollout.lock, the hashes of all files of those packages. Mistakes are diagnostics in those files.
#pragma once

#include <string>
#include <vector>

#include "compiler/check/layout.h"
#include "compiler/compile.h"
#include "runtime/cli/manifest.h"
#include "runtime/cli/project.h"

namespace rollout::cli {

inline constexpr const char* lock_name = "rollout.lock";
inline constexpr size_t max_packages = 100;
inline constexpr size_t max_lock_bytes = size_t{8} << 20;

struct Packages {
  check::Layout layout;
  std::vector<std::string> versions;  ///< by layout.packages
  CliSettings cli;
};

enum class Lock { Verified, Ignored };

/// With the lock, where there is one. After an error in the diagnostics the layout is incomplete.
Packages read_packages(const Project& project, SourceMap& sources, Diagnostics& diagnostics,
                       Lock lock = Lock::Verified);

/// The text that rollout.lock should have.
Result<std::string> lock_text(const Project& project, const Packages& packages);

/// Reports each difference between rollout.lock and what is there.
void check_lock(const Project& project, const Packages& packages, Diagnostics& diagnostics);

}  // namespace rollout::cli
