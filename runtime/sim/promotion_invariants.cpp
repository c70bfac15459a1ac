#include "runtime/sim/promotion_invariants.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace rollout::sim {

namespace {

struct Watch {
  const std::vector<journal::RunInfo>& runs;
  journal::PromotionBegun begun;
  std::vector<journal::StageEntered> entered;
  std::vector<journal::StageEnded> ended;
  bool aborted = false;
  std::optional<journal::PromotionEnded> end;
  std::vector<std::string> violations;

  void violate(std::string text) { violations.push_back("I17: " + std::move(text)); }

  void on(const journal::PromotionEvent& event) {
    if (end) violate(fmt::format("{} behind the end", journal::name_of(event.what)));
    if (const auto* e = std::get_if<journal::PromotionBegun>(&event.what)) begun = *e;
    if (const auto* e = std::get_if<journal::StageEntered>(&event.what)) enter(*e, event.wall_ns);
    if (const auto* e = std::get_if<journal::StageEnded>(&event.what)) leave(*e);
    if (std::holds_alternative<journal::PromotionAborted>(event.what)) aborted = true;
    if (const auto* e = std::get_if<journal::PromotionEnded>(&event.what)) end = *e;
  }

  void enter(const journal::StageEntered& e, int64_t wall_ns) {
    if (e.stage != entered.size()) violate(fmt::format("stage {} is entered as number {}", e.stage, entered.size()));
    if (aborted) violate(fmt::format("stage {} is entered behind an abort", e.stage));
    if (ended.size() != entered.size()) violate(fmt::format("stage {} is entered before the last has ended", e.stage));
    else if (!ended.empty() && ended.back().outcome != journal::Outcome::Succeeded)
      violate(fmt::format("stage {} is entered though the last did not end well", e.stage));
    else if (!ended.empty() && wall_ns < ended.back().wall_ns + begun.stages[ended.back().stage].soak_ns)
      violate(fmt::format("stage {} is entered before the soak is over", e.stage));
    entered.push_back(e);
  }

  void leave(const journal::StageEnded& e) {
    if (entered.empty() || e.stage != entered.back().stage || ended.size() + 1 != entered.size())
      return violate(fmt::format("stage {} ends and is not the one underway", e.stage));
    ended.push_back(e);
    auto run = std::find_if(runs.begin(), runs.end(), [&](const auto& one) { return one.run == entered.back().run; });
    if (run == runs.end()) return violate(fmt::format("stage {} has no run", e.stage));
    if (run->outcome != e.outcome) violate(fmt::format("stage {} says of its run what is not so", e.stage));
  }

  void at_end() {
    for (const journal::RunInfo& run : runs)
      if (std::count_if(entered.begin(), entered.end(), [&](const auto& one) { return one.run == run.run; }) != 1)
        violate(fmt::format("run {} is not the run of one stage", run.run));
    bool all = ended.size() == begun.stages.size() &&
               std::all_of(ended.begin(), ended.end(),
                           [](const auto& one) { return one.outcome == journal::Outcome::Succeeded; });
    if (end && end->outcome == journal::PromotionOutcome::Succeeded && (!all || aborted))
      violate("it ends well though not every environment did, or in spite of an abort");
  }
};

}  // namespace

std::vector<std::string> promotion_violations(const std::vector<journal::PromotionEvent>& events,
                                              const std::vector<journal::RunInfo>& runs) {
  Watch watch{runs, {}, {}, {}, false, {}, {}};
  for (const journal::PromotionEvent& event : events) watch.on(event);
  watch.at_end();
  return std::move(watch.violations);
}

}  // namespace rollout::sim
