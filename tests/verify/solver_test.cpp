// Proofs 3 and 4 against Z3, which is told what a run is and nothing of how bounds are computed: steps that begin when
// all that they come after has ended, last as long as they may, and a stop at any moment. It looks for a run beyond a
// bound, and finds none; and for one that attains it.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <z3++.h>

#include "compiler/verify/proofs.h"
#include "tests/verify/small_plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using sim_test::second;

constexpr uint64_t time_plans = 150, back_plans = 150, exposure_plans = 60;

int64_t action_s(const plan::Action& action) {
  int64_t one = action.within_ns > 0 ? action.within_ns / second : 60, total = one;
  for (int64_t attempt = 1, pause = 1; attempt < action.attempts; ++attempt, pause = std::min<int64_t>(30, 2 * pause))
    total += one + pause;
  return total;
}

/// A run of a plan: when each step begins and ends, in seconds.
class Run {
 public:
  Run(z3::context& context, z3::solver& solver, const Plan& plan) : plan_(plan), over(context.int_val(0)) {
    for (uint32_t i = 0; i < plan.steps.size(); ++i) {
      const Step& step = plan.steps[i];
      z3::expr at = context.int_const(fmt::format("begin{}", i).c_str());
      z3::expr lasts = context.int_const(fmt::format("lasts{}", i).c_str());
      z3::expr_vector waits(context);
      waits.push_back(at == 0);
      for (uint32_t before : step.after) solver.add(at >= end[before]);
      if (!step.after.empty()) waits.resize(0);
      for (uint32_t before : step.after) waits.push_back(at == end[before]);
      solver.add(z3::mk_or(waits));
      solver.add(lasts >= context.int_val(least_s(step)) && lasts <= context.int_val(most_s(step)));
      begin.push_back(at), end.push_back(at + lasts);
      over = z3::ite(end[i] > over, end[i], over);
    }
  }

 private:
  int64_t least_s(const Step& step) const { return step.kind == StepKind::Hold ? step.hold_ns / second : 0; }
  int64_t most_s(const Step& step) const {
    switch (step.kind) {
      case StepKind::Act: return action_s(step.action);
      // A gate that has no verdict waits for one, and a router that does not answer delays it by a look.
      // 30s for a router to settle, which is more than any extension here, and one look.
      case StepKind::Hold: return step.hold_ns / second + (step.gates.empty() ? 0 : 31);
      case StepKind::Approval: return plan_.approvals[step.approval].timeout_ns / second;
      default: return 0;
    }
  }
  const Plan& plan_;

 public:
  std::vector<z3::expr> begin, end;
  z3::expr over;
};

/// Where a run goes back: what has begun, and how long each service takes until it is undone, or until its share is.
class Back {
 public:
  Back(z3::context& context, const Plan& plan, const std::vector<z3::expr>& begun)
      : context_(context), plan_(plan), begun_(begun), first_(plan.services.size(), plan::none) {
    size_t steps = plan.steps.size();
    reaches_.assign(steps, std::vector<bool>(steps));
    for (uint32_t i = 0; i < steps; ++i)
      for (uint32_t before : plan.steps[i].after) {
        reaches_[before][i] = true;
        for (uint32_t j = 0; j < before; ++j)
          if (reaches_[j][before]) reaches_[j][i] = true;
      }
    for (uint32_t i = uint32_t(steps); i-- > 0;)
      if (plan.steps[i].kind == StepKind::Act) first_[plan.steps[i].action.service] = i;
  }

  z3::expr all() {
    z3::expr most = context_.int_val(0);
    for (uint32_t service = 0; service < first_.size(); ++service) most = larger(most, done(service, false));
    return most;
  }
  /// After those that were built upon it, the list of its last step that has begun; nothing where none has.
  z3::expr done(uint32_t service, bool until_share) {
    z3::expr none = context_.int_val(0);
    if (first_[service] == plan::none) return none;
    z3::expr waits = none, list = none;
    for (uint32_t other = 0; other < first_.size(); ++other)
      if (other != service && first_[other] != plan::none && reaches_[first_[service]][first_[other]])
        waits = larger(waits, done(other, false));
    for (uint32_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      if (step.kind != StepKind::Act || step.action.service != service) continue;
      list = z3::ite(begun_[i], context_.int_val(list_s(step, until_share)), list);
    }
    return z3::ite(begun_[first_[service]], waits + list, none);
  }

 private:
  static z3::expr larger(const z3::expr& a, const z3::expr& b) { return z3::ite(a > b, a, b); }
  int64_t list_s(const Step& step, bool until_share) const {
    int64_t total = 0;
    for (uint32_t undo : step.rollback) {
      total += action_s(plan_.undo[undo]);
      if (until_share && !plan_.undo[undo].sets.empty()) break;
    }
    return total;
  }

