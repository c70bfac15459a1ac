// Executor: the engine. Pure: from what is known it says what to do next, and from what came back what happened;
// it has no clock, no store, no network. For drive() and for the simulation, which run the same code.
// Always true: an intent is recorded before its effect; nothing is done unseen; nothing passes without evidence;
// an abort is a latch; a rollback never starts another one; every path ends or waits for something with a bound.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/plan/pace.h"
#include "runtime/exec/command.h"
#include "runtime/exec/memory.h"
#include "runtime/exec/state.h"
#include "runtime/journal/store.h"

namespace rollout::exec {

inline constexpr int64_t first_look_ns = 100'000'000;  ///< between two looks, doubled up to max_look_ns
using plan::capture_attempts, plan::capture_pause_ns, plan::default_rollback_ns, plan::first_pause_ns;
using plan::max_look_ns, plan::max_pause_ns, plan::settle_ns;
/// How far holds without gates have come is recorded this often; if nothing is routed, when it has grown by this part.
inline constexpr int64_t hold_tick_ns = 60'000'000'000;
inline constexpr int64_t hold_parts = 1'000;
/// How long last looks may begin after a request to stop; each of them takes as long as World says.
inline constexpr int64_t last_looks_ns = 2'000'000'000;
inline constexpr int64_t paused_look_ns = 3'600'000'000'000;  ///< a request ends a pause, time does not
inline constexpr int64_t lock_look_ns = 1'000'000'000;  ///< between two tries to take a lock
inline constexpr int max_reassertions = 10;  ///< of one router action: then somebody else owns it

class Executor {
 public:
  /// `plan` outlives the executor.
  Executor(const plan::Plan& plan, std::string run) : plan_(plan), run_(std::move(run)) {}

  Command next(const State& state, Memory& memory, int64_t now) const;
  std::vector<journal::Payload> on(const State& state, Memory& memory, const Input& input,
                                   int64_t now) const;

  /// `first`, a look or an action, and others of its kind that need not wait for it: as many as the world does at once.
  std::vector<Command> beside(const State& state, Memory& memory, Command first, int64_t now) const;

  /// What a request of another process comes to now; nothing: a word to all runs that changes nothing for this one.
  std::optional<journal::Payload> on_request(const State& state, const journal::Request& request) const;

  const plan::Plan& plan() const { return plan_; }
  const std::string& run() const { return run_; }

 private:
  using Events = std::vector<journal::Payload>;
  /// A call that waits until nothing else is to be done.
  struct Late {
    Command command;
    int64_t called_ns = 0;  ///< when its endpoint was called last
  };

  Command next_forward(const State& state, Memory& memory, int64_t now) const;
  // capture_run.cpp: what is read once, before the first step
  Command next_capture(const Memory& memory, int64_t now) const;
  Events on_captured(const State& state, Memory& memory, const CaptureAnswer& input, int64_t now) const;
  Command next_undo(const State& state, Memory& memory, int64_t now) const;
  /// What to do next on a way back: a Wait while nothing can be done, nothing at its end. `stuck`: failed for good.
  std::optional<Command> go_back(const State& state, Memory& memory, const plan::WayBack& way,
                                 std::optional<StepRef>& stuck, int64_t now) const;
  Command next_verify(const State& state, Memory& memory, int64_t now) const;
  std::optional<Events> begin_ready_steps(const State& state) const;
  Events rollback(const State& state, journal::Cause cause, std::string detail) const;
  Command next_withheld(const State& state, Memory& memory, int64_t now) const;  // withheld_run.cpp
  // scope_run.cpp: what has failed at a step, a hold or in a watch takes back its scope, or else the whole run
  Events fail(const State& state, uint32_t scope, journal::Cause cause, std::string detail) const;
  Events fail_at(const State& state, StepRef step, journal::Cause cause, std::string detail) const;
  std::optional<Command> next_scope(const State& state, Memory& memory, uint32_t scope, int64_t now) const;
  std::optional<Command> next_scopes(const State& state, Memory& memory, int64_t now, std::optional<Wait>& wait,
                                     std::optional<Late>& late) const;
  journal::Payload forward_end(const State& state) const;
  uint32_t open_undo(const State& state, const plan::ServiceUndo& service) const;
  std::optional<Command> next_hook_action(const State& state, Memory& memory, int64_t now) const;  // hook_run.cpp
  // gone_back_run.cpp: the end of a way back
  Command next_gone_back(const State& state, const Memory& memory, int64_t now) const;
  Events on_compared(const State& state, Memory& memory, const Compared& input, int64_t now) const;
  journal::RunEnded compared_end(const State& state, const Result<std::vector<Astray>>& compared) const;

