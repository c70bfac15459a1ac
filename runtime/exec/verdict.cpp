#include "runtime/exec/verdict.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "runtime/exec/approval.h"
#include "runtime/exec/samples.h"

namespace rollout::exec {

namespace {

using journal::GateDecided;
using journal::ReadingStatus;
using journal::Reason;
using journal::Verdict;

struct Finding {
  Verdict verdict = Verdict::Pass;
  Reason reason = Reason::None;
  std::string text;
};

Finding missing(const plan::Plan& plan, uint32_t index, const ConditionState& state, int needed) {
  const std::string& text = plan.conditions[index].text;
  switch (state.last_status) {
    case ReadingStatus::Error:
      return {Verdict::NoEvidence, Reason::Error,
              fmt::format("{}: the metrics could not be read ({})", text, state.last_detail)};
    case ReadingStatus::NoData:
      return {Verdict::NoEvidence, Reason::NoData,
              fmt::format("{}: no data ({})", text, state.last_detail)};
    case ReadingStatus::Ok: break;
  }
  return {Verdict::NoEvidence, Reason::Undecided,
          fmt::format("{}: only {} of {} samples had data; it takes half of them, and {}", text,
                      state.valid, state.closed, needed)};
}

Finding look_at(const plan::Plan& plan, uint32_t index, const State& state, int64_t sample_ns,
                int64_t now) {
  const plan::Condition& condition = plan.conditions[index];
  const ConditionState& known = state.conditions[index];
  int needed = by_proof(plan, condition) ? 1 : samples_needed(plan, condition);
  bool stale = now - known.last_valid_ns > fresh_intervals * sample_ns;
  if (known.valid == 0 || stale || known.valid * 2 < known.closed || known.valid < needed)
    return missing(plan, index, known, needed);
  std::string measured = measured_text(plan, index, known);
  bool plain = !by_proof(plan, condition);
  if (condition.kind == plan::ConditionKind::Require) {
    if (holds(condition, known)) return {Verdict::Pass, Reason::None, measured};
    if (plain && known.in_a_row_false >= needed) return {Verdict::Fail, Reason::None, measured};
    return {Verdict::NoEvidence, Reason::Undecided, measured};
  }
  if (holds(condition, known)) return {Verdict::Fail, Reason::None, measured};
  if (plain && known.last_true) return {Verdict::NoEvidence, Reason::Undecided, measured};
  return {Verdict::Pass, Reason::None, measured};
}

std::vector<plan::Role> judged_roles(const plan::Plan& plan, const plan::Gate& gate) {
  std::vector<plan::Role> roles;
  auto take = [&](const plan::Term& term) {
    if (plan.signals[term.signal].evidence != plan::Evidence::Value) roles.push_back(term.role);
  };
  for (uint32_t index : gate.conditions) {
    take(plan.conditions[index].left);
    if (plan.conditions[index].right) take(*plan.conditions[index].right);
  }
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  return roles;
}

Finding enough_requests(const plan::Plan& plan, const plan::Gate& gate,
                        const SamplerState& sampler) {
  for (plan::Role role : judged_roles(plan, gate)) {
    auto found = sampler.requests.find(role);
    int64_t seen = found == sampler.requests.end() ? 0 : found->second;
    if (seen >= gate.minimum_requests) continue;
    return {Verdict::NoEvidence, seen == 0 ? Reason::NoData : Reason::Undecided,
            fmt::format("the {} had {} requests of the {} that the gate needs", plan::role_text(role),
                        seen, gate.minimum_requests)};
  }
  return {};
}

std::vector<Finding> look_at_all(const plan::Plan& plan, const State& state, const HoldState& hold,
                                 uint32_t index, int64_t now) {
  const plan::Gate& gate = plan.gates[index];
  std::vector<Finding> out;
  for (uint32_t condition : gate.conditions)
    out.push_back(look_at(plan, condition, state, gate.sample_ns, now));
  out.push_back(enough_requests(plan, gate, hold.gates.at(index).sampler));
  return out;
}

// A reject is looked at any time. Only what is proven, or seen often enough in a row, counts.
std::optional<GateDecided> rejected(const plan::Plan& plan, const State& state,
                                    const HoldState& hold, uint32_t gate) {
  bool after_rollback = journal::is_check(hold.step);
  for (uint32_t index : plan.gates[gate].conditions) {
    const plan::Condition& condition = plan.conditions[index];
    if (condition.kind != plan::ConditionKind::Reject || !holds(condition, state.conditions[index]))
      continue;
    // What was just restored may need a moment; until the bound only a proof speaks against it.
    if (after_rollback && !by_proof(plan, condition)) continue;
    return GateDecided{hold.step,    gate,  Verdict::Fail,
                       Reason::None, false, measured_text(plan, index, state.conditions[index])};
  }
  return std::nullopt;
}

std::string joined(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    if (finding.text.empty()) continue;
    if (!out.empty()) out += "; ";
    out += finding.text;
  }
  return out;
}

std::optional<GateDecided> first_of(const std::vector<Finding>& findings, Verdict verdict,
                                    StepRef hold, uint32_t gate) {
  for (const Finding& finding : findings)
    if (finding.verdict == verdict)
      return GateDecided{hold, gate, verdict, finding.reason, false, finding.text};
  return std::nullopt;
}

std::optional<GateDecided> decide_verification(const plan::Plan& plan, const State& state,
                                               const HoldState& hold, uint32_t gate, int64_t now) {
  std::vector<Finding> findings = look_at_all(plan, state, hold, gate, now);
  bool over = now - hold.started_ns >= rollback_of(plan, hold.step.scope).verify_within_ns;
  auto failed = first_of(findings, Verdict::Fail, hold.step, gate);
  auto open = first_of(findings, Verdict::NoEvidence, hold.step, gate);
  if (!failed && !open)
    return GateDecided{hold.step, gate, Verdict::Pass, Reason::None, false, joined(findings)};
  if (!over) return std::nullopt;
  return failed ? failed : open;
}

std::string value_text(const plan::Plan& plan, const plan::Condition& condition, double value) {
  switch (plan.signals[condition.left.signal].unit) {
    case eval::Value::Kind::Percent:
    case eval::Value::Kind::Points:
      return fmt::format("{:.3g}%", value / double(eval::percent_one));
    case eval::Value::Kind::Duration:
      // Of a minute and more in the words of the language: 45d.
      if (std::abs(value) >= double(60 * eval::ns_per_s) && std::abs(value) < 9e18)
        return eval::duration_text(int64_t(value) / eval::ns_per_s * eval::ns_per_s);
      return fmt::format("{:.4g}ms", value / double(eval::ns_per_ms));
    default: return fmt::format("{:.4g}", value);
  }
}

std::string counts_text(plan::Role role, int64_t bad, int64_t total) {
  double percent = total > 0 ? 100 * double(bad) / double(total) : 0;
  std::string_view whose = role == plan::Role::All ? "" : plan::role_word(role);
  return fmt::format("{}{}{}/{} ({:.3g}%)", whose, whose.empty() ? "" : " ", bad, total, percent);
}

/// What speaks for a proof: all counts of the run so far, and how far they carry.
std::string evidence_text(const plan::Condition& condition, const ConditionState& state) {
  double confidence = confidence_of(condition);
  std::string text = counts_text(condition.left.role, state.seen.canary_bad, state.seen.canary_total);
  if (condition.right)
    text += ", " + counts_text(condition.right->role, state.seen.baseline_bad, state.seen.baseline_total);
  if (state.past)
    text += fmt::format(", baseline {}", counts_text(plan::Role::All, state.past->bad, state.past->total));
  std::string sure = eval::percent_text(condition.proven_ppb);
  if (state.evidence->proven(confidence)) return fmt::format("{}: {}; proven {}", condition.text, text, sure);
  double carried = std::clamp(std::exp(state.evidence->log_e()) * (1 - confidence), 0.0, 1.0);
  return fmt::format("{}: {}; {:.0f}% of the evidence for {}", condition.text, text, 100 * carried, sure);
}

}  // namespace

