// What HAProxy shows of the shares, and giving the instances that have come or gone their part of them.
#include <algorithm>

#include "compiler/plan/share_weights.h"
#include "runtime/backend/haproxy_backend.h"

namespace rollout::backend {

/// Who has how much now, by the weights of the servers that take requests; all of it 0: nothing is routed.
Result<HaproxyBackend::Shares> HaproxyBackend::read_shares(const View& view, const plan::Plan& plan,
                                                           uint32_t service) {
  EndpointSource* workload = neighbours_.workload_of(plan.services[service]);
  Shares shares;
  if (!workload) return shares;
  int64_t canary = 0, control = 0;
  for (const Slot& slot : view.table.slots)
    if (slot.accepts()) shares.weights += slot.weight;
  const auto sum_of = [&](plan::Role role, int64_t& sum) -> Status {
    const Result<std::vector<Endpoint>> endpoints = workload->endpoints(plan, service, role);
    if (!endpoints) return endpoints.error();
    for (const Endpoint& endpoint : *endpoints)
      if (const Slot* slot = view.table.at(endpoint.address()); slot && slot->accepts()) sum += slot->weight;
    return Done{};
  };
  if (Status summed = sum_of(plan::Role::Canary, canary); !summed) return summed.error();
  if (Status summed = sum_of(plan::Role::Control, control); !summed) return summed.error();
  shares.canary_ppb = plan::share_of(canary, shares.weights);
  shares.control_ppb = plan::share_of(control, shares.weights);
  return shares;
}

Result<std::optional<int64_t>> HaproxyBackend::share(const plan::Plan& plan, uint32_t service) {
  const Result<View> view = open(plan, service);
  if (!view) return view.error();
  const Result<Shares> shares = read_shares(*view, plan, service);
  if (!shares) return shares.error();
  if (shares->weights == 0) return std::optional<int64_t>();
  return std::optional(shares->canary_ppb);
}

Status HaproxyBackend::refresh(const plan::Plan& plan, uint32_t service) {
  Result<View> view = open(plan, service);
  if (!view) return view.error();
  const Result<Shares> shares = read_shares(*view, plan, service);
  if (!shares) return shares.error();
  if (shares->weights == 0) return Done{};
  view->canary_ppb = shares->canary_ppb;
  view->control_ppb = shares->control_ppb;
  if (Status found = look_up_roles(*view, plan, service); !found) return found;
  const Result<std::vector<Assigned>> assigned = assign(*view);
  if (!assigned) return assigned.error();
  if (Status added = add_routes(*view, *assigned); !added) return added;
  if (Status set = set_weights(*view, *assigned); !set) return set;
  return refresh_routes(plan, service);
}

}  // namespace rollout::backend
