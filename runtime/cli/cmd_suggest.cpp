#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/plan/test_case.h"
#include "compiler/suggest/suggest.h"
#include "runtime/cli/check_name.h"
#include "runtime/cli/line_diff.h"
#include "runtime/cli/packages.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/report.h"
#include "runtime/cli/report_formats.h"
#include "runtime/cli/run_test.h"

namespace rollout::cli {

namespace {

using Inputs = std::vector<std::pair<std::string, std::string>>;

/// The file as `check` sees it, with texts in the place of those on the disk. The lock is left alone: it is not for
/// files that are only tried.
std::unique_ptr<Compilation> check_texts(const Context& context, const Place& place, const Inputs& inputs,
                                         const suggest::Texts& texts) {
  auto compilation = std::make_unique<Compilation>();
  check::Loader reader = [&, read = source_reader(place.project)](const std::string& path) -> Result<std::string> {
    auto edited = texts.find(path);
    return edited == texts.end() ? read(path) : Result<std::string>(edited->second);
  };
  Packages packages = read_packages(place.project, compilation->sources, compilation->diagnostics, Lock::Ignored);
  compile(*compilation, place.path, reader, packages.layout);
  compilation->sources.show_names_as(typed_paths(place.project, context.env.directory));
  check_plans(*compilation, inputs);
  return compilation;
}

/// The tests of the file that fail, by name. Those of a file with errors have no plans.
std::set<std::string> failing_tests(const Place& place, const Compilation& compilation) {
  std::set<std::string> failing;
  if (compilation.diagnostics.has_errors()) return failing;
  Diagnostics said;  // `check` has said all of it
  TestPlans plans(compilation);
  for (const plan::TestCase& test : plan::test_cases(*compilation.program, compilation.sources, said))
    if (Tested tested = run_test(plans, place.typed, test, nullptr); !tested.passed()) failing.insert(tested.name);
  return failing;
}

/// What was found and what mends it, as people read it, or kept for the one object of docs/schemas/suggestions.json.
class View {
 public:
  explicit View(const Context& context) : context_(context) {}

  void add(const SourceMap& before, const Diagnostic& finding, const suggest::Suggestion& made) {
    if (context_.json()) return keep(before, finding, made);
    context_.out(short_line(finding, before));
    if (!made.why.empty())
      return context_.out(fmt::format("  no edit is tried: {}; `rollout explain {}` says what there is\n\n", made.why,
                                      finding.name));
    if (made.path.empty()) {
      std::string_view end = made.stopped ? "nothing was found before the limit" : "nothing helps";
      std::string tests = made.breaks_tests == 0 ? "" : fmt::format(" ({} of them fail a test)", made.breaks_tests);
      context_.out(fmt::format("  {}: {} edits were tried{}, and none mends it without breaking something "
                               "else; `rollout explain {}` says what else there is\n\n",
                               end, made.tried, tests, finding.name));
      return;
    }
    std::string shown = before.shown_name(made.fixes.front().span.source);
    context_.out(line_diff(shown, made.before, made.after, context_.style));
    context_.out(made.becomes.empty() ? "\n" : fmt::format("  then {}\n\n", made.becomes));
  }
  void finish(const suggest::Mended& result, bool written) {
    if (context_.json()) {
      context_.out(fmt::format(
          "{{\"version\":1,\"suggestions\":[{}],\"mended\":{},\"left\":{},\"unseen\":{},\"written\":{}}}\n", kept_,
          result.mended, result.left, result.unseen, written));
      return;
    }
    if (result.unseen > 0)
      context_.out(fmt::format("{} more {} not looked at, only the first {}; mend these, then ask again\n",
                               result.unseen, result.unseen == 1 ? "finding was" : "findings were",
                               suggest::max_findings));
    if (context_.quiet) return;
    if (result.mended + result.left == 0) return context_.out("ok: every bound is kept\n");
    if (result.mended == 0) return;
    bool one = result.mended == 1;
    std::string what = one ? "the edit" : fmt::format("{} edits", result.mended);
    context_.out(written ? fmt::format("{} {} made\n", what, one ? "was" : "were")
                         : fmt::format("nothing was written; `--fix` makes {}\n", what));
  }

 private:
  void keep(const SourceMap& before, const Diagnostic& finding, const suggest::Suggestion& made) {
    Diagnostic whole = finding;
    whole.fixes = made.fixes;
    json::Writer json;
    json.begin_object().key("finding");
    write_json(json, whole, before);
    json.field("mended", !made.path.empty()).field("becomes", made.becomes).field("tried", uint64_t(made.tried));
    json.field("stopped", made.stopped);
    if (!made.why.empty()) json.field("why", made.why);
    if (made.breaks_tests > 0) json.field("breaks_tests", uint64_t(made.breaks_tests));
    json.end_object();
    kept_ += (kept_.empty() ? "" : ",") + json.take();
  }

  const Context& context_;
  std::string kept_;
};

int write(const Context& context, const Place& place, const suggest::Texts& texts) {
  for (const auto& [path, text] : texts)
    if (Status written = write_source(context.env.effects().files, place.project.root + "/" + path, text); !written)
      return context.fail(written.error());
  return Ok;
}

}  // namespace

int cmd_suggest(const Context& context) {
  Result<Place> place = place_of(context.env.directory, context.args.positional.at(0));
  if (!place) return context.fail(Usage, place.error().message);
  Result<Inputs> inputs = inputs_of(context);
  if (!inputs) return context.fail(Usage, inputs.error().message);
  std::string rollout = context.args.positional.size() > 1 ? context.args.positional[1] : "";
  suggest::Recheck recheck = [&](const suggest::Texts& texts) { return check_texts(context, *place, *inputs, texts); };
  std::unique_ptr<Compilation> now = recheck({});
  if (Status there = check_name(*now, rollout, place->typed); !there)
    return context.fail(Usage, there.error().message);
  if (!suggest::can_suggest(*now)) {
    Report report(context);
    report.add(*now);
    report.finish();
    return context.fail(FileErrors, "what is proven is mended once the file has no other errors");
  }
  View view(context);
  suggest::FailingTests tests = [&](const Compilation& made) { return failing_tests(*place, made); };
  suggest::Mended result = suggest::suggest(std::move(now), recheck, tests, rollout,
                                            [&](const auto&... said) { view.add(said...); });
  bool writes = context.args.has("--fix") && !result.texts.empty();
  if (writes)
    if (int code = write(context, *place, result.texts); code != Ok) return code;
  view.finish(result, writes);
  return result.left + result.unseen > 0 ? FileErrors : Ok;
}

}  // namespace rollout::cli
