// The `haproxy` backend: a service's share as weights of server slots, set over the runtime API and
// read back. Keeps no state of its own: which slot serves what is read from HAProxy every time, so
// a reload shows at once.
#pragma once

#include <array>
#include <map>
#include <string>

#include "runtime/backend/backend.h"
#include "runtime/backend/haproxy_api.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

class HaproxyBackend : public Backend, public RouteSource {
 public:
  /// `target`: index into Plan::targets. `root`: the project root, absolute.
  HaproxyBackend(uint32_t target, std::string root, const effects::Effects& effects,
                 Neighbours& neighbours)
      : target_(target), root_(std::move(root)), effects_(effects), neighbours_(neighbours) {}

  Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Plan& plan, const plan::Action& action,
             const exec::EffectKey& key) override;
  RouteSource* routes() override { return this; }
  Result<std::vector<std::string>> release(const plan::Plan& plan, uint32_t service,
                                           const std::vector<std::string>& addresses) override;
  Status refresh(const plan::Plan& plan, uint32_t service) override;
  Result<std::optional<int64_t>> share(const plan::Plan& plan, uint32_t service) override;

 private:
  /// What one call needs to know: the section, its slots, and who shall serve.
  struct View {
    HaproxyApi api;
    std::string section;
    SlotTable table;
    int64_t canary_ppb = 0, control_ppb = 0;
    std::vector<Endpoint> canary, stable, control;  ///< empty for a role without share

    /// The traffic of a role, and its instances.
    struct Part {
      std::string_view name;
      int64_t share_ppb = 0;
      const std::vector<Endpoint>& endpoints;
    };
    std::array<Part, 3> parts() const {
      return {{{"canary", canary_ppb, canary},
               {"control", control_ppb, control},
               {"stable", eval::percent_all - canary_ppb - control_ppb, stable}}};
    }
  };
  struct Assigned {
    std::string slot;
    std::string address;
    int weight = 0;
    bool is_new = false;  ///< the slot serves nothing yet
  };
  Result<View> open(const plan::Plan& plan, uint32_t service);
  Result<View> open_section(const plan::Plan& plan, const std::string& section);

  // haproxy_routes.cpp: requests of cohorts, by a map and a section of their own.
  struct Routes {
    std::string section;  ///< whose servers are the canary's
    std::string map;      ///< from cohorts to that section
  };
  Result<std::optional<Routes>> routes_of(const plan::Plan& plan, uint32_t service);
  Result<View> open_routes(const plan::Plan& plan, uint32_t service, const Routes& routes, bool any);
  Result<Routes> needed_routes(const plan::Plan& plan, uint32_t service);
  Status act_route(const plan::Plan& plan, const plan::Action& action, const std::vector<std::string>& cohorts);
  Result<exec::Observation> see_route(const plan::Plan& plan, const plan::Action& action,
                                      const std::vector<std::string>& cohorts);
  Status refresh_routes(const plan::Plan& plan, uint32_t service);
  Result<std::vector<std::string>> release_in(View& view, const std::vector<std::string>& addresses);
  /// As the weights of the servers are now.
  struct Shares {
    int64_t canary_ppb = 0, control_ppb = 0;
    int64_t weights = 0;  ///< of all of them together
  };
  Result<Shares> read_shares(const View& view, const plan::Plan& plan, uint32_t service);
  Status look_up_endpoints(View& view, const plan::Plan& plan, const plan::Action& action);
  Status look_up_roles(View& view, const plan::Plan& plan, uint32_t service);
  Result<std::vector<Assigned>> assign(const View& view);
  Status add_routes(View& view, const std::vector<Assigned>& assigned);
  Status set_weights(View& view, const std::vector<Assigned>& assigned);

  exec::Observation see(View& view);
  exec::Observation see_expected(const View& view);
  /// Gives back the slots that serve nobody who has a share; the addresses that are still busy.
  Result<std::vector<std::string>> finish_draining(View& view,
                                                   const std::vector<const Slot*>& slots);
  bool is_expected(const View& view, const Slot& slot) const;

  uint32_t target_;
  std::string root_;
  effects::Effects effects_;
  Neighbours& neighbours_;
  std::map<std::string, int64_t> draining_since_ns_;  ///< by section/slot
  int64_t last_pid_ = 0;
};

}  // namespace rollout::backend
