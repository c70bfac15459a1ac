// A syntax tree as text, for tests that compare two of them: everything that the author said, nothing of where.
#pragma once

#include <string>

#include "compiler/syntax/ast.h"

namespace rollout {

/// Nested lists, one declaration a line.
std::string dump(const ast::File& file);

}  // namespace rollout
