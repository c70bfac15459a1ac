// Lock file: rollout.lock, one line for each file of each package with its hash. Written by `rollout lock` only.
// Always true: the same project gives the same bytes.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "compiler/base/result.h"
#include "runtime/cli/project.h"

namespace rollout::cli {

/// What to do about a rollout.lock that is none.
inline constexpr const char* lock_file_advice =
    "take it from version control, or use the rollout that wrote it; `rollout lock` writes it anew";

struct LockFile {
  std::string rollout;                                     ///< version of the program that wrote it
  std::string library;                                     ///< hash of its standard library
  std::map<std::string, std::string, std::less<>> hashes;  ///< by path below the project root

  /// The error is a predicate: "is not in rollout.lock".
  Status verify(const std::string& path, std::string_view text) const;
};

/// `sha256:…`: the algorithm is named, so that another one can follow.
std::string locked_hash(std::string_view text);

/// Nothing when there is none; an error when it is none of ours.
Result<std::optional<LockFile>> read_lock_file(const Project& project);

}  // namespace rollout::cli
