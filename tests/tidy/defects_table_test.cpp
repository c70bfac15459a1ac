// The table of defects in docs/proofs.md keeps what it promises: each row has its cases, and they say what it names.
#include <fstream>
#include <iterator>
#include <map>
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace rollout::tidy {

namespace {

constexpr std::string_view page = "docs/proofs.md", golden = "tests/golden/", folder = "tests/golden/check/defects/",
                           section = "## Defects that are seen before a run";

std::string all_of(const File& file) {
  std::string text;
  for (const std::string& line : file.lines) text += line + "\n";
  return text;
}

/// What stands between backquotes.
std::vector<std::string> quoted(const std::string& cell) {
  static const std::regex word(R"(`([^`]+)`)");
  std::vector<std::string> words;
  for (std::sregex_iterator it(cell.begin(), cell.end(), word), end; it != end; ++it) words.push_back((*it)[1]);
  return words;
}

/// The beginning of the paths of a case: without a folder it is one of the defects.
std::string stem_of(const std::string& name) {
  return fmt::format("{}{}", name.find('/') == std::string::npos ? folder : golden, name);
}

}  // namespace

TEST_CASE("every row of the defects has its case, every case its row, and they say what the row names") {
  static const std::regex row(R"(^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$)");
  Complaints complaints;
  std::map<std::string, std::string> outputs;  // by stem
  const File* proofs = nullptr;
  for (const File& file : tree()) {
    if (file.path == page) proofs = &file;
    if (file.in(golden) && file.ends(".out")) outputs[file.path.substr(0, file.path.size() - 4)] = all_of(file);
  }
  REQUIRE(proofs);
  std::map<std::string, int> named;
  bool inside = false;
  for (size_t i = 0; i < proofs->lines.size(); ++i) {
    std::smatch match;
    if (proofs->lines[i].starts_with("## ")) inside = proofs->lines[i] == section;
    if (!inside || !std::regex_match(proofs->lines[i], match, row) || match[1] == "defect") continue;
    if (quoted(match[4]).empty()) complaints.add(*proofs, i + 1, "no case in the language shows this defect");
    std::string said;
    for (const std::string& name : quoted(match[4])) {
      auto output = outputs.find(stem_of(name));
      if (output == outputs.end()) complaints.add(*proofs, i + 1, fmt::format("there is no case `{}`", name));
      else said += output->second, ++named[output->first];
    }
    for (const std::string& code : quoted(match[3]))
      if (code != "not-proven" && exists(fmt::format("docs/diagnostics/{}.md", code)) &&
          said.find(fmt::format("[{}]", code)) == std::string::npos)
        complaints.add(*proofs, i + 1, fmt::format("no case of the row says `{}`", code));
  }
  CHECK(named.size() > 40);
  for (const auto& [stem, output] : outputs)
    if (stem.starts_with(folder) && !named.contains(stem))
      complaints.add(fmt::format("{}: no row of {} names this defect", stem, page));
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
