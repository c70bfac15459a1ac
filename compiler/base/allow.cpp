#include "compiler/base/allow.h"

#include <algorithm>
#include <optional>

namespace rollout {

namespace {

constexpr std::string_view begin = "// allow ";

struct Allow {
  Span span;  ///< of the comment
  std::string_view name, reason;
};

std::optional<Allow> allow_in(const SourceMap& sources, SourceId source, uint32_t line_start) {
  std::string_view line = sources.line_at(source, line_start);
  size_t at = line.find(begin);
  if (at == std::string_view::npos) return std::nullopt;
  if (line.substr(0, at).find("///") != std::string_view::npos) return std::nullopt;  // an example in documentation
  if (std::count(line.begin(), line.begin() + ssize_t(at), '"') % 2 != 0) return std::nullopt;  // in a string
  std::string_view rest = line.substr(at + begin.size());
  size_t colon = std::min(rest.find(':'), rest.size());
  std::string_view reason = rest.substr(std::min(colon + 1, rest.size()));
  reason.remove_prefix(std::min(reason.find_first_not_of(' '), reason.size()));
  return Allow{{source, line_start + uint32_t(at), line_start + uint32_t(line.size())}, rest.substr(0, colon), reason};
}

bool allows(const std::optional<Allow>& allow, std::string_view name) {
  return allow && allow->name == name && !allow->reason.empty();
}

uint32_t line_of(const SourceMap& sources, Span span) { return sources.line_start(span.source, span.begin); }

}  // namespace

bool is_allowed(const Diagnostic& diagnostic, const SourceMap& sources) {
  if (diagnostic.severity == Severity::Error || !diagnostic.span.valid()) return false;
  SourceId source = diagnostic.span.source;
  uint32_t start = line_of(sources, diagnostic.span);
  if (allows(allow_in(sources, source, start), diagnostic.name)) return true;
  if (start == 0) return false;
  return allows(allow_in(sources, source, sources.line_start(source, start - 1)), diagnostic.name);
}

void report_unused_allows(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  std::string_view text = sources.text(source);
  std::vector<const Diagnostic*> reported = diagnostics.sorted();
  for (size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + begin.size())) {
    uint32_t start = sources.line_start(source, uint32_t(at));
    std::optional<Allow> allow = allow_in(sources, source, start);
    if (!allow) continue;
    bool used = std::any_of(reported.begin(), reported.end(), [&](const Diagnostic* diagnostic) {
      if (diagnostic->severity == Severity::Error || diagnostic->span.source != source) return false;
      uint32_t line = line_of(sources, diagnostic->span);
      bool here = line == start || (line > 0 && sources.line_start(source, line - 1) == start);
      return here && allows(allow, diagnostic->name);
    });
    // Whether there is one the files of another project say, which may not be looked at this time.
    bool elsewhere = allow->name == diag::ProjectsShare.name && !allow->reason.empty();
    if (used || elsewhere) continue;
    std::string why = allow->reason.empty() ? "it gives no reason" : "there is no such warning here";
    diagnostics.report(allow->span, diag::UnusedAllow, std::string(allow->name), why);
  }
}

}  // namespace rollout
