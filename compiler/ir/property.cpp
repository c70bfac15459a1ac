#include "compiler/ir/property.h"

namespace rollout::ir {

namespace {

constexpr PropertyRow rows[property_count] = {
    {"first_phase.share", Property::FirstPhaseShare, TypeKind::Percent, true},
    {"monitored", Property::Monitored, TypeKind::Bool, true},
    {"rollback.total", Property::RollbackTotal, TypeKind::Bool, true},
    {"rollback.rehearsed", Property::RollbackRehearsed, TypeKind::Instant, false},
    {"duration.worst", Property::DurationWorst, TypeKind::Duration, true},
    {"capacity.margin", Property::CapacityMargin, TypeKind::Float, false},
};

}  // namespace

std::optional<PropertyRow> property_named(std::string_view path) {
  for (const PropertyRow& row : rows)
    if (row.path == path) return row;
  return std::nullopt;
}

const PropertyRow& row_of(Property property) { return rows[size_t(property)]; }

std::vector<std::string_view> property_paths() {
  std::vector<std::string_view> paths;
  for (const PropertyRow& row : rows) paths.push_back(row.path);
  return paths;
}

}  // namespace rollout::ir