  // lock_run.cpp
  Command next_lock(const State& state, Memory& memory, StepRef ref, int64_t now) const;
  std::optional<Command> lock_to_go_back(const State& state, Memory& memory, const plan::ServiceUndo& service,
                                         int64_t now) const;
  Events released(const State& state, uint32_t scope) const;

  std::vector<StepRef> acting(const State& state) const;  // beside_run.cpp

  // endpoint_run.cpp: what systems that do not answer keep waiting, and what they do not
  std::optional<int64_t> left_alone_until(const Memory& memory, StepRef ref, int64_t now) const;
  Events note_call(Memory& memory, StepRef ref, const OpError* failed, int64_t took_ns, int64_t now) const;
  bool comes_last(const Memory& memory, Command& command, std::optional<Late>& late) const;
  int64_t spread(int64_t pause_ns, std::string_view of) const;

  // act_run.cpp: one action, forward or undo
  Command next_act(const State& state, Memory& memory, StepRef ref, int64_t now) const;
  bool attempt_ends(const State& state, Memory& memory, StepRef ref, int64_t now) const;
  Command next_interrupted(const State& state, Memory& memory, int64_t now) const;
  std::string in_flight_text(const State& state, const Memory& memory) const;
  Events on_observed(const State& state, Memory& memory, const Observed& input, int64_t now) const;
  Events on_acted(const State& state, Memory& memory, const Acted& input, int64_t now) const;
  bool tries_again(const State& state, Memory& memory, StepRef ref, int64_t now) const;
  int64_t pause_of(const State& state, StepRef ref) const;
  Events attempt_over(const State& state, Memory& memory, StepRef ref, const std::string& why,
                      int64_t now) const;
  bool last_attempt(const State& state, const ActMemory& act, StepRef ref, int64_t now) const;
  Events give_up(const State& state, StepRef ref, const std::string& why) const;
  EffectKey key_of(const State& state, StepRef ref, int attempt) const;

  // hold_run.cpp: one hold, of a step or after a rollback
  Command next_hold(const State& state, Memory& memory, StepRef ref, int64_t now) const;
  void lay_to_rest(const State& state, Memory& memory, const HoldState& hold, bool stays, int64_t now) const;
  std::optional<Wait> wake_resting(const State& state, Memory& memory, int64_t now) const;
  std::optional<Events> lost_hold(const State& state, const Memory& memory, StepRef ref) const;
  std::optional<Events> decide_hold(const State& state, const HoldState& hold, int64_t now,
                                    bool held_back = false) const;
  std::optional<Events> fired_watch(const State& state, const HoldState& hold, int64_t now) const;
  Events on_confirmed(const State& state, Memory& memory, const Observed& input, int64_t now) const;
  Events on_readings(const State& state, Memory& memory, const Readings& input, int64_t now) const;
  // approval_run.cpp
  std::optional<Events> decide_approval(const State& state, const HoldState& hold, int64_t now,
                                        bool held_back) const;
  std::optional<Events> ask_people(const State& state, const HoldState& hold, uint32_t gate, int64_t now,
                                   std::optional<journal::GateDecided>& decided) const;
  std::optional<Events> wait_for_people(const State& state, const HoldState& hold, uint32_t gate,
                                        int64_t now) const;
  Events refused(const State& state, const HoldState& hold, uint32_t gate, journal::Cause cause,
                 const std::string& why) const;
  Events blind_sample(const State& state, Memory& memory, StepRef hold, const std::string& why,
                      int64_t now) const;

  const plan::Plan& plan_;
  std::string run_;
};

}  // namespace rollout::exec
