// The compiler from outside: text in, plan out. Pure: files come through the loader, the world through a snapshot.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compiler/check/check.h"
#include "compiler/plan/planner.h"

namespace rollout {

/// One file with all that it imports, read and checked. Look at `diagnostics` before using `program`.
struct Compilation {
  SourceMap sources;
  Diagnostics diagnostics;
  std::unique_ptr<ir::Program> program;
};

/// `path` is relative to the project root; `std/…` never reaches `load`: the library stands in the binary.
/// `when_parsed` is called when all files are trees and nothing is checked yet.
std::unique_ptr<Compilation> compile(const std::string& path, const check::Loader& load,
                                     const std::function<void()>& when_parsed = {});

/// All that can be found without a live system: the file's rollouts planned with their examples, its tests read.
void check_plans(Compilation& compilation);

}  // namespace rollout
