// SimStore: the journal of the simulated process, which can be away and which stops taking anything once the
// process is dead. It also hands in the scripted abort and the scripted answers to approvals.
#pragma once

#include <algorithm>
#include <map>

#include "compiler/plan/asked.h"
#include "runtime/journal/memory_store.h"
#include "runtime/journal/store_view.h"
#include "runtime/sim/crash_switch.h"
#include "runtime/sim/invariants.h"
#include "runtime/sim/scenario.h"
#include "runtime/sim/virtual_clock.h"
#include "runtime/sim/witnessed.h"

namespace rollout::sim {

class SimStore : public journal::StoreView {
 public:
  SimStore(const plan::Plan& plan, const Scenario& scenario, VirtualClock& clock, CrashSwitch& crash,
           Invariants& invariants, journal::MemoryStore& memory)
      : journal::StoreView(memory),
        plan_(plan),
        scenario_(scenario),
        clock_(clock),
        crash_(crash),
        invariants_(invariants),
        answers_(scenario.answers.size()),
        away_(scenario.faults.size()),
        locks_(scenario.locks.size()),
        crashes_(scenario.crash_in_phase.size()),
        skipped_(scenario.faults.size()) {}

  /// Of a run that is a stage: the scripted abort is one of its promotion.
  void abort_through(const std::string& promotion) { promotion_ = promotion; }

  Result<journal::Appended> append(std::string_view run, int64_t known,
                                   const std::vector<journal::Event>& events,
                                   std::string_view snapshot = {}) override {
    if (crash_.point()) return OpError{"the process is dead"};
    if (is_now(FaultKind::StoreGone)) return OpError{"the simulated store does not answer", true};
    if (is_now(FaultKind::StoreAway)) return OpError{"the simulated disk is full", true};
    if (hit(FaultKind::StoreRefuses)) return OpError{"the simulated disk is full", true};
    if (scenario_.abort_at_success && journal::end_well(events)) abort(run);
    if (const journal::LockTaken* taken = journal::taken_by(events); taken != nullptr && held_elsewhere(taken->name)) {
      for (size_t i = 0; i < locks_.size(); ++i) locks_[i] += scenario_.locks[i].name == taken->name;
      return journal::Appended::LockHeld;
    }
    Result<journal::Appended> written = store_.append(run, known, events, snapshot);
    // Here, not in a listener: a process that dies now tells nobody, but what is durable has happened.
    // A write that is repeated because its answer was lost has happened once.
    bool fresh = known + int64_t(events.size()) > int64_t(durable_at_.size());
    if (written && fresh && *written == journal::Appended::Written)
      for (const journal::Event& event : events) {
        note_wait(event);
        invariants_.on_event(event);
        durable_at_.push_back(crash_.passed());
        crash_in_phase(event);
      }
    if (crash_.point()) return OpError{"the process is dead"};
    if (hit(FaultKind::StoreLosesReply)) return OpError{"no answer came back", true};
    return written;
  }

  /// What a process reads that takes the run over.
  Result<journal::Recent> read_on(std::string_view run) override;
  /// Whether the last process could not read what it was to go on with.
  bool unread() const { return unread_; }

  /// By event: which point of the switch came next. The first event is there before the process starts.
  const std::vector<int64_t>& durable_at() const { return durable_at_; }

  /// Of what is scripted here: `answers`, `locks`, `crashes` and `aborted`, and those of `faults` that are the store's.
  void add_to(Witnessed& witnessed) const {
    for (size_t i = 0; i < away_.size(); ++i) witnessed.faults[i] += away_[i];
    witnessed.answers = answers_;
    witnessed.locks = locks_;
    witnessed.crashes = crashes_;
    witnessed.aborted = aborted_;
    witnessed.snapshots = snapshots_;
  }

  Result<std::vector<journal::HeldLock>> locks() override {
    Result<std::vector<journal::HeldLock>> held = store_.locks();
    for (const LockElsewhere& lock : scenario_.locks)
      if (held_elsewhere(lock.name)) held->push_back({lock.name, "r99"});
    return held;
  }

  Result<std::vector<journal::Request>> requests(std::string_view run, int64_t after_id) override {
    if (is_now(FaultKind::StoreGone)) return OpError{"the simulated store does not answer", true};
    if (scenario_.abort_at_ns && clock_.monotonic_ns() >= *scenario_.abort_at_ns) abort(run);
    for (; hands_ < scenario_.hands.size() && scenario_.hands[hands_].at_ns <= clock_.monotonic_ns(); ++hands_) {
      const Hand& hand = scenario_.hands[hands_];
      (void)store_.request(hand.line ? journal::line_mailbox : run,
                           {0, hand.ask, "a person", "scripted", clock_.wall_ns(), plan::none, "", false,
                            hand.minutes});
    }
    while (!due_.empty() && due_.begin()->first <= clock_.monotonic_ns()) {
      (void)store_.request(run, due_.begin()->second);
      due_.erase(due_.begin());
    }
    return store_.requests(run, after_id);
  }

 private:
  bool held_elsewhere(std::string_view name) {
    return std::any_of(scenario_.locks.begin(), scenario_.locks.end(), [&](const LockElsewhere& lock) {
      int64_t now = clock_.monotonic_ns();
      if (lock.name != name || now < lock.from_ns || now >= lock.until_ns) return false;
      // Nobody takes what this run has.
      Result<std::vector<journal::HeldLock>> own = store_.locks();
      return std::none_of(own->begin(), own->end(), [&](const journal::HeldLock& held) { return held.name == name; });
    });
  }
  // sim_store.cpp
  /// Whether a write or a read meets a fault of this kind, which counts calls and not time.
  bool hit(FaultKind kind);
  /// Whether a call meets a fault of this kind, which lasts for a time however many calls come.
  bool is_now(FaultKind kind);
  void note_wait(const journal::Event& event);
  void answer_to(uint32_t step);
  void crash_in_phase(const journal::Event& event);
  void abort(std::string_view run) {
    if (aborted_) return;
    aborted_ = true;
    (void)store_.request(promotion_.empty() ? run : promotion_,
                          {0, journal::Ask::Abort, "scenario", scenario_.abort_reason, clock_.wall_ns()});
  }

  const plan::Plan& plan_;
  const Scenario& scenario_;
  VirtualClock& clock_;
  CrashSwitch& crash_;
  Invariants& invariants_;
  bool aborted_ = false, unread_ = false;
  int64_t snapshots_ = 0;  ///< as Witnessed has them
  std::string promotion_;
  size_t hands_ = 0;  ///< of Scenario::hands: those that have been typed
  std::multimap<int64_t, journal::Request> due_;  ///< by when they are put into the mailbox
  std::vector<int64_t> durable_at_{0};
  std::vector<int64_t> answers_, away_, locks_, crashes_;  ///< as Witnessed has them; `away_` by fault
  std::vector<int64_t> skipped_;  ///< by fault: writes that it has let pass
};

}  // namespace rollout::sim