  z3::context& context_;
  const Plan& plan_;
  const std::vector<z3::expr>& begun_;
  std::vector<uint32_t> first_;  ///< by service: its first step
  std::vector<std::vector<bool>> reaches_;
};

int64_t share_of(const Step& step, int64_t before) {
  return step.action.sets.empty() ? before : step.action.sets[0].value.number / eval::percent_one;
}

/// What users meet of a service until `stop`, and until its share is gone then, in percent times seconds.
z3::expr met(z3::context& context, const Plan& plan, const Run& run, uint32_t service, const z3::expr& stop) {
  std::vector<z3::expr> begun;
  for (const z3::expr& begin : run.begin) begun.push_back(begin <= stop);
  Back back(context, plan, begun);
  auto until = [&](const z3::expr& at) { return z3::ite(at < stop, at, stop); };
  z3::expr total = context.int_val(0), share_now = context.int_val(0), since = context.int_val(0);
  int64_t share = 0;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.kind != StepKind::Act || step.action.service != service) continue;
    int64_t after = share_of(step, share), both = std::max(share, after);
    total = total + context.int_val(share) * (until(run.begin[i]) - until(since)) +
            context.int_val(both) * (until(run.end[i]) - until(run.begin[i]));
    z3::expr set = z3::ite(run.end[i] <= stop, context.int_val(after), context.int_val(both));
    share_now = z3::ite(run.begin[i] <= stop, set, share_now);
    since = run.end[i], share = after;
  }
  total = total + context.int_val(share) * (stop - until(since));
  return total + share_now * back.done(service, true);
}

bool possible(z3::solver& solver, const z3::expr& what) {
  solver.push();
  solver.add(what);
  z3::check_result result = solver.check();
  solver.pop();
  REQUIRE(result != z3::unknown);
  return result == z3::sat;
}

}  // namespace

TEST_CASE("a solver finds no run that is faster or slower than the bounds, and one that attains each") {
  for (uint64_t seed = 1; seed <= time_plans; ++seed) {
    Plan plan = small_plan(seed);
    plan::Facts facts = prove(plan).facts;
    z3::context context;
    z3::solver solver(context);
    Run run(context, solver, plan);
    z3::expr worst = context.int_val(facts.worst_ns / second), best = context.int_val(facts.best_ns / second);
    INFO("seed " << seed);
    CHECK(!possible(solver, run.over > worst));
    CHECK(possible(solver, run.over == worst));
    CHECK(!possible(solver, run.over < best));
    CHECK(possible(solver, run.over == best));
  }
  WARN(fmt::format("{} plans: best and worst as Z3 has them", time_plans));
}

TEST_CASE("a solver finds no way back that is longer than the bound") {
  int64_t exact = 0;
  for (uint64_t seed = 1; seed <= back_plans; ++seed) {
    Plan plan = small_plan(seed);
    z3::context context;
    z3::solver solver(context);
    std::vector<z3::expr> begun;
    for (uint32_t i = 0; i < plan.steps.size(); ++i) {
      begun.push_back(context.bool_const(fmt::format("begun{}", i).c_str()));
      for (uint32_t before : plan.steps[i].after) solver.add(z3::implies(begun[i], begun[before]));
    }
    z3::expr back = Back(context, plan, begun).all(), bound = context.int_val(prove(plan).facts.back_ns / second);
    INFO("seed " << seed);
    CHECK(!possible(solver, back > bound));
    exact += possible(solver, back == bound);
  }
  CHECK(exact * 10 >= int64_t(back_plans) * 8);
  WARN(fmt::format("{} plans: no way back is longer, and {} bounds are exact", back_plans, exact));
}

TEST_CASE("a solver finds no run, and no moment to stop it, in which users meet more than nobody sees") {
  int64_t questions = 0, near = 0;
  for (uint64_t seed = 1; seed <= exposure_plans; ++seed) {
    Plan plan = exposing_plan(seed);
    plan::Facts facts = prove(plan).facts;
    for (uint32_t service = 0; service < plan.services.size(); ++service) {
      int64_t bound = 0;  // in percent times seconds; rounded up by less than one
      for (const plan::ExposureFacts& one : facts.exposure)
        if (one.service == service) bound = one.unseen_ns / (second / 100);
      z3::context context;
      z3::solver solver(context);
      Run run(context, solver, plan);
      z3::expr stop = context.int_const("stop");
      solver.add(stop >= 0 && stop <= run.over);
      z3::expr all = met(context, plan, run, service, stop);
      INFO("seed " << seed << ", service " << service);
      CHECK(!possible(solver, all > context.int_val(bound)));
      near += possible(solver, all * 10 >= context.int_val(bound * 8));
      ++questions;
    }
  }
  CHECK(near * 2 > questions);
  WARN(fmt::format("{} services: none exposed to more, {} to at least 80% of the bound", questions, near));
}

}  // namespace rollout::verify
