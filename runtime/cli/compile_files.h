// CompileFiles: the files of one command, each read and checked with all that it imports. What several of them import
// is read and parsed once, so that a chain of imports does not cost its square. Always true: messages are those of
// files that are compiled one by one, but for those that were said.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <llvm/ADT/StringSet.h>

#include "compiler/compile.h"
#include "runtime/cli/packages.h"
#include "runtime/cli/timings.h"

namespace rollout::cli {

/// Of texts that are kept for the files to come; beyond that all of them are forgotten, and read again.
inline constexpr size_t max_kept_bytes = size_t{4} << 20;

class CompileFiles {
 public:
  /// Paths in diagnostics are as a person in `directory` would type them.
  CompileFiles(std::string directory, Timings& timings, Lock lock = Lock::Verified)
      : directory_(std::move(directory)), timings_(timings), lock_(lock) {}

  /// Marks `read`, `parse`, `check`. To be gone before the next one is compiled.
  std::unique_ptr<Compilation> compile(const Place& place);
  /// Behind everything that is said of it: what it imports need not be checked again by itself. Not so of what is
  /// planned, of what counts policies, and where something was left out.
  void reported(const Place& place, const Compilation& compilation);
  /// Whether checking this file would say nothing new, and count nothing.
  bool is_known(const Place& place) const;

 private:
  struct Kept {
    std::unique_ptr<check::ParsedFiles> files = std::make_unique<check::ParsedFiles>();
    Diagnostics mistakes = {};  ///< in the manifests
    Packages packages = {};
  };
  const Kept& kept(const Project& project);
  friend std::unique_ptr<Compilation> compile_file(const Place& place, const std::string& directory, Timings& timings);

  std::string directory_;
  Timings& timings_;
  Lock lock_;
  std::map<std::string, Kept> kept_;  ///< by the roots of the projects
  size_t kept_bytes_ = 0;
  std::map<std::string, llvm::StringSet<>> known_;  ///< paths, by the roots
};

/// One alone.
std::unique_ptr<Compilation> compile_file(const Place& place, const std::string& directory, Timings& timings);

}  // namespace rollout::cli
