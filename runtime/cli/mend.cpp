#include "runtime/cli/mend.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

namespace rollout::cli {

void Mend::add(const Place& place, const Compilation& compilation) {
  const SourceMap& sources = compilation.sources;
  for (const Diagnostic* diagnostic : compilation.diagnostics.sorted())
    for (const Fix& fix : offered_fixes(*diagnostic, sources)) {
      std::string name(sources.name(fix.span.source));
      std::string path = fmt::format("{}/{}", place.project.root, name);
      if (name.starts_with("std/")) continue;
      Change& change = changes_[path];
      if (change.path.empty())
        change = {path, sources.shown_name(fix.span.source), std::string(sources.text(fix.span.source)), {}};
      change.fixes.push_back(fix);
    }
}

std::string Mend::said(const Change& change, const Fix& fix) const {
  std::string_view before = std::string_view(change.text).substr(0, fix.span.begin);
  size_t line = size_t(std::count(before.begin(), before.end(), '\n')) + 1;
  std::string was = change.text.substr(fix.span.begin, fix.span.end - fix.span.begin);
  std::string now = llvm::StringRef(fix.text).trim().str();
  std::string what = was.empty()   ? fmt::format("`{}` added", now)
                     : now.empty() ? fmt::format("`{}` removed", was)
                                   : fmt::format("`{}` is now `{}`", was, now);
  return fmt::format("{}:{}: {}\n", change.shown, line, what);
}

int Mend::finish() {
  std::vector<std::pair<std::string, std::string>> texts;
  std::string report;
  for (auto& [path, change] : changes_) {
    std::optional<std::vector<Fix>> ordered = ordered_fixes(change.text, change.fixes);
    if (!ordered)
      return context_.fail(FileErrors, fmt::format("two suggestions change the same place in `{}`, which was "
                                                   "left as it is; mend one of them by hand",
                                                   change.shown));
    for (const Fix& fix : *ordered) report += said(change, fix);
    texts.emplace_back(path, apply_fixes(change.text, *ordered));
  }
  for (const auto& [path, text] : texts)
    if (Status written = write_source(context_.env.effects().files, path, text); !written)
      return context_.fail(written.error());
  if (!context_.quiet) context_.env.err(report);
  changed_ = !texts.empty();
  return Ok;
}

}  // namespace rollout::cli
