#include "runtime/cli/scenario_of.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/plan/idle_givens.h"
#include "runtime/cli/measured.h"
#include "runtime/cli/style.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

uint32_t service_index(const plan::Plan& plan, std::string_view name) {
  for (uint32_t i = 0; i < plan.services.size(); ++i)
    if (plan.services[i].name == name || plan::service_text(plan.services[i]) == name) return i;
  return plan::none;
}

bool elsewhere(const plan::Plan& plan, std::string_view environment) {
  return !environment.empty() && environment != plan.environment;
}

/// In the unit of plan::Condition.
double plain(const eval::Value& value) {
  if (value.is(eval::Value::Kind::Float)) return value.real;
  if (value.is(eval::Value::Kind::Rate)) return double(value.number) / double(eval::rate_one);
  return double(value.number);
}

/// What a test says of the past of a signal: its mean, its deviation, or that nobody can tell.
void add_past(sim::Scenario& scenario, uint32_t signal, const plan::GivenSignal& given) {
  auto known = std::find_if(scenario.past.begin(), scenario.past.end(),
                            [&](const sim::PastTruth& truth) { return truth.signal == signal; });
  if (known == scenario.past.end()) known = scenario.past.insert(known, sim::PastTruth{signal});
  const eval::Value& value = given.values.front().value;
  if (value.is(eval::Value::Kind::None)) known->lost = true;
  else (given.deviation ? known->deviation : known->mean) = plain(value);
}

bool compare(int64_t actual, plan::Comparison comparison, int64_t limit) {
  switch (comparison) {
    case plan::Comparison::Less: return actual < limit;
    case plan::Comparison::LessEqual: return actual <= limit;
    case plan::Comparison::Greater: return actual > limit;
    case plan::Comparison::GreaterEqual: return actual >= limit;
    case plan::Comparison::Equal: return actual == limit;
    case plan::Comparison::NotEqual: return actual != limit;
  }
  return false;
}

std::string outcome_of(const plan::Plan& plan, const sim::SimResult& result) {
  std::string where =
      result.phase < plan.phases.size() ? fmt::format(" in phase {}", plan.phases[result.phase].name) : "";
  std::string why = result.cause.empty() ? "" : fmt::format(": {}", result.cause);
  if (result.left)
    return fmt::format("it was left at {}, after {} events", short_duration(result.run_ns), result.events.size());
  if (!result.outcome) return fmt::format("it did not end within {}", short_duration(result.run_ns));
  switch (*result.outcome) {
    case journal::Outcome::Succeeded: return "succeeded";
    case journal::Outcome::RolledBack: return "rolled back" + where + why;
    case journal::Outcome::Parked: return "parked" + where + why;
  }
  return "";
}

int64_t messages_to(const sim::SimResult& result, std::string_view team) {
  auto reached = [&](const sim::Told& told) { return told.team == team; };
  return std::count_if(result.told.begin(), result.told.end(), reached);
}

std::string told_text(const sim::SimResult& result, std::string_view team) {
  int64_t count = messages_to(result, team);
  std::string kinds;
  for (const sim::Told& told : result.told)
    if (told.team == team) kinds += fmt::format("{} {}", kinds.empty() ? ":" : ",", exec::name_of(told.transition));
  return fmt::format("{} message{}{}", count, count == 1 ? "" : "s", kinds);
}

/// What became of one service: an effect of this run stands, or was taken back.
std::optional<journal::Outcome> outcome_of_service(const sim::SimResult& result, uint32_t service) {
  return service < result.services.size() ? result.services[service] : std::nullopt;
}

std::string service_outcome_text(const plan::Plan& plan, const sim::SimResult& result, uint32_t service) {
  if (service >= plan.services.size()) return "this rollout does not touch the service";
  std::optional<journal::Outcome> outcome = outcome_of_service(result, service);
  std::string_view text = outcome ? journal::spoken(*outcome) : "nothing was done to it, or not all of it";
  return fmt::format("{}; the run: {}", text, outcome_of(plan, result));
}

bool met(const plan::Plan& plan, const plan::Expectation& expected, const sim::SimResult& result) {
  auto ended_as = [&](journal::Outcome outcome) {
    bool here = expected.phase.empty() ||
                (result.phase < plan.phases.size() && plan::is_phase(plan.phases[result.phase], expected.phase));
    return result.outcome == outcome && here;
  };
  switch (expected.what) {
    case plan::Expected::Succeeded: return result.outcome == journal::Outcome::Succeeded;
    case plan::Expected::RolledBack: return ended_as(journal::Outcome::RolledBack);
    case plan::Expected::Parked: return ended_as(journal::Outcome::Parked);
    case plan::Expected::ServiceSucceeded:
      return outcome_of_service(result, service_index(plan, expected.service)) == journal::Outcome::Succeeded;
    case plan::Expected::ServiceRolledBack:
      return outcome_of_service(result, service_index(plan, expected.service)) == journal::Outcome::RolledBack;
    case plan::Expected::Duration: return compare(result.run_ns, expected.comparison, expected.limit_ns);
    case plan::Expected::RollbackDuration:
      return compare(result.rollback_ns, expected.comparison, expected.limit_ns);
    case plan::Expected::State: {
      uint32_t subject = service_index(plan, expected.service);
      return subject < result.states.size() &&
             (result.states[subject] == expected.state) == (expected.comparison == plan::Comparison::Equal);
    }
    case plan::Expected::Notified:
      return compare(messages_to(result, expected.service), expected.comparison, expected.limit_ns);
    case plan::Expected::Reached: return expected.environment == plan.environment;
    case plan::Expected::NotReached: return expected.environment != plan.environment;
    case plan::Expected::Order:
    case plan::Expected::RollbackOrder: return in_order(plan, expected, result);
    case plan::Expected::Exposure: break;
  }
  uint32_t service = service_index(plan, expected.service);
  return service < result.exposure_ns.size() &&
         compare(result.exposure_ns[service], expected.comparison, expected.limit_ns);
}

