#include "runtime/cli/report.h"

#include <fmt/format.h>

#include "compiler/base/render.h"

namespace rollout::cli {

std::unique_ptr<Compilation> compile_file(const Place& place, const std::string& directory, Timings& timings) {
  timings.mark("read");  // what came before: finding the files
  check::Loader reader = [&, read = source_reader(place.project)](const std::string& path) {
    timings.mark("parse");
    Result<std::string> text = read(path);
    timings.mark("read");
    return text;
  };
  auto compilation = compile(place.path, reader, [&] { timings.mark("parse"); });
  timings.mark("check");
  compilation->sources.show_names_as(typed_paths(place.project, directory));
  return compilation;
}

void Report::add(const Compilation& compilation) {
  for (const Diagnostic* diagnostic : compilation.diagnostics.sorted()) {
    json::Writer json;
    write_json(json, *diagnostic, compilation.sources);
    if (!seen_.insert(json.text()).second) continue;
    ++(diagnostic->severity == Severity::Error ? errors_ : warnings_);
    if (context_.json()) json_ += (json_.empty() ? "" : ",") + json.text();
    else if (seen_.size() <= max_shown)
      context_.env.err(render_text(*diagnostic, compilation.sources, context_.error_style.color));
  }
}

void Report::finish() {
  if (context_.json()) {
    context_.out(fmt::format("{{\"version\":1,\"diagnostics\":[{}],\"errors\":{},\"warnings\":{}}}\n", json_,
                             errors_, warnings_));
    return;
  }
  if (seen_.size() > max_shown) context_.env.err(fmt::format("and {} more\n", seen_.size() - max_shown));
  if (errors_ == 0 || context_.quiet) return;
  std::string warnings = warnings_ == 0 ? "" : fmt::format(" and {}", count_of(warnings_, "warning"));
  context_.env.err(fmt::format("{}{}\n", count_of(errors_, "error"), warnings));
}

}  // namespace rollout::cli
