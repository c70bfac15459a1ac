#include "runtime/cli/never_happened.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/idle_givens.h"
#include "runtime/cli/style.h"

namespace rollout::cli {

namespace {

/// One run that took place.
struct Lived {
  const plan::Plan& plan;
  const sim::Scenario& scenario;
  const sim::SimResult& result;
};

/// Looks at all that a test gives, over the runs that took place.
class Witness {
 public:
  Witness(const plan::TestCase& test, std::vector<Lived> runs) : test_(test), runs_(std::move(runs)) {}

  std::vector<std::string> take() && {
    for (uint32_t i = 0; i < test_.failures.size(); ++i)
      require(test_.failures[i].written, seen(i, &sim::Scenario::faults, &sim::Witnessed::faults),
              "the run did not call it there");
    for (uint32_t i = 0; i < test_.answers.size(); ++i)
      require(test_.answers[i].written, seen(i, &sim::Scenario::answers, &sim::Witnessed::answers),
              "nobody asked this person");
    for (uint32_t i = 0; i < test_.locks.size(); ++i)
      require(test_.locks[i].written, seen(i, &sim::Scenario::locks, &sim::Witnessed::locks),
              "the lock was free whenever the run came for it");
    for (uint32_t i = 0; i < test_.crashes.size(); ++i)
      require(test_.crashes[i].written, seen(i, &sim::Scenario::crash_in_phase, &sim::Witnessed::crashes),
              "the run never came to the phase");
    for (const plan::GivenMute& given : test_.unreachable)
      require(given.written, was_mute(given), "no message was on its way to the team");
    for (const plan::GivenSignal& given : test_.signals) look_at(given);
    return std::move(missing_);
  }

 private:
  void require(const plan::Written& written, bool happened, std::string_view why) {
    if (!happened) missing_.push_back(fmt::format("`{}` ({}) never happened: {}", written.text, written.place, why));
  }

  template <typename Entry>
  bool seen(uint32_t given, std::vector<Entry> sim::Scenario::*entries,
            std::vector<int64_t> sim::Witnessed::*counts) const {
    for (const Lived& run : runs_)
      for (size_t i = 0; i < (run.scenario.*entries).size(); ++i)
        if ((run.scenario.*entries)[i].given == given && (run.result.witnessed.*counts)[i] > 0) return true;
    return false;
  }

  bool was_mute(const plan::GivenMute& given) const {
    for (const Lived& run : runs_)
      for (size_t i = 0; i < run.scenario.unreachable.size(); ++i)
        if (run.scenario.unreachable[i] == given.team && run.result.witnessed.unreachable[i] > 0) return true;
    return false;
  }

  /// Of a signal that changes: every moment lies within a run.
  void look_at(const plan::GivenSignal& given) {
    int64_t longest_ns = 0;
    for (const Lived& run : runs_)
      if (plan::is_given_in(run.plan, given.environment)) longest_ns = std::max(longest_ns, run.result.run_ns);
    for (const plan::Scripted& value : given.values)
      if (value.at_ns > longest_ns)
        missing_.push_back(fmt::format("`{}` of `{}` ({}) never happened: the run was over after {}", value.text,
                                       given.written.text, given.written.place, short_duration(longest_ns)));
  }

  const plan::TestCase& test_;
  std::vector<Lived> runs_;
  std::vector<std::string> missing_;
};

/// What people and processes did at moments of the whole.
struct Moments {
  bool aborted;
  const std::vector<int64_t>& resumed_at_ns;
  const std::vector<int64_t>& died_at_ns;
};

bool holds(const std::vector<int64_t>& moments, int64_t at_ns) {
  return std::find(moments.begin(), moments.end(), at_ns) != moments.end();
}

std::vector<int64_t> resumed_at(const sim::Scenario& scenario, const sim::SimResult& result) {
  std::vector<int64_t> moments;
  for (size_t i = 0; i < scenario.resume_at_ns.size(); ++i)
    if (result.witnessed.resumes[i] > 0) moments.push_back(scenario.resume_at_ns[i]);
  return moments;
}

void add_moments(std::vector<std::string>& missing, const plan::TestCase& test, const Moments& were, int64_t run_ns) {
  auto miss = [&](const plan::Moment& moment, std::string_view why) {
    missing.push_back(fmt::format("`{}` ({}) never happened: {}", moment.written.text, moment.written.place, why));
  };
  for (const plan::Moment& moment : test.resumes)
    if (!holds(were.resumed_at_ns, moment.at_ns)) miss(moment, "the run was not parked then");
  if (test.abort && !were.aborted)
    miss(*test.abort, fmt::format("the run was over after {}", short_duration(run_ns)));
  for (const plan::Moment& moment : test.dies) {
    if (holds(were.died_at_ns, moment.at_ns)) continue;
    bool over = moment.at_ns > run_ns;
    miss(moment, over ? fmt::format("the run was over after {}", short_duration(run_ns))
                      : "no process drove the run then");
  }
}

}  // namespace

std::vector<std::string> never_happened(const plan::Plan& plan, const sim::Scenario& scenario,
                                        const plan::TestCase& test, const sim::SimResult& result) {
  std::vector<std::string> missing = Witness(test, {{plan, scenario, result}}).take();
  std::vector<int64_t> resumed_at_ns = resumed_at(scenario, result);
  add_moments(missing, test, {result.witnessed.aborted, resumed_at_ns, result.died_at_ns}, result.run_ns);
  return missing;
}

std::vector<std::string> never_happened(const sim::PromotionScript& script, const plan::TestCase& test,
                                        const sim::PromotionResult& result) {
  std::vector<Lived> runs;
  for (size_t i = 0; i < script.stages.size(); ++i)
    if (result.stages[i]) runs.push_back({script.stages[i].plan, script.stages[i].scenario, *result.stages[i]});
  std::vector<std::string> missing = Witness(test, std::move(runs)).take();
  add_moments(missing, test, {result.aborted, result.resumed_at_ns, result.died_at_ns}, result.run_ns);
  return missing;
}

}  // namespace rollout::cli
