// Watches: a condition over a whole block, for as long as it lasts, or with samples or a proof as a gate has them.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/build.h"
#include "compiler/plan/decided.h"

namespace rollout::plan {

namespace {

// Not more often than a scrape, not too seldom.
constexpr int64_t least_look_ns = eval::ns_per_s, most_look_ns = 15 * eval::ns_per_s;

/// How much longer a hold may last: until its gates have a verdict, and what they ask people about is answered.
int64_t longer_by_ns(const Plan& plan, const Step& step) {
  int64_t waits = 0, asks = 0;
  for (uint32_t index : step.gates) {
    const Gate& gate = plan.gates[index];
    for (const Response* one : {&gate.no_data, &gate.undecided, &gate.error, &gate.fail}) {
      waits = std::max(waits, one->hold_ns);
      if (one->then == Fallback::Ask) asks += plan.approvals[one->approval].timeout_ns;
    }
  }
  return waits + asks;
}

/// How often the watch can look in its scope: in each hold, and while people are asked. `most`: however long that
/// takes, so many moments there are at which a regression may begin.
int64_t looks_of(const Plan& plan, const Watch& watch, bool most) {
  int64_t looks = 0;
  for (uint32_t i = watch.first_step; i <= watch.last_step; ++i) {
    const Step& step = plan.steps[i];
    if (step.kind == StepKind::Approval) looks += plan.approvals[step.approval].timeout_ns / watch.sample_ns;
    else looks += (step.hold_ns + (most ? longer_by_ns(plan, step) : 0)) / watch.sample_ns;
  }
  return looks;
}

}  // namespace

void Planner::plan_watch(const ast::WatchStatement* watch, Scope& scope) {
  std::optional<Condition> condition = make_condition(watch->condition, scope, watch->span);
  if (!condition) return;
  condition->kind = ConditionKind::Watch;
  bool evidence = watch->proven || watch->samples;
  if (evidence && !set_proof(*condition, watch->condition, watch->proven, watch->samples, scope)) return;
  condition->text = condition_text(*condition);
  report_decided(*condition, watch->condition->span);
  Watch entry;
  entry.held_ns = watch->held ? duration(watch->held, scope, "held", 1) : 0;
  // A tenth of the time a condition must last, so that a gap is seen; evidence as seldom as a gate usually looks.
  entry.sample_ns = std::clamp(evidence ? most_look_ns : entry.held_ns / 10, least_look_ns, most_look_ns);
  if (watch->every) entry.sample_ns = std::max(duration(watch->every, scope, "every", least_look_ns), least_look_ns);
  const Service& service = plan_.services[plan_.signals[condition->left.signal].service];
  // One watch at each place: which of them fired must be seen.
  std::string at = service.place.empty() ? "" : service_text(service) + " ";
  std::string held = entry.held_ns ? fmt::format(" held {}", eval::duration_text(entry.held_ns)) : "";
  if (condition->proven_ppb) held = fmt::format(" proven {}", eval::percent_text(condition->proven_ppb));
  if (watch->samples) held = fmt::format(" over {} samples", condition->samples);
  if (evidence) held += fmt::format(", every {}", eval::duration_text(entry.sample_ns));
  entry.text = at + condition->text + held;
  entry.condition = evidence ? uint32_t(plan_.conditions.size()) : condition_index(*condition);
  // What one scope has seen is no evidence of another one.
  if (evidence) plan_.conditions.push_back(std::move(*condition));
  entry.first_step = none;
  entry.place = place_text(called_at_.valid() ? called_at_ : watch->span);
  plan_.watches.push_back(std::move(entry));
  open_watches_.push_back({watch->span, evidence});
}

/// Constants alone decide what was to be measured. A check of a preflight may be so: it asks whether there is data.
void Planner::report_decided(const Condition& condition, Span written) {
  std::optional<bool> always = decided(plan_, condition);
  if (!always) return;
  diagnostics_
      .report(called_at_.valid() ? called_at_ : written, diag::ConditionDecided, condition_text(condition),
              *always ? "always" : "never")
      .note("a ratio of counts is 0% to 100%, a time is never negative")
      .advise("compare with a bound that can be crossed, or leave it out");
}

/// A watch stands over the whole block in which it is written, also over what comes before it.
void Planner::close_watches(size_t first_watch, uint32_t first_step) {
  uint32_t last = plan_.steps.empty() ? 0 : uint32_t(plan_.steps.size() - 1);
  if (plan_.steps.size() == first_step) {
    plan_.watches.resize(first_watch);
    open_watches_.resize(first_watch);
  }
  for (size_t i = first_watch; i < plan_.watches.size(); ++i) {
    Watch& watch = plan_.watches[i];
    if (watch.first_step != none) continue;
    watch.first_step = first_step;
    watch.last_step = last;
    check_looks(watch, open_watches_[i]);
  }
}

/// Whether the watch can ever see what it asks for: a watch that never fires would only look like a guard.
void Planner::check_looks(const Watch& watch, const OpenWatch& written) {
  Condition& condition = plan_.conditions[watch.condition];
  control_there(condition, watch.text, written.span);
  if (!written.evidence) return;
  int64_t looks = looks_of(plan_, watch, false);
  condition.planned_blocks = looks_of(plan_, watch, true);
  std::string every = eval::duration_text(watch.sample_ns);
  if (looks == 0) {
    diagnostics_.report(written.span, diag::WatchBlind, every)
        .advise("look more often: `… proven 99% every 5s`; or watch a block that holds for longer");
  } else if (condition.proven_ppb == 0 && condition.samples > looks) {
    diagnostics_
        .report(written.span, diag::TooFewSamples, eval::duration_text(looks * watch.sample_ns), every,
                condition.samples, condition.text)
        .advise(fmt::format("write `over {} samples`, or look more often", looks));
  }
}

}  // namespace rollout::plan
