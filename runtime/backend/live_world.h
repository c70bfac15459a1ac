// LiveWorld: the world of a real run. It hands actions to the backend of their target and terms to
// the source of their signal, and lets workloads and routers of one service see each other. Before
// every change it asks the service's workload whether this generation may still act. What is independent is looked at
// and done at the same time; what shares a service or a target, one after the other, in order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"
#include "runtime/backend/backend.h"
#include "runtime/effects/at_once.h"
#include "runtime/effects/effects.h"
#include "runtime/exec/world.h"
#include "runtime/metrics/metric_source.h"

namespace rollout::backend {

/// What the record of a project says of its services. Outlives the world that asks it.
class History {
 public:
  virtual ~History() = default;
  /// When a rollback that took something of the service back was done last, by the wall clock; nothing: never.
  virtual Result<std::optional<int64_t>> rehearsed_wall_ns(const std::string& identity) = 0;
};

/// Calls that one world has under way at the same time.
inline constexpr size_t max_at_once = 32;

/// No target is asked any more whether it has a version once this is over; who was asked has its own deadline.
inline constexpr int64_t max_asking_ns = 5'000'000'000;

class LiveWorld : public exec::World, private Neighbours {
 public:
  /// Reads only targets, services and signals of `plan`, so one without steps serves to look at the
  /// world before a plan is made. `root`: the project root. Touches nothing yet. `plan` and
  /// `effects` outlive the world.
  static Result<std::unique_ptr<LiveWorld>> open(const plan::Plan& plan, const std::string& root,
                                                 const effects::Effects& effects);

  /// Where `rollback.rehearsed` is looked up; without it there is no data.
  void remember(History& history) { history_ = &history; }

  /// What a service, flag or database is now: for planning, and to check a plan's observed values again before
  /// its first effect.
  Result<ServiceState> observe_service(uint32_t service);
  /// All of the plan's that anything acts on, by service; nothing for the others.
  std::vector<std::optional<Result<ServiceState>>> observe_services();
  /// The share of what is not stable, as its router shows it; nothing where it has none that can say.
  Result<std::optional<int64_t>> observe_share(uint32_t service);
  /// The migrations that stand ready for the plan's databases; reads files, and nothing that runs.
  Result<std::vector<plan::ObservedMigrations>> migrations();
  /// The digests behind the tags that the plan names, of services that are bound to a registry.
  Result<std::vector<plan::ObservedDigest>> digests();
  /// What the labels say of the images that the plan brings to such services, and of those that run there.
  Result<std::vector<plan::ObservedLabel>> labels(const std::vector<plan::ObservedService>& seen,
                                                  const std::vector<plan::ObservedDigest>& digests);

  /// A version of a service.
  struct Version {
    uint32_t service = plan::none;
    std::string image;
  };
  /// Why each of them could not be started again, as its targets say; empty: nothing is known against it. Targets that
  /// give no answer, or are not asked within max_asking_ns, say nothing.
  std::vector<std::string> cannot_start(const std::vector<Version>& versions);

  Result<exec::Observation> observe(const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Action& action, const exec::EffectKey& key) override;
  size_t at_once() const override { return max_at_once; }
  std::vector<Result<exec::Observation>> observe_all(const std::vector<exec::Errand>& errands,
                                                     const std::function<void()>& meanwhile) override;
  std::vector<Status> act_all(const std::vector<exec::Errand>& errands) override;
  std::vector<exec::Reading> sample(const plan::Plan& plan,
                                    const std::vector<plan::Term>& terms) override;
  Result<journal::Captured> capture(const plan::Plan& plan) override;
  Result<std::vector<exec::Astray>> astray(const plan::Plan& plan, const std::vector<uint32_t>& services) override;
  std::vector<std::string> tend(const std::vector<int64_t>& generations) override;

 private:
  LiveWorld(const plan::Plan& plan, const effects::Effects& effects)
      : plan_(plan), clock_(effects.clock), at_once_(effects::threads_at_once(effects, max_at_once)) {}
  /// Something that concerns a service, perhaps through a target that the service is not bound to.
  struct Task {
    uint32_t service = 0;
    uint32_t target = plan::none;
    std::function<void()> work;
  };
  void run_together(std::vector<Task> tasks, const std::function<void()>& meanwhile = [] {});
  Backend* workload_backend(const plan::Service& service);
  /// The one that knows what a subject is and who may change it.
  Backend* owner_of(const plan::Service& subject);
  Result<std::optional<metrics::Subject>> subject_of(const plan::Plan& plan, const plan::Term& term);
  std::vector<exec::Reading> measure(metrics::MetricSource& source, const plan::Plan& plan,
                                     const std::vector<plan::Term>& terms);
  Result<journal::ObservedNow> observe_again(const plan::Plan& plan, const plan::Observed& observed);
  exec::Reading read_history(const plan::Plan& plan, const plan::Term& term);
  Result<Backend*> backend_for(const plan::Action& action);
  EndpointSource* workload_of(const plan::Service& service) override;
  RouteSource* router_of(const plan::Service& service) override;

  /// One per target of the plan: a backend, or a metric source.
  struct Side {
    std::unique_ptr<Backend> backend;
    std::unique_ptr<metrics::MetricSource> source;
  };
  const plan::Plan& plan_;
  effects::Clock& clock_;
  std::unique_ptr<effects::AtOnce> at_once_;  ///< outlives the backends, which hold its effects
  std::vector<Side> sides_;
  History* history_ = nullptr;
  int64_t next_tend_ns_ = 0;
};

}  // namespace rollout::backend
