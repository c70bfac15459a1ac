// The life cycles of what ends a hold: of a gate that judges it, and of a question that people are asked.
#pragma once

#include "runtime/exec/cycle_row.h"

namespace rollout::exec {

/// Of one gate, within one hold.
enum class GatePhase { Gathering, Asking, Overruling, Passed, Unproven, Failed, Lacking, Dropped };
enum class GateTrigger {
  Pass,
  GoOn,        ///< without a pass: the plan says so, or people do
  Reject,
  Lack,        ///< no evidence, and the plan, or people, say that this ends it
  Ask,         ///< people decide, for want of evidence
  AskDespite,  ///< people decide, although the evidence speaks against it
  Drop,        ///< its hold has ended for another reason
};
inline constexpr Row<GatePhase, GateTrigger> gate_rows[] = {
    {GatePhase::Gathering, GateTrigger::Pass, GatePhase::Passed},
    {GatePhase::Gathering, GateTrigger::GoOn, GatePhase::Unproven},
    {GatePhase::Gathering, GateTrigger::Reject, GatePhase::Failed},
    {GatePhase::Gathering, GateTrigger::Lack, GatePhase::Lacking},
    {GatePhase::Gathering, GateTrigger::Ask, GatePhase::Asking},
    {GatePhase::Gathering, GateTrigger::AskDespite, GatePhase::Overruling},
    {GatePhase::Gathering, GateTrigger::Drop, GatePhase::Dropped},
    {GatePhase::Asking, GateTrigger::Pass, GatePhase::Passed},  // the evidence came while people were asked
    {GatePhase::Asking, GateTrigger::Reject, GatePhase::Failed},
    {GatePhase::Asking, GateTrigger::AskDespite, GatePhase::Overruling},
    {GatePhase::Asking, GateTrigger::GoOn, GatePhase::Unproven},
    {GatePhase::Asking, GateTrigger::Lack, GatePhase::Lacking},
    {GatePhase::Asking, GateTrigger::Drop, GatePhase::Dropped},
    {GatePhase::Overruling, GateTrigger::GoOn, GatePhase::Unproven},
    {GatePhase::Overruling, GateTrigger::Reject, GatePhase::Failed},
    {GatePhase::Overruling, GateTrigger::Drop, GatePhase::Dropped},
};

/// Of one question: an approval, or what a gate asks.
enum class ApprovalPhase { Asked, Overdue, Approved, Rejected, Dropped };
enum class ApprovalTrigger {
  Yes,
  LastYes,   ///< now it is enough
  No,
  Escalate,  ///< from now on others may answer as well
  TimeOver,  ///< nobody has answered in time, and the plan says that the run rests until somebody does
  Resume,    ///< a person has resumed the run: it has all of its time again
  Drop,      ///< its hold has ended for another reason, or its gate asks anew
};
inline constexpr Row<ApprovalPhase, ApprovalTrigger> approval_rows[] = {
    {ApprovalPhase::Asked, ApprovalTrigger::Yes, ApprovalPhase::Asked},
    {ApprovalPhase::Asked, ApprovalTrigger::Escalate, ApprovalPhase::Asked},
    {ApprovalPhase::Asked, ApprovalTrigger::LastYes, ApprovalPhase::Approved},
    {ApprovalPhase::Asked, ApprovalTrigger::No, ApprovalPhase::Rejected},
    {ApprovalPhase::Asked, ApprovalTrigger::TimeOver, ApprovalPhase::Overdue},
    {ApprovalPhase::Asked, ApprovalTrigger::Drop, ApprovalPhase::Dropped},
    {ApprovalPhase::Overdue, ApprovalTrigger::Yes, ApprovalPhase::Overdue},
    {ApprovalPhase::Overdue, ApprovalTrigger::LastYes, ApprovalPhase::Approved},
    {ApprovalPhase::Overdue, ApprovalTrigger::No, ApprovalPhase::Rejected},
    {ApprovalPhase::Overdue, ApprovalTrigger::Resume, ApprovalPhase::Asked},
    {ApprovalPhase::Overdue, ApprovalTrigger::Drop, ApprovalPhase::Dropped},
    // While its step waits for something else.
    {ApprovalPhase::Approved, ApprovalTrigger::Yes, ApprovalPhase::Approved},
    {ApprovalPhase::Approved, ApprovalTrigger::No, ApprovalPhase::Rejected},
};

}  // namespace rollout::exec
