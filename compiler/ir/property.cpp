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
    {"name", Property::PhaseName, TypeKind::String, true, Owner::Phase},
    {"number", Property::PhaseNumber, TypeKind::Int, true, Owner::Phase},
    {"share", Property::PhaseShare, TypeKind::Percent, true, Owner::Phase},
    {"hold", Property::PhaseHold, TypeKind::Duration, true, Owner::Phase},
    {"judged", Property::PhaseJudged, TypeKind::Bool, true, Owner::Phase},
    {"name", Property::ActionName, TypeKind::String, true, Owner::Action},
    {"capability", Property::ActionCapability, TypeKind::String, true, Owner::Action},
    {"subject", Property::ActionSubject, TypeKind::String, true, Owner::Action},
    {"target", Property::ActionTarget, TypeKind::String, true, Owner::Action},
    {"backend", Property::ActionBackend, TypeKind::String, true, Owner::Action},
    {"share", Property::ActionShare, TypeKind::Percent, true, Owner::Action},
    {"reversible", Property::ActionReversible, TypeKind::Bool, true, Owner::Action},
    {"restored", Property::ActionRestored, TypeKind::Bool, true, Owner::Action},
    {"attempts", Property::ActionAttempts, TypeKind::Int, true, Owner::Action},
    {"timeout", Property::ActionTimeout, TypeKind::Duration, true, Owner::Action},
    {"name", Property::GateName, TypeKind::String, true, Owner::Gate},
    {"window", Property::GateWindow, TypeKind::Duration, true, Owner::Gate},
    {"samples", Property::GateSamples, TypeKind::Int, true, Owner::Gate},
    {"requests", Property::GateRequests, TypeKind::Int, true, Owner::Gate},
    {"proven", Property::GateProven, TypeKind::Percent, true, Owner::Gate},
    {"harm", Property::GateHarm, TypeKind::Percent, true, Owner::Gate},
    {"unproven", Property::GateUnproven, TypeKind::Bool, true, Owner::Gate},
    {"team", Property::ApprovalTeam, TypeKind::String, true, Owner::Approval},
    {"quorum", Property::ApprovalQuorum, TypeKind::Int, true, Owner::Approval},
    {"members", Property::ApprovalMembers, TypeKind::Int, true, Owner::Approval},
    {"timeout", Property::ApprovalTimeout, TypeKind::Duration, true, Owner::Approval},
};

constexpr std::string_view words[owner_count] = {"rollout", "phase", "action", "gate", "approval"};

}  // namespace

std::string_view owner_word(Owner owner) { return words[size_t(owner)]; }

std::optional<Owner> owner_named(std::string_view word) {
  for (size_t i = 0; i < owner_count; ++i)
    if (words[i] == word) return Owner(i);
  return std::nullopt;
}

std::optional<PropertyRow> property_named(Owner owner, std::string_view path) {
  for (const PropertyRow& row : rows)
    if (row.owner == owner && row.path == path) return row;
  return std::nullopt;
}

const PropertyRow& row_of(Property property) { return rows[size_t(property)]; }

size_t place_of(Property property) {
  size_t first = 0;
  while (rows[first].owner != row_of(property).owner) ++first;
  return size_t(property) - first;
}

std::vector<std::string_view> property_paths(Owner owner) {
  std::vector<std::string_view> paths;
  for (const PropertyRow& row : rows)
    if (row.owner == owner) paths.push_back(row.path);
  return paths;
}

}  // namespace rollout::ir
