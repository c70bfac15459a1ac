// When a plan may go forward, and by whose exception, for people: in previews, and where it is tried while it may not.
#pragma once

#include <optional>
#include <string>

#include "compiler/plan/plan.h"

namespace rollout::cli {

/// `working_hours: mon..fri 09:00..16:00 in Europe/Stockholm`
std::string during_text(const plan::During& during);
/// What happens at close, in words.
std::string at_close_text(const plan::During& during);
/// `not held to safe_releases until 2026-12-31 in UTC: "…", asked by anna, approved by ben of managers`
std::string exception_text(const plan::PolicyException& exception);
/// Why a plan may not begin now: an exception that it needs has ended.
std::optional<std::string> ended_text(const plan::Plan& plan, int64_t wall_ns);
/// Which policy forbids to begin now, and from when it does not; nothing where none does.
std::optional<std::string> forbidden_text(const plan::Plan& plan, int64_t wall_ns);
/// Why no step of the plan can begin now, and when one can; nothing where it can.
std::optional<std::string> closed_text(const plan::Plan& plan, int64_t wall_ns);

/// Whether a run that begins now may be parked at a close, where, and the next or the last moment at which it meets
/// none; nothing of a plan that waits, or that has no calendar.
std::optional<std::string> start_text(const plan::Plan& plan, int64_t wall_ns);

}  // namespace rollout::cli