std::string actual_text(const plan::Plan& plan, const plan::Expectation& expected,
                        const sim::SimResult& result) {
  switch (expected.what) {
    case plan::Expected::Succeeded:
    case plan::Expected::RolledBack:
    case plan::Expected::Parked: return outcome_of(plan, result);
    case plan::Expected::ServiceSucceeded:
    case plan::Expected::ServiceRolledBack:
      return service_outcome_text(plan, result, service_index(plan, expected.service));
    case plan::Expected::Duration: return measured_text(result.run_ns, expected.limit_ns);
    case plan::Expected::RollbackDuration: return measured_text(result.rollback_ns, expected.limit_ns);
    case plan::Expected::State: {
      uint32_t subject = service_index(plan, expected.service);
      return subject < result.states.size() ? eval::to_text(result.states[subject])
                                            : fmt::format("this rollout does not touch {}", expected.service);
    }
    case plan::Expected::Notified: return told_text(result, expected.service);
    case plan::Expected::Reached:
    case plan::Expected::NotReached: return "it runs in " + plan.environment;
    case plan::Expected::Order:
    case plan::Expected::RollbackOrder: return order_text(plan, expected, result);
    case plan::Expected::Exposure: break;
  }
  uint32_t service = service_index(plan, expected.service);
  return service < result.exposure_ns.size() ? measured_text(result.exposure_ns[service], expected.limit_ns)
                                             : "this rollout does not touch the service";
}

constexpr int64_t willing_after_ns = 60'000'000'000;

}  // namespace

std::vector<sim::Answer> willing_people(const plan::Plan& plan) {
  std::set<std::string> people;
  for (const plan::Approval& approval : plan.approvals) people.insert(approval.members.begin(), approval.members.end());
  std::vector<sim::Answer> answers;
  for (const std::string& person : people) answers.push_back({person, willing_after_ns, false, plan::none});
  return answers;
}

namespace {

void add_failures(sim::Scenario& scenario, const plan::Plan& plan, const plan::TestCase& test) {
  for (size_t at = 0; at < test.failures.size(); ++at) {
    const plan::GivenFailure& given = test.failures[at];
    if (elsewhere(plan, given.environment)) continue;
    sim::Fault fault;
    // A host that nothing of can be reached.
    bool unreachable = given.action == "reach";
    if (unreachable) fault.kind = sim::FaultKind::ObserveError;
    else if (given.action == "sample") fault.kind = sim::FaultKind::MetricsError;
    else fault.action = given.action;
    fault.service = service_index(plan, given.service);
    fault.times = -1;
    fault.given = uint32_t(at);
    for (uint32_t i = 0; i < plan.phases.size(); ++i)
      if (plan::is_phase(plan.phases[i], given.phase, given.service)) fault.phase = i;
    scenario.faults.push_back(std::move(fault));
  }
}

void add_answers(sim::Scenario& scenario, const plan::Plan& plan, const plan::TestCase& test) {
  for (size_t at = 0; at < test.answers.size(); ++at) {
    const plan::GivenAnswer& given = test.answers[at];
    if (elsewhere(plan, given.environment)) continue;
    sim::Answer answer{given.person, given.after_ns, given.reject, plan::none, uint32_t(at)};
    for (uint32_t i = 0; i < plan.phases.size() && !given.phase.empty(); ++i) {
      if (!plan::is_phase(plan.phases[i], given.phase)) continue;
      answer.phase = i;
      scenario.answers.push_back(answer);
    }
    if (given.phase.empty()) scenario.answers.push_back(answer);
  }
}

void add_locks_and_crashes(sim::Scenario& scenario, const plan::Plan& plan, const plan::TestCase& test) {
  for (size_t at = 0; at < test.locks.size(); ++at) {
    const plan::GivenLock& given = test.locks[at];
    std::vector<std::string> known;  // a plan may take it more than once
    for (const plan::Lock& lock : plan.locks) {
      bool meant = !elsewhere(plan, given.environment) && plan::is_lock(lock, given.name);
      if (!meant || std::find(known.begin(), known.end(), lock.name) != known.end()) continue;
      known.push_back(lock.name);
      scenario.locks.push_back({lock.name, 0, given.until_ns, uint32_t(at)});
    }
  }
  for (size_t at = 0; at < test.crashes.size(); ++at)
    for (uint32_t i = 0; i < plan.phases.size() && !elsewhere(plan, test.crashes[at].environment); ++i)
      if (plan::is_phase(plan.phases[i], test.crashes[at].phase)) scenario.crash_in_phase.push_back({i, uint32_t(at)});
}

}  // namespace

