#include "compiler/verify/report.h"

#include <charconv>

namespace rollout::verify {

Span span_of(const SourceMap& sources, std::string_view place) {
  size_t colon = place.rfind(':');
  if (colon == std::string_view::npos) return {};
  uint32_t line = 0;
  std::from_chars(place.data() + colon + 1, place.data() + place.size(), line);
  for (uint32_t i = 0; i < sources.size(); ++i) {
    SourceId id{i};
    if (sources.name(id) != place.substr(0, colon)) continue;
    std::string_view text = sources.text(id);
    size_t begin = 0;
    for (uint32_t at = 1; at < line && begin != std::string_view::npos; ++at) {
      begin = text.find('\n', begin);
      if (begin != std::string_view::npos) ++begin;
    }
    if (begin == std::string_view::npos) return {};
    size_t end = std::min(text.find('\n', begin), text.size());
    size_t first = std::min(text.find_first_not_of(" \t", begin), end);
    return {id, uint32_t(first), uint32_t(end)};
  }
  return {};
}

void report(const std::vector<Finding>& findings, const SourceMap& sources, Span rollout, Diagnostics& diagnostics) {
  for (const Finding& finding : findings) {
    Span span = span_of(sources, finding.place);
    if (!span.valid()) span = rollout;
    std::string bound = eval::duration_text(finding.bound_ns), required = eval::duration_text(finding.required_ns);
    switch (finding.claim) {
      case Claim::RollbackTime:
        diagnostics.report(span, diag::RollbackTooSlow, bound, required)
            .note(path_text(finding.path))
            .note("each action is counted with all the time of one attempt")
            .advise("give it that long: `within " + bound + "`, or its actions less time");
        break;
      case Claim::WayBack:
      case Claim::Commit:
        diagnostics.report(span, diag::NotProven, fmt::format("`{}`: {}", finding.path[0].text, finding.what));
        break;
      case Claim::Exposure:
        diagnostics
            .report(span, diag::OverBudget, bound, required)
            .note(path_text(finding.path))
            .advise("begin with a smaller share, judge it for longer, or allow more");
        break;
    }
  }
}

std::string finding_text(const Finding& finding) {
  std::string place = finding.place.empty() ? "" : finding.place + ": ";
  std::string bound = eval::duration_text(finding.bound_ns), required = eval::duration_text(finding.required_ns);
  switch (finding.claim) {
    case Claim::RollbackTime:
      return fmt::format("{}a rollback may take {}, and `within` gives it {}: {}", place, bound, required,
                         path_text(finding.path));
    case Claim::Exposure:
      return fmt::format("{}users may meet an unproven version for {} of full traffic, and the budget is {}: {}", place,
                         bound, required, path_text(finding.path));
    case Claim::WayBack:
    case Claim::Commit: break;
  }
  return fmt::format("{}`{}`: {}", place, finding.path[0].text, finding.what);
}

}  // namespace rollout::verify
