// Proof 4 against a brute-force oracle: on small random plans every path is enumerated for the way forward, and every
// set of steps that may have begun for the way back.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/way_back.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "tests/verify/small_plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::Step;
using plan::StepKind;

using sim_test::second;

constexpr int plans = 4000;

// ---- the oracle: nothing of it is shared with the proofs ----

int64_t action_ns(const plan::Action& action) {
  int64_t one = action.within_ns > 0 ? action.within_ns : 60 * second, total = 0, pause = second;
  for (int attempt = 1; attempt <= action.attempts; ++attempt) {
    total += one;
    if (attempt < action.attempts) total += std::min(pause, 30 * second);
    pause *= 2;
  }
  return total;
}

int64_t step_ns(const Step& step) {
  switch (step.kind) {
    case StepKind::Act: return action_ns(step.action);
    // 9s longer where it is undecided, but 30s where a router has to settle; and one look.
    case StepKind::Hold: return step.hold_ns + (step.gates.empty() ? 0 : 31 * second);
    case StepKind::Approval: return 7 * second;
    case StepKind::Preflight:
    case StepKind::Checkpoint:
    case StepKind::Lock:
    case StepKind::Unlock:
    case StepKind::Commit:
    case StepKind::Notify: break;
  }
  return 0;
}

/// The longest of all paths that end with the step, each walked by itself.
int64_t longest_path(const Plan& plan, uint32_t step) {
  int64_t most = 0;
  for (uint32_t before : plan.steps[step].after) most = std::max(most, longest_path(plan, before));
  return most + step_ns(plan.steps[step]);
}

bool can_have_begun(const Plan& plan, uint32_t set) {
  for (uint32_t i = 0; i < plan.steps.size(); ++i)
    for (uint32_t before : plan.steps[i].after)
      if ((set >> i & 1) && !(set >> before & 1)) return false;
  return true;
}

int64_t back_from(const Plan& plan, uint32_t set) {
  std::vector<bool> begun;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) begun.push_back(set >> i & 1);
  plan::WayBack way = plan::way_back(plan, begun);
  std::vector<int64_t> ends;
  int64_t last = 0;
  for (const plan::ServiceUndo& entry : way) {
    int64_t at = 0;
    for (uint32_t before : entry.after) at = std::max(at, ends[before]);
    for (uint32_t undo : plan::undo_of(plan, entry)) at += action_ns(plan.undo[undo]);
    ends.push_back(at);
    last = std::max(last, at);
  }
  return last;
}

}  // namespace

TEST_CASE("the worst time forward is the longest of all paths") {
  for (uint64_t seed = 1; seed <= plans; ++seed) {
    Plan plan = small_plan(seed);
    int64_t most = 0;
    for (uint32_t i = 0; i < plan.steps.size(); ++i) most = std::max(most, longest_path(plan, i));
    INFO("seed " << seed);
    CHECK(prove(plan).facts.worst_ns == most);
  }
  WARN(fmt::format("{} plans, seeds 1 to {}: every path walked", plans, plans));
}

TEST_CASE("no set of steps that may have begun goes back for longer than the bound") {
  int64_t sets = 0, exact = 0;
  for (uint64_t seed = 1; seed <= plans; ++seed) {
    Plan plan = small_plan(seed);
    int64_t most = 0, bound = prove(plan).facts.back_ns;
    for (uint32_t set = 0; set < (1u << plan.steps.size()); ++set) {
      if (!can_have_begun(plan, set)) continue;
      ++sets;
      most = std::max(most, back_from(plan, set));
    }
    INFO("seed " << seed << ": " << most << " against " << bound);
    CHECK(most <= bound);
    exact += most == bound;
  }
  CHECK(exact * 10 >= plans * 8);
  WARN(fmt::format("{} plans, {} sets: the bound is exact in {}", plans, sets, exact));
}

TEST_CASE("the recheck agrees with the proofs on every plan, and with nothing else") {
  int64_t caught = 0, changed = 0;
  for (uint64_t seed = 1; seed <= plans; ++seed) {
    Plan plan = small_plan(seed);
    plan.facts = prove(plan).facts;
    std::vector<std::string> broken = recheck(plan);
    INFO("seed " << seed << (broken.empty() ? "" : ": " + broken[0]));
    CHECK(broken.empty());
    for (int64_t plan::Facts::*field : {&plan::Facts::best_ns, &plan::Facts::typical_ns, &plan::Facts::worst_ns,
                                        &plan::Facts::back_ns, &plan::Facts::back_once_ns, &plan::Facts::give_up_ns}) {
      Plan other = plan;
      (*other.facts).*field -= 1;
      ++changed;
      caught += !recheck(other).empty();
    }
  }
  CHECK(caught == changed);
  WARN(fmt::format("{} plans agree; {} of {} changed facts are caught", plans, caught, changed));
}

}  // namespace rollout::verify