sim::Scenario scenario_of(plan::Plan& plan, const plan::TestCase& test) {
  sim::Scenario scenario;
  for (const plan::GivenSignal& given : test.signals) {
    uint32_t service = service_index(plan, given.service);
    if (service == plan::none || given.values.empty() || elsewhere(plan, given.environment)) continue;
    if (given.signal == "traffic") {
      plan.services[service].traffic_uhz = given.values.front().value.number;
      sim::Load load{service, {}};
      for (const plan::Scripted& scripted : given.values)
        load.changes.push_back({scripted.at_ns, double(scripted.value.number)});
      scenario.loads.push_back(std::move(load));
      continue;
    }
    for (uint32_t i = 0; i < plan.signals.size(); ++i) {
      if (plan.signals[i].service != service || plan.signals[i].name != given.signal) continue;
      if (given.past) {
        add_past(scenario, i, given);
        continue;
      }
      sim::Truth truth{i, given.role, {}};
      for (const plan::Scripted& scripted : given.values)
        truth.changes.push_back(
            {scripted.at_ns, plain(scripted.value), scripted.value.is(eval::Value::Kind::None)});
      scenario.truths.push_back(std::move(truth));
    }
  }
  add_failures(scenario, plan, test);
  add_answers(scenario, plan, test);
  add_locks_and_crashes(scenario, plan, test);
  for (const plan::GivenMute& given : test.unreachable)
    if (!elsewhere(plan, given.environment)) scenario.unreachable.push_back(given.team);
  if (test.abort) scenario.abort_at_ns = test.abort->at_ns;
  for (const plan::Moment& moment : test.resumes) scenario.resume_at_ns.push_back(moment.at_ns);
  for (const plan::Moment& moment : test.dies) scenario.crash_at_ns.push_back(moment.at_ns);
  std::sort(scenario.resume_at_ns.begin(), scenario.resume_at_ns.end());
  std::sort(scenario.crash_at_ns.begin(), scenario.crash_at_ns.end());
  scenario.start_wall_ns = test.start_wall_ns;
  scenario.noisy = test.noise_seed.has_value();
  scenario.drifts = test.drifts;
  scenario.seed = uint64_t(test.noise_seed.value_or(0));
  return scenario;
}

namespace {

/// Whether there is anything to measure: else `actual` says why not.
bool measurable(const plan::Plan& plan, const plan::Expectation& expected) {
  bool of_subject = expected.what == plan::Expected::State || expected.what == plan::Expected::Exposure;
  return !expected.measure.empty() && (!of_subject || service_index(plan, expected.service) != plan::none);
}

}  // namespace

std::vector<Found> hold_against(const plan::Plan& plan, const plan::TestCase& test,
                                const sim::SimResult& result) {
  std::vector<Found> all;
  for (const plan::Expectation& expected : test.expectations) {
    Found found{met(plan, expected, result), fmt::format("{} ({})", expected.text, expected.place),
                actual_text(plan, expected, result)};
    bool exceeded = expected.comparison == plan::Comparison::Less || expected.comparison == plan::Comparison::LessEqual;
    uint32_t service = service_index(plan, expected.service);
    if (!found.met && expected.what == plan::Expected::Exposure && exceeded && service < plan.services.size())
      found.passed = passed_text(plan, result.events, service, expected.limit_ns);
    if (measurable(plan, expected)) found.values.push_back({expected.measure, found.actual});
    found.values.insert(found.values.end(), expected.parts.begin(), expected.parts.end());
    all.push_back(std::move(found));
  }
  return all;
}

sim::PromotionScript script_of(std::vector<plan::Plan> plans, const plan::TestCase& test) {
  sim::PromotionScript script;
  script.promotion = test.request.rollout;
  script.rollout = test.stages.front().rollout;
  if (test.abort) script.abort_at_ns = test.abort->at_ns;
  for (const plan::Moment& moment : test.resumes) script.resume_at_ns.push_back(moment.at_ns);
  for (const plan::Moment& moment : test.dies) script.crash_at_ns.push_back(moment.at_ns);
  std::sort(script.crash_at_ns.begin(), script.crash_at_ns.end());
  script.start_wall_ns = test.start_wall_ns;
  for (size_t i = 0; i < plans.size(); ++i) {
    sim::Scenario scenario = scenario_of(plans[i], test);
    scenario.abort_at_ns.reset();
    scenario.resume_at_ns.clear();
    scenario.crash_at_ns.clear();
    scenario.start_wall_ns.reset();
    script.stages.push_back({test.stages[i].environment, test.stages[i].soak_ns, std::move(plans[i]),
                             std::move(scenario)});
  }
  return script;
}

}  // namespace rollout::cli
