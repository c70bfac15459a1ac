// Names, types, units and binding times: from files to a Program in which every name is resolved. Mistakes are
// reported and checking goes on; a program with errors is not planned.
#pragma once

#include <functional>
#include <memory>

#include "compiler/base/diagnostics.h"
#include "compiler/base/result.h"
#include "compiler/base/source.h"
#include "compiler/ir/program.h"

namespace rollout::check {

/// Gives the text of a file by its path relative to the project root, or of `std/…`; the error says why not.
using Loader = std::function<Result<std::string>(const std::string& path)>;

inline constexpr size_t max_modules = 1000;

/// Reads `path` and all that it imports, each file once, and checks them.
/// The program is returned also when there are errors: look at `diagnostics`. `when_parsed`: see compiler/compile.h.
std::unique_ptr<ir::Program> check(const std::string& path, const Loader& load, SourceMap& sources,
                                   Diagnostics& diagnostics, const std::function<void()>& when_parsed = {});

}  // namespace rollout::check
