// The life cycle of a phase of a rollout: what has become of its steps as a whole.
#pragma once

#include "runtime/exec/cycle_row.h"

namespace rollout::exec {

enum class PhaseStatus { Pending, Underway, Passed, GoingBack, TakenBack, Stuck, LeftBehind };
enum class PhaseTrigger { Enter, Leave, GoBack, Restored, CannotRestore, Anew, RunOver };
inline constexpr Row<PhaseStatus, PhaseTrigger> phase_rows[] = {
    {PhaseStatus::Pending, PhaseTrigger::Enter, PhaseStatus::Underway},  // the first of its steps begins
    {PhaseStatus::Underway, PhaseTrigger::Leave, PhaseStatus::Passed},   // the last of them is done
    {PhaseStatus::Underway, PhaseTrigger::GoBack, PhaseStatus::GoingBack},
    {PhaseStatus::Passed, PhaseTrigger::GoBack, PhaseStatus::GoingBack},
    {PhaseStatus::GoingBack, PhaseTrigger::GoBack, PhaseStatus::GoingBack},  // with what is around it
    {PhaseStatus::GoingBack, PhaseTrigger::Restored, PhaseStatus::TakenBack},
    {PhaseStatus::GoingBack, PhaseTrigger::CannotRestore, PhaseStatus::Stuck},
    {PhaseStatus::Stuck, PhaseTrigger::GoBack, PhaseStatus::GoingBack},
    {PhaseStatus::TakenBack, PhaseTrigger::Anew, PhaseStatus::Pending},     // behind a checkpoint
    {PhaseStatus::Passed, PhaseTrigger::Anew, PhaseStatus::Underway},       // the part of it that is behind one
    {PhaseStatus::Underway, PhaseTrigger::RunOver, PhaseStatus::LeftBehind},  // a part of it has gone back alone
};

}  // namespace rollout::exec
