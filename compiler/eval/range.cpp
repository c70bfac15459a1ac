#include "compiler/eval/range.h"

namespace rollout::eval {

bool in_range(const Range& range, const Value& value, Span at, Diagnostics& diagnostics) {
  if (value.is(Value::Kind::None)) return false;
  if (range.least <= value.number && value.number <= range.most) return true;
  diagnostics.report(at, diag::RefinementBroken, std::string(range.clause), to_text(value))
      .note(fmt::format("possible is {}", range.possible));
  return false;
}

}  // namespace rollout::eval
