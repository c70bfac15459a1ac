// What LiveWorld does at the same time. Who may meet is found from the plan: services are joined by the targets that
// they share, and what is joined goes one after the other.
#include <algorithm>
#include <numeric>

#include "runtime/backend/live_world.h"

namespace rollout::backend {
namespace {

/// Which of a row of things belong together.
class Sets {
 public:
  explicit Sets(size_t count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), 0); }
  size_t of(size_t one) const {
    while (parents_[one] != one) one = parents_[one];
    return one;
  }
  void join(size_t one, size_t other) { parents_[of(one)] = of(other); }

 private:
  std::vector<size_t> parents_;
};

}  // namespace

void LiveWorld::run_together(std::vector<Task> tasks, const std::function<void()>& meanwhile) {
  const size_t services = plan_.services.size();
  Sets sets(services + sides_.size());
  auto join = [&](uint32_t service, uint32_t target) {
    // A registry is only read, and a metric source is asked by nothing that acts.
    const Backend* backend = target < sides_.size() ? sides_[target].backend.get() : nullptr;
    if (backend && !backend->apart()) sets.join(service, services + target);
  };
  for (uint32_t i = 0; i < services; ++i)
    for (const plan::Binding& binding : plan_.services[i].bindings)
      if (binding.capability != plan::registry_capability) join(i, binding.target);
  for (const Task& task : tasks) join(task.service, task.target);

  std::vector<size_t> keys;
  std::vector<std::vector<std::function<void()>>> groups;
  for (Task& task : tasks) {
    const size_t key = sets.of(task.service);
    const size_t group = size_t(std::find(keys.begin(), keys.end(), key) - keys.begin());
    if (group == keys.size()) {
      keys.push_back(key);
      groups.emplace_back();
    }
    groups[group].push_back(std::move(task.work));
  }
  std::vector<std::function<void()>> together;
  for (std::vector<std::function<void()>>& group : groups)
    together.emplace_back([&group] {
      for (const std::function<void()>& work : group) work();
    });
  at_once_->run(std::move(together), meanwhile);
}

std::vector<Result<exec::Observation>> LiveWorld::observe_all(const std::vector<exec::Errand>& errands,
                                                              const std::function<void()>& meanwhile) {
  std::vector<Result<exec::Observation>> out(errands.size(), exec::Observation{});
  std::vector<Task> tasks;
  for (size_t i = 0; i < errands.size(); ++i)
    tasks.push_back({errands[i].action.service, errands[i].action.target,
                     [this, &errands, &out, i] { out[i] = observe(errands[i].action, errands[i].key); }});
  run_together(std::move(tasks), meanwhile);
  return out;
}

std::vector<Status> LiveWorld::act_all(const std::vector<exec::Errand>& errands) {
  std::vector<Status> out(errands.size(), Done{});
  std::vector<Task> tasks;
  for (size_t i = 0; i < errands.size(); ++i)
    tasks.push_back({errands[i].action.service, errands[i].action.target,
                     [this, &errands, &out, i] { out[i] = act(errands[i].action, errands[i].key); }});
  run_together(std::move(tasks));
  return out;
}

std::vector<std::optional<Result<ServiceState>>> LiveWorld::observe_services() {
  std::vector<std::optional<Result<ServiceState>>> out(plan_.services.size());
  std::vector<Task> tasks;
  for (uint32_t i = 0; i < plan_.services.size(); ++i)
    if (!plan_.services[i].bindings.empty())
      tasks.push_back({i, plan::none, [this, &out, i] { out[i] = observe_service(i); }});
  run_together(std::move(tasks));
  return out;
}

std::vector<std::string> LiveWorld::cannot_start(const std::vector<Version>& versions) {
  std::vector<std::string> out(versions.size());
  const int64_t give_up_ns = clock_.monotonic_ns() + max_asking_ns;
  auto ask = [&](size_t i) {
    const Version& one = versions[i];
    for (const plan::Binding& binding : plan_.services[one.service].bindings) {
      Backend* backend = binding.target < sides_.size() ? sides_[binding.target].backend.get() : nullptr;
      if (!backend || clock_.monotonic_ns() > give_up_ns) continue;
      Result<std::string> why = backend->cannot_start(plan_, one.service, one.image);
      if (why && !why->empty()) out[i] += (out[i].empty() ? "" : ", and ") + *why;
    }
  };
  std::vector<Task> tasks;
  for (size_t i = 0; i < versions.size(); ++i)
    tasks.push_back({versions[i].service, plan::none, [&ask, i] { ask(i); }});
  run_together(std::move(tasks));
  return out;
}

}  // namespace rollout::backend
