#include "runtime/backend/live_world.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/plan/planner.h"
#include "runtime/backend/registry.h"
#include "runtime/metrics/registry.h"

namespace rollout::backend {
namespace {

constexpr std::string_view history_method = "rehearsed";
constexpr int64_t tend_pause_ns = 1'000'000'000;  // between the end of one round and the next

}  // namespace

Result<std::unique_ptr<LiveWorld>> LiveWorld::open(const plan::Plan& plan, const std::string& root,
                                                   const effects::Effects& effects) {
  std::unique_ptr<LiveWorld> world(new LiveWorld(plan, effects));
  const effects::Effects shared = world->at_once_->effects();
  for (uint32_t i = 0; i < plan.targets.size(); ++i) {
    const plan::Target& target = plan.targets[i];
    Side side;
    bool carries_messages = std::any_of(plan.channels.begin(), plan.channels.end(),
                                        [&](const plan::Channel& channel) { return channel.target == i; });
    if (carries_messages) {  // runtime/notify's
      world->sides_.push_back(std::move(side));
      continue;
    }
    side.backend = make_backend(target.backend, i, root, shared, *world);
    if (!side.backend) {
      Result<std::unique_ptr<metrics::MetricSource>> source = metrics::make_source(target, shared);
      if (!source) return source.error();
      side.source = std::move(*source);
    }
    if (!side.backend && !side.source) {
      std::vector<std::string_view> known = backend_names();
      for (const std::string_view name : metrics::source_names()) known.push_back(name);
      return OpError{fmt::format(
          "the target {} uses the backend `{}`, which this rollout cannot drive; it drives {}; what changes nothing "
          "works with the others, too: `check`, `plan --offline`, `simulate` and `test`",
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

Result<std::optional<int64_t>> LiveWorld::observe_share(uint32_t service) {
  RouteSource* router = router_of(plan_.services[service]);
  return router ? router->share(plan_, service) : std::optional<int64_t>();
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

Result<std::vector<plan::ObservedDigest>> LiveWorld::digests() {
  std::vector<plan::ObservedDigest> all;
  std::set<std::string> tags;  // those that no digest stands behind in the files
  for (const plan::Observed& observed : plan_.observed)
    if (observed.what.starts_with("digest(")) tags.insert(observed.what.substr(7, observed.what.size() - 8));
  std::set<std::pair<std::string, uint32_t>> asked;
  for (const plan::Step& step : plan_.steps)
    for (const plan::Setting& setting : step.action.sets) {
      if (!setting.value.is(eval::Value::Kind::Image)) continue;
      const std::string tag = setting.value.text.substr(0, setting.value.text.find('@'));
      for (const plan::Binding& binding : plan_.services[step.action.service].bindings) {
        if (binding.capability != plan::registry_capability || binding.target >= sides_.size()) continue;
        Backend* registry = sides_[binding.target].backend.get();
        if (!registry || !tags.contains(tag) || !asked.insert({tag, binding.target}).second) continue;
        Result<std::optional<std::string>> digest = registry->digest(plan_, step.action.service, tag);
        if (!digest) return digest.error();
        if (!*digest) continue;
        const std::string source = fmt::format("target {}", plan_.targets[binding.target].name);
        for (const plan::ObservedDigest& other : all)
          if (other.image == tag && other.digest != **digest)
            return OpError{fmt::format("{} is {} by {} and {} by {}; name the registry in the image, or its digest",
                                       tag, other.digest, other.source, **digest, source)};
        all.push_back({tag, std::move(**digest), source});
      }
    }
  return all;
}

namespace {

/// As the plan will name it once it is made with these digests.
std::string pinned(const std::string& image, const std::vector<plan::ObservedDigest>& digests) {
  for (const plan::ObservedDigest& one : digests)
    if (one.image == image) return fmt::format("{}@{}", image, one.digest);
  return image;
}

}  // namespace

Result<std::vector<plan::ObservedLabel>> LiveWorld::labels(const std::vector<plan::ObservedService>& seen,
                                                           const std::vector<plan::ObservedDigest>& digests) {
  std::set<std::pair<std::string, uint32_t>> wanted;  // image and target
  for (const plan::Beside& one : plan_.beside)
    for (const plan::Binding& binding : plan_.services[one.service].bindings) {
      if (binding.capability != plan::registry_capability || binding.target >= sides_.size()) continue;
      if (one.image != plan::earlier_version) wanted.insert({pinned(one.image, digests), binding.target});
      for (const plan::ObservedService& service : seen) {
        if (service.service != plan::service_text(plan_.services[one.service])) continue;
        if (service.stable.is(eval::Value::Kind::Image)) wanted.insert({service.stable.text, binding.target});
      }
    }
  std::vector<plan::ObservedLabel> all;
  for (const auto& [image, target] : wanted) {
    Backend* registry = sides_[target].backend.get();
    if (!registry) continue;
    Result<std::optional<std::string>> text = registry->label(plan_, image);
    if (!text) return text.error();
    if (*text) all.push_back({image, std::move(**text), fmt::format("target {}", plan_.targets[target].name)});
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

Result<journal::Captured> LiveWorld::capture(const plan::Plan& plan) {
  journal::Captured captured;
  for (const plan::Baseline& baseline : plan.baselines) {
    uint32_t target = plan.signals[baseline.signal].target;
    metrics::MetricSource* source = target < sides_.size() ? sides_[target].source.get() : nullptr;
    if (!source) return settled_error(fmt::format("{}: no metrics source measures it", baseline.text));
    Result<journal::PastReading> past = source->past(plan, baseline);
    if (!past) return past.error();
    captured.baselines.push_back(*past);
  }
  for (const plan::Observed& observed : plan.observed) {
    if (observed.recheck != plan::Recheck::AtRunStart) continue;
    Result<journal::ObservedNow> now = observe_again(plan, observed);
    if (!now) return now.error();
    captured.observed.push_back(std::move(*now));
  }
  return captured;
}

/// `version(checkout, stable)` or `generation(checkout)`, as they are now.
Result<journal::ObservedNow> LiveWorld::observe_again(const plan::Plan& plan, const plan::Observed& observed) {
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    std::string name = plan::service_text(plan.services[i]);
    bool version = observed.what == fmt::format("version({}, stable)", name);
    if (!version && observed.what != fmt::format("generation({})", name)) continue;
    Result<ServiceState> state = observe_service(i);
    if (!state) return state.error();
    if (!state->unreached.empty()) return OpError{state->unreached, true};
    if (version) return journal::ObservedNow{observed.what, state->stable_image.value_or("none"), 0};
    // This run has a generation of its own by now; what counts is the last one that acted.
    return journal::ObservedNow{observed.what, std::to_string(state->generation), state->generation};
  }
  return settled_error(fmt::format("{} cannot be read again: the plan has no such service", observed.what));
}

Result<std::vector<exec::Astray>> LiveWorld::astray(const plan::Plan& plan, const std::vector<uint32_t>& services) {
  std::vector<exec::Astray> out;
  for (uint32_t service : services) {
    std::string what = fmt::format("version({}, stable)", plan::service_text(plan.services[service]));
    auto before = std::find_if(plan.observed.begin(), plan.observed.end(),
                               [&](const plan::Observed& one) { return one.what == what; });
    if (before == plan.observed.end()) continue;
    Result<ServiceState> state = observe_service(service);
    if (!state) return state.error();
    if (!state->unreached.empty()) return OpError{state->unreached, true};
    std::string ran = before->value.is(eval::Value::Kind::None) ? "" : before->value.text;
    std::string runs = state->stable_image.value_or("");
    if (runs != ran) out.push_back({service, std::move(runs), std::move(ran)});
  }
  return out;
}

/// How long ago a rollback of the service was done last.
exec::Reading LiveWorld::read_history(const plan::Plan& plan, const plan::Term& term) {
  const plan::Service& service = plan.services[plan.signals[term.signal].service];
  exec::Reading reading;
  reading.detail = fmt::format("no rollback of {} is on record in this project", plan::service_text(service));
  if (!history_) return reading;
  const Result<std::optional<int64_t>> last = history_->rehearsed_wall_ns(plan::identity_of(plan, service));
  if (!last) reading = {exec::Reading::Status::Error, last.error().message};
  if (!last || !*last) return reading;
  reading = {exec::Reading::Status::Ok, ""};
  reading.value = double(std::max<int64_t>(0, clock_.wall_ns() - **last));
  return reading;
}

std::vector<exec::Reading> LiveWorld::sample(const plan::Plan& plan,
                                             const std::vector<plan::Term>& terms) {
  std::vector<exec::Reading> readings(terms.size());
  for (uint32_t target = 0; target < sides_.size(); ++target) {
    std::vector<plan::Term> mine;
    std::vector<size_t> places;
    for (size_t i = 0; i < terms.size(); ++i) {
      const plan::Signal& signal = plan.signals[terms[i].signal];
      if (signal.target != target) continue;
      if (signal.method == history_method) {
        readings[i] = read_history(plan, terms[i]);
        continue;
      }
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
