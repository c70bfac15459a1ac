#include "compiler/suggest/kept.h"

#include "compiler/base/allow.h"

namespace rollout::suggest {

namespace {

std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\n"), end = text.find_last_not_of(" \t\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

/// What an edit put in, some bytes into it: a step that was moved is where it was, all else where the edit is.
uint32_t inserted_from(const SourceMap& before, const std::vector<Fix>& edits, const Fix& in, size_t offset) {
  for (const Fix& out : edits) {
    std::string_view moved = trimmed(before.text(out.span));
    if (!out.text.empty() || moved.empty()) continue;
    size_t at = in.text.find(moved);
    if (at == std::string::npos || offset < at || offset >= at + moved.size()) continue;
    return uint32_t(size_t(moved.data() - before.text(out.span.source).data()) + offset - at);
  }
  return in.span.begin;
}

uint32_t offset_before(const SourceMap& before, const std::vector<Fix>& edits, SourceId source, uint32_t after) {
  int64_t at = after, grown = 0;
  for (const Fix& edit : edits) {
    if (edit.span.source != source) continue;
    int64_t begin = edit.span.begin + grown;
    if (at < begin) break;
    if (at < begin + int64_t(edit.text.size())) return inserted_from(before, edits, edit, size_t(at - begin));
    grown += int64_t(edit.text.size()) - (int64_t(edit.span.end) - edit.span.begin);
  }
  return uint32_t(at - grown);
}

}  // namespace

Place place_of(const Diagnostic& finding, const SourceMap& sources) {
  uint32_t line = finding.span.valid() ? sources.line_start(finding.span.source, finding.span.begin) : 0;
  return {finding.name, finding.span.source, line};
}

SaidAt said_of(const Compilation& compilation) { return said_after(compilation, compilation.sources, {}); }

SaidAt said_after(const Compilation& after, const SourceMap& before, const std::vector<Fix>& edits) {
  SaidAt said;
  for (const Diagnostic* one : after.diagnostics.sorted()) {
    if (is_allowed(*one, after.sources)) continue;
    Place at{one->name, one->span.source, 0};
    if (one->span.valid()) {
      uint32_t offset = offset_before(before, edits, one->span.source, one->span.begin);
      std::get<uint32_t>(at) = before.line_start(one->span.source, offset);
    }
    Said& here = said[at];
    ++here.times, here.severity = one->severity;
  }
  return said;
}

Mends mends(const SaidAt& before, const SaidAt& after, const Place& at, Severity severity) {
  auto times = [](const SaidAt& said, const Place& place) {
    auto found = said.find(place);
    return found == said.end() ? 0 : found->second.times;
  };
  if (times(after, at) >= times(before, at)) return Mends::No;
  Mends verdict = Mends::Yes;
  for (const auto& [place, now] : after) {
    if (now.times <= times(before, place)) continue;
    if (severity != Severity::Error || now.severity == Severity::Error) return Mends::No;
    verdict = Mends::Uncovers;
  }
  return verdict;
}

std::map<std::string_view, Said> by_kind(const SaidAt& said) {
  std::map<std::string_view, Said> kinds;
  for (const auto& [place, here] : said) {
    Said& kind = kinds[std::get<std::string_view>(place)];
    kind.times += here.times, kind.severity = here.severity;
  }
  return kinds;
}

}  // namespace rollout::suggest
