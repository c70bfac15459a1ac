#include "runtime/backend/sarif.h"

#include <charconv>
#include <map>
#include <string>

#include "compiler/base/json.h"

namespace rollout::backend {
namespace {

using json::Node;

constexpr double worst_score = 10.0;

/// A score as text, which is how scanners write it, or as a number.
double score_of(const Node& rule) {
  const Node& severity = rule["properties"]["security-severity"];
  if (severity.is(Node::Kind::Int) || severity.is(Node::Kind::Double)) return severity.as_double();
  const std::string_view text = severity.as_string();
  double score = worst_score;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
  return error == std::errc() && end == text.data() + text.size() ? score : worst_score;
}

/// What was looked for and not found, or could not be there, is no finding.
bool is_finding(const Node& result) {
  const std::string_view kind = result["kind"].as_string("fail");
  return kind != "pass" && kind != "notApplicable";
}

}  // namespace

Result<int64_t> findings_from(std::string_view report, double least_score) {
  const Result<Node> root = json::parse(report);
  if (!root) return OpError{"the report is no JSON: " + root.error().message};
  const Node& runs = (*root)["runs"];
  if ((*root)["version"].as_string() != "2.1.0" || !runs.is(Node::Kind::Array) || runs.items.empty())
    return OpError{"the report is no SARIF 2.1.0 with runs in it"};
  int64_t count = 0;
  for (const Node& run : runs.items) {
    const Node& results = run["results"];
    // SARIF: without `results` the tool did not get as far as looking.
    if (!results.is(Node::Kind::Array)) return OpError{"the report has a run without results: the scan did not end"};
    std::map<std::string, double, std::less<>> scores;
    for (const Node& rule : run["tool"]["driver"]["rules"].items)
      scores.emplace(std::string(rule["id"].as_string()), score_of(rule));
    for (const Node& result : results.items) {
      const auto known = scores.find(result["ruleId"].as_string());
      const double score = known == scores.end() ? worst_score : known->second;
      count += is_finding(result) && score >= least_score;
    }
  }
  return count;
}

}  // namespace rollout::backend
