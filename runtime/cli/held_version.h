// Versions that are held: what spoke against a version once still does, until a person says otherwise. For `apply`,
// before it begins a run, and for `explain`. Read from the journals of the project and from nothing else.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/journal/store.h"

namespace rollout::cli {

/// How many runs of a service are looked at, the newest first.
inline constexpr size_t held_look_back = 50;

struct HeldVersion {
  std::string service;  ///< as plan::identity_of has it
  std::string version;
  std::string run;      ///< that took it back
  std::string why;      ///< what spoke against it
};

/// Versions that the plan brings and that a run took back because a gate, a watch or a person found them bad, where no
/// later run has brought them well.
Result<std::vector<HeldVersion>> held_versions(journal::Store& store, const plan::Plan& plan);

/// Of what runs now, which the plan would go back to: what no run of this record has brought well. `let_through`: a
/// person has, so that a rollback by itself may lead to it. `store`: null where nothing was ever recorded.
Result<std::vector<journal::BackTo>> unproven_versions(journal::Store* store, const plan::Plan& plan,
                                                       bool let_through = false);

/// For people, before the run begins.
std::string unproven_text(const plan::Plan& plan, const journal::BackTo& unproven);

/// `checkout shop:1.2, held since r7: gate …`, for people and for the record.
std::string held_text(const std::vector<HeldVersion>& held);

}  // namespace rollout::cli
