// What the executor asks for next, and what it is told. Plain values: the engine between them does no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "runtime/exec/world.h"
#include "runtime/journal/event.h"

namespace rollout::exec {

using journal::StepRef;

/// Write these down and go on; they are durable before any other command is carried out.
struct Record {
  std::vector<journal::Payload> events;
};

/// Look whether the world shows what the action sets. `confirm`: whether it still does, before a sample counts.
struct Observe {
  StepRef step;
  EffectKey key;
  bool confirm = false;
};

/// Set the action going. Comes only after an observation, in this process, that did not find its effect.
struct Act {
  StepRef step;
  EffectKey key;
  bool confirm = false;  ///< set again what a finished step had set
};

/// Read the signals of a hold. `watches`: whose interval ends; of a first look those that are sampled from now on.
struct Sample {
  StepRef hold;
  bool prime = false;
  std::vector<uint32_t> gates;
  std::vector<uint32_t> watches;
  std::vector<plan::Term> terms;
};

/// Read what the plan reads once. Comes before every other command of a run.
struct Capture {};

/// Look what runs of these services. Comes before the record says that all of a run has gone back.
struct Compare {
  std::vector<uint32_t> services;
};

/// Write these down if nobody holds the lock that they take; otherwise say who does.
struct TakeLock {
  uint32_t lock = plan::none;
  std::vector<journal::Payload> events;
};

/// Nothing to do before this moment of the run clock, unless a request or a signal comes.
struct Wait {
  int64_t until_ns = 0;
};

struct Finish {
  bool interrupted = false;  ///< otherwise the run has ended; State::ended says how
};

using Command = std::variant<Record, Observe, Act, Sample, Capture, Compare, TakeLock, Wait, Finish>;

/// `took_ns`: how long the call kept everything else waiting.
struct Observed {
  Observe command;
  Result<Observation> answer;
  int64_t took_ns = 0;
};
struct Acted {
  Act command;
  Status answer;
  int64_t took_ns = 0;
};
struct Readings {
  Sample command;
  std::vector<Reading> answer;
};
struct CaptureAnswer {
  Result<journal::Captured> answer;
};
struct Compared {
  Result<std::vector<Astray>> answer;
};
/// The lock is held by `holder`, a run.
struct LockHeld {
  TakeLock command;
  std::string holder;
};
using Input = std::variant<Observed, Acted, Readings, CaptureAnswer, Compared, LockHeld>;

}  // namespace rollout::exec
