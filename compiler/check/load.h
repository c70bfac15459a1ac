// Private to compiler/check: reading a file and what it imports, each file once. Always true: an import by path stays
// in the package of the file in which it stands, an import by name reaches only what a package exports.
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
Loaded load_modules(const std::string& path, const Sources& from, ParsedFiles& files, ir::Program& program,
                    Diagnostics& diagnostics);

}  // namespace rollout::check
