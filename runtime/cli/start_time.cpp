#include "runtime/cli/start_time.h"

#include <fmt/format.h>

#include "compiler/eval/literal.h"

namespace rollout::cli {

Result<std::optional<int64_t>> start_time_of(const Context& context) {
  if (!context.args.has("--start")) return std::optional<int64_t>();
  std::string text = context.args.value("--start");
  Result<eval::Value> value = eval::parse_value(eval::Value::Kind::Instant, text);
  if (value) return std::optional(value->number);
  return OpError{fmt::format("`--start` takes an instant such as 2026-11-20T14:30Z, not `{}`", text)};
}

}  // namespace rollout::cli
