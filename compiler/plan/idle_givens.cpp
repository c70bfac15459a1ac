#include "compiler/plan/idle_givens.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/asked.h"

namespace rollout::plan {

namespace {

uint32_t index_of(const Plan& plan, std::string_view name) {
  for (uint32_t i = 0; i < plan.services.size(); ++i)
    if (plan.services[i].name == name || service_text(plan.services[i]) == name) return i;
  return none;
}

/// What the service shows decides the plan, whether a step acts on it or not.
bool observes(const Plan& plan, std::string_view service) {
  const std::string version = fmt::format("version({}, stable)", service);
  const std::string generation = fmt::format("generation({})", service);
  return std::any_of(plan.observed.begin(), plan.observed.end(),
                     [&](const Observed& one) { return one.what == version || one.what == generation; });
}

/// What is given of a service that the rollout does not touch says that it makes no difference.
bool knows_signal(const Plan& plan, const GivenSignal& given) {
  uint32_t service = index_of(plan, given.service);
  if (service == none || given.signal == "traffic") return true;
  auto is_it = [&](const Signal& signal) { return signal.service == service && signal.name == given.signal; };
  if (!given.past) return std::any_of(plan.signals.begin(), plan.signals.end(), is_it);
  return std::any_of(plan.baselines.begin(), plan.baselines.end(),
                     [&](const Baseline& baseline) { return is_it(plan.signals[baseline.signal]); });
}

bool calls(const Plan& plan, const GivenFailure& given) {
  uint32_t service = index_of(plan, given.service);
  if (service == none || given.action == "reach") return service != none;
  if (given.action == "sample")
    return std::any_of(plan.signals.begin(), plan.signals.end(),
                       [&](const Signal& signal) { return signal.service == service; });
  auto is_it = [&](const Action& action) { return action.service == service && action.name == given.action; };
  bool back = given.phase.empty() && std::any_of(plan.undo.begin(), plan.undo.end(), is_it);
  return back || std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    bool there = given.phase.empty() ||
                 (step.phase != none && is_phase(plan.phases[step.phase], given.phase, given.service));
    return step.kind == StepKind::Act && is_it(step.action) && there;
  });
}

bool asks_for(const Plan& plan, const GivenAnswer& given) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    bool there = given.phase.empty() || (step.phase != none && is_phase(plan.phases[step.phase], given.phase));
    return there && asks(plan, step, given.person);
  });
}

bool takes(const Plan& plan, const GivenLock& given) {
  return std::any_of(plan.locks.begin(), plan.locks.end(),
                     [&](const Lock& lock) { return is_lock(lock, given.name); });
}

bool tells(const Plan& plan, const GivenMute& given) {
  return std::any_of(plan.channels.begin(), plan.channels.end(),
                     [&](const Channel& channel) { return channel.team == given.team; });
}

/// Nothing: some plan that it is given for knows it.
template <typename Given, typename Knows>
void add_idle(std::vector<Idle>& idle, const std::vector<Given>& all, const std::vector<Plan>& plans, Knows knows,
              std::string_view why) {
  for (const Given& given : all) {
    bool known = std::any_of(plans.begin(), plans.end(), [&](const Plan& plan) {
      return is_given_in(plan, given.environment) && knows(plan, given);
    });
    if (!known) idle.push_back({given.written, std::string(why)});
  }
}

}  // namespace

bool is_given_in(const Plan& plan, std::string_view environment) {
  return environment.empty() || environment == plan.environment;
}

bool is_lock(const Lock& lock, std::string_view name) {
  return lock.name == name || (lock.name.size() > name.size() && lock.name.ends_with(name) &&
                               lock.name[lock.name.size() - name.size() - 1] == '/');
}

std::vector<Idle> idle_givens(const TestCase& test, const std::vector<Plan>& plans) {
  std::vector<Idle> idle;
  auto touches = [](const Plan& plan, const GivenService& given) {
    return index_of(plan, given.service.service) != none || observes(plan, given.service.service);
  };
  add_idle(idle, test.services, plans, touches, "it is not touched");
  add_idle(idle, test.signals, plans, knows_signal, "no gate or watch reads it");
  add_idle(idle, test.failures, plans, calls, "it is never called there");
  add_idle(idle, test.answers, plans, asks_for, "this person is never asked");
  add_idle(idle, test.locks, plans, takes, "it is never taken");
  add_idle(idle, test.unreachable, plans, tells, "this team is told nothing");
  return idle;
}

}  // namespace rollout::plan
