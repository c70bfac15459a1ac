// Private to compiler/check: what to write where a value has another type than its place expects.
#pragma once

#include <string_view>

#include "compiler/base/diagnostics.h"
#include "compiler/check/state.h"

namespace rollout::check {

/// Adds the advice, and the edit where there is but one, to a report that `found` does not fit `wanted`.
void advise_type(Diagnostic& diagnostic, const ast::Expr* expr, const Type* found, const Type* wanted);

/// How a value of such a type is written: ``write a share, such as `5%` ``; empty where that says nothing.
std::string_view how_written(TypeKind kind);

}  // namespace rollout::check
