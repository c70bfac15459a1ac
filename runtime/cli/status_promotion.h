// What `rollout status` says of promotions: a line each in the list, and one picture of a named one.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/json.h"
#include "runtime/cli/command.h"
#include "runtime/exec/promotion.h"

namespace rollout::cli {

struct PromotionRow {
  journal::PromotionInfo info;
  exec::PromotionState state;  ///< without stages: its record is damaged
};
/// Newest first.
Result<std::vector<PromotionRow>> promotion_rows(journal::Store& store);

/// Those that have not ended, and the last ones.
std::string promotion_lines(const Context& context, const std::vector<PromotionRow>& rows);
/// The field `promotions` of docs/schemas/runs.json.
void write_promotions(json::Writer& json, const std::vector<PromotionRow>& rows);

/// `status p3`, with `--watch` until it has ended.
int status_of_promotion(const Context& context, const std::string& name);

}  // namespace rollout::cli
