#include "runtime/backend/live_world.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "runtime/backend/registry.h"
#include "runtime/metrics/registry.h"

namespace rollout::backend {
namespace {

constexpr int64_t tend_pause_ns = 1'000'000'000;  // between the end of one round and the next

}  // namespace

Result<std::unique_ptr<LiveWorld>> LiveWorld::open(const plan::Plan& plan, const std::string& root,
                                                   const effects::Effects& effects) {
  std::unique_ptr<LiveWorld> world(new LiveWorld(plan, effects.clock));
  for (uint32_t i = 0; i < plan.targets.size(); ++i) {
    const plan::Target& target = plan.targets[i];
    Side side;
    bool carries_messages = std::any_of(plan.channels.begin(), plan.channels.end(),
                                        [&](const plan::Channel& channel) { return channel.target == i; });
    if (carries_messages) {  // runtime/notify's
      world->sides_.push_back(std::move(side));
      continue;
    }
    side.backend = make_backend(target.backend, i, root, effects, *world);
    if (!side.backend) {
      Result<std::unique_ptr<metrics::MetricSource>> source = metrics::make_source(target, effects);
      if (!source) return source.error();
      side.source = std::move(*source);
    }
    if (!side.backend && !side.source) {
      std::vector<std::string_view> known = backend_names();
      for (const std::string_view name : metrics::source_names()) known.push_back(name);
      return OpError{fmt::format(
          "the target {} uses the backend `{}`, which this rollout cannot drive; it drives {}",
          target.name, target.backend, list_of(known))};
    }
    world->sides_.push_back(std::move(side));
  }
  return world;
}

Backend* LiveWorld::workload_backend(const plan::Service& service) {
  for (const plan::Binding& binding : service.bindings) {
    Backend* backend =
        binding.target < sides_.size() ? sides_[binding.target].backend.get() : nullptr;
    if (backend && backend->endpoints()) return backend;
  }
  return nullptr;
}

Backend* LiveWorld::owner_of(const plan::Service& subject) {
  if (subject.subject == plan::Subject::Service) return workload_backend(subject);
  for (const plan::Binding& binding : subject.bindings)
    if (binding.target < sides_.size() && sides_[binding.target].backend) return sides_[binding.target].backend.get();
  return nullptr;
}

EndpointSource* LiveWorld::workload_of(const plan::Service& service) {
  Backend* backend = workload_backend(service);
  return backend ? backend->endpoints() : nullptr;
}

RouteSource* LiveWorld::router_of(const plan::Service& service) {
  for (const plan::Binding& binding : service.bindings) {
    Backend* backend =
        binding.target < sides_.size() ? sides_[binding.target].backend.get() : nullptr;
    if (backend && backend->routes()) return backend->routes();
  }
  return nullptr;
}

Result<ServiceState> LiveWorld::observe_service(uint32_t service) {
  Backend* owner = owner_of(plan_.services[service]);
  if (!owner) {
    return OpError{fmt::format("{} has no workload, so what runs of it is not known",
                               plan::service_text(plan_.services[service]))};
  }
  return owner->state(plan_, service);
}

Result<std::vector<plan::ObservedMigrations>> LiveWorld::migrations() {
  std::vector<plan::ObservedMigrations> all;
  for (uint32_t i = 0; i < plan_.services.size(); ++i) {
    const plan::Service& subject = plan_.services[i];
    Backend* owner = subject.subject == plan::Subject::Database ? owner_of(subject) : nullptr;
    if (!owner) continue;
    Result<std::optional<std::vector<plan::ObservedMigration>>> list = owner->migrations(plan_, i);
    if (!list) return list.error();
    if (!*list) continue;
    const std::string source = fmt::format("target {}", plan_.targets[subject.bindings[0].target].name);
    all.push_back({plan::service_text(subject), source, std::move(**list)});
  }
  return all;
}

Result<Backend*> LiveWorld::backend_for(const plan::Action& action) {
  ROLLOUT_CHECK(action.target < sides_.size() && action.service < plan_.services.size(),
                "plans name what they hold");
  if (Backend* backend = sides_[action.target].backend.get()) return backend;
  return settled_error(fmt::format("`{}` is asked of {}, which only measures", action.text,
                                   plan_.targets[action.target].name));
}

Result<exec::Observation> LiveWorld::observe(const plan::Action& action,
                                             const exec::EffectKey& key) {
  const Result<Backend*> backend = backend_for(action);
  if (!backend) return backend.error();
  return (*backend)->observe(plan_, action, key);
}

Status LiveWorld::act(const plan::Action& action, const exec::EffectKey& key) {
  const Result<Backend*> backend = backend_for(action);
  if (!backend) return backend.error();
  if (Backend* owner = owner_of(plan_.services[action.service])) {
    if (Status admitted = owner->admit(plan_, action.service, key.generation); !admitted)
      return admitted;
  }
  return (*backend)->act(plan_, action, key);
}

std::vector<std::string> LiveWorld::tend(const std::vector<int64_t>& generations) {
  std::vector<std::string> lines;
  if (clock_.monotonic_ns() < next_tend_ns_) return lines;
  for (uint32_t i = 0; i < generations.size() && i < plan_.services.size(); ++i) {
    Backend* workload = generations[i] > 0 ? workload_backend(plan_.services[i]) : nullptr;
    if (!workload) continue;
    for (std::string& line : workload->tend(plan_, i, generations[i])) lines.push_back(std::move(line));
  }
  next_tend_ns_ = clock_.monotonic_ns() + tend_pause_ns;
  return lines;
}

Result<std::optional<metrics::Subject>> LiveWorld::subject_of(const plan::Plan& plan,
                                                              const plan::Term& term) {
  const uint32_t service = plan.signals[term.signal].service;
  EndpointSource* workload = workload_of(plan.services[service]);
  if (!workload) return std::optional<metrics::Subject>();
  const Result<std::vector<Endpoint>> endpoints = workload->endpoints(plan, service, term.role);
  if (!endpoints) return endpoints.error();
  metrics::Subject subject;
  for (const Endpoint& endpoint : *endpoints) {
    if (endpoint.set.empty()) return std::optional<metrics::Subject>();
    if (endpoint.serves) subject.addresses.push_back(endpoint.address());
    if (std::find(subject.sets.begin(), subject.sets.end(), endpoint.set) == subject.sets.end())
      subject.sets.push_back(endpoint.set);
  }
  return std::optional(std::move(subject));
}

std::vector<exec::Reading> LiveWorld::measure(metrics::MetricSource& source, const plan::Plan& plan,
                                              const std::vector<plan::Term>& terms) {
  std::vector<std::optional<metrics::Subject>> subjects;
  for (const plan::Term& term : terms) {
    Result<std::optional<metrics::Subject>> subject = subject_of(plan, term);
    if (!subject)
      return std::vector<exec::Reading>(
          terms.size(), {exec::Reading::Status::Error,
                         "which instances are meant is not known: " + subject.error().message});
    subjects.push_back(std::move(*subject));
  }
  return source.read(plan, terms, subjects);
}

std::vector<exec::Reading> LiveWorld::sample(const plan::Plan& plan,
                                             const std::vector<plan::Term>& terms) {
  std::vector<exec::Reading> readings(terms.size());
  for (uint32_t target = 0; target < sides_.size(); ++target) {
    std::vector<plan::Term> mine;
    std::vector<size_t> places;
    for (size_t i = 0; i < terms.size(); ++i) {
      if (plan.signals[terms[i].signal].target != target) continue;
      mine.push_back(terms[i]);
      places.push_back(i);
    }
    if (mine.empty()) continue;
    if (Backend* backend = sides_[target].backend.get()) {
      for (size_t i = 0; i < mine.size(); ++i) readings[places[i]] = backend->read(plan, mine[i]);
    } else {
      const std::vector<exec::Reading> read = measure(*sides_[target].source, plan, mine);
      for (size_t i = 0; i < mine.size(); ++i) readings[places[i]] = read[i];
    }
  }
  return readings;
}

}  // namespace rollout::backend
