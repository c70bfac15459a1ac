// Backend: one kind of system that implements capabilities, such as `local` or `haproxy`. Made per
// target by the registry and called by LiveWorld only. A backend reads what an action sets, never
// what it is called. observe() may finish what act() has ordered (stop after the drain, give a slot
// back); it begins nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"
#include "compiler/plan/planner.h"
#include "runtime/exec/world.h"

namespace rollout::backend {

/// What runs of a service, as its workload shows it; what a flag or a database is, as what acts on it shows it.
struct ServiceState {
  int64_t generation = 0;  ///< highest that ever acted on it; 0: none
  std::optional<std::string> stable_image, canary_image;
  int64_t stable_instances = 0, canary_instances = 0;  ///< ready ones
  std::optional<int64_t> scaled;  ///< instances that the stable version shall have since it was scaled
  eval::Value state;  ///< of a flag its share, of a database its schema or None
  std::string unreached = {};  ///< why where it runs could not be reached; then nothing else is known; empty: it was
};

/// Where one instance answers.
struct Endpoint {
  std::string instance;  ///< `checkout-g3-1`
  std::string host;      ///< `127.0.0.1`
  int port = 0;
  bool serves = true;    ///< false: known to be down; it may come back at this address
  std::string set;       ///< `g3-1.1`: how what scrapes it labels it; empty: it does not

  std::string address() const { return host + ":" + std::to_string(port); }
};

/// A workload, as routers see it.
class EndpointSource {
 public:
  virtual ~EndpointSource() = default;
  /// The instances of a role, also those that are down. Those that are being stopped belong to no role.
  virtual Result<std::vector<Endpoint>> endpoints(const plan::Plan& plan, uint32_t service,
                                                  plan::Role role) = 0;
};

/// A router, as workloads see it.
class RouteSource {
 public:
  virtual ~RouteSource() = default;
  /// Sends no new requests to these addresses and names those that still have unanswered ones.
  virtual Result<std::vector<std::string>> release(const plan::Plan& plan, uint32_t service,
                                                   const std::vector<std::string>& addresses) = 0;
  /// Gives a route to what has joined a version and takes it from what has left; each version keeps its share.
  virtual Status refresh(const plan::Plan& plan, uint32_t service) = 0;
  /// The share of what is not the stable version, as the router shows it; nothing where it routes nothing.
  virtual Result<std::optional<int64_t>> share(const plan::Plan& plan, uint32_t service) = 0;
};

/// The other side of a service, for backends that need it. Outlives the backends.
class Neighbours {
 public:
  virtual ~Neighbours() = default;
  /// Null when the service has no such side.
  virtual EndpointSource* workload_of(const plan::Service& service) = 0;
  virtual RouteSource* router_of(const plan::Service& service) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                            const exec::EffectKey& key) = 0;
  virtual Status act(const plan::Plan& plan, const plan::Action& action,
                     const exec::EffectKey& key) = 0;
  /// Refuses a generation older than the highest that was admitted, and remembers a higher one for
  /// good.
  virtual Status admit(const plan::Plan& plan, uint32_t service, int64_t generation);
  virtual Result<ServiceState> state(const plan::Plan& plan, uint32_t service);
  /// The migrations of a database that stand ready, from files alone; nothing where the backend has no files.
  virtual Result<std::optional<std::vector<plan::ObservedMigration>>> migrations(const plan::Plan& plan,
                                                                                 uint32_t database);
  /// The digest behind the tag of an image of the service; nothing where the backend is no registry.
  virtual Result<std::optional<std::string>> digest(const plan::Plan& plan, uint32_t service, std::string_view image);
  /// What the label of an image says of what it lives beside, plan::compatible_label; nothing where it has none, or the
  /// backend is no registry.
  virtual Result<std::optional<std::string>> label(const plan::Plan& plan, std::string_view image);
  /// Why the service could not be given the image again, `is not on web-1`; empty: nothing is known against it, or the
  /// backend cannot say. Changes nothing.
  virtual Result<std::string> cannot_start(const plan::Plan& plan, uint32_t service, std::string_view image);
  /// Signals that the backend itself gives, such as `unhealthy`.
  virtual exec::Reading read(const plan::Plan& plan, const plan::Term& term);
  /// See exec::World::tend. Touches nothing that another generation has taken over.
  virtual std::vector<std::string> tend(const plan::Plan& plan, uint32_t service, int64_t generation);
  /// Whether what is done to one of its services at a time is done beside what is done to the others. Needs a backend
  /// that keeps nothing between two calls, and services that share nothing.
  virtual bool apart() const { return false; }
  virtual EndpointSource* endpoints() { return nullptr; }
  virtual RouteSource* routes() { return nullptr; }
};

}  // namespace rollout::backend