std::string measured_text(const plan::Plan& plan, uint32_t index, const ConditionState& state) {
  const plan::Condition& condition = plan.conditions[index];
  if (state.evidence) return evidence_text(condition, state);
  double bound = bound_of(condition, state);
  std::string said = state.left_said.empty() ? "" : fmt::format(" ({})", state.left_said);
  return fmt::format("{}: {} against {}{}", condition.text, value_text(plan, condition, state.left_value),
                     value_text(plan, condition, bound), said);
}

int64_t hold_of(const plan::Plan& plan, StepRef hold) {
  if (journal::is_check(hold)) return 0;
  const plan::Step& step = plan.steps[hold.step];
  return step.kind == plan::StepKind::Approval ? plan.approvals[step.approval].timeout_ns : step.hold_ns;
}

bool sampled_to_the_end(const plan::Plan& plan, const HoldState& hold, uint32_t gate) {
  const GateState& of = hold.gates.at(gate);
  int64_t covered = of.sampled_ns - hold.started_ns;
  return of.sampler.samples > 0 && covered >= hold_of(plan, hold.step) - plan.gates[gate].sample_ns / 2;
}

namespace {

/// Of a preflight all that does not hold is said together: it is mended before the next attempt.
std::string reason_text(const plan::Plan& plan, StepRef hold, const std::vector<Finding>& findings,
                        const std::string& first) {
  if (plan.steps[hold.step].kind != plan::StepKind::Preflight) return first;
  std::vector<Finding> open = findings;
  std::erase_if(open, [](const Finding& finding) { return finding.verdict == Verdict::Pass; });
  return joined(open);
}

}  // namespace

