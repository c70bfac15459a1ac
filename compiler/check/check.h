// Names, types, units and binding times: from files to a Program in which every name is resolved. Mistakes are
// reported and checking goes on; a program with errors is not planned.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/check/layout.h"
#include "compiler/check/parsed_files.h"
#include "compiler/ir/program.h"

namespace rollout::check {

inline constexpr size_t max_modules = 1000;                      ///< also of a chain of imports
inline constexpr size_t max_program_bytes = size_t{64} << 20;    ///< of all files of one program together

/// The files of the standard library, as `std/strategy/canary.rollout`, with their texts.
using Library = std::vector<std::pair<std::string, std::string_view>>;

/// Where the texts of a program come from.
struct Sources {
  Loader files;  ///< by the path below the project root
  const Library& library;
  const Layout& layout;
};

/// Reads `path` and all that it imports, each file once, and checks them. What `files` has is not read again.
/// The program is returned also when there are errors: look at `diagnostics`. `when_parsed`: see compiler/compile.h.
std::unique_ptr<ir::Program> check(const std::string& path, const Sources& from, ParsedFiles& files,
                                   Diagnostics& diagnostics, const std::function<void()>& when_parsed = {});

}  // namespace rollout::check
