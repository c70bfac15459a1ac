#include "compiler/verify/capacity.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::verify {

using plan::Action;
using plan::Plan;
using plan::Role;
using plan::Setting;
using plan::Variable;

namespace {

/// Of one service, by what the plan sets. Where nobody saw another number the stable version has all its instances.
struct Load {
  int64_t share_ppb = 0, control_ppb = 0;       ///< of the canary, and of its control
  int64_t routed_ppb = 0, mirrored_ppb = 0;     ///< that the canary may get beside its share
  int64_t canary = 0, control = 0, stable = 0;  ///< instances
};

void apply(const Action& action, Load& load) {
  for (const Setting& set : action.sets) {
    if (set.variable == Variable::Routed) load.routed_ppb = set.value.number;
    if (set.variable == Variable::Mirrored) load.mirrored_ppb = set.value.number;
    bool share = set.variable == Variable::Share;
    if (!share && set.variable != Variable::Instances) continue;
    switch (set.role) {
      case Role::Canary: (share ? load.share_ppb : load.canary) = set.value.number; break;
      case Role::Control: (share ? load.control_ppb : load.control) = set.value.number; break;
      case Role::All:
      case Role::Stable: if (!share) load.stable = set.value.number;
    }
  }
}

class Overload {
 public:
  Overload(const Plan& plan, std::vector<Finding>& findings)
      : plan_(plan), findings_(findings), loads_(plan.services.size()), told_(loads_.size()) {
    for (uint32_t i = 0; i < loads_.size(); ++i) {
      const plan::Service& service = plan.services[i];
      loads_[i].stable = service.replicas;
      for (const plan::Observed& seen : plan.observed)
        if (seen.what == plan::variable_text(service, Variable::Instances, Role::Stable))
          loads_[i].stable = seen.value.number;
    }
  }

  void go() {
    for (const plan::Step& step : plan_.steps) {
      if (step.kind != plan::StepKind::Act) continue;
      uint32_t service = step.action.service;
      Load before = loads_[service];
      apply(step.action, loads_[service]);
      undone_.clear();
      if (plan_.services[service].replicas == 0 || told_[service]) continue;
      if (takes_over(step.action) && too_few(step, service)) continue;
      look(step, service, loads_[service], {});
      // Its effect may be there or not when it goes back.
      for (Load back : {loads_[service], before}) {
        undone_.clear();
        for (uint32_t undo : step.rollback) {
          apply(plan_.undo[undo], back);
          undone_.push_back(undo);
          look(step, service, back, fmt::format("on the way back, after `{}`", plan_.undo[undo].text));
        }
      }
    }
  }

 private:
  static bool takes_over(const Action& action) {
    return std::any_of(action.sets.begin(), action.sets.end(), [](const Setting& set) {
      return set.variable == Variable::Version && set.role == Role::Stable && !set.value.is(eval::Value::Kind::None);
    });
  }
  /// Whoever has all of the traffic for good, behind a router or not.
  bool too_few(const plan::Step& step, uint32_t service) {
    const plan::Service& of = plan_.services[service];
    int64_t stable = loads_[service].stable;
    if (stable <= 0 || stable >= of.replicas) return false;
    told_[service] = true;
    uint32_t index = uint32_t(&step - plan_.steps.data());
    findings_.push_back({Claim::Takeover, step.place, {}, stable, of.replicas, {{0, step.text}},
                         {fmt::format("{} stable", plan::service_text(of)), eval::percent_text(eval::percent_all)},
                         more_instances(index, of)});
    findings_.back().site.step = index, findings_.back().site.service = service;
    return true;
  }
  /// By what the canary got its number, where that does nothing else.
  std::string more_instances(uint32_t before, const plan::Service& of) const {
    for (uint32_t i = before; i-- > 0;) {
      const Action& action = plan_.steps[i].action;
      if (plan_.steps[i].kind != plan::StepKind::Act || &plan_.services[action.service] != &of) continue;
      bool canary = action.sets.size() == 1 && action.sets[0].variable == Variable::Instances;
      if (canary && action.sets[0].role == Role::Canary)
        return fmt::format("write `{}.{}({})` in front of it", plan::service_text(of), action.name, of.replicas);
    }
    return fmt::format("give the canary {} instances in front of it", of.replicas);
  }
  void look(const plan::Step& step, uint32_t service, const Load& load, std::string when) {
    int64_t all = plan_.services[service].replicas, canary = std::clamp<int64_t>(load.share_ppb, 0, eval::percent_all);
    // Copies are answered, too, though nobody sees the answers.
    int64_t answers = std::min(canary + load.routed_ppb, eval::percent_all) + load.mirrored_ppb;
    hold(step, service, "canary", answers, load.canary, all, when);
    hold(step, service, "control", load.control_ppb, load.control, all, when);
    // Once a promote has begun the stable version is the new one, and is counted when it is set.
    int64_t rest = eval::percent_all - canary - load.control_ppb;
    if (load.stable > 0) hold(step, service, "stable", rest, load.stable, all, when);
  }
  void hold(const plan::Step& step, uint32_t service, std::string_view version, int64_t share_ppb, int64_t instances,
            int64_t all, const std::string& when) {
    if (told_[service] || __int128(share_ppb) * all <= __int128(instances) * eval::percent_all) return;
    told_[service] = true;
    int64_t needed = int64_t((__int128(share_ppb) * all + eval::percent_all - 1) / eval::percent_all);
    std::string name = fmt::format("{} {}", plan::service_text(plan_.services[service]), version);
    findings_.push_back({Claim::Capacity, step.place, when, instances, all, {{0, step.text}},
                         {name, eval::percent_text(share_ppb)},
                         fmt::format("give it {} instances first, or less traffic", needed)});
    Site& site = findings_.back().site;
    site.step = uint32_t(&step - plan_.steps.data()), site.service = service, site.undone = undone_;
  }

  const Plan& plan_;
  std::vector<Finding>& findings_;
  std::vector<Load> loads_;
  std::vector<bool> told_;           ///< by service
  std::vector<uint32_t> undone_;     ///< undo actions that the load looked at lies behind
};

}  // namespace

void find_overload(const Plan& plan, std::vector<Finding>& findings) { Overload(plan, findings).go(); }

}  // namespace rollout::verify
