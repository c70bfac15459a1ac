// When a test begins, as the clocks of a calendar's zone show it: `given start 2026-11-20 15:30 in working_hours`.
#pragma once

#include <optional>

#include "compiler/base/diagnostics.h"
#include "compiler/eval/value.h"
#include "compiler/syntax/ast_expr.h"

namespace rollout::eval {

/// In nanoseconds since 1970; of a time that the clocks show twice the first one. One that they skip is reported;
/// nothing: the date, the time or the calendar is wrong, which was reported before.
std::optional<int64_t> start_of(const Value& calendar, const ast::Name& date, const ast::Name& time,
                                Diagnostics& diagnostics);

}  // namespace rollout::eval
