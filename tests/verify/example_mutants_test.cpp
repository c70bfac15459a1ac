// Mutants of the examples: in the plan of each of them one thing is wrong, and the proof finds it that is about this
// thing. The examples themselves raise nothing (examples_test.cpp). Not each thing can be wrong in each example.
#include <functional>
#include <map>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/proofs.h"
#include "tests/sim/example_plans.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::StepKind;
using sim_test::minute;

constexpr int64_t day = 24 * 60 * minute;

class Mutants {
 public:
  using Add = std::function<void(Claim, std::string, Plan)>;
  Mutants(const Plan& plan, Add add) : plan_(plan), add_(std::move(add)) {}

  void all() {
    back(), gates(), times(), calendars(), commits(), states(), shares();
  }

 private:
  void add(Claim claim, std::string what, const std::function<void(Plan&)>& change) {
    Plan plan = plan_;
    change(plan);
    add_(claim, std::move(what), std::move(plan));
  }

  void back() {
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
      const plan::Step& step = plan_.steps[i];
      auto is_lasting = [](const plan::Setting& one) { return one.variable != plan::Variable::Restarted; };
      const std::vector<plan::Setting>& sets = step.action.sets;
      if (step.kind != StepKind::Act || step.rollback.empty() || !step.scope_rollback.empty()) continue;
      if (std::none_of(sets.begin(), sets.end(), is_lasting)) continue;
      add(Claim::WayBack, fmt::format("nothing takes step {} back", i),
          [&](Plan& plan) { plan.steps[i].rollback.clear(); });
    }
    if (plan_.facts->back_once_ns > 1 && plan_.scopes.empty())
      add(Claim::RollbackTime, "a rollback within a nanosecond", [](Plan& plan) { plan.rollback.within_ns = 1; });
  }

  bool is_judging(uint32_t gate) const {
    return std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const plan::Step& step) {
      return step.kind == StepKind::Hold && std::count(step.gates.begin(), step.gates.end(), gate) > 0;
    });
  }
  bool proves(uint32_t gate, plan::ConditionKind kind) const {
    const std::vector<uint32_t>& of = plan_.gates[gate].conditions;
    return std::any_of(of.begin(), of.end(), [&](uint32_t index) {
      return plan_.conditions[index].kind == kind && plan_.conditions[index].proven_ppb > 0 &&
             plan_.conditions[index].left.signal == plan_.gates[gate].harm_of->signal;
    });
  }
  void gates() {
    bool sees = std::any_of(plan_.facts->phases.begin(), plan_.facts->phases.end(),
                            [](const plan::PhaseFacts& of) { return of.sees_ppb.has_value(); });
    std::set<uint32_t> seen;
    for (uint32_t i = 0; i < plan_.gates.size(); ++i) {
      const plan::Gate& gate = plan_.gates[i];
      if (!is_judging(i)) continue;
      bool harm = gate.harm_of && sees && proves(i, plan::ConditionKind::Reject);
      if (harm && !proves(i, plan::ConditionKind::Require))
        add(Claim::Power, fmt::format("gate {} is to see next to nothing", i),
            [&](Plan& plan) { plan.gates[i].harm_ppb = 1; });
      for (uint32_t index : gate.conditions) {
        const plan::Condition& condition = plan_.conditions[index];
        const plan::Signal& signal = plan_.signals[condition.left.signal];
        bool below = condition.comparison == plan::Comparison::Less ||
                     condition.comparison == plan::Comparison::LessEqual;
        bool plain = !condition.right && condition.baseline == plan::none && condition.proven_ppb == 0;
        if (plain && below && signal.evidence == plan::Evidence::Counts && seen.insert(index).second)
          add(condition.kind == plan::ConditionKind::Reject ? Claim::Contradiction : Claim::Constant,
              fmt::format("condition {} compares with 200%", index),
              [&](Plan& plan) { plan.conditions[index].offset = 2e9; });
        if (signal.evidence != plan::Evidence::Counts || plan_.services[signal.service].traffic_uhz <= 0) continue;
        if (condition.left.role == plan::Role::Canary && condition.proven_ppb > 0 && gate.minimum_requests == 0 &&
            seen.insert(index).second)
          add(Claim::Starved, fmt::format("gate {} waits for a billion requests", i),
              [&](Plan& plan) { plan.gates[i].minimum_requests = 1'000'000'000'000; });
      }
    }
  }

  void times() {
    for (const plan::ExposureFacts& one : plan_.facts->exposure)
      if (one.harm_ns.value_or(0) > 1)
        add(Claim::Exposure, "half of the exposure", [&](Plan& plan) { plan.budget_exposure_ns = *one.harm_ns / 2; });
    for (uint32_t i = 0; i < plan_.watches.size(); ++i)
      if (plan_.watches[i].held_ns > 0)
        add(Claim::IdleWatch, fmt::format("watch {} is held for longer than the run", i),
            [&](Plan& plan) { plan.watches[i].held_ns = plan_.facts->worst_ns + day; });
  }

  void calendars() {
    if (plan_.during && !plan_.during->waits && plan_.facts->start && plan_.facts->start->needs_ns > minute)
      add(Claim::Window, "open for a minute", [](Plan& plan) { plan.during->calendar.open = {{0, 1}}; });
    for (uint32_t i = 0; plan_.during && !plan_.during->waits && i < plan_.approvals.size(); ++i)
      add(Claim::Answer, fmt::format("approval {} has a week and a day", i),
          [&](Plan& plan) { plan.approvals[i].timeout_ns = 8 * day; });
  }

  void commits() {
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
      if (plan_.steps[i].kind != StepKind::Commit) continue;
      add(Claim::Commit, fmt::format("nobody has judged the commit {}", i), [&](Plan& plan) {
        for (plan::Step& step : plan.steps) {
          step.gates.clear();
          if (step.kind == StepKind::Approval) step.kind = StepKind::Notify;
        }
      });
    }
  }

  void states() {
    for (const plan::BesideFacts& one : plan_.facts->beside)
      add(Claim::Beside, "a version that lives beside nothing",
          [&](Plan& plan) { plan.beside[one.beside].range.reset(); });
    for (const plan::PeakFacts& one : plan_.facts->peaks)
      add(Claim::Quota, "one less than it takes",
          [&](Plan& plan) { plan.targets[one.target].quota = one.instances - 1; });
  }

  void shares() {
    std::map<uint32_t, int64_t> had;
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
      const plan::Action& action = plan_.steps[i].action;
      for (size_t j = 0; plan_.steps[i].kind == StepKind::Act && j < action.sets.size(); ++j) {
        const plan::Setting& set = action.sets[j];
        if (set.variable != plan::Variable::Share || set.role != plan::Role::Canary) continue;
        int64_t before = std::exchange(had[action.service], set.value.number);
        if (before > 1 && set.value.number > 0)
          add(Claim::Growth, fmt::format("step {} takes a little of the share away", i),
              [&](Plan& plan) { plan.steps[i].action.sets[j].value.number = before - 1; });
      }
    }
  }

  const Plan& plan_;
  Add add_;
};

std::string_view name_of(Claim claim) {
  Finding finding;
  finding.claim = claim;
  return verify::name_of(finding);
}

}  // namespace

TEST_CASE("every mutant of an example is caught by the proof that it breaks") {
  std::map<std::string_view, std::pair<int, int>> caught;
  int examples = 0, found = 0, all = 0;
  for (const sim_test::Example& example : sim_test::examples(ROLLOUT_EXAMPLES)) {
    ++examples;
    Mutants(example.plan, [&](Claim claim, std::string what, Plan plan) {
      std::vector<Finding> findings = prove(plan).findings;
      bool is = std::any_of(findings.begin(), findings.end(),
                            [&](const Finding& finding) { return finding.claim == claim; });
      INFO(example.name << ": " << what << ", about " << name_of(claim));
      CHECK(is);
      auto& [good, of] = caught[name_of(claim)];
      good += is, ++of, found += is, ++all;
    }).all();
  }
  CHECK(all >= 300);
  for (const auto& [claim, count] : caught) WARN(fmt::format("{}: {} of {}", claim, count.first, count.second));
  WARN(fmt::format("{} of {} mutants of {} examples are caught", found, all, examples));
}

}  // namespace rollout::verify
