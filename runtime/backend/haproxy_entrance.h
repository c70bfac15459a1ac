// The `haproxy_entrance` backend: how much of its own traffic a place takes, as the weight of its server in the HAProxy
// in front of all places. What is let in is read from HAProxy every time; only the generation stands in a file.
// Always true: that file is read and written under a lock beside it, and what a later generation set is never
// overwritten by an earlier one. No place itself is asked: one that is gone can be closed.
#pragma once

#include <string>

#include "runtime/backend/backend.h"
#include "runtime/backend/haproxy_api.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

class HaproxyEntrance : public Backend {
 public:
  /// `target`: index into Plan::targets. `root`: the project root, absolute.
  HaproxyEntrance(uint32_t target, std::string root, const effects::Effects& effects, Neighbours&)
      : target_(target), root_(std::move(root)), effects_(effects) {}

  Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) override;
  Status admit(const plan::Plan& plan, uint32_t flag, int64_t generation) override;
  Result<ServiceState> state(const plan::Plan& plan, uint32_t flag) override;

 private:
  /// The server of one place, as HAProxy shows it.
  struct Door {
    HaproxyApi api;
    std::string name;  ///< `entrance/eu-1`
    std::string file;  ///< of its generation
    int64_t full = 0;  ///< its weight when all is let in
    Slot slot;
  };
  Result<Door> open(const plan::Plan& plan, uint32_t flag);
  Result<int64_t> generation_of(const Door& door) const;
  /// Refuses after a later generation; sets the weight, where a share is given.
  Status enter(const plan::Plan& plan, uint32_t flag, int64_t generation, const int64_t* share_ppb);

  uint32_t target_;
  std::string root_;
  effects::Effects effects_;
};

}  // namespace rollout::backend
