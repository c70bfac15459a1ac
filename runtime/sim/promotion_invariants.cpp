#include "runtime/sim/promotion_invariants.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace rollout::sim {

namespace {

struct Watch {
  const std::vector<journal::RunInfo>& runs;
  bool taken_back_later = false;  ///< what its runs say now is not what they said when a stage ended
  journal::PromotionBegun begun = {};
  std::vector<journal::StageEntered> entered = {};
  std::vector<journal::StageEnded> ended = {};
  bool aborted = false, reopened = false;
  std::vector<uint32_t> back = {};  ///< stages that were taken back
  std::optional<journal::PromotionEnded> end = {};
  std::vector<Violation> violations = {};

  void violate(std::string text) { violations.push_back({Rule::I17, "I17: " + std::move(text)}); }

  void on(const journal::PromotionEvent& event) {
    if (const auto* e = std::get_if<journal::PromotionReopened>(&event.what)) reopen(*e);
    if (end) violate(fmt::format("{} behind the end", journal::name_of(event.what)));
    if (const auto* e = std::get_if<journal::PromotionBegun>(&event.what)) begun = *e;
    if (const auto* e = std::get_if<journal::StageEntered>(&event.what)) enter(*e, event.wall_ns);
    if (const auto* e = std::get_if<journal::StageEnded>(&event.what)) leave(*e);
    if (std::holds_alternative<journal::PromotionAborted>(event.what)) aborted = true;
    if (const auto* e = std::get_if<journal::StageTakenBack>(&event.what)) take_back(*e);
    if (const auto* e = std::get_if<journal::PromotionEnded>(&event.what)) end = *e;
  }

  void reopen(const journal::PromotionReopened&) {
    if (!end) violate("it is reopened and had not ended");
    end.reset();
    reopened = true;
  }

  const journal::RunInfo* run_of(uint32_t stage) const {
    for (const journal::StageEntered& one : entered)
      for (const journal::RunInfo& run : runs)
        if (one.stage == stage && one.run == run.run) return &run;
    return nullptr;
  }

  void take_back(const journal::StageTakenBack& e) {
    if (!reopened) violate(fmt::format("stage {} is taken back and nobody asked for it", e.stage));
    if (e.stage + back.size() + 1 != entered.size())
      violate(fmt::format("stage {} is taken back before one that came after it", e.stage));
    const journal::RunInfo* run = run_of(e.stage);
    if (!run || run->outcome != e.outcome) violate(fmt::format("stage {} is said to be back and is not", e.stage));
    back.push_back(e.stage);
  }

  void enter(const journal::StageEntered& e, int64_t wall_ns) {
    if (e.stage != entered.size()) violate(fmt::format("stage {} is entered as number {}", e.stage, entered.size()));
    if (aborted || reopened) violate(fmt::format("stage {} is entered behind an abort or a way back", e.stage));
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
    const journal::RunInfo* run = run_of(e.stage);
    if (!run) return violate(fmt::format("stage {} has no run", e.stage));
    if (run->outcome != e.outcome && !taken_back_later)
      violate(fmt::format("stage {} says of its run what is not so", e.stage));
  }

  void at_end() {
    for (const journal::RunInfo& run : runs)
      if (std::count_if(entered.begin(), entered.end(), [&](const auto& one) { return one.run == run.run; }) != 1)
        violate(fmt::format("run {} is not the run of one stage", run.run));
    bool all = ended.size() == begun.stages.size() &&
               std::all_of(ended.begin(), ended.end(),
                           [](const auto& one) { return one.outcome == journal::Outcome::Succeeded; });
    if (end && end->outcome == journal::PromotionOutcome::RolledBack && back.size() != entered.size())
      violate("it is said to be taken back and one of its stages is not");
    if (end && end->outcome == journal::PromotionOutcome::Succeeded && (!all || aborted))
      violate("it ends well though not every environment did, or in spite of an abort");
  }
};

}  // namespace

std::vector<Violation> promotion_violations(const std::vector<journal::PromotionEvent>& events,
                                              const std::vector<journal::RunInfo>& runs) {
  Watch watch{runs};
  for (const journal::PromotionEvent& event : events)
    watch.taken_back_later |= std::holds_alternative<journal::PromotionReopened>(event.what);
  for (const journal::PromotionEvent& event : events) watch.on(event);
  watch.at_end();
  return std::move(watch.violations);
}

}  // namespace rollout::sim
