#include "compiler/verify/report.h"

#include <charconv>

#include <fmt/format.h>

namespace rollout::verify {

Span span_of(const SourceMap& sources, std::string_view place) {
  size_t colon = place.rfind(':');
  if (colon == std::string_view::npos) return {};
  uint32_t line = 0;
  std::from_chars(place.data() + colon + 1, place.data() + place.size(), line);
  for (uint32_t i = 0; i < sources.size(); ++i) {
    SourceId id{i};
    if (sources.name(id) != place.substr(0, colon)) continue;
    std::optional<uint32_t> begin = sources.begin_of_line(id, line);
    if (!begin) return {};
    std::string_view text = sources.line_at(id, *begin);
    size_t indent = std::min(text.find_first_not_of(" \t"), text.size());
    return {id, uint32_t(*begin + indent), uint32_t(*begin + text.size())};
  }
  return {};
}

namespace {

/// What of gates, watches and versions does not fit together.
Diagnostic& say_decision(const Finding& finding, Span span, Diagnostics& diagnostics) {
  const std::vector<std::string>& parts = finding.parts;
  std::string bound = eval::duration_text(finding.bound_ns);
  switch (finding.claim) {
    case Claim::Constant:
      return diagnostics.report(span, diag::ConditionConstant, parts[0], parts[1], finding.what)
          .advise("compare with a number that it can pass, or leave it out");
    case Claim::Contradiction:
      return diagnostics.report(span, diag::GateContradicts, parts[0], finding.what)
          .note(parts[1])
          .advise("leave values with which it can pass, between what is rejected and what is required");
    case Claim::Power:
      return diagnostics.report(span, diag::GateBlind, parts[0], parts[1], bound, parts[2])
          .note("counted with the declared traffic at this share, 0.1% of all requests failing, and a power of 80%")
          .advise(finding.advice);
    case Claim::Starved:
      return diagnostics.report(span, diag::GateStarved, parts[0], bound, finding.what).advise(finding.advice);
    case Claim::IdleWatch:
      return diagnostics.report(span, diag::WatchIdle, parts[0], bound).advise(finding.advice);
    case Claim::Capacity: {
      Diagnostic& overload = diagnostics.report(span, diag::CapacityShort, parts[0], parts[1],
                                                finding.bound_ns, finding.required_ns);
      if (!finding.what.empty()) overload.note(finding.what);
      return overload.advise(finding.advice);
    }
    case Claim::Takeover:
      return diagnostics.report(span, diag::PromoteTooSmall, finding.path[0].text, finding.bound_ns,
                                finding.required_ns).advise(finding.advice);
    case Claim::Growth:
      return diagnostics.report(span, diag::ShareShrinks, parts[0], parts[1], parts[2]).advise(finding.advice);
    case Claim::RollbackTime:
    case Claim::WayBack:
    case Claim::Commit:
    case Claim::Exposure:
    case Claim::Window:
    case Claim::Start:
    case Claim::Beside:
    case Claim::Quota:
    case Claim::Policy:
    case Claim::Answer: break;
  }
  return diagnostics.report(span, diag::NotProven, fmt::format("`{}`: {}", finding.path[0].text, finding.what));
}

/// At one place there is one message, whatever policies refuse there.
Diagnostic& say_breaches(const Finding& finding, Span span, Diagnostics& diagnostics) {
  const plan::Breach& first = finding.breaches.front();
  Diagnostic& said = diagnostics.report(span, diag::PolicyBroken, first.policy, finding.what, first.why);
  for (const plan::Breach& breach : finding.breaches) {
    bool is_first = &breach == &first;
    said.at(breach.asked, is_first ? "asked for here" : breach.why);
    // The path ends with the step and with what is wrong there; it need not be said twice.
    const std::vector<Moment>& path = finding.shown.path;
    bool shown = !path.empty() && breach.from == fmt::format("{} ({})", path.back().text, finding.place);
    if (!breach.from.empty() && !shown) said.note(fmt::format("{}: {}", breach.why, breach.from));
  }
  return said;
}

Diagnostic& say(const Finding& finding, Span span, Diagnostics& diagnostics) {
  std::string bound = eval::duration_text(finding.bound_ns), required = eval::duration_text(finding.required_ns);
  switch (finding.claim) {
    case Claim::RollbackTime:
      return diagnostics.report(span, diag::RollbackTooSlow, bound, required)
          .note("each action is counted with all the time of one attempt")
          .advise("give it that long: `within " + bound + "`, or its actions less time");
    case Claim::Exposure: {
      Diagnostic& over = diagnostics.report(span, diag::OverBudget, bound, required);
      if (finding.path.size() > 1) over.note(path_text(finding.path));  // of each service
      return over.advise("begin with a smaller share, judge it for longer, or allow more");
    }
    case Claim::Window: {
      Diagnostic& window = diagnostics.report(span, diag::WindowTooShort, bound, required);
      if (!finding.what.empty()) window.note(finding.what);
      return window.advise("hold for less, open for longer, or let it wait: `{ at close wait }`");
    }
    case Claim::Start:
      return diagnostics.report(span, diag::NoSafeStart, finding.what)
          .note(finding.parts[0])
          .advise("hold for less, open for longer, or let it wait: `{ at close wait }`");
    case Claim::Answer: {
      Diagnostic& late = diagnostics.report(span, diag::AnswerLate, bound, required);
      if (!finding.what.empty()) late.note(finding.what);
      return late.advise(finding.advice);
    }
    case Claim::Beside:
      return diagnostics.report(span, diag::Incompatible, finding.parts[0], finding.parts[1], finding.what)
          .advise(finding.advice);
    case Claim::Quota: {
      Diagnostic& many =
          diagnostics.report(span, diag::QuotaShort, finding.parts[0], finding.bound_ns, finding.required_ns);
      many.note(path_text(finding.path));
      if (!finding.what.empty()) many.note(finding.what);
      return many.advise(finding.advice);
    }
    case Claim::Policy: return say_breaches(finding, span, diagnostics);
    case Claim::WayBack:
    case Claim::Commit:
    case Claim::Constant:
    case Claim::Contradiction:
    case Claim::Power:
    case Claim::Starved:
    case Claim::IdleWatch:
    case Claim::Growth:
    case Claim::Takeover:
    case Claim::Capacity: break;
  }
  return say_decision(finding, span, diagnostics);
}

/// Computed, and required: in words where it is no number.
std::pair<std::string, std::string> bounds_of(const Finding& finding, const SourceMap& sources) {
  switch (finding.claim) {
    case Claim::RollbackTime:
    case Claim::Exposure:
    case Claim::Starved:
    case Claim::IdleWatch:
    case Claim::Window:
    case Claim::Answer: return {eval::duration_text(finding.bound_ns), eval::duration_text(finding.required_ns)};
    case Claim::Power: return {finding.parts[1], finding.parts[2]};
    case Claim::Quota: return {fmt::format("{} instances", finding.bound_ns),
                               fmt::format("{} instances", finding.required_ns)};
    case Claim::Capacity:
    case Claim::Takeover:
      return {fmt::format("{} of {} instances", finding.bound_ns, finding.required_ns),
              fmt::format("those for {} of the traffic", finding.parts[1])};
    case Claim::Growth: return {finding.parts[1], "at least " + finding.parts[2]};
    case Claim::WayBack: return {finding.what, "everything as it was"};
    case Claim::Commit: return {finding.what, "a commit, and a judgement before it"};
    case Claim::Constant:
      return {fmt::format("{} true: {}", finding.parts[1], finding.what), "a condition that decides"};
    case Claim::Contradiction: return {finding.what, "a value with which it passes"};
    case Claim::Start: return {finding.what, "a start that no policy forbids: " + finding.parts[0]};
    case Claim::Beside: return {fmt::format("{} beside {}", finding.parts[0], finding.parts[1]), finding.what};
    case Claim::Policy: {
      const plan::Breach& first = finding.breaches.front();
      bool known = first.asked.valid() && size_t(first.asked.source) < sources.size();  // not so of a saved plan
      return {first.why, known ? std::string(sources.text(first.asked)) : first.policy};
    }
  }
  return {};
}

}  // namespace

void report(const std::vector<Finding>& findings, const SourceMap& sources, Span rollout, const std::string& replay,
            Diagnostics& diagnostics) {
  for (const Finding& finding : findings) {
    Span span = span_of(sources, finding.place);
    if (!span.valid()) span = rollout;
    Diagnostic& said = say(finding, span, diagnostics);
    auto [computed, required] = bounds_of(finding, sources);
    // What is refused of the plan as a whole shows in no step, so there is no run that would show it.
    if (finding.claim == Claim::Policy && finding.shown.path.empty()) continue;
    const std::string& id = finding.shown.id;
    said.witness = Witness{id, computed, required, finding.shown.path,
                           fmt::format("{} --counterexample {}", replay, id)};
  }
}

}  // namespace rollout::verify
