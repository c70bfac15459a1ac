// The words that stand for the journal's enumerations in JSON and in views. Adding one is a new format version.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "runtime/journal/store.h"

namespace rollout::journal {

inline constexpr std::array<std::string_view, 36> event_names = {
    "run_started",     "resumed",          "step_started",   "step_done",   "step_failed",
    "reasserted",      "sampled",          "gate_decided",   "watch_fired", "abort_requested",
    "interrupted",     "rollback_started", "verify_started", "run_ended",
    "calendar_closed", "approved",         "rejected",       "parked",      "gate_asked",  "escalated",
    "notified",        "scope_rollback_started", "scope_verify_started", "scope_ended",
    "captured",        "lock_taken",      "lock_released", "paused", "unpaused", "reopened",
    "endpoint_away",   "endpoint_back",   "line_overridden", "override_ended", "rollback_withheld",
    "request_void"};
static_assert(event_names.size() == std::variant_size_v<Payload>);

inline constexpr std::array<std::string_view, 3> status_names = {"ok", "no_data", "error"};
inline constexpr std::array<std::string_view, plan::role_count> role_names = {"all", "stable", "canary", "control"};
inline constexpr std::array<std::string_view, 3> verdict_names = {"pass", "fail", "no_evidence"};
inline constexpr std::array<std::string_view, 4> reason_names = {"none", "no_data", "undecided",
                                                                 "error"};
inline constexpr std::array<std::string_view, 9> cause_names = {
    "step_failed", "gate_failed", "no_evidence", "watch", "abort", "rejected", "unapproved", "exposure", "asked"};
inline constexpr std::array<std::string_view, 8> ask_names = {"abort", "approve", "reject",   "replace",
                                                              "pause", "resume",  "rollback", "override"};
inline constexpr std::array<std::string_view, 3> outcome_names = {"succeeded", "rolled_back",
                                                                  "parked"};

template <size_t N, typename Enum>
constexpr std::string_view word(const std::array<std::string_view, N>& names, Enum value) {
  return names[size_t(value)];
}

/// For people: `rolled back`.
inline std::string_view spoken(Outcome outcome) {
  return outcome == Outcome::RolledBack ? "rolled back" : word(outcome_names, outcome);
}

/// `step_done`: the event's name in JSON.
inline std::string_view name_of(const Payload& what) { return event_names[what.index()]; }

}  // namespace rollout::journal
