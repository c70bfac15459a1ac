#include "runtime/sim/sim_store.h"

namespace rollout::sim {

Result<journal::Recent> SimStore::read_on(std::string_view run) {
  unread_ = true;
  if (is_now(FaultKind::StoreGone)) return OpError{"the simulated store does not answer", true};
  if (hit(FaultKind::StorePoisoned)) return OpError{"the simulated record is damaged", false, true};
  unread_ = false;
  Result<journal::Recent> recent = store_.read_on(run);
  snapshots_ += recent && recent->snapshot;
  return recent;
}

/// A wait for an approval has begun: who is scripted to answer will.
void SimStore::note_wait(const journal::Event& event) {
  const auto* started = std::get_if<journal::StepStarted>(&event.what);
  const auto* asked = std::get_if<journal::GateAsked>(&event.what);
  if (asked != nullptr) return answer_to(asked->hold.step);
  bool forward = started != nullptr && !started->step.undo;
  if (forward && plan_.steps[started->step.step].kind == plan::StepKind::Approval) answer_to(started->step.step);
}

void SimStore::answer_to(uint32_t index) {
  const plan::Step& step = plan_.steps[index];
  for (size_t i = 0; i < scenario_.answers.size(); ++i) {
    const Answer& answer = scenario_.answers[i];
    if (answer.phase != plan::none && answer.phase != step.phase) continue;
    answers_[i] += plan::asks(plan_, step, answer.by);
    int64_t at = clock_.monotonic_ns() + answer.after_ns;
    journal::Ask ask = answer.reject ? journal::Ask::Reject : journal::Ask::Approve;
    int64_t wall_ns = epoch_wall_ns + at;
    due_.emplace(at, journal::Request{0, ask, answer.by, "scripted", wall_ns, index, answer.by});
    clock_.wake_at(at);
  }
}

bool SimStore::hit(FaultKind kind) {
  for (size_t i = 0; i < away_.size(); ++i) {
    const Fault& fault = scenario_.faults[i];
    int64_t now = clock_.monotonic_ns();
    bool may = fault.kind == kind && now >= fault.from_ns && now < fault.until_ns;
    if (!may || (fault.times >= 0 && away_[i] >= fault.times)) continue;
    if (skipped_[i] < fault.skip) {
      ++skipped_[i];
      continue;
    }
    ++away_[i];
    return true;
  }
  return false;
}

bool SimStore::is_now(FaultKind kind) {
  for (size_t i = 0; i < away_.size(); ++i) {
    const Fault& fault = scenario_.faults[i];
    int64_t now = clock_.monotonic_ns();
    if (fault.kind != kind || now < fault.from_ns || now >= fault.until_ns) continue;
    ++away_[i];
    return true;
  }
  return false;
}

void SimStore::crash_in_phase(const journal::Event& event) {
  const auto* started = std::get_if<journal::StepStarted>(&event.what);
  if (started == nullptr || started->step.undo) return;
  for (size_t i = 0; i < crashes_.size(); ++i) {
    if (crashes_[i] > 0 || scenario_.crash_in_phase[i].phase != plan_.steps[started->step.step].phase) continue;
    ++crashes_[i];
    crash_.kill();
  }
}

}  // namespace rollout::sim
