// World is all that the engine knows of what lies outside: it can be looked at, changed and measured.
// The live world hands these calls to backends and metric sources; the simulated one answers from a model.
// No call blocks longer than a few seconds; waiting is done by asking again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"
#include "runtime/journal/event.h"

namespace rollout::exec {

/// Names one effect of one run. Whatever is created carries a name computed from it, so that it can be found
/// again and adopted after a crash. Generations of a service only grow; an older one may not act any more.
struct EffectKey {
  std::string run;
  int64_t generation = 0;
  uint32_t step = 0;      ///< index into Plan::steps, or Plan::undo when `undo`
  bool undo = false;
  int attempt = 1;

  /// `run/g3/step4/a1`: unique per effect, stable over restarts.
  std::string text() const;
};

enum class Seen {
  Absent,    ///< the world does not show the effect: it may be done
  Underway,  ///< it was set going and is not complete: look again later
  Present,   ///< the world shows exactly what the action sets
  Failed,    ///< it was set going and cannot complete (an instance died at once): `detail` says why
};

struct Observation {
  Seen seen = Seen::Absent;
  std::string detail;  ///< for people: `3 of 4 instances ready`
};

/// One look, or one action, of several that do not wait for each other.
struct Errand {
  const plan::Action& action;
  EffectKey key;
};

/// One reading of one term at one moment. Counts and buckets are what happened since the previous reading of the
/// term; a total of 0 that is Ok says that nothing is new: what earlier readings gave stays as it is.
struct Reading {
  enum class Status { Ok, NoData, Error };
  Status status = Status::NoData;
  std::string detail;      ///< why there is no data, in words
  // Counts: events since the previous reading of this term, after counter resets were recognised.
  int64_t total = 0;
  int64_t bad = 0;
  // Buckets and Value: the value itself, in the unit of plan::Condition. For Counts it is bad/total in ppb.
  double value = 0;
};

/// A service that does not run what it ran before the run; both as versions, empty: nothing.
struct Astray {
  uint32_t service = plan::none;
  std::string runs, before;
};

class World {
 public:
  virtual ~World() = default;
  /// Whether the world shows what `action` sets. Changes nothing. An error means: it could not be looked at.
  virtual Result<Observation> observe(const plan::Action& action, const EffectKey& key) = 0;
  /// Sets `action` going. Called only after an observation that did not find it. May be called again with the
  /// same key after a crash; then it must not double what is there.
  virtual Status act(const plan::Action& action, const EffectKey& key) = 0;
  /// How many looks, or actions, it does at the same time; 1: one after the other.
  virtual size_t at_once() const { return 1; }
  /// The same for several errands, no more than it does at the same time; one answer each, in order. `meanwhile` is
  /// called once: where the world can, while it waits for answers, else before it looks.
  virtual std::vector<Result<Observation>> observe_all(const std::vector<Errand>& errands,
                                                       const std::function<void()>& meanwhile) {
    meanwhile();
    std::vector<Result<Observation>> out;
    for (const Errand& one : errands) out.push_back(observe(one.action, one.key));
    return out;
  }
  virtual std::vector<Status> act_all(const std::vector<Errand>& errands) {
    std::vector<Status> out;
    for (const Errand& one : errands) out.push_back(act(one.action, one.key));
    return out;
  }
  /// Reads all `terms` at one moment; one reading a term, in order. Never fails as a whole.
  virtual std::vector<Reading> sample(const plan::Plan& plan, const std::vector<plan::Term>& terms) = 0;
  /// What the plan reads once, when its run starts: all of it, or why not.
  virtual Result<journal::Captured> capture(const plan::Plan& plan) = 0;
  /// Those of `services` that do not run what the plan found before the run: the last look of a way back, which rests
  /// on no record. An error: not all of them could be looked at.
  virtual Result<std::vector<Astray>> astray(const plan::Plan& plan, const std::vector<uint32_t>& services) {
    (void)plan, (void)services;
    return std::vector<Astray>();
  }
  /// Looks after what runs while there is nothing else to do, such as starting again what has died. Called at every
  /// wait; bounds its own rate. `generations`: of this run, by service; 0: not touched by it. A line for people for
  /// each thing it did.
  virtual std::vector<std::string> tend(const std::vector<int64_t>& generations) {
    (void)generations;
    return {};
  }
};

}  // namespace rollout::exec
