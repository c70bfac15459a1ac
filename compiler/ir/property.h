// What a policy may ask of a rollout: a closed table, read by the checker (which properties there are) and by the
// planner (what they are in a plan).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ir/type.h"

namespace rollout::ir {

enum class Property : uint32_t {
  FirstPhaseShare,    ///< of the traffic that the new version gets first, the most of all services
  Monitored,          ///< whether a gate judges every step that gives a new version more
  RollbackTotal,      ///< whether the way back from every step leads to what was there at first
  RollbackRehearsed,  ///< when the way back was last tried; known when a run begins
  DurationWorst,      ///< the longest that it takes where nothing goes back, people aside
  CapacityMargin,     ///< what its targets could run, over the most instances at once; known when a run begins
};
inline constexpr size_t property_count = 6;

struct PropertyRow {
  std::string_view path;  ///< as a policy writes it behind the rollout: `first_phase.share`
  Property property;
  TypeKind type;
  bool decided;  ///< from the plan alone
};

std::optional<PropertyRow> property_named(std::string_view path);
const PropertyRow& row_of(Property property);
std::vector<std::string_view> property_paths();

}  // namespace rollout::ir
