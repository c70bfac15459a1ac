// Who is told of a value that cannot be: whoever asked for it.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/ir/program.h"

namespace rollout::eval {

/// Each mistake in a value that was reported behind the first `count` diagnostics, in another file than that of `call`,
/// is told at `call`, and the place where it showed beside it: whoever calls gave the values. What a `let` of that file
/// comes to is the same for all who call, and stays where it is.
void blame_caller(const ir::Program& program, size_t count, Span call, Diagnostics& diagnostics);

/// The same of every mistake: the file belongs to somebody else, and only what it was called with can be changed.
void blame_user(const ir::Program& program, size_t count, Span call, Diagnostics& diagnostics);

}  // namespace rollout::eval
