// Outline: a plan as people think of it: what changes, phase after phase, and the way back from each. For all
// views of plans and runs, so that they group and name things alike.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::cli {

/// One phase, or the steps between two phases. A phase that changes something behind a hold has a row for each part, so
/// that what a row says of its hold is so all the while.
struct Row {
  uint32_t phase = plan::none;
  std::vector<uint32_t> steps;
  int64_t start_ns = 0;             ///< sum of the holds before it
  int64_t into_ns = 0;              ///< of a later part of a phase: the holds of the phase before it
  int64_t hold_ns = 0;
  std::optional<int64_t> share_ppb; ///< of the canary during its hold; nothing while no share was set
  std::optional<int64_t> control_ppb = {}; ///< of the control beside it; nothing while there is none
  /// Other services with another share during its hold. Not told where steps do not follow one another.
  std::vector<std::pair<uint32_t, int64_t>> beside = {};
  std::vector<uint32_t> gates;
  std::vector<uint32_t> approvals;  ///< of a phase: indices into Plan::approvals
  uint32_t back_from = plan::none;  ///< the step from which its way back is shown: its last one
  bool same_way = false;            ///< back as the row before
};

/// What becomes of one service.
struct Change {
  std::string service;
  uint32_t index = plan::none;      ///< of Plan::services
  std::string was = {};             ///< the name by which the state knows it, where that is another one
  std::string from, to;             ///< versions, shares of a flag or schemas; empty: not known or none
  plan::Subject subject = plan::Subject::Service;
  bool known = true;                ///< whether anybody looked what runs
  bool touched = true;              ///< some step acts on it; otherwise it is only judged
  std::string unreached = {};       ///< why it could not be looked at; empty: it was
  bool scaled = false;              ///< the stable version gets another number of instances, or fresh ones
  std::string trouble;              ///< what of it was not as declared when the plan was made
  std::string where;                ///< `4 instances on hosts, traffic by edge`
};

struct Outline {
  std::vector<Row> rows;
  std::vector<Change> changes;      ///< of what steps act on or judge; what only a hook changes has none
  int64_t hold_ns = 0;              ///< all holds
  bool has_changes = false;         ///< something ends otherwise, or nobody looked; without actions: a hold or question

  /// What becomes of a service; null: it has no change.
  const Change* change_of(uint32_t service) const;
};

Outline outline_of(const plan::Plan& plan);

/// What a change begins with, in words: a version, `(nothing)` or `(not looked at)`.
std::string from_text(const Change& change);
std::string to_text(const Change& change);

/// `deploy`, `approval`: what a step outside of phases is called.
std::string step_name(const plan::Step& step);
std::string row_name(const plan::Plan& plan, const Row& row);
/// Who has another share during its hold, `cart 20%, search 5%`; of many the first. Empty: nobody.
std::string beside_text(const plan::Plan& plan, const Row& row);
/// The texts of its actions and approvals, without holds.
std::vector<std::string> action_texts(const plan::Plan& plan, const Row& row);
/// What must pass before it is left: gates, then approvals.
std::vector<std::string> gate_texts(const plan::Plan& plan, const Row& row);
/// What is undone of one service: `shift shop to 0%, then retire shop`. Those of one turn go at the same time.
struct BackPart {
  size_t turn = 1;
  std::string text;
};
/// The way back that a row shows, turn after turn; no parts: there is nothing to do.
struct BackText {
  std::vector<BackPart> parts;
  int64_t worst_ns = 0;  ///< the longest that it takes before it is done or the run is parked
  std::string to = {};       ///< `checkpoint "…"`: it ends there, and the run is parked; empty: it does not
  bool past_commit = false;  ///< it ends at a commit, and the run is parked there
};
BackText back_text(const plan::Plan& plan, const Row& row);

/// What goes back on its own, a line for each loop, block or phase that says so.
std::vector<std::string> scope_texts(const plan::Plan& plan);

/// The budget, the locks and what becomes of the run when a newer one begins, a line each.
std::vector<std::string> limit_texts(const plan::Plan& plan);

/// What is watched, as often as it differs: `unhealthy > 25% held 1m, in each of 20 places`.
std::vector<std::string> watch_texts(const plan::Plan& plan);
/// What is done beside the way back: `on abort: tell sre "…", ramp banner to 100%`.
std::vector<std::string> hook_texts(const plan::Plan& plan);
/// Who is told what: `sre by oncall: start, waits, parks, rollback, end`.
std::vector<std::string> told_texts(const plan::Plan& plan);
/// `reject when canary error_rate > 1% proven 99%`, `rollback when … held 5m`.
std::string condition_text(const plan::Condition& condition);

/// What people must know before they say yes: `unpinned:`, and why.
struct Warning {
  std::string_view kind;
  std::string text;
};
std::vector<Warning> warnings_of(const plan::Plan& plan, const Outline& outline);

std::string join(const std::vector<std::string>& parts, std::string_view between);
std::string short_hash(std::string_view hash);

}  // namespace rollout::cli
