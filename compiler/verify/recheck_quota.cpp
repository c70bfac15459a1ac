#include "compiler/verify/recheck_quota.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/verify/recheck_spans.h"

namespace rollout::verify {

namespace {

using Counts = std::map<plan::Role, int64_t>;

int64_t sum(const Counts& counts) {
  int64_t all = 0;
  for (const auto& [role, count] : counts) all += count;
  return all;
}

void set(const plan::Action& action, Counts& counts) {
  for (const plan::Setting& setting : action.sets)
    if (setting.variable == plan::Variable::Instances) counts[setting.role] = setting.value.number;
}

/// What a `scale` before this plan has left, else what is declared.
int64_t runs_at_first(const plan::Plan& plan, const plan::Service& service) {
  auto seen = [&](plan::Variable variable) -> const eval::Value* {
    std::string name = plan::variable_text(service, variable, plan::Role::Stable);
    auto one =
        std::find_if(plan.observed.begin(), plan.observed.end(), [&](const auto& of) { return of.what == name; });
    return one == plan.observed.end() ? nullptr : &one->value;
  };
  const eval::Value *version = seen(plan::Variable::Version), *count = seen(plan::Variable::Instances);
  if (version != nullptr && version->is(eval::Value::Kind::None)) return 0;
  return count == nullptr || count->is(eval::Value::Kind::None) ? service.replicas : count->number;
}

/// When a service has more instances than before and after, and how many.
struct Surge {
  uint32_t first = plan::none, last = 0;
  int64_t more = 0;
};

/// Surges that wait for each other are never there together; the others may be.
class Peak {
 public:
  explicit Peak(const Brief& brief)
      : brief_(brief), plan_(brief.plan), passage_(passages(brief, 0, brief.size())), acts_(plan_.services.size()) {
    for (uint32_t i = 0; i < brief.size(); ++i)
      if (brief.steps[i].kind == plan::StepKind::Act) acts_[brief.steps[i].service].push_back(i);
  }

  int64_t of(uint32_t target) {
    surges_.clear();
    int64_t all = plan_.targets[target].others;
    for (uint32_t i = 0; i < plan_.services.size(); ++i) {
      const std::vector<plan::Binding>& bindings = plan_.services[i].bindings;
      bool on = std::any_of(bindings.begin(), bindings.end(), [&](const plan::Binding& one) {
        return one.target == target && one.runs();
      });
      if (on) all += stays(i);
    }
    std::sort(surges_.begin(), surges_.end(), [](const Surge& a, const Surge& b) { return a.first < b.first; });
    std::vector<Surge> chains;
    for (const Surge& surge : surges_) follow(surge, chains);
    for (const Surge& chain : chains) all += chain.more;
    return all;
  }

 private:
  /// Returns what it has for good, and notes its surge.
  int64_t stays(uint32_t service) {
    Counts now;
    now[plan::Role::Stable] = runs_at_first(plan_, plan_.services[service]);
    std::vector<Counts> states = {now};
    for (uint32_t step : acts_[service]) set(plan_.steps[step].action, now), states.push_back(now);
    int64_t base = std::max(sum(states.front()), sum(states.back()));
    Surge surge;
    for (size_t k = 0; k < acts_[service].size(); ++k) {
      uint32_t step = acts_[service][k];
      int64_t most = sum(states[k + 1]);
      for (Counts back : {states[k], states[k + 1]})
        for (uint32_t undo : plan_.steps[step].rollback) set(plan_.undo[undo], back), most = std::max(most, sum(back));
      if (most > base) surge.first = std::min(surge.first, step), surge.more = std::max(surge.more, most - base);
    }
    if (surge.more == 0) return base;
    surge.last = acts_[service].back();
    surges_.push_back(surge);
    return base;
  }

  /// The latest chains first: of many, any that it could follow will do.
  void follow(const Surge& surge, std::vector<Surge>& chains) const {
    constexpr size_t looked_at = 64;
    size_t tried = 0;
    for (auto chain = chains.rbegin(); chain != chains.rend() && tried < looked_at; ++chain, ++tried) {
      if (!waits(brief_, passage_, chain->last, surge.first)) continue;
      chain->last = surge.last, chain->more = std::max(chain->more, surge.more);
      return;
    }
    chains.push_back(surge);
  }

  const Brief& brief_;
  const plan::Plan& plan_;
  std::vector<uint32_t> passage_;
  std::vector<std::vector<uint32_t>> acts_;  ///< by service
  std::vector<Surge> surges_;
};

void check_takeovers(const plan::Plan& plan, std::vector<std::string>& broken) {
  std::vector<Counts> now(plan.services.size());
  for (size_t i = 0; i < now.size(); ++i) now[i][plan::Role::Stable] = runs_at_first(plan, plan.services[i]);
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Act) continue;
    set(step.action, now[step.action.service]);
    bool takes_over = false;
    for (const plan::Setting& one : step.action.sets)
      if (one.variable == plan::Variable::Version && one.role == plan::Role::Stable)
        takes_over = !one.value.is(eval::Value::Kind::None);
    uint32_t service = step.action.service;
    int64_t has = now[service][plan::Role::Stable], needs = plan.services[service].replicas;
    if (takes_over && 0 < has && has < needs)
      broken.push_back(fmt::format("`{}` leaves all of the traffic to {} of {}", step.action.text, has, needs));
  }
}

}  // namespace

void recheck_quota(const Brief& brief, std::vector<std::string>& broken) {
  const plan::Plan& plan = brief.plan;
  check_takeovers(plan, broken);
  bool any = std::any_of(plan.targets.begin(), plan.targets.end(), [](const auto& one) { return one.quota > 0; });
  if (plan.steps.empty() || !any) return;
  Peak peak(brief);
  for (uint32_t i = 0; i < plan.targets.size(); ++i) {
    const plan::Target& target = plan.targets[i];
    if (target.quota <= 0) continue;
    int64_t says = -1, least = peak.of(i);
    for (const plan::PeakFacts& one : plan.facts->peaks)
      if (one.target == i) says = one.instances;
    if (says < least)
      broken.push_back(
          fmt::format("the plan says {} holds {} instances at most; it may hold {}", target.name, says, least));
    if (says > target.quota)
      broken.push_back(
          fmt::format("{} holds {} instances at once, and its quota is {}", target.name, says, target.quota));
  }
}

}  // namespace rollout::verify
