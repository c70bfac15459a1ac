#include "compiler/verify/quota.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/verify/instances.h"

namespace rollout::verify {

using plan::Forward;
using plan::Plan;
using plan::none;

namespace {

/// How many of the latest lanes are asked whether one of them is free: more lanes only make the bound larger.
constexpr size_t max_lanes_asked = 64;

/// When a service has more instances than before and after, and how many at its worst.
struct Surge {
  uint32_t service = none;
  uint32_t first = none, last = none;  ///< steps between which, both included, it may have more
  int64_t more = 0;
  uint32_t step = none;                ///< of its worst
  std::string when;                    ///< in words where it is on the way back
};

/// Surges that wait for each other: forward one begins when the other is over, and they go back the other way round.
struct Lane {
  uint32_t last = none;  ///< the step that ends the latest of them
  Surge worst;
};

class Quota {
 public:
  Quota(const Plan& plan, const Forward& forward) : plan_(plan), forward_(forward), steps_(plan.services.size()) {
    for (uint32_t i = 0; i < plan.steps.size(); ++i)
      if (plan.steps[i].kind == plan::StepKind::Act) steps_[plan.steps[i].action.service].push_back(i);
  }

  /// The bound, and of which surges it consists.
  int64_t of(uint32_t target, std::vector<Lane>& lanes) const {
    int64_t all = plan_.targets[target].others;
    std::vector<Surge> surges;
    for (uint32_t service : services_on(plan_, target)) all += levels(service, surges);
    std::sort(surges.begin(), surges.end(), [](const Surge& a, const Surge& b) { return a.first < b.first; });
    for (Surge& surge : surges) take_lane(std::move(surge), lanes);
    for (const Lane& lane : lanes) all += lane.worst.more;
    return all;
  }

 private:
  /// Returns what it has for good, before or behind the plan.
  int64_t levels(uint32_t service, std::vector<Surge>& surges) const {
    Instances now = instances_at_first(plan_, service);
    int64_t base = now.all();
    std::vector<std::pair<uint32_t, Instances>> after;
    for (uint32_t i : steps_[service]) {
      apply(plan_.steps[i].action, now);
      after.emplace_back(i, now);
    }
    base = std::max(base, now.all());
    Surge surge{service};
    auto look = [&](uint32_t step, int64_t all, const std::string& undo) {
      if (all <= base) return;
      if (surge.first == none) surge.first = step;
      if (all - base > surge.more)
        surge.more = all - base, surge.step = step,
        surge.when = undo.empty() ? "" : fmt::format("on the way back, with `{}`", undo);
    };
    for (size_t k = 0; k < after.size(); ++k) {
      uint32_t step = after[k].first;
      look(step, after[k].second.all(), {});
      for (Instances back : {k > 0 ? after[k - 1].second : instances_at_first(plan_, service), after[k].second})
        for (uint32_t undo : plan_.steps[step].rollback) {
          apply(plan_.undo[undo], back);
          look(step, back.all(), plan_.undo[undo].text);
        }
    }
    if (surge.first == none) return base;
    surge.last = after.back().first;
    surges.push_back(std::move(surge));
    return base;
  }

  void take_lane(Surge surge, std::vector<Lane>& lanes) const {
    size_t asked = 0;
    for (auto lane = lanes.rbegin(); lane != lanes.rend() && asked < max_lanes_asked; ++lane, ++asked) {
      if (!comes_before(lane->last, surge.first)) continue;
      lane->last = surge.last;
      if (surge.more > lane->worst.more) lane->worst = std::move(surge);
      return;
    }
    lanes.push_back({surge.last, std::move(surge)});
  }

  bool comes_before(uint32_t earlier, uint32_t later) const {
    if (earlier >= later) return false;
    if (uint32_t joint = forward_.joint[later]; joint != none && joint >= earlier) return true;
    std::vector<bool> waits(later - earlier + 1);
    waits[later - earlier] = true;
    for (uint32_t i = later; i > earlier; --i)
      for (uint32_t before : plan_.steps[i].after)
        if (waits[i - earlier] && before >= earlier) waits[before - earlier] = true;
    return waits[0];
  }

  const Plan& plan_;
  const Forward& forward_;
  std::vector<std::vector<uint32_t>> steps_;  ///< actions, by service
};

/// What is there for good is too much: from a step on, or already before the first.
void find_growth(const Plan& plan, const Forward& forward, Finding& finding) {
  const plan::Target& target = plan.targets[finding.site.target];
  std::map<uint32_t, Instances> now;
  int64_t all = target.others;
  for (uint32_t service : services_on(plan, finding.site.target)) {
    now[service] = instances_at_first(plan, service);
    all += now[service].all();
  }
  for (uint32_t i = 0; i < plan.steps.size() && all <= target.quota; ++i) {
    const plan::Step& step = plan.steps[i];
    auto of = step.kind == plan::StepKind::Act ? now.find(step.action.service) : now.end();
    if (of == now.end()) continue;
    int64_t before = of->second.all();
    apply(step.action, of->second);
    int64_t more = of->second.all() - before;
    all += more;
    if (all <= target.quota) continue;
    finding.path.push_back({forward.best_begin_ns[i], fmt::format("{}: {} more", step.text, more)});
    finding.place = step.place, finding.site.step = i;
  }
  if (finding.path.empty()) finding.path.push_back({0, "before anything begins"});
}

Finding too_many(const Plan& plan, const Forward& forward, uint32_t target, int64_t most, std::vector<Lane> lanes) {
  const plan::Target& of = plan.targets[target];
  Finding finding{Claim::Quota, {}, {}, most, of.quota};
  finding.parts = {of.name};
  finding.site.target = target;
  if (of.others > 0) finding.what = fmt::format("{} of them are of services that this plan leaves alone", of.others);
  std::sort(lanes.begin(), lanes.end(), [](const Lane& a, const Lane& b) { return a.worst.step < b.worst.step; });
  for (const Lane& lane : lanes) {
    const Surge& worst = lane.worst;
    std::string when = worst.when.empty() ? "" : fmt::format(", {}", worst.when);
    finding.path.push_back({forward.best_begin_ns[worst.step],
                            fmt::format("{}{}: {} more", plan.steps[worst.step].text, when, worst.more)});
    finding.place = plan.steps[worst.step].place;
    finding.site.step = worst.step, finding.site.goes_back = !worst.when.empty();
  }
  if (lanes.empty()) find_growth(plan, forward, finding);
  finding.advice = lanes.size() > 1 ? "let fewer of them be changed at once, or raise the quota"
                                    : "bring fewer instances at once, or raise the quota";
  return finding;
}

}  // namespace

void prove_quota(const Plan& plan, const Forward& forward, plan::Facts& facts, std::vector<Finding>& findings) {
  for (uint32_t i = 0; i < plan.targets.size(); ++i) {
    if (plan.targets[i].quota <= 0 || plan.steps.empty()) continue;
    std::vector<Lane> lanes;
    int64_t most = Quota(plan, forward).of(i, lanes);
    facts.peaks.push_back({i, most});
    if (most > plan.targets[i].quota) findings.push_back(too_many(plan, forward, i, most, std::move(lanes)));
  }
}

}  // namespace rollout::verify
