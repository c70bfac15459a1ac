#include "runtime/cli/measured.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/eval/value.h"
#include "runtime/cli/style.h"
#include "runtime/exec/fold.h"

namespace rollout::cli {

namespace {

/// Where a run stands: ` in phase pilot`.
std::string where_text(const plan::Plan& plan, const exec::State& state) {
  if (state.rollback != exec::RollbackPhase::None) return " on the way back";
  for (size_t i = 0; i < state.phases.size(); ++i)
    if (state.phases[i].status == exec::PhaseStatus::Underway) return " in phase " + plan.phases[i].name;
  return "";
}

}  // namespace

std::string measured_text(int64_t actual_ns, int64_t limit_ns) {
  std::string text = short_duration(actual_ns);
  bool hidden = actual_ns != limit_ns && text == short_duration(limit_ns);
  return hidden ? eval::duration_text(actual_ns) : text;
}

std::string passed_text(const plan::Plan& plan, const std::vector<journal::Event>& events, uint32_t service,
                        int64_t limit_ns) {
  exec::State state = exec::initial_state(plan);
  for (const journal::Event& event : events) {
    const exec::ServiceState before = state.services[service];
    int64_t since_ns = state.wall_ns;
    std::string where = where_text(plan, state);
    exec::fold(state, plan, event);
    if (state.services[service].exposure_ns <= limit_ns) continue;
    int64_t left = int64_t(__int128(limit_ns - before.exposure_ns) * eval::percent_all /
                           std::max<int64_t>(before.share_ppb, 1));
    int64_t start_ns = events.front().wall_ns;
    return fmt::format("passed at {}{}",
                       clock_text(std::min(since_ns + left, event.wall_ns) - start_ns,
                                  events.back().wall_ns - start_ns),
                       where);
  }
  return {};
}

}  // namespace rollout::cli
