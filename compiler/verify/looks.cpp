#include "compiler/verify/looks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/plan/pace.h"
#include "compiler/verify/watchers.h"

namespace rollout::verify {

using plan::Forward;
using plan::Plan;
using plan::Step;
using plan::StepKind;
using plan::none;

Looks::Looks(const Plan& plan, const Forward& forward)
    : plan_(plan), forward_(forward), acts_(plan.services.size()), nested_(plan.watches.size()) {
  if (plan.watches.empty()) return;
  std::vector<Met> met(plan.services.size());
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].kind != StepKind::Act) continue;
    const plan::Action& action = plan.steps[i].action;
    Acts& acts = acts_[action.service];
    acts.first = std::min(acts.first, i);
    follow(action, met[action.service]);
    acts.last = is_met(action) && met[action.service].all() == 0 ? i : none;
  }
  find_nested();
}

void Looks::find_nested() {
  std::vector<uint32_t> order(plan_.watches.size());
  std::iota(order.begin(), order.end(), 0);
  auto range = [&](uint32_t watch) {
    return std::pair(plan_.watches[watch].first_step, none - plan_.watches[watch].last_step);
  };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return range(a) < range(b); });
  std::pair<uint32_t, uint32_t> outer{none, 0};
  for (uint32_t watch : order) {
    bool fresh = outer.first == none || plan_.watches[watch].first_step > none - outer.second;
    if (fresh) outer = range(watch);
    nested_[watch] = range(watch) != outer;
  }
}

std::span<const uint32_t> Looks::under(uint32_t index) {
  const plan::Watch& watch = plan_.watches[index];
  const Acts& acts = acts_[plan_.signals[plan_.conditions[watch.condition].left.signal].service];
  if (acts.first == none) return {};
  bool inside = watch.first_step <= acts.first && (acts.last == none || acts.last <= watch.last_step);
  std::tuple key{watch.first_step, watch.last_step, inside && !nested_[index]};
  auto [known, fresh] = known_.try_emplace(key);
  if (fresh) known->second = steps_under(watch.first_step, watch.last_step, std::get<bool>(key));
  const std::vector<uint32_t>& all = known->second;
  auto from = std::lower_bound(all.begin(), all.end(), acts.first);
  return {from, std::upper_bound(from, all.end(), acts.last)};
}

std::vector<uint32_t> Looks::steps_under(uint32_t first, uint32_t last, bool own) const {
  std::vector<uint32_t> steps, joint;
  if (own) joint = joints_of(plan_, first, last + 1);
  for (uint32_t i = first; i <= last; ++i) {
    StepKind kind = plan_.steps[i].kind;
    bool alone = (own ? joint[i - first] : forward_.joint[i]) == i;
    if (alone && (kind == StepKind::Hold || kind == StepKind::Approval)) steps.push_back(i);
  }
  return steps;
}

double Looks::samples(uint32_t watch, uint32_t index) const {
  const Step& step = plan_.steps[index];
  if (step.kind != StepKind::Hold) return 0;
  // A router that does not answer at once delays the first sample, and with it all that follow.
  int64_t looked_ns = std::max<int64_t>(0, step.hold_ns - plan::max_look_ns);
  return std::floor(double(looked_ns) / double(std::max<int64_t>(1, plan_.watches[watch].sample_ns)));
}

}  // namespace rollout::verify
