// What conditions compare with the past: a window that is measured once, when the run starts.
#include <fmt/format.h>

#include "compiler/plan/build.h"

namespace rollout::plan {

using eval::Value;

namespace {

const ast::MemberExpr* as_member(const ast::Expr* expr) {
  return expr->kind == ast::ExprKind::Member ? static_cast<const ast::MemberExpr*>(expr) : nullptr;
}

}  // namespace

/// `s.baseline(1h).error_rate`, at a quantile where it is a histogram, or its deviation.
bool Planner::reads_past(const ast::Expr* expr, const Scope& scope) const {
  const ast::MemberExpr* member = as_member(expr);
  if (member && program_.info(scope.module, member).ref == ir::Ref::Deviation) return true;
  if (expr->kind == ast::ExprKind::Call) member = as_member(static_cast<const ast::CallExpr*>(expr)->callee);
  return member && program_.info(scope.module, member->object).ref == ir::Ref::Past;
}

/// `s.baseline(1h).latency(99%)` or its `.deviation`; nothing where it is something else or was reported.
std::optional<Linear> Planner::past_of(const ast::Expr* expr, Scope& scope, Span used_at) {
  const ast::MemberExpr* member = as_member(expr);
  bool deviation = member && program_.info(scope.module, member).ref == ir::Ref::Deviation;
  if (deviation) expr = member->object;
  Baseline baseline;
  if (expr->kind == ast::ExprKind::Call) {
    std::optional<int64_t> quantile = quantile_of(static_cast<const ast::CallExpr*>(expr), scope);
    if (!quantile) return std::nullopt;
    baseline.quantile_ppb = *quantile;
    expr = static_cast<const ast::CallExpr*>(expr)->callee;
  }
  member = as_member(expr);
  if (!member || member->object->kind != ast::ExprKind::Call) return std::nullopt;
  auto* window = static_cast<const ast::CallExpr*>(member->object);
  std::optional<Term> term = term_of(member, scope, used_at);
  if (!term) return std::nullopt;
  baseline.signal = term->signal;
  uint32_t index = baseline_index(window, std::move(baseline), scope);
  if (index == none) return std::nullopt;
  return Linear{{{*term, 1, index, deviation}}, 0};
}

/// The quantile that a histogram is read at; nothing where it was reported.
std::optional<int64_t> Planner::quantile_of(const ast::CallExpr* call, Scope& scope) {
  const ast::Expr* written = call->arguments[0].value;
  Value quantile = eval(written, scope);
  if (!eval::in_range(eval::quantile_range, quantile, written->span, diagnostics_)) return std::nullopt;
  return quantile.number;
}

uint32_t Planner::baseline_index(const ast::CallExpr* window, Baseline baseline, Scope& scope) {
  const Signal& signal = plan_.signals[baseline.signal];
  const std::string service = service_text(plan_.services[signal.service]);
  size_t errors = diagnostics_.errors();
  const ast::Expr* by = nullptr;
  const ast::Expr* length = nullptr;
  for (const ast::Argument& argument : window->arguments)
    (argument.label.text == "by" || (argument.label.text.empty() && length) ? by : length) = argument.value;
  baseline.window_ns = duration(length, scope, "baseline", least_part_ns * least_parts);
  baseline.part_ns = by ? duration(by, scope, "by", least_part_ns) : usual_part_ns;
  if (diagnostics_.errors() != errors) return none;
  auto refuse = [&](const ast::Expr* at, std::string_view whose, const std::string& what) {
    diagnostics_.report(at->span, diag::RefinementBroken, std::string(whose), what)
        .advise(fmt::format("a window has {} to {} parts of equal length: `baseline(1h, by: 1m)` has 60", least_parts,
                            most_parts));
    return none;
  };
  int64_t parts = baseline.window_ns / baseline.part_ns;
  if (parts < least_parts || parts > most_parts)
    return refuse(window, "baseline", fmt::format("{} in parts of {}", eval::duration_text(baseline.window_ns),
                                                  eval::duration_text(baseline.part_ns)));
  if (baseline.window_ns % baseline.part_ns != 0)
    return refuse(by ? by : window, "by", fmt::format("{} of {}", eval::duration_text(baseline.part_ns),
                                                      eval::duration_text(baseline.window_ns)));
  if (!has_past(signal)) {
    diagnostics_
        .report(window->span, diag::NoPast, signal.name,
                fmt::format("what runs of {} is known only as it is now", service))
        .advise("read the past of a signal that a metrics source measures");
    return none;
  }
  for (uint32_t i = 0; i < plan_.baselines.size(); ++i) {
    const Baseline& known = plan_.baselines[i];
    if (known.signal == baseline.signal && known.quantile_ppb == baseline.quantile_ppb &&
        known.window_ns == baseline.window_ns && known.part_ns == baseline.part_ns)
      return i;
  }
  std::string by_text =
      baseline.part_ns == usual_part_ns ? "" : fmt::format(", by {}", eval::duration_text(baseline.part_ns));
  baseline.text = fmt::format("baseline({}{}) {}", eval::duration_text(baseline.window_ns), by_text,
                              term_text({baseline.signal, Role::All, baseline.quantile_ppb}));
  plan_.baselines.push_back(std::move(baseline));
  return uint32_t(plan_.baselines.size() - 1);
}

/// A declared signal is measured by a metrics source, which remembers; the others are the workload's.
bool Planner::has_past(const Signal& signal) const {
  const ir::Service& declared = program_.services[size_t(entities_[signal.service].number)];
  for (const ir::ServiceSignal& one : declared.signals)
    if (one.name.text == signal.name) return one.source != nullptr;
  return false;
}

/// Of `sum > 0`: what of its bound is made of the past. Unchanged where there is none in it.
bool Planner::bound_by(Condition& condition, const Linear& sum, Span span) {
  const LinearTerm* now = nullptr;
  bool several = false;
  for (const LinearTerm& one : sum.terms) {
    if (one.baseline == none) {
      several |= now != nullptr;
      now = &one;
    } else if (condition.baseline == none) {
      condition.baseline = one.baseline;
    } else {
      several |= condition.baseline != one.baseline;
    }
  }
  if (condition.baseline == none) return true;
  if (several || !now || now->factor == 0) {
    diagnostics_.report(span, diag::BaselineAlone)
        .note("its past may stand there times a number, with its deviation times a number, plus a number")
        .advise("write `s.error_rate > s.baseline(1h).error_rate + 0.1%`");
    return false;
  }
  condition.factor = condition.deviations = 0;
  for (const LinearTerm& one : sum.terms)
    if (one.baseline != none) (one.deviation ? condition.deviations : condition.factor) -= one.factor / now->factor;
  return true;
}

}  // namespace rollout::plan
