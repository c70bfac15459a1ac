// FencedWorld: the world for a process that may have been stopped for longer than its claims last. For drive_run.
// Always true: nothing is changed outside unless the claims were sure a moment before.
#pragma once

#include "runtime/effects/clock.h"
#include "runtime/exec/world.h"
#include "runtime/journal/claims.h"

namespace rollout::cli {

class FencedWorld : public exec::World {
 public:
  /// `beside`: of what the run is a part of, kept with its own; null: of nothing.
  FencedWorld(exec::World& world, journal::Claims& claims, journal::Claims* beside, const effects::Clock& clock)
      : world_(world), claims_(claims), beside_(beside), clock_(clock) {}

  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override {
    return world_.observe(action, key);
  }
  Status act(const plan::Action& action, const exec::EffectKey& key) override {
    Status sure = make_sure();
    return sure ? world_.act(action, key) : sure;
  }
  size_t at_once() const override { return world_.at_once(); }
  std::vector<Result<exec::Observation>> observe_all(const std::vector<exec::Errand>& errands,
                                                     const std::function<void()>& meanwhile) override {
    return world_.observe_all(errands, meanwhile);
  }
  std::vector<Status> act_all(const std::vector<exec::Errand>& errands) override {
    Status sure = make_sure();
    return sure ? world_.act_all(errands) : std::vector<Status>(errands.size(), sure);
  }
  std::vector<exec::Reading> sample(const plan::Plan& plan, const std::vector<plan::Term>& terms) override {
    return world_.sample(plan, terms);
  }
  Result<journal::Captured> capture(const plan::Plan& plan) override { return world_.capture(plan); }
  Result<std::vector<exec::Astray>> astray(const plan::Plan& plan, const std::vector<uint32_t>& services) override {
    return world_.astray(plan, services);
  }
  std::vector<std::string> tend(const std::vector<int64_t>& generations) override {
    if (!make_sure()) return {};
    return world_.tend(generations);
  }

 private:
  Status make_sure() {
    int64_t now_ns = clock_.monotonic_ns();
    if (now_ns < sure_until_ns_) return Done{};
    // Without it the next one is only told that somebody else goes on.
    if (beside_) (void)beside_->renew();
    if (Status kept = claims_.renew(); !kept) return kept;
    int64_t for_ns = claims_.sure_ns();
    sure_until_ns_ = for_ns == INT64_MAX ? INT64_MAX : now_ns + for_ns;
    return Done{};
  }

  exec::World& world_;
  journal::Claims& claims_;
  journal::Claims* beside_;
  const effects::Clock& clock_;
  int64_t sure_until_ns_ = 0;
};

}  // namespace rollout::cli
