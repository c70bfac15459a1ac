// Every message that a user can see was seen by a test, and nobody invents names beside the registry.
#include <algorithm>
#include <regex>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace rollout::tidy {

namespace {

struct Exemption {
  std::string_view name;
  std::string_view reason;
};

/// Diagnostics that no golden file can show.
constexpr Exemption unseen[] = {
    {"too-large", "a case of that size does not belong into the tree; tests/cli has it"},
    {"already-runs", "only a look at what runs shows it; tests/unit has it"},
    {"not-proven", "the planner refuses such a plan before a proof does; tests/verify has it"},
    {"too-many-files", "a thousand files do not belong into the tree; tests/unit has it"},
};

constexpr std::string_view registry = "compiler/base/diagnostics.def";

/// The declared names, each with its line.
std::vector<std::pair<std::string, size_t>> declared(const File& file) {
  static const std::regex entry(R"re(^DIAG\(\w+, "([a-z0-9-]+)")re");
  std::vector<std::pair<std::string, size_t>> names;
  for (size_t i = 0; i < file.lines.size(); ++i)
    if (std::smatch match; std::regex_search(file.lines[i], match, entry)) names.emplace_back(match[1], i + 1);
  return names;
}

/// Every `[name]` at the end of a line of an expected output.
std::set<std::string> shown() {
  std::set<std::string> names;
  for (const File& file : tree()) {
    if (!file.in("tests/golden/") || !file.ends(".out")) continue;
    for (const std::string& line : file.lines) {
      size_t open = line.rfind('[');
      if (line.ends_with(']') && open != std::string::npos)
        names.insert(line.substr(open + 1, line.size() - open - 2));
      // The JSON form of the same.
      static const std::regex field(R"re("name":"([a-z0-9-]+)","severity")re");
      for (std::sregex_iterator it(line.begin(), line.end(), field), end; it != end; ++it)
        names.insert((*it)[1]);
    }
  }
  return names;
}

bool is_unseen(std::string_view name) {
  return std::any_of(std::begin(unseen), std::end(unseen), [&](const Exemption& e) { return e.name == name; });
}

}  // namespace

TEST_CASE("every diagnostic is shown by a golden file") {
  Complaints complaints;
  std::set<std::string> seen = shown();
  std::set<std::string> all;
  for (const File& file : tree()) {
    if (file.path != registry) continue;
    for (const auto& [name, line] : declared(file)) {
      all.insert(name);
      if (!seen.contains(name) && !is_unseen(name))
        complaints.add(file, line,
                       fmt::format("no case in tests/golden shows `{}`: add one, or remove the message", name));
      if (seen.contains(name) && is_unseen(name))
        complaints.add(file, line,
                       fmt::format("`{}` is shown now: remove it from `unseen` in this rule", name));
    }
  }
  CHECK(all.size() > 5);  // an empty registry would pass everything
  for (const Exemption& e : unseen)
    if (!all.contains(std::string(e.name)))
      complaints.add(fmt::format("`{}` is not declared: remove it from `unseen` in this rule", e.name));
  TIDY_REQUIRE(complaints);
}

TEST_CASE("diagnostics are written as the others are") {
  static const std::regex text(R"re(^DIAG\(\w+, "[a-z0-9-]+", \w+, "(.*)")re");
  Complaints complaints;
  for (const File& file : tree()) {
    if (file.path != registry) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(file.lines[i], match, text)) continue;
      std::string message = match[1].str().substr(0, match[1].str().find("\","));
      if (message.ends_with('.')) complaints.add(file, i + 1, "a message has no full stop");
      bool is_upper = !message.empty() && message[0] >= 'A' && message[0] <= 'Z';
      if (is_upper && message.substr(0, 4) != "JSON")
        complaints.add(file, i + 1, "a message starts in lower case");
      if (std::count(message.begin(), message.end(), '`') % 2)
        complaints.add(file, i + 1, "a backtick is not closed");
    }
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("a message is one short line in the words of the language") {
  constexpr ptrdiff_t longest = 100;
  static const std::regex shown(R"re((error|warning): (.*) \[[a-z0-9-]+\]$)re");
  static const std::regex token(R"re(<EOF>|\b[A-Z]{2,}_[A-Z]+\b|\b(LBRACE|RBRACE|LPAREN|RPAREN|NAME|BAD)\b)re");
  Complaints complaints;
  for (const File& file : tree()) {
    if (!file.in("tests/golden/") || !file.ends(".out")) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(file.lines[i], match, shown)) continue;
      if (match[2].length() > longest)
        complaints.add(file, i + 1, fmt::format("{} characters, at most {}: move a part into a note or help",
                                                match[2].length(), longest));
      if (std::regex_search(match[2].first, match[2].second, token))
        complaints.add(file, i + 1, "the name of a token is a word of ours, not of the reader");
    }
  }
  TIDY_REQUIRE(complaints);
}

// Twenty points of what a good message is: each names the tests that show it. That they are there is what the rules
// about documents check.
TEST_CASE("every point of a good message has a test") {
  static const std::regex row(R"(^\| (\d+) \| [^|]+ \| ([^|]+) \|$)"), test(R"(`tests/[a-z_0-9/.-]+`)");
  constexpr size_t points = 20;
  std::set<size_t> shown;
  Complaints complaints;
  for (const File& file : tree()) {
    if (file.path != "docs/diagnostics/README.md") continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_match(file.lines[i], match, row)) continue;
      shown.insert(std::stoul(match[1]));
      std::string tests = match[2];
      if (!std::regex_search(tests, test)) complaints.add(file, i + 1, "this point names no test: write one");
    }
  }
  CHECK(shown.size() == points);
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
