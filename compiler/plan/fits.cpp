#include "compiler/plan/fits.h"

#include <algorithm>

namespace rollout::plan {

namespace {

int64_t worst_ns(const Plan& plan, const Step& step) {
  if (step.kind == StepKind::Act) return step.action.within_ns * step.action.attempts;
  int64_t longer_ns = 0;
  for (uint32_t gate : step.gates)
    for (const Response* response : {&plan.gates[gate].no_data, &plan.gates[gate].undecided, &plan.gates[gate].error})
      longer_ns = std::max(longer_ns, response->hold_ns);
  return step.hold_ns + longer_ns;
}

}  // namespace

int64_t worst_forward_ns(const Plan& plan) {
  std::vector<int64_t> ends;
  int64_t last = 0;
  for (const Step& step : plan.steps) {
    int64_t begin = 0;
    for (uint32_t before : step.after) begin = std::max(begin, ends[before]);
    ends.push_back(begin + worst_ns(plan, step));
    last = std::max(last, ends.back());
  }
  return last;
}

void check_fits(const Plan& plan, const ast::RolloutDecl& rollout, Diagnostics& diagnostics) {
  if (!plan.during || plan.during->waits) return;
  constexpr int64_t ns_per_minute = 60 * eval::ns_per_s;
  int minutes = calendar::longest_window(plan.during->calendar);
  int64_t worst = worst_forward_ns(plan), window = minutes * ns_per_minute;
  if (minutes == 0 || minutes == calendar::minutes_a_week || worst <= window) return;
  for (const ast::Statement* statement : rollout.body->statements)
    if (statement->kind == ast::StatementKind::During)
      diagnostics
          .report(statement->span, diag::WindowTooShort, eval::duration_text(worst), eval::duration_text(window))
          .advise("hold for less, open for longer, or let it wait: `{ at close wait }`");
}

}  // namespace rollout::plan
