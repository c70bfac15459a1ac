// The summary of a run: phase by phase what happened, what each gate saw, how long users were exposed, and
// what to do next. For apply, status, abort, simulate and test; from the same log as the view while it runs.
#pragma once

#include <functional>
#include <string>

#include "compiler/base/json.h"
#include "runtime/cli/run_log.h"
#include "runtime/cli/style.h"
#include "runtime/exec/state.h"

namespace rollout::cli {

/// `run`: its name; empty in a simulation. `driver`: who drives a run that has not ended; empty: nobody. `since_ns`:
/// how long ago the last event of such a run was recorded. `instead`: what to do when nobody drives it; empty: as with
/// a run that this version can drive.
std::string summary_text(const RunLog& log, const exec::State& state, std::string_view run, const Style& style,
                         std::string_view driver = {}, int64_t since_ns = 0,
                         std::string_view instead = {});

/// The timeline alone: the phases and the way back.
std::string timeline_text(const RunLog& log, const Style& style);

/// The last line of a run in JSON: the object `result` of docs/schemas/run.json. `more` adds fields to it.
std::string summary_json(const RunLog& log, const exec::State& state, std::string_view run, int exit_code,
                         const std::function<void(json::Writer&)>& more = {});

/// `succeeded`, `rolled back`, …
std::string_view outcome_text(const RunLog& log);
/// It ended before its first change.
bool failed_preflight(const RunLog& log);
/// What it reads once, before its first step, could not be read.
bool failed_to_begin(const RunLog& log);

}  // namespace rollout::cli
