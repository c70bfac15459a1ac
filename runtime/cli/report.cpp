#include "runtime/cli/report.h"

#include <fmt/format.h>

#include "compiler/base/allow.h"
#include "compiler/base/render.h"
#include "runtime/cli/import_chain.h"
#include "runtime/cli/report_formats.h"

namespace rollout::cli {

namespace {

/// How the command came to the file of a message: a note for each import on the way; none in a file that was named.
Diagnostic with_imports(const Compilation& compilation, const Diagnostic& diagnostic) {
  Diagnostic shown = diagnostic;
  if (!diagnostic.span.valid()) return shown;
  std::string name = compilation.sources.shown_name(diagnostic.span.source);
  for (Span import : import_chain(compilation, diagnostic.span.source)) {
    std::string by = compilation.sources.shown_name(import.source);
    shown.note(fmt::format("{} is imported at {}:{}", name, by,
                           compilation.sources.locate(import.source, import.begin).line));
    name = by;
  }
  return shown;
}

std::string span_text(Span span, const SourceMap& sources) {
  return span.valid() ? fmt::format("{}:{}-{}", sources.shown_name(span.source), span.begin, span.end) : std::string();
}

/// Equal for what is found again in another compilation that reads the same files.
std::string identity_of(const Diagnostic& diagnostic, const SourceMap& sources) {
  std::string text = fmt::format("{} {} {}", diagnostic.name, span_text(diagnostic.span, sources), diagnostic.message);
  for (const Label& label : diagnostic.labels)
    text += fmt::format("\n{} {}", span_text(label.span, sources), label.text);
  for (const std::string& note : diagnostic.notes) text += "\n" + note;
  return text;
}

}  // namespace

void Report::add(const Compilation& compilation) {
  const SourceMap& sources = compilation.sources;
  std::vector<Span> hidden;  // what one says nobody may read, no other shows
  for (const Diagnostic* one : compilation.diagnostics.sorted())
    hidden.insert(hidden.end(), one->hidden.begin(), one->hidden.end());
  for (const Diagnostic* diagnostic : compilation.diagnostics.sorted()) {
    if (is_allowed(*diagnostic, sources)) continue;
    if (!seen_.insert(identity_of(*diagnostic, sources)).second) continue;
    ++(diagnostic->severity == Severity::Error ? errors_ : warnings_);
    if (first_.empty()) first_ = diagnostic->name;
    names_.insert(diagnostic->name);
    bool whole = context_.json() || context_.format == "sarif" || context_.format == "gitlab";
    if (!whole && seen_.size() > limit_) continue;
    // Behind the comparison: several files may import the one with the mistake, which is shown once.
    Diagnostic shown = with_imports(compilation, *diagnostic);
    shown.hidden = hidden;
    if (context_.json()) {
      json::Writer whole;
      write_json(whole, shown, sources);
      keep(whole.text());
    } else if (context_.format == "sarif") keep(sarif_result(*diagnostic, sources));
    else if (context_.format == "gitlab") keep(gitlab_issue(*diagnostic, sources));
    else if (context_.format == "github") context_.out(github_line(*diagnostic, sources));
    else if (context_.format == "short") context_.env.err(short_line(*diagnostic, sources));
    else context_.env.err(render_text(shown, sources, context_.error_style.color));
  }
}

void Report::finish() {
  if (context_.json()) {
    context_.out(fmt::format("{{\"version\":1,\"diagnostics\":[{}],\"errors\":{},\"warnings\":{}}}\n", kept_,
                             errors_, warnings_));
    return;
  }
  if (context_.format == "sarif") return context_.out(sarif_file(kept_, names_));
  if (context_.format == "gitlab") return context_.out(fmt::format("[{}]\n", kept_));
  if (seen_.size() > limit_) context_.env.err(fmt::format("and {} more\n", seen_.size() - limit_));
  if (errors_ == 0 || context_.quiet) return;
  std::string warnings = warnings_ == 0 ? "" : fmt::format(" and {}", count_of(warnings_, "warning"));
  context_.env.err(fmt::format("{}{}; `rollout explain {}` says more{}\n", count_of(errors_, "error"), warnings, first_,
                               seen_.size() > 1 ? " about the first" : ""));
}

}  // namespace rollout::cli
