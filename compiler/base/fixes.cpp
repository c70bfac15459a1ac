#include "compiler/base/fixes.h"

#include <algorithm>
#include <tuple>

#include "compiler/base/masked.h"

namespace rollout {

namespace {

bool holds_secret(const Fix& fix, const Diagnostic& diagnostic, const SourceMap& sources) {
  if (masked(fix.text) != fix.text) return true;
  auto touches = [&](uint32_t begin, uint32_t end) { return fix.span.begin < end && begin < fix.span.end; };
  uint32_t line = sources.line_start(fix.span.source, fix.span.begin);
  for (const Cut& cut : secrets_at(sources, fix.span.source, fix.span.begin))
    if (touches(uint32_t(line + cut.at), uint32_t(line + cut.at + cut.bytes))) return true;
  return std::any_of(diagnostic.hidden.begin(), diagnostic.hidden.end(), [&](Span hidden) {
    return hidden.source == fix.span.source && touches(hidden.begin, hidden.end);
  });
}

}  // namespace

std::vector<Fix> offered_fixes(const Diagnostic& diagnostic, const SourceMap& sources) {
  for (const Fix& fix : diagnostic.fixes)
    if (holds_secret(fix, diagnostic, sources)) return {};
  return diagnostic.fixes;
}

std::optional<std::vector<Fix>> ordered_fixes(std::string_view text, std::vector<Fix> fixes) {
  auto place = [](const Fix& fix) { return std::tie(fix.span.begin, fix.span.end, fix.text); };
  std::sort(fixes.begin(), fixes.end(), [&](const Fix& a, const Fix& b) { return place(a) < place(b); });
  auto same = [&](const Fix& a, const Fix& b) { return place(a) == place(b); };
  fixes.erase(std::unique(fixes.begin(), fixes.end(), same), fixes.end());
  for (size_t i = 0; i < fixes.size(); ++i) {
    if (fixes[i].span.end > text.size()) return std::nullopt;
    bool touches = i > 0 && (fixes[i].span.begin < fixes[i - 1].span.end ||
                             fixes[i].span.begin == fixes[i - 1].span.begin);
    if (touches) return std::nullopt;
  }
  return fixes;
}

std::string apply_fixes(std::string_view text, const std::vector<Fix>& ordered) {
  std::string out;
  size_t from = 0;
  for (const Fix& fix : ordered) {
    out += text.substr(from, fix.span.begin - from);
    out += fix.text;
    from = fix.span.end;
  }
  return out += text.substr(from);
}

}  // namespace rollout
