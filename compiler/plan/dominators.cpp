#include "compiler/plan/dominators.h"

#include <utility>

namespace rollout::plan {

Dominators::Dominators(const Plan& plan) {
  uint32_t steps = uint32_t(plan.steps.size());
  parent_.assign(steps + 1, steps), jump_.assign(steps + 1, steps), depth_.assign(steps + 1, 0);
  for (uint32_t i = 0; i < steps; ++i) {
    const std::vector<uint32_t>& after = plan.steps[i].after;
    uint32_t up = after.empty() ? steps : after[0];
    for (uint32_t before : after) up = meet(up, before);
    parent_[i] = up, depth_[i] = depth_[up] + 1;
    bool even = depth_[up] - depth_[jump_[up]] == depth_[jump_[up]] - depth_[jump_[jump_[up]]];
    jump_[i] = even ? jump_[jump_[up]] : up;  // so that a way up of any length takes few jumps
  }
}

uint32_t Dominators::common(uint32_t a, uint32_t b) const {
  uint32_t at = meet(a, b);
  return at == root() ? none : at;
}

uint32_t Dominators::meet(uint32_t a, uint32_t b) const {
  if (depth_[a] < depth_[b]) std::swap(a, b);
  while (depth_[a] > depth_[b]) a = depth_[jump_[a]] >= depth_[b] ? jump_[a] : parent_[a];
  while (a != b) {
    bool far = jump_[a] != jump_[b];
    a = far ? jump_[a] : parent_[a], b = far ? jump_[b] : parent_[b];
  }
  return a;
}

}  // namespace rollout::plan
