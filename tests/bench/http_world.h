// A world of 20 regions behind HTTP, and plans for it. An answer carries what is set, so that the look after an action
// needs no request of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/effects/http.h"
#include "runtime/exec/world.h"
#include "tests/bench/lane_server.h"

namespace rollout::bench {

inline constexpr int requests_of_step = 2;  ///< a look, and the action whose answer says what is there

class HttpWorld : public exec::World {
 public:
  HttpWorld(const LaneServer& server, size_t at_once);
  size_t at_once() const override { return at_once_; }
  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override;
  Status act(const plan::Action& action, const exec::EffectKey& key) override;
  std::vector<Result<exec::Observation>> observe_all(const std::vector<exec::Errand>& errands,
                                                     const std::function<void()>& meanwhile) override;
  std::vector<Status> act_all(const std::vector<exec::Errand>& errands) override;
  std::vector<exec::Reading> sample(const plan::Plan&, const std::vector<plan::Term>&) override { return {}; }
  Result<journal::Captured> capture(const plan::Plan&) override { return journal::Captured{}; }

  /// When actions were called, in nanoseconds; those of one batch at one moment.
  const std::vector<int64_t>& acted_ns() const { return acted_ns_; }
  int64_t failed_ns() const { return failed_ns_; }  ///< when what nobody can look at was looked at

 private:
  const LaneServer& server_;
  size_t at_once_;
  std::unique_ptr<effects::Http> http_;
  std::vector<std::string> said_;  ///< by lane: the number in the answer to the last action; empty: not known
  std::vector<int64_t> acted_ns_;
  int64_t failed_ns_ = 0;
};

/// `waves` steps on each of `regions` regions. `barrier`: a wave waits for all of the one before; otherwise each region
/// goes its own way. `fails`: at the end comes a step that fails, so that everything is taken back.
plan::Plan regions_plan(int regions, int waves, bool barrier, bool fails);

}  // namespace rollout::bench
