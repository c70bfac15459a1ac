// Private to compiler/check: reading a file and what it imports. No import leaves the project root; cycles are shown.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/check/check.h"

namespace rollout::check {

/// Where one imported name comes from.
struct Imported {
  const ast::ImportName* name;
  ir::ModuleId module;
};

struct Loaded {
  std::vector<std::vector<Imported>> imports;  ///< by module
};

/// Fills `program.modules`, dependencies first.
Loaded load_modules(const std::string& path, const Loader& load, SourceMap& sources, ir::Program& program,
                    Diagnostics& diagnostics);

}  // namespace rollout::check
