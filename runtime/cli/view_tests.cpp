#include "runtime/cli/view_tests.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/base/visible.h"

namespace rollout::cli {

namespace {

/// `exposure(checkout) is 7.2s`, `2 * limit is 5s`; of what is not measured what happened instead.
std::vector<std::string> actual_lines(const Found& found) {
  std::vector<std::string> lines;
  bool measured = !found.values.empty() && found.values.front().value == found.actual;
  if (!measured) lines.push_back(found.actual);
  for (const plan::Part& part : found.values) lines.push_back(fmt::format("{} is {}", part.text, part.value));
  if (!found.passed.empty()) lines.front() += ", " + found.passed;
  return lines;
}

/// What is hidden is written out first: behind it nothing is put in any more.
std::string xml(std::string_view text) {
  std::string out;
  for (char c : visible(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string failure_text(const Tested& tested) {
  std::string out;
  for (const std::string& problem : tested.problems) out += problem + "\n";
  for (const Found& found : tested.found) {
    if (found.met) continue;
    out += fmt::format("expected {}\n", found.expected);
    for (const std::string& line : actual_lines(found)) out += fmt::format("actual   {}\n", line);
  }
  return out;
}

/// A line for each thing that turned a run round.
std::string causes_text(const Tested& tested) {
  std::string out;
  for (const Happened& one : tested.happened)
    if (one.cause)
      out += fmt::format("  {}{}{}\n", one.environment, one.environment.empty() ? "" : "  ", one.text);
  return out.empty() ? out : "    why\n" + out;
}

constexpr std::string_view xml_head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string junit_case(const Tested& tested) {
  std::string out = fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", xml(tested.file),
                                xml(tested.name), double(tested.virtual_ns) / double(eval::ns_per_s));
  if (tested.passed()) return out + "/>\n";
  return out + fmt::format(">\n    <failure message=\"{}\">{}\n{}</failure>\n  </testcase>\n",
                           tested.problems.empty() ? "expectation not met" : xml(tested.problems.front()),
                           xml(failure_text(tested)),
                           xml(tested.timeline + causes_text(tested) + tested.difference));
}

void write_found(json::Writer& json, const Found& found) {
  json.begin_object()
      .field("met", found.met)
      .field("expected", found.expected)
      .field("actual", found.actual)
      .key("values")
      .begin_array();
  for (const plan::Part& part : found.values)
    json.begin_object().field("expression", part.text).field("value", part.value).end_object();
  json.end_array().end_object();
}

void write_test(json::Writer& json, const Tested& tested) {
  json.begin_object().field("file", tested.file).field("name", tested.name).field("place", tested.place);
  json.field("passed", tested.passed()).field("virtual_ns", tested.virtual_ns).key("expectations").begin_array();
  for (const Found& found : tested.found) write_found(json, found);
  json.end_array().key("problems").begin_array();
  for (const std::string& problem : tested.problems) json.value(problem);
  json.end_array();
  if (!tested.happened.empty()) {
    json.key("timeline").begin_array();
    for (const Happened& one : tested.happened) {
      json.begin_object().field("at_ns", one.at_ns);
      if (!one.environment.empty()) json.field("environment", one.environment);
      json.field("text", one.text).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace

size_t failed_of(const std::vector<Tested>& all) {
  return size_t(std::count_if(all.begin(), all.end(), [](const Tested& one) { return !one.passed(); }));
}

void print_test(const Context& context, const Tested& tested) {
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
    context.out(fmt::format("      expected  {}\n", found.expected));
    std::string_view head = "actual";
    for (const std::string& line : actual_lines(found))
      context.out(fmt::format("      {:<8}  {}\n", std::exchange(head, ""), line));
  }
  if (!tested.timeline.empty()) context.out(fmt::format("    what happened\n{}", tested.timeline));
  context.out(causes_text(tested) + tested.difference);
  context.out(fmt::format("    the same again: rollout test {}\n", tested.file));
}

std::string tests_junit(const std::vector<Tested>& all) {
  std::string out(xml_head);
  out += fmt::format("<testsuite name=\"rollout\" tests=\"{}\" failures=\"{}\">\n", all.size(), failed_of(all));
  for (const Tested& tested : all) out += junit_case(tested);
  return out + "</testsuite>\n";
}

std::string broken_junit(const std::vector<Tested>& all, const std::vector<Broken>& broken) {
  std::vector<std::string> files;
  auto add = [&](const std::string& file) {
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
  };
  for (const Tested& tested : all) add(tested.file);
  for (const Broken& one : broken) add(one.file);
  std::string out = fmt::format("{}<testsuites>\n", xml_head);
  for (const std::string& file : files) {
    std::string cases;
    size_t tests = 0, failed = 0, errors = 0;
    for (const Tested& tested : all) {
      if (tested.file != file) continue;
      ++tests, failed += tested.passed() ? 0 : 1;
      cases += junit_case(tested);
    }
    for (const Broken& one : broken) {
      if (one.file != file) continue;
      ++tests, ++errors;
      cases += fmt::format("  <testcase classname=\"{0}\" name=\"{0}\">\n    <error message=\"the file has errors\">"
                           "{1}</error>\n  </testcase>\n", xml(file), xml(one.messages));
    }
    out += fmt::format("<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}</testsuite>\n",
                       xml(file), tests, failed, errors, cases);
  }
  return out + "</testsuites>\n";
}

std::string tests_json(const std::vector<Tested>& all, const Coverage* coverage) {
  json::Writer json;
  json.begin_object()
      .field("version", 1)
      .field("type", "tests")
      .field("tests", uint64_t(all.size()))
      .field("failed", uint64_t(failed_of(all)));
  json.key("results").begin_array();
  for (const Tested& tested : all) write_test(json, tested);
  json.end_array();
  if (coverage != nullptr) coverage->write(json);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace rollout::cli
