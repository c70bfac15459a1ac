// A plan whose facts somebody has altered: the recheck refuses every bound that is less than what holds, and whatever
// is counted to the nanosecond either way. Each fact of each plan is altered, those of all examples and of plans with
// all that the language has.
#include <functional>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/sim/drawn.h"
#include "tests/sim/example_plans.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using plan::Facts;
using plan::Plan;

/// Unsound: less than what holds may be met, or something that is not so. Loose: more than that, which does no harm.
enum class Way { Unsound, Loose };

struct Altered {
  std::string fact;
  Way way;
  Facts facts;
};

class Alterations {
 public:
  explicit Alterations(const Plan& plan) : plan_(plan), facts_(*plan.facts) {}

  std::vector<Altered> all() {
    times(), phases(), exposures(), starts(), states();
    return std::move(all_);
  }
  /// The least of what was let through, as a part of what was proven.
  double closest() const { return closest_; }

 private:
  void add(std::string fact, Way way, const std::function<void(Facts&)>& change) {
    all_.push_back({std::move(fact), way, facts_});
    change(all_.back().facts);
  }
  /// Counted exactly, so that neither way is so.
  void exact(const std::string& fact, const std::function<int64_t&(Facts&)>& of) {
    for (int64_t by : {-1'000'000'000, -1, 1, 1'000'000'000})
      add(fact, Way::Unsound, [&](Facts& facts) { of(facts) += by; });
  }
  void exact(const std::string& fact, const std::function<std::optional<int64_t>&(Facts&)>& of) {
    if (!of(facts_)) {
      add(fact, Way::Unsound, [&](Facts& facts) { of(facts) = 1; });
      return;
    }
    for (int64_t by : {-1'000'000'000, -1, 1, 1'000'000'000})
      add(fact, Way::Unsound, [&](Facts& facts) { *of(facts) += by; });
    add(fact, Way::Unsound, [&](Facts& facts) { of(facts).reset(); });
  }
  /// A bound: less of it is refused, more need not be.
  void bound(const std::string& fact, const std::function<std::optional<int64_t>&(Facts&)>& of) {
    int64_t is = of(facts_).value_or(0), least = least_of(of);
    for (int64_t says : {int64_t{0}, is / 2, is / 10 * 9, is / 100 * 99, is - 1})
      if (says < least && says >= 0) add(fact, Way::Unsound, [&](Facts& facts) { of(facts) = says; });
    if (of(facts_)) add(fact, Way::Unsound, [&](Facts& facts) { of(facts).reset(); });
    if (is > 0) add(fact, Way::Loose, [&](Facts& facts) { of(facts) = is + is / 10; });
  }

  /// The least that the recheck lets through: what it has proven itself, for every moment (harm_test.cpp).
  int64_t least_of(const std::function<std::optional<int64_t>&(Facts&)>& of) {
    int64_t is = of(facts_).value_or(0), low = -1, high = is;
    Plan plan = plan_;
    while (high - low > 1) {
      int64_t middle = low + (high - low) / 2;
      of(*plan.facts) = middle;
      (recheck(plan).empty() ? high : low) = middle;
    }
    if (is > 0) closest_ = std::min(closest_, double(high) / double(is));
    return high;
  }

