// The plan as canonical JSON bytes, and back. The bytes are the plan's identity: equal plans have equal bytes.
#pragma once

#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

struct PlanBytes {
  std::string json;
  std::string hash;  ///< hash_of(json)
};

/// The hash that the bytes carry of themselves and the one of all of them are made in one pass.
PlanBytes to_bytes(const Plan& plan);

inline std::string to_json(const Plan& plan) { return to_bytes(plan).json; }

/// Refuses a foreign format version, an index or a number out of its bounds (plan_bounds.h), a step without its
/// rollback, and bytes that are not canonical (whose own rendering differs), each with a sentence that names the place.
Result<Plan> from_json(std::string_view bytes);

/// The one that is known by `hash`: other bytes are refused before anything of them is read.
Result<Plan> from_json(std::string_view bytes, std::string_view hash);

/// SHA-256 of `bytes`, 64 hex digits.
std::string hash_of(std::string_view bytes);

}  // namespace rollout::plan
