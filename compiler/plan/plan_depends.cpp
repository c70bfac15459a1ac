// The way back turns the order of the file round, which is the order of `depends_on` turned round only where the file
// keeps to it: what depends on a service that came later, or at the same time, would not go back before it.
#include <algorithm>
#include <map>
#include <set>

#include "compiler/plan/build.h"
#include "compiler/plan/plan_order.h"
#include "compiler/plan/way_back.h"

namespace rollout::plan {

namespace {

/// Which services of a way wait for which.
class Waits {
 public:
  explicit Waits(WayBack way) : way_(std::move(way)), chain_from_(way_.size()) {
    for (uint32_t i = 0; i < way_.size(); ++i) {
      entry_of_[way_[i].service] = i;
      bool chained = i > 0 && std::count(way_[i].after.begin(), way_[i].after.end(), i - 1) > 0;
      chain_from_[i] = chained ? chain_from_[i - 1] : i;
    }
  }
  bool has(const Plan& plan, uint32_t service) const {
    auto entry = entry_of_.find(service);
    return entry != entry_of_.end() && !undo_of(plan, way_[entry->second]).empty();
  }
  /// `later` goes back when `earlier` has. Both are in the way.
  bool before(uint32_t earlier, uint32_t later) const {
    uint32_t wanted = entry_of_.at(earlier);
    std::vector<uint32_t> open = {entry_of_.at(later)};
    std::set<uint32_t> seen;
    while (!open.empty()) {
      uint32_t at = open.back();
      open.pop_back();
      if (at < wanted) continue;
      if (chain_from_[at] <= wanted) return true;
      for (uint32_t next : way_[at].after)
        if (seen.insert(next).second) open.push_back(next);
    }
    return false;
  }

 private:
  WayBack way_;
  std::map<uint32_t, uint32_t> entry_of_;  ///< by service
  std::vector<uint32_t> chain_from_;       ///< by entry: from there on each waits for the one before it
};

}  // namespace

void Planner::report_against_dependencies(Span rollout) {
  bool any = std::any_of(entities_.begin(), entities_.end(), [&](const eval::Value& entity) {
    return program_.services[size_t(entity.number)].depends_on != nullptr;
  });
  if (!any) return;
  const auto needs = nearest_needs(entities_, program_, *eval_);
  for (uint32_t end = 1; end <= plan_.steps.size(); ++end) {
    if (end < plan_.steps.size() && plan_.steps[end].kind != StepKind::Commit) continue;
    Waits waits(way_back_from(plan_, end - 1));
    for (uint32_t service = 0; service < needs.size(); ++service) {
      if (!waits.has(plan_, service)) continue;
      auto wrong = std::find_if(needs[service].begin(), needs[service].end(), [&](uint32_t need) {
        return need != service && waits.has(plan_, need) && !waits.before(service, need);
      });
      if (wrong == needs[service].end()) continue;
      bool turned = waits.before(*wrong, service);
      const ir::Service& declared = program_.services[size_t(entities_[service].number)];
      diagnostics_
          .report(rollout, diag::AgainstDependencies, service_text(plan_.services[service]),
                  service_text(plan_.services[*wrong]), turned ? "only after it" : "at the same time")
          .at(declared.depends_on->span, "it says so here")
          .note(turned ? "the way back turns the order of the rollout round, and there it is changed first"
                       : "the rollout changes both at the same time, and so the way back does")
          .advise("change first what others depend on: `for s in [ … ] in dependency order`, or `phase b after a`");
    }
  }
}

}  // namespace rollout::plan
