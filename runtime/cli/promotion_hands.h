// PromotionHands: the environments of one promotion as a command acts on them: planned, entered, driven, taken back.
// For everything that drives promotions. Holds the claims of the run that it has made, and keeps the promotion's.
#pragma once

#include <optional>
#include <string>

#include "runtime/cli/planning.h"
#include "runtime/cli/session.h"
#include "runtime/exec/promotion.h"

namespace rollout::cli {

class PromotionHands : public exec::PromotionHands {
 public:
  /// All of them outlive it. `store`: holds the promotion's claim.
  PromotionHands(const Context& context, const Project& project, journal::Store& store, Timings& timings)
      : context_(context), project_(project), store_(store), timings_(timings) {}

  Result<exec::Entrance> enter(const exec::PromotionState& state, journal::StageOf stage) override;
  Status drive(const exec::PromotionState& state, uint32_t stage) override;
  Result<std::optional<journal::StageTakenBack>> take_back(const exec::PromotionState& state,
                                                           uint32_t stage) override;

  /// What the last run, or the last attempt to begin one, ended with; nothing: there was none.
  std::optional<int> code() const { return code_; }
  /// Whether it waits for a person: its run stands and says for what.
  bool waits_for_person() const { return waits_; }

 private:
  void release();
  Result<exec::Entrance> begin(const journal::PromotionBegun& begun, journal::StageOf stage);
  Status take_over(const std::string& run);
  void go(const std::string& run);

  const Context& context_;
  const Project& project_;
  journal::Store& store_;
  Timings& timings_;
  std::optional<Planned> planned_;
  std::optional<Session> session_;  ///< refers to `planned_`
  std::optional<int> code_;
  bool waits_ = false;
};

/// Every file that a plan was made from, with its SHA-256.
std::vector<journal::Fixed> sources_of(const plan::Plan& plan);

}  // namespace rollout::cli
