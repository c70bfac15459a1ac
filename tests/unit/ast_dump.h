// A syntax tree as text, for tests that compare two of them.
#pragma once

#include <string>
#include <vector>

#include "compiler/syntax/ast.h"

namespace rollout {

/// Everything that the author said, nothing of where: nested lists, one declaration a line.
std::string dump(const ast::File& file);

/// Kind and place of each node, nothing of what it holds; `${…}` in strings is left out.
std::vector<std::string> nodes(const ast::File& file);

}  // namespace rollout
