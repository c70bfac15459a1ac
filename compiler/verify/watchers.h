// Private to compiler/verify: which condition sees the harm that gates declare, and what its evidence lives on: those
// of gates, and those of watches with a proof. For the proofs of exposure and of power.
#pragma once

#include "compiler/judge/sight.h"
#include "compiler/verify/detection.h"
#include "compiler/verify/looks.h"

namespace rollout::verify {

/// Whether a condition can prove a regression of its signal: of the canary beside the stable version, of anything
/// beside its own past, or of anything above a number.
bool can_prove(const plan::Plan& plan, const plan::Condition& condition);

/// Samples that the gate takes in the hold.
double samples_in(const plan::Step& step, const plan::Gate& gate);

/// What a condition claims, with what was counted in the past already in it.
struct Claimed {
  judge::Hypothesis hypothesis;
  double confidence = 0;  ///< which proves it
  double power = 0;       ///< of the evidence: with an unlucky past it is assumed_power together
  double needed = 0;      ///< log-evidence that proves it, whenever the regression began
};
Claimed claimed_of(const plan::Plan& plan, const plan::Condition& condition);

/// Of the traffic of a service; the stable version has the rest.
struct Portions {
  int64_t canary_ppb = 0;   ///< of a flag: of its users
  int64_t control_ppb = 0;
  int64_t mirrored_ppb = 0; ///< of which the canary gets copies
  int64_t routed_ppb = 0;   ///< of which it may be that the canary gets them
  bool all_is_one() const { return canary_ppb == 0 && mirrored_ppb == 0 && routed_ppb == 0; }  ///< no canary has any
  auto operator<=>(const Portions&) const = default;
};

/// What a role has of it.
int64_t share_of(Portions portions, plan::Role role);

/// What one sample brings.
judge::Traffic traffic_of(const plan::Plan& plan, const plan::Condition& condition, int64_t sample_ns,
                          Portions portions);
/// How much of a rise of the canary's rate the condition's own arm shows.
double dilution_of(const plan::Condition& condition, int64_t share_ppb);

/// What one sample brings for the condition once the canary's rate has risen by `harm_ppb`.
judge::Growth growth_of(const plan::Plan& plan, const plan::Condition& condition, const Claimed& claimed,
                        int64_t harm_ppb, int64_t sample_ns, Portions portions);

/// A proof that judges a service for its `harm`: of gates, or of a watch.
struct Watcher {
  uint32_t condition = plan::none;
  uint32_t signal = plan::none;
  int64_t harm_ppb = 0;
  double samples = 0;
  uint32_t watch = plan::none;  ///< index into Plan::watches
};
using Watchers = std::vector<Watcher>;

/// By service; without declared traffic nothing is known of its evidence.
std::vector<Watchers> watchers_of(const plan::Plan& plan, Looks& looks);

/// What users may meet of the canary, or of what a flag turns on: its share, and whoever is routed to it.
struct Met {
  int64_t share_ppb = 0, routed_ppb = 0;
  int64_t all() const;
};
/// Whether the action changes what users may meet.
bool is_met(const plan::Action& action);
void follow(const plan::Action& action, Met& met);
/// Keeps `portions` of the action's service as they are after it.
void follow(const plan::Action& action, Portions& portions);

}  // namespace rollout::verify
