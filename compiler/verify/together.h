// Private to compiler/verify: all that a hold asks of its values at once, of its gates and of the watches around it,
// each of which leaves room to each other one. For decisions.cpp, which holds each two of them against each other.
#pragma once

#include <set>
#include <span>

#include "compiler/verify/exclusive.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

/// How far a gauge goes nobody knows; a part of a whole, and what a workload says of its instances, ends at all.
Ends ends_of(const plan::Plan& plan, uint32_t signal);

/// `require …`, `reject when …`.
std::string asked_text(const plan::Condition& condition);

class Together {
 public:
  explicit Together(const plan::Plan& plan) : plan_(plan) {}
  /// What of it no values meet, said once. `watching`: around the step. `portions`: of the traffic, by service.
  void look(const plan::Step& step, std::span<const plan::Watch* const> watching,
            const std::vector<Portions>& portions, std::vector<Finding>& findings);

 private:
  bool is_new(const plan::Step& step, std::span<const plan::Watch* const> watching,
              const std::vector<Portions>& portions);
  bool fires_in(const plan::Step& step, const plan::Watch& watch) const;
  std::vector<Asks> asked_at(const plan::Step& step, std::span<const plan::Watch* const> watching) const;
  std::vector<Mixed> mixed_at(const std::vector<Asks>& all, const std::vector<Portions>& portions) const;
  std::optional<Finding> finding_of(const std::vector<Asks>& found, const plan::Step& step) const;

  const plan::Plan& plan_;
  std::vector<Ends> ends_;                ///< by signal; empty: not needed yet
  std::set<std::vector<uint32_t>> seen_;  ///< what was held against each other: gates, who has traffic, watches
  std::vector<uint32_t> key_;             ///< of the step at hand
  std::set<std::vector<Asks>> told_;
};

}  // namespace rollout::verify