  void times() {
    exact("best", [](Facts& of) -> int64_t& { return of.best_ns; });
    exact("typical", [](Facts& of) -> int64_t& { return of.typical_ns; });
    exact("worst", [](Facts& of) -> int64_t& { return of.worst_ns; });
    exact("back", [](Facts& of) -> int64_t& { return of.back_ns; });
    exact("back once", [](Facts& of) -> int64_t& { return of.back_once_ns; });
    exact("give up", [](Facts& of) -> int64_t& { return of.give_up_ns; });
    exact("detect", [](Facts& of) -> std::optional<int64_t>& { return of.detect_ns; });
    exact("false alarms", [](Facts& of) -> std::optional<int64_t>& { return of.false_alarm_ppb; });
    add("parks", Way::Unsound, [](Facts& of) { of.parks = !of.parks; });
  }
  void phases() {
    for (size_t i = 0; i < facts_.phases.size(); ++i) {
      exact("best of a phase", [&](Facts& of) -> int64_t& { return of.phases[i].best_ns; });
      exact("typical of a phase", [&](Facts& of) -> int64_t& { return of.phases[i].typical_ns; });
      exact("worst of a phase", [&](Facts& of) -> int64_t& { return of.phases[i].worst_ns; });
      exact("back of a phase", [&](Facts& of) -> int64_t& { return of.phases[i].back_ns; });
      exact("detect of a phase", [&](Facts& of) -> std::optional<int64_t>& { return of.phases[i].detect_ns; });
      bound("harm of a phase", [&](Facts& of) -> std::optional<int64_t>& { return of.phases[i].harm_ns; });
      std::optional<int64_t> sees = facts_.phases[i].sees_ppb;
      if (!sees) continue;
      add("sees", Way::Unsound, [&](Facts& of) { of.phases[i].sees_ppb.reset(); });
      for (int64_t percent : {0, 50, 90, 99})
        add("sees", Way::Unsound, [&](Facts& of) { of.phases[i].sees_ppb = *sees / 100 * percent; });
      add("sees", Way::Loose, [&](Facts& of) { of.phases[i].sees_ppb = *sees + *sees / 3; });
    }
  }
  void exposures() {
    for (size_t i = 0; i < facts_.exposure.size(); ++i) {
      exact("unseen", [&](Facts& of) -> int64_t& { return of.exposure[i].unseen_ns; });
      bound("harm", [&](Facts& of) -> std::optional<int64_t>& { return of.exposure[i].harm_ns; });
      add("exposure", Way::Unsound, [&](Facts& of) { of.exposure.erase(of.exposure.begin() + long(i)); });
      if (facts_.exposure[i].harm_ns.value_or(0) > 0)
        add("worst step", Way::Unsound, [&](Facts& of) { of.exposure[i].harm_step = plan::none; });
    }
  }
  void starts() {
    for (auto of : {&Facts::start, &Facts::start_answered}) {
      if (!(facts_.*of)) continue;
      exact("start", [of](Facts& facts) -> int64_t& { return (facts.*of)->needs_ns; });
      add("start", Way::Unsound, [of](Facts& facts) { (facts.*of).reset(); });
      for (size_t i = 0; i < (facts_.*of)->weekly.size(); ++i)
        for (int by : {-1, 1}) {
          add("start", Way::Unsound, [&](Facts& facts) { (facts.*of)->weekly[i].from += by; });
          add("start", Way::Unsound, [&](Facts& facts) { (facts.*of)->weekly[i].to += by; });
        }
    }
  }
  void states() {
    for (size_t i = 0; i < facts_.beside.size(); ++i) {
      for (size_t k = 0; k < facts_.beside[i].meets.size(); ++k)
        add("meets", Way::Unsound, [&](Facts& of) { of.beside[i].meets.erase(of.beside[i].meets.begin() + long(k)); });
      add("meets", Way::Unsound, [&](Facts& of) { of.beside.erase(of.beside.begin() + long(i)); });
    }
    for (size_t i = 0; i < facts_.peaks.size(); ++i) {
      add("peak", Way::Unsound, [&](Facts& of) { --of.peaks[i].instances; });
      add("peak", Way::Unsound, [&](Facts& of) { of.peaks.erase(of.peaks.begin() + long(i)); });
      add("peak", Way::Loose, [&](Facts& of) { ++of.peaks[i].instances; });
    }
  }

  const Plan& plan_;
  Facts facts_;
  std::vector<Altered> all_;
  double closest_ = 1;
};

std::vector<Plan> plans_with_facts() {
  std::vector<Plan> plans;
  for (sim_test::Example& one : sim_test::examples(ROLLOUT_EXAMPLES)) plans.push_back(std::move(one.plan));
  for (const Plan& plan : {sim_test::canary_plan(), sim_test::watched_plan(), sim_test::scoped_plan(),
                           sim_test::asking_plan(plan::Unapproved::Park), sim_test::two_approvals_plan()})
    plans.push_back(plan);
  for (uint64_t seed = 1; seed <= 60; ++seed)
    if (auto plan = sim_test::drawn_plan(seed)) plans.push_back(std::move(*plan));
  std::vector<Plan> sound;
  for (Plan& plan : plans) {
    plan.facts = prove(plan).facts;
    if (recheck(plan).empty()) sound.push_back(std::move(plan));  // some of those that are drawn have findings
  }
  return sound;
}

}  // namespace

TEST_CASE("the recheck refuses every fact that says less than what holds") {
  std::map<std::string, std::array<int64_t, 4>> counted;  // unsound: refused, of all; loose: refused, of all
  int64_t plans = 0, refused = 0, all = 0;
  double closest = 1;
  for (const Plan& plan : plans_with_facts()) {
    ++plans;
    Alterations alterations(plan);
    std::vector<Altered> altered_facts = alterations.all();
    closest = std::min(closest, alterations.closest());
    for (Altered& altered : altered_facts) {
      Plan other = plan;
      other.facts = std::move(altered.facts);
      bool caught = !recheck(other).empty(), unsound = altered.way == Way::Unsound;
      std::array<int64_t, 4>& of = counted[altered.fact];
      of[unsound ? 0 : 2] += caught, ++of[unsound ? 1 : 3];
      if (!unsound) continue;
      refused += caught, ++all;
      INFO(plan::rollout_text(plan) << ": " << altered.fact);
      CHECK(caught);
    }
  }
  for (const auto& [fact, of] : counted)
    WARN(fmt::format("{}: {} of {} are refused, and {} of {} that only say too much", fact, of[0], of[1], of[2],
                     of[3]));
  CHECK(closest == 1);
  WARN(fmt::format("{} plans, {} of {} alterations are refused; of a harm the recheck itself proves {:.1f}% at least",
                   plans, refused, all, 100 * closest));
}

}  // namespace rollout::verify
