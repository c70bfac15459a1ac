// Invariants: watches a simulated run event by event and says what must never happen did. It reads the journal's
// events and the simulated world, never the engine's own state, so that it does not share the engine's mistakes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/journal/event.h"
#include "runtime/sim/promises.h"
#include "runtime/sim/sim_world.h"
#include "runtime/sim/violation.h"

namespace rollout::sim {

class Invariants {
 public:
  Invariants(const plan::Plan& plan, const Scenario& scenario, SimWorld& world);

  /// Called for each event at the moment in which it is durable.
  void on_event(const journal::Event& event);
  /// After the run: the world is where the outcome says it is.
  void at_end();
  const std::vector<Violation>& violations() const { return violations_; }
  /// Whether the intent with this key is durable.
  bool recorded(const std::string& key) const { return keys_.count(key) > 0; }

 private:
  void violate(Rule rule, std::string text);
  void check_promises();
  void check_heard(const journal::Event& event);
  void check_latch(const journal::Event& event);
  void check_open(const journal::Event& event);
  void check_paused(const journal::Event& event);
  void check_started(const journal::StepStarted& e);
  void check_done(const journal::StepDone& e);
  void check_set_again(const journal::Reasserted& e);
  void check_sample(const journal::Sampled& e);
  void check_subject(const journal::TermReading& reading);
  bool steady() const;
  void check_verdict(const journal::GateDecided& e);
  void check_answer(const journal::StepRef& step, const std::string& by);
  void check_asked(const journal::GateAsked& e);
  void check_unproven(const journal::GateDecided& e);
  void check_message(const journal::Event& event);
  const plan::Response& response_of(const journal::GateAsked& e) const;
  void check_scope(const journal::Event& event);
  void check_held(const journal::Event& event);
  void check_captured(const journal::Event& event);
  void must_tell_hooks(journal::Cause cause);
  void check_hook_action(uint32_t undo);
  bool is_failed(uint32_t step) const;
  bool is_skipped(uint32_t step) const;
  bool is_restored(uint32_t step) const;
  void check_own(const plan::Action& undo);
  void check_lock(const journal::Event& event);
  void check_locked(uint32_t step);
  void check_locked_undo(const plan::Action& undo);
  void begin_anew(uint32_t scope);
  bool holds(const std::string& lock) const;

  const plan::Plan& plan_;
  const Scenario& scenario_;
  SimWorld& world_;
  Promises promises_;
  std::vector<Violation> violations_;
  int64_t start_wall_ns_;
  int64_t events_ = 0;
  std::set<int64_t> heard_;            ///< requests
  bool aborted_ = false;
  bool paused_ = false, line_stopped_ = false, overridden_ = false;
  int64_t override_end_ns_ = 0;
  bool by_abort_ = false;              ///< the run goes back because a person wants it
  std::set<uint32_t> undo_over_;       ///< undo actions that nothing tries again
  std::set<uint32_t> failed_, restored_;  ///< scopes
  std::vector<uint32_t> scope_of_;        ///< by step
  bool captured_ = false;
  std::set<uint32_t> locks_;              ///< held
  uint32_t commit_ = plan::none;          ///< the last one that has passed
  int rollbacks_ = 0;
  bool withheld_ = false, back_by_hand_ = false;
  int ends_ = 0;
  bool closed_ = false;  ///< parked by the calendar, and nobody has gone on since
  std::set<std::string> keys_;
  std::set<journal::StepRef> started_, done_;
  std::set<std::pair<journal::StepRef, uint32_t>> decided_;
  std::set<std::pair<journal::StepRef, uint32_t>> data_;  ///< hold and condition that had data
  struct Asserted {
    int64_t share_ppb = 0, routed_ppb = 0, control_ppb = 0;
  };
  std::map<uint32_t, Asserted> asserted_;  ///< by service: the shares last confirmed done
  std::map<std::tuple<uint32_t, plan::Variable, plan::Role>, journal::StepRef> set_by_;  ///< by service and what it is
  std::map<journal::StepRef, int64_t> last_sample_wall_ns_;  ///< by hold
  journal::RunEnded ended_;
  bool committed_ = false, undo_failed_ = false;
  bool parked_ = false;  ///< stopped, and not resumed yet
  std::map<journal::StepRef, std::set<std::string>> approved_;
  struct Asked {
    journal::GateAsked about;
    std::set<std::string> approved;
  };
  std::map<std::pair<journal::StepRef, uint32_t>, Asked> asked_;  ///< by hold and gate
  std::set<std::string> due_, told_;  ///< messages by id: those that must be sent, and those that came to an end
  std::set<std::pair<journal::StepRef, uint32_t>> escalated_;     ///< by hold and gate; gate none: an approval
};

}  // namespace rollout::sim
