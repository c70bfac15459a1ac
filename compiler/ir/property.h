// What a policy may ask of a rollout and of what it consists of: a closed table, read by the checker (which properties
// there are) and by the planner (what they are in a plan).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ir/type.h"

namespace rollout::ir {

/// What has properties. Gate: one use of a gate, by a hold.
enum class Owner : uint32_t { Rollout, Phase, Action, Gate, Approval };
inline constexpr size_t owner_count = 5;
/// `phase`: as it stands behind `for every`.
std::string_view owner_word(Owner owner);
std::optional<Owner> owner_named(std::string_view word);

/// Quantifiers of a policy in each other, that over rollouts not counted.
inline constexpr size_t max_policy_depth = 3;

/// Those of one owner stand side by side.
enum class Property : uint32_t {
  FirstPhaseShare,    ///< of the traffic that the new version gets first, the most of all services
  Monitored,          ///< whether a gate judges every step that gives a new version more
  RollbackTotal,      ///< whether the way back from every step leads to what was there at first
  RollbackRehearsed,  ///< when the way back was last tried; known when a run begins
  DurationWorst,      ///< the longest that it takes until it has succeeded: Facts::worst_ns
  CapacityMargin,     ///< what its targets could run, over the most instances at once; known when a run begins
  PhaseName,
  PhaseNumber,        ///< from 1
  PhaseShare,         ///< the most that it gives a new version, of all its services
  PhaseHold,          ///< all of its holds together; where it gives some share, those behind that
  PhaseJudged,        ///< a gate judges one of them
  ActionName,         ///< `shift`
  ActionCapability,   ///< `TrafficRouter`
  ActionSubject,      ///< `checkout`, `checkout[eu]`
  ActionTarget,       ///< the name of the target that does it
  ActionBackend,      ///< `haproxy`
  ActionShare,        ///< that it gives a new version; 0% where it gives none
  ActionReversible,   ///< it can be taken back without an `undo` of its own
  ActionRestored,     ///< something takes it back where the run stops
  ActionAttempts,
  ActionTimeout,      ///< of one attempt
  GateName,           ///< `healthy`
  GateWindow,         ///< the hold that it judges
  GateSamples,        ///< that fit in it
  GateRequests,       ///< that each version needs before it passes
  GateProven,         ///< the least certainty of its conditions; 0% where one is without proof
  GateHarm,           ///< the regression that must not survive; 0%: not declared
  GateUnproven,       ///< it may pass without a verdict
  ApprovalTeam,
  ApprovalQuorum,
  ApprovalMembers,    ///< who may answer, those to whom it is escalated included
  ApprovalTimeout,
};
inline constexpr size_t property_count = 32;
inline constexpr size_t rollout_property_count = 6;  ///< they are the first

struct PropertyRow {
  std::string_view path;  ///< as a policy writes it behind the variable: `first_phase.share`
  Property property;
  TypeKind type;
  bool decided;  ///< from the plan alone
  Owner owner = Owner::Rollout;
};

std::optional<PropertyRow> property_named(Owner owner, std::string_view path);
const PropertyRow& row_of(Property property);
/// Which one of its owner it is, from 0.
size_t place_of(Property property);
std::vector<std::string_view> property_paths(Owner owner);

}  // namespace rollout::ir
