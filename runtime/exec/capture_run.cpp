// What a run reads once, before its first step: windows of the past, and values that are observed at its start. They
// are journaled, so that the run means the same whoever goes on with it.
#include <fmt/format.h>

#include "runtime/exec/executor.h"

namespace rollout::exec {

Command Executor::next_capture(const Memory& memory, int64_t now) const {
  if (now < memory.capture.next_ns) return Wait{memory.capture.next_ns};
  return Capture{};
}

/// Without it no gate could tell what it compares with: the run ends, and nothing was changed.
Executor::Events Executor::on_captured(const State& state, Memory& memory, const CaptureAnswer& input,
                                       int64_t now) const {
  if (input.answer) return {*input.answer};
  memory.capture.next_ns = now + capture_pause_ns;
  bool again = ++memory.capture.attempts < capture_attempts && !input.answer.error().settled;
  if (again) return {};
  return rollback(state, journal::Cause::NoEvidence,
                  fmt::format("the run cannot begin without what it reads at its start: {}",
                              input.answer.error().message));
}

}  // namespace rollout::exec
