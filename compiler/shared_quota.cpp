#include "compiler/shared_quota.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/verify/instances.h"
#include "compiler/verify/report.h"

namespace rollout {

namespace {

bool meet(const std::set<std::string>& some, const std::set<std::string>& others) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& one) { return others.count(one) > 0; });
}

bool counts(const plan::Action& action) {
  return std::any_of(action.sets.begin(), action.sets.end(),
                     [](const plan::Setting& set) { return set.variable == plan::Variable::Instances; });
}

bool exclude(const Brings& one, const Brings& other) {
  return meet(one.subjects, other.subjects) || meet(one.locks, other.locks);
}

/// Looks for rollouts that may all be underway at once and bring more than there is room for.
class Crowd {
 public:
  std::vector<const Brings*> found;
  bool gave_up = false;  ///< there are too many to try: some set of them may

  /// The largest that do not exclude each other: mostly that is enough.
  bool grab(const std::vector<const Brings*>& open, int64_t room) {
    for (const Brings* one : open) {
      if (room < 0) return true;
      if (std::any_of(found.begin(), found.end(), [&](const Brings* other) { return exclude(*one, *other); })) continue;
      found.push_back(one), room -= one->more;
    }
    if (room < 0) return true;
    found.clear();
    return false;
  }

  bool find(std::vector<const Brings*> open, int64_t room) {
    if (room < 0) return true;
    if (most_of(open) <= room) return false;
    if (--tries_ < 0) return gave_up = true;
    while (!open.empty()) {
      const Brings* first = open.front();
      open.erase(open.begin());
      std::vector<const Brings*> beside;
      for (const Brings* other : open)
        if (!exclude(*first, *other)) beside.push_back(other);
      found.push_back(first);
      if (find(std::move(beside), room - first->more)) return true;
      found.pop_back();
      if (most_of(open) <= room) return false;
    }
    return false;
  }

  /// No more than this, as of those that all exclude each other only one is underway.
  static int64_t most_of(const std::vector<const Brings*>& open) {
    std::vector<std::vector<const Brings*>> groups;
    int64_t most = 0;
    for (const Brings* one : open) {  // the largest come first
      auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& of) {
        return std::all_of(of.begin(), of.end(), [&](const Brings* other) { return exclude(*one, *other); });
      });
      if (group != groups.end()) group->push_back(one);
      else groups.push_back({one}), most += one->more;
    }
    return most;
  }

 private:
  static constexpr int max_tries = 1000;
  int tries_ = max_tries;
};

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (size_t i = 0; i < texts.size(); ++i)
    out += (i == 0 ? "" : i + 1 < texts.size() ? ", " : " and ") + texts[i];
  return out;
}

/// `search (a.rollout:5) and cart (b.rollout:4) may be underway at the same time: they bring 3 and 2 more, …`
std::string underway_text(const std::vector<const Brings*>& others, const Brings& own) {
  std::vector<std::string> names, counts;
  for (const Brings* other : others) {
    names.push_back(fmt::format("{} ({})", other->rollout, other->place));
    counts.push_back(std::to_string(other->more));
  }
  return fmt::format("{} may be underway at the same time: {} {} more, {} brings {} more", joined(names),
                     others.size() == 1 ? "it brings" : "they bring", joined(counts), own.rollout, own.more);
}

}  // namespace

void SharedQuota::look(const plan::Plan& plan, uint32_t target, const std::string& system, const SourceMap& sources,
                       Diagnostics& diagnostics) {
  int64_t quota = plan.targets[target].quota, peak = 0;
  for (const plan::PeakFacts& one : plan.facts ? plan.facts->peaks : std::vector<plan::PeakFacts>())
    if (one.target == target) peak = one.instances;
  Brings own{plan::rollout_text(plan), {}, plan.targets[target].others};
  std::vector<uint32_t> services = verify::services_on(plan, target);
  for (uint32_t service : services) own.rest += verify::instances_at_first(plan, service).all();
  own.more = peak - own.rest;
  if (quota <= 0 || own.more <= 0 || peak > quota) return;
  for (const plan::Service& service : plan.services) own.subjects.insert(plan::identity_of(plan, service));
  uint32_t first = plan::none, last = 0;
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const plan::Step& step = plan.steps[i];
    bool here = step.kind == plan::StepKind::Act && counts(step.action) &&
                std::find(services.begin(), services.end(), step.action.service) != services.end();
    if (here) first = std::min(first, i), last = i;
  }
  if (first == plan::none) return;
  for (const plan::Lock& lock : plan.locks)
    if (lock.first_step < first && last < lock.last_step) own.locks.insert(lock.name);
  own.place = plan.steps[first].place;
  std::vector<Brings>& known = brings_[system];
  int64_t rest = own.rest, all = own.more;
  std::vector<const Brings*> open;
  for (const Brings& other : known) {
    if (exclude(own, other)) continue;
    open.push_back(&other), all += other.more, rest = std::max(rest, other.rest);
  }
  std::stable_sort(open.begin(), open.end(), [](const Brings* a, const Brings* b) { return a->more > b->more; });
  Crowd crowd;
  int64_t room = quota - rest - own.more;
  if (rest + all > quota && (crowd.grab(open, room) || crowd.find(open, room))) {
    int64_t held = rest + own.more + (crowd.gave_up ? Crowd::most_of(open) : 0);
    if (!crowd.gave_up)
      for (const Brings* other : crowd.found) held += other->more;
    Span span = verify::span_of(sources, own.place);
    Diagnostic& said = diagnostics.report(span, diag::QuotaShort, plan.targets[target].name, held, quota);
    said.note(crowd.gave_up ? fmt::format("{} other rollouts may be underway, and sets of them", open.size())
                            : underway_text(crowd.found, own));
    said.advise(fmt::format("take one lock in {} around all that brings instances, or raise the quota",
                            crowd.found.size() == 1 ? "both" : "all of them"));
  }
  known.push_back(std::move(own));
}

}  // namespace rollout
