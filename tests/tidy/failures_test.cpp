// docs/failures.md and docs/hostile-input.md keep what they promise: each of the sixty failures and each class of
// hostile input has its row, and each row its test.
#include <map>
#include <regex>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace rollout::tidy {

namespace {

constexpr int failures = 60;
constexpr std::string_view page = "docs/failures.md", scenarios = "tests/sim/scenarios/";

}  // namespace

TEST_CASE("every failure has a row, and every row a test") {
  static const std::regex row(R"re(^\| RF-(\d\d) \| [SL] \| [^|]+ \|([^|]*)\|([^|]*)\|$)re");
  static const std::regex named(R"re(`tests/[^`]+`)re");
  static const std::regex scenario(R"re(^TEST_CASE\("RF-(\d\d) ([^"]+)")re");
  Complaints complaints;
  std::map<int, std::string> rows;
  std::map<int, std::vector<std::string>> cases;
  for (const File& file : tree())
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (file.path == page && std::regex_search(file.lines[i], match, row)) {
        if (!rows.emplace(std::stoi(match[1]), match[2]).second) complaints.add(file, i + 1, "it has a row already");
        if (!std::regex_search(match[2].first, match[2].second, named))
          complaints.add(file, i + 1, "no test shows it: name one, or write one");
      }
      if (!file.in(scenarios) || !file.lines[i].starts_with("TEST_CASE")) continue;
      if (!std::regex_search(file.lines[i], match, scenario))
        complaints.add(file, i + 1, "a scenario begins with the failure that it is of: `RF-07 killed …`");
      else cases[std::stoi(match[1])].push_back(fmt::format("RF-{} {}", match[1].str(), match[2].str()));
    }
  for (int number = 1; number <= failures; ++number) {
    if (!rows.contains(number)) complaints.add(fmt::format("{}: RF-{:02} has no row", page, number));
    if (!cases.contains(number)) continue;
    for (const std::string& name : cases[number])
      if (rows[number].find(name) == std::string::npos)
        complaints.add(fmt::format("{}: the row of RF-{:02} does not name `{}`", page, number, name));
  }
  CHECK(cases.size() > 40);
  TIDY_REQUIRE(complaints);
}

TEST_CASE("every class of hostile input has a row, and every row a test") {
  constexpr int classes = 28;
  static const std::regex row(R"re(^\| (HI-\d\d(?:, HI-\d\d)*) \|.*\| ([^|]*) \|$)re");
  static const std::regex shown(R"re(`(?:tests|grammar)/[^`]+`)re");
  Complaints complaints;
  std::set<std::string> rows;
  for (const File& file : tree())
    for (size_t i = 0; i < file.lines.size(); ++i) {
      if (file.path != "docs/hostile-input.md" || !file.lines[i].starts_with("| HI-")) continue;
      std::smatch match;
      if (!std::regex_search(file.lines[i], match, row) || !std::regex_search(match[2].first, match[2].second, shown)) {
        complaints.add(file, i + 1, "no test shows it: name one, or write one");
        continue;
      }
      std::string numbers = match[1];
      constexpr size_t length = 5, apart = 7;  // `HI-05`, and with `, ` behind it
      for (size_t at = 0; at < numbers.size(); at += apart) rows.insert(numbers.substr(at, length));
    }
  for (int number = 1; number <= classes; ++number)
    if (!rows.contains(fmt::format("HI-{:02}", number)))
      complaints.add(fmt::format("docs/hostile-input.md: HI-{:02} has no row", number));
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
