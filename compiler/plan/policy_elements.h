// Private to compiler/plan: what a finished plan consists of, as policies see it: phases, actions, gates and approvals,
// each a record of its properties.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/eval/value.h"
#include "compiler/ir/property.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

/// One of them. Its value's number is where it stands among all of its kind.
struct Element {
  eval::Value value;
  std::string text;             ///< `phase canary`, `shift checkout to 10%`
  uint32_t step = none;         ///< in which it shows
  uint32_t phase = none;
  std::vector<uint32_t> steps;  ///< ascending
};

class Elements {
 public:
  explicit Elements(const Plan& plan) : plan_(plan) {}

  /// In the order of the plan.
  const std::vector<Element>& all(ir::Owner owner);
  /// Where those of a phase stand among all.
  const std::vector<uint32_t>& in_phase(ir::Owner owner, uint32_t phase);

 private:
  std::vector<Element> phases() const;
  std::vector<Element> actions() const;
  std::vector<Element> gates() const;
  std::vector<Element> approvals() const;

  const Plan& plan_;
  std::optional<std::vector<Element>> made_[ir::owner_count];
  std::vector<std::vector<uint32_t>> by_phase_[ir::owner_count];
};

}  // namespace rollout::plan
