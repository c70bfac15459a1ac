#include <filesystem>

#include <fmt/format.h>

#include "compiler/syntax/format.h"
#include "runtime/cli/line_diff.h"
#include "runtime/cli/project.h"
#include "runtime/cli/report.h"

namespace rollout::cli {

namespace {

/// The mode in which a file is looked at: what becomes of one that is laid out differently.
enum class Mode { Write, Check, Diff };

struct Outcome {
  int exit_code = Ok;
  bool differs = false;
};

Outcome format_one(const Context& context, const Place& place, Mode mode, Report& report) {
  Result<std::string> text = source_reader(place.project)(place.path);
  if (!text)
    return {
        context.fail(FileErrors, fmt::format("`{}` cannot be read: {}", place.typed, text.error().message))};
  Compilation file;
  SourceId source = file.sources.add(place.typed, *text);
  std::optional<std::string> formatted = syntax::format(file.sources, source, file.diagnostics);
  report.add(file);
  if (!formatted) return {FileErrors};
  if (*formatted == *text) return {};
  if (mode == Mode::Diff) context.out(line_diff(place.typed, *text, *formatted, context.style));
  if (mode == Mode::Check && !context.quiet)
    context.out(fmt::format("{} is laid out differently\n", place.typed));
  if (mode != Mode::Write) return {FileErrors, true};
  std::string path = place.project.root + "/" + place.path;
  if (Status written = write_source(context.env.effects().files, path, *formatted); !written)
    return {context.fail(written.error())};
  if (!context.quiet) context.out(fmt::format("{}\n", place.typed));
  return {Ok, true};
}

}  // namespace

int cmd_fmt(const Context& context) {
  std::vector<std::string> named = context.args.positional;
  if (named.empty()) named.push_back(".");
  Result<std::vector<std::string>> files = rollout_files(context.env.directory, named);
  if (!files) return context.fail(Usage, files.error().message);
  Mode mode = context.args.has("--diff") ? Mode::Diff : context.args.has("--check") ? Mode::Check : Mode::Write;
  Report report(context);
  int code = Ok;
  size_t differing = 0;
  for (const std::string& file : *files) {
    Result<Place> place = place_of(context.env.directory, file);
    if (!place) return context.fail(Usage, place.error().message);
    Outcome outcome = format_one(context, *place, mode, report);
    differing += outcome.differs;
    code = std::max(code, outcome.exit_code);
  }
  report.finish();
  if (mode == Mode::Check && differing > 0 && !context.quiet)
    context.env.err(fmt::format("{} to lay out; `rollout fmt` does it\n", count_of(differing, "file")));
  return code;
}

}  // namespace rollout::cli
