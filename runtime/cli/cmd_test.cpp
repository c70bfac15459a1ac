#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/report.h"
#include "runtime/cli/scenario_of.h"
#include "runtime/cli/simulate_promotion.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_summary.h"

namespace rollout::cli {

namespace {

struct Tested {
  std::string file, name, place;
  std::vector<Found> found;
  std::vector<std::string> problems;  ///< no plan, or an invariant that was broken
  std::string timeline;
  int64_t virtual_ns = 0;

  bool passed() const {
    return problems.empty() &&
           std::all_of(found.begin(), found.end(), [](const Found& one) { return one.met; });
  }
};

/// A test of a promotion: a plan for each environment, and what happened in each that was entered.
Tested run_promotion(Compilation& compilation, Tested tested, const plan::TestCase& test) {
  std::vector<plan::Plan> plans;
  for (const plan::Stage& stage : test.stages) {
    std::optional<plan::Plan> plan = plan::make_plan(*compilation.program, plan::request_of(test, stage),
                                                     compilation.sources, compilation.diagnostics);
    if (!plan) {
      tested.problems.push_back(fmt::format("no plan could be made for {}; see above", stage.environment));
      return tested;
    }
    plans.push_back(std::move(*plan));
  }
  sim::PromotionScript script = script_of(std::move(plans), test);
  sim::PromotionResult result = sim::simulate_promotion(script);
  tested.found = hold_against(script, test, result);
  for (const std::string& violation : result.violations) tested.problems.push_back("a bug in rollout: " + violation);
  tested.virtual_ns = result.run_ns;
  tested.timeline = promotion_timeline(script, result, Style{false, true, 100});
  return tested;
}

Tested run_one(Compilation& compilation, const std::string& file, const plan::TestCase& test) {
  if (!test.stages.empty()) return run_promotion(compilation, {file, test.name, test.place, {}, {}, {}, 0}, test);
  Tested tested{file, test.name, test.place, {}, {}, {}, 0};
  std::optional<plan::Plan> plan =
      plan::make_plan(*compilation.program, test.request, compilation.sources, compilation.diagnostics);
  if (!plan) {
    tested.problems.push_back("no plan could be made; see above");
    return tested;
  }
  if (test.start_wall_ns)
    if (std::optional<std::string> forbidden = forbidden_text(*plan, *test.start_wall_ns)) {
      tested.problems.push_back("the run cannot begin: " + *forbidden);
      return tested;
    }
  sim::SimResult result = sim::run_simulation(*plan, scenario_of(*plan, test));
  tested.found = hold_against(*plan, test, result);
  for (const std::string& violation : result.violations)
    tested.problems.push_back("a bug in rollout: " + violation);
  tested.virtual_ns = result.run_ns;
  RunLog log(*plan);
  for (const journal::Event& event : result.events) log.add(event);
  tested.timeline = timeline_text(log, Style{false, true, 100});
  return tested;
}

void print_text(const Context& context, const Tested& tested) {
  const Style& style = context.style;
  if (tested.passed()) {
    if (!context.quiet)
      context.out(fmt::format("{}  {}: {} ({})\n", style.good("pass"), tested.file, tested.name,
                              short_duration(tested.virtual_ns)));
    if (context.verbose) context.out(tested.timeline);
    return;
  }
  context.out(fmt::format("{}  {}: {}\n", style.bad("FAIL"), tested.file, tested.name));
  for (const std::string& problem : tested.problems) context.out(fmt::format("      {}\n", problem));
  for (const Found& found : tested.found) {
    if (found.met) continue;
    context.out(fmt::format("      expected  {}\n      actual    {}\n", found.expected, found.actual));
  }
  if (!tested.timeline.empty()) context.out(fmt::format("    what happened\n{}", tested.timeline));
  context.out(fmt::format("    the same again: rollout test {}\n", tested.file));
}

std::string xml(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += uint8_t(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string failure_text(const Tested& tested) {
  std::string out;
  for (const std::string& problem : tested.problems) out += problem + "\n";
  for (const Found& found : tested.found)
    if (!found.met) out += fmt::format("expected {}\nactual   {}\n", found.expected, found.actual);
  return out;
}

std::string junit(const std::vector<Tested>& all, size_t failed) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuite name=\"rollout\" tests=\"{}\" failures=\"{}\">\n", all.size(), failed);
  for (const Tested& tested : all) {
    out += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", xml(tested.file),
                       xml(tested.name), double(tested.virtual_ns) / double(eval::ns_per_s));
    if (tested.passed()) out += "/>\n";
    else
      out += fmt::format(">\n    <failure message=\"expectation not met\">{}\n{}</failure>\n  </testcase>\n",
                         xml(failure_text(tested)), xml(tested.timeline));
  }
  return out + "</testsuite>\n";
}

std::string as_json(const std::vector<Tested>& all, size_t failed) {
  json::Writer json;
  json.begin_object()
      .field("version", 1)
      .field("type", "tests")
      .field("tests", uint64_t(all.size()))
      .field("failed", uint64_t(failed));
  json.key("results").begin_array();
  for (const Tested& tested : all) {
    json.begin_object().field("file", tested.file).field("name", tested.name).field("place", tested.place);
    json.field("passed", tested.passed())
        .field("virtual_ns", tested.virtual_ns)
        .key("expectations")
        .begin_array();
    for (const Found& found : tested.found)
      json.begin_object()
          .field("met", found.met)
          .field("expected", found.expected)
          .field("actual", found.actual)
          .end_object();
    json.end_array().key("problems").begin_array();
    for (const std::string& problem : tested.problems) json.value(problem);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace

int cmd_test(const Context& context) {
  std::vector<std::string> named = context.args.positional;
  if (named.empty()) named.push_back(".");
  Result<std::vector<std::string>> files = rollout_files(context.env.directory, named);
  if (!files) return context.fail(Usage, files.error().message);
  bool text = context.format == "text";
  Timings timings(context);
  Report report(context);
  std::vector<Tested> all;
  for (const std::string& file : *files) {
    Result<Place> place = place_of(context.env.directory, file);
    if (!place) return context.fail(Usage, place.error().message);
    std::unique_ptr<Compilation> compilation = compile_file(*place, context.env.directory, timings);
    std::vector<plan::TestCase> cases;
    if (!compilation->diagnostics.has_errors())
      cases = plan::test_cases(*compilation->program, compilation->sources, compilation->diagnostics);
    for (const plan::TestCase& test : cases) {
      all.push_back(run_one(*compilation, file, test));
      if (text) print_text(context, all.back());
    }
    report.add(*compilation);
  }
  size_t failed =
      size_t(std::count_if(all.begin(), all.end(), [](const Tested& one) { return !one.passed(); }));
  if (report.errors() > 0) {
    report.finish();
    return FileErrors;
  }
  if (context.json()) context.out(as_json(all, failed));
  else if (context.format == "junit") context.out(junit(all, failed));
  else if (all.empty() && !context.quiet)
    context.out(fmt::format("there are no tests in {}; one is written as `test \"a good version arrives\" {{ … }}`\n",
                            files->size() == 1 ? files->front() : count_of(files->size(), "file")));
  else if (!context.quiet || failed > 0)
    context.out(fmt::format("{}, {}\n", count_of(all.size() - failed, "test") + " passed",
                            failed == 0 ? "none failed" : fmt::format("{} failed", failed)));
  return failed == 0 ? Ok : FileErrors;
}

}  // namespace rollout::cli
