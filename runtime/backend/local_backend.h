// The `local` backend: instances as processes of this machine, versions side by side. A role is a
// label on a set of instances, so promoting is one atomic write. An instance is stopped only once
// the router has let go of it.
#pragma once

#include <memory>
#include <string>

#include "runtime/backend/backend.h"
#include "runtime/backend/local_spec.h"
#include "runtime/backend/local_state.h"
#include "runtime/backend/local_supervisor.h"
#include "runtime/backend/wanted.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

class LocalBackend : public Backend, public EndpointSource {
 public:
  /// `target`: index into Plan::targets. `root`: the project root, absolute.
  LocalBackend(uint32_t target, std::string root, const effects::Effects& effects,
               Neighbours& neighbours)
      : target_(target), root_(std::move(root)), effects_(effects), neighbours_(neighbours),
        supervisor_(effects, root_) {}

  Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Plan& plan, const plan::Action& action,
             const exec::EffectKey& key) override;
  Status admit(const plan::Plan& plan, uint32_t service, int64_t generation) override;
  Result<ServiceState> state(const plan::Plan& plan, uint32_t service) override;
  exec::Reading read(const plan::Plan& plan, const plan::Term& term) override;
  std::vector<std::string> tend(const plan::Plan& plan, uint32_t service, int64_t generation) override;
  EndpointSource* endpoints() override { return this; }
  Result<std::vector<Endpoint>> endpoints(const plan::Plan& plan, uint32_t service,
                                          plan::Role role) override;

 private:
  /// The service of one call: how it is run, and what runs.
  struct Open {
    const plan::Plan& plan;
    uint32_t service;
    LocalSpec spec;
    LocalState state;
    std::unique_ptr<effects::FileLock> lock;  ///< of who may change them
  };
  Result<Open> open(const plan::Plan& plan, uint32_t service);
  /// To change them, alone. An error that can be tried again when somebody else does for longer than `wait_ns`.
  Result<Open> open_alone(const plan::Plan& plan, uint32_t service, int64_t wait_ns);
  Status save(const Open& open);

  Status order(Open& open, const Wanted& wanted, const exec::EffectKey& key);
  Status order_stable(Open& open, const WantedRole& wanted, bool canary_gone,
                      const exec::EffectKey& key);
  Status order_control(Open& open, int64_t count, const exec::EffectKey& key);
  /// Tells the router who runs now; each version keeps its share.
  Status reroute(const Open& open);

  // local_restart.cpp: the stable instances are started again one by one, each beside the one that it replaces.
  Status order_restart(Open& open, bool wanted, const exec::EffectKey& key);
  Status go_on_restarting(Open& open, const exec::EffectKey& key);
  /// What was restarted stays, and what was not is not any more.
  Status end_restart(Open& open);
  Result<exec::Observation> see_restart(Open& open, bool wanted, const exec::EffectKey& key);
  Status start(Open& open, Track track, const std::string& image, int64_t count,
               const exec::EffectKey& key);
  void retire(Open& open, Track track);

  /// Kills so many instances of the canary, as a crash would; 0 forgets the fault.
  Status bring_fault(Open& open, int64_t count, const exec::EffectKey& key);

  /// Finishes what was ordered: a ready `next` set becomes stable, retiring instances are stopped
  /// and forgotten.
  Status settle(Open& open);
  Status stop_retiring(Open& open);
  Status stop_instances(Open& open, const std::vector<Instance*>& instances);

  exec::Reading read_capacity(const LocalState& state);
  exec::Observation see(const Open& open, const Wanted& wanted, const exec::EffectKey& key);
  exec::Observation see_role(const Open& open, Track track, const WantedRole& wanted,
                             const exec::EffectKey& key);
  exec::Observation see_set(const Open& open, const InstanceSet& set, const exec::EffectKey& key);

  uint32_t target_;
  std::string root_;
  effects::Effects effects_;
  Neighbours& neighbours_;
  LocalSupervisor supervisor_;
};

}  // namespace rollout::backend