std::optional<GateDecided> decide_gate(const plan::Plan& plan, const State& state,
                                       const HoldState& hold, uint32_t gate, int64_t now) {
  if (auto fail = rejected(plan, state, hold, gate)) return fail;
  if (journal::is_check(hold.step)) return decide_verification(plan, state, hold, gate, now);
  int64_t elapsed = now - hold.started_ns;
  int64_t hold_ns = hold_of(plan, hold.step);
  if (elapsed < hold_ns || !sampled_to_the_end(plan, hold, gate)) return std::nullopt;
  std::vector<Finding> findings = look_at_all(plan, state, hold, gate, now);
  if (auto fail = first_of(findings, Verdict::Fail, hold.step, gate)) {
    fail->detail = reason_text(plan, hold.step, findings, fail->detail);
    return fail;
  }
  bool unproven = false;
  const Finding* asks = nullptr;
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::NoEvidence) continue;
    const plan::Response& response = response_to(plan.gates[gate], finding.verdict, finding.reason);
    if (elapsed < hold_ns + response.hold_ns) return std::nullopt;
    if (response.then == plan::Fallback::Fail)
      return GateDecided{hold.step, gate, Verdict::NoEvidence, finding.reason, false,
                         reason_text(plan, hold.step, findings, finding.text)};
    if (response.then == plan::Fallback::Ask && !asks) asks = &finding;
    unproven = true;
  }
  if (asks) return GateDecided{hold.step, gate, Verdict::NoEvidence, asks->reason, false, asks->text};
  if (!unproven)
    return GateDecided{hold.step, gate, Verdict::Pass, Reason::None, false, joined(findings)};
  auto open = first_of(findings, Verdict::NoEvidence, hold.step, gate);
  open->unproven = true;
  return open;
}

std::optional<int64_t> next_bound(const plan::Plan& plan, const HoldState& hold, uint32_t gate,
                                  int64_t now) {
  std::vector<int64_t> bounds;
  int64_t end = hold.started_ns + hold_of(plan, hold.step);
  if (journal::is_check(hold.step))
    bounds = {hold.started_ns + rollback_of(plan, hold.step.scope).verify_within_ns};
  else
    for (const plan::Response* response :
         {&plan.gates[gate].no_data, &plan.gates[gate].undecided, &plan.gates[gate].error})
      bounds.push_back(end + response->hold_ns);
  bounds.push_back(end);
  std::optional<int64_t> next;
  for (int64_t bound : bounds)
    if (bound > now && (!next || bound < *next)) next = bound;
  return next;
}

}  // namespace rollout::exec
