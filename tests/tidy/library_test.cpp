// What the standard library promises of each of its declarations: a comment with all parameters, an example, a test.
#include <algorithm>
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace rollout::tidy {

namespace {

struct Declared {
  const File* file;
  size_t line;  ///< from 0
  std::string word, name, doc;
  std::string header;  ///< from the word to the end of the parameters
};

std::string doc_above(const File& file, size_t line) {
  std::string doc;
  while (line > 0 && file.lines[line - 1].starts_with("///")) doc = file.lines[--line] + "\n" + doc;
  return doc;
}

/// All that users can import; the layout begins each at the margin.
std::vector<Declared> library() {
  static const std::regex begins(R"(^(strategy|gate|policy|func|record|enum|backend|capability) (\w+).*)");
  std::vector<Declared> all;
  for (const File& file : tree()) {
    if (!file.in("stdlib/") || !file.ends(".rollout")) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_match(file.lines[i], match, begins)) continue;
      Declared declared{&file, i, match[1], match[2], doc_above(file, i), {}};
      declared.header = file.lines[i];
      if (file.lines[i].ends_with('('))
        for (size_t end = i + 1; end < file.lines.size() && !file.lines[end].starts_with(")"); ++end)
          declared.header += file.lines[end] + " ";
      all.push_back(declared);
    }
  }
  return all;
}

bool names_its_file(const Declared& declared) {
  return declared.file->path.ends_with("/" + declared.name + ".rollout");
}

/// A thing to be called: it has parameters, an example and a test.
bool is_called(const Declared& declared) {
  return declared.word == "strategy" || declared.word == "gate" || declared.word == "policy" ||
         (declared.word == "func" && names_its_file(declared));
}

/// Parameters whose type says all: what is released, judged or held to a policy.
bool needs_no_words(const std::string& type) {
  return type == "Service" || type == "Image" || type == "Rollout" || type == "Flag" || type == "Database";
}

/// A program of the golden tests that uses it, and says what must come of that.
bool is_tested(const std::string& name) {
  return std::any_of(tree().begin(), tree().end(), [&](const File& file) {
    if (!file.ends(".rollout") || !(file.in("tests/golden/test/") || file.in("tests/golden/check/policies/")))
      return false;
    bool used = false, says = file.in("tests/golden/check/policies/");
    for (const std::string& line : file.lines) {
      used |= has_word(line, name) && !line.starts_with("import") && !line.starts_with("//");
      says |= line.starts_with("test \"");
    }
    return used && says;
  });
}

}  // namespace

TEST_CASE("what the library declares is explained") {
  Complaints complaints;
  std::vector<Declared> all = library();
  CHECK(all.size() > 60);
  for (const Declared& declared : all)
    if (declared.doc.empty())
      complaints.add(*declared.file, declared.line + 1, "say what it is for in a `///` comment above it");
  TIDY_REQUIRE(complaints);
}

TEST_CASE("what the library offers has an example, and words for its parameters") {
  static const std::regex parameter(R"((?:\(|, |^ +| +)(\w+): (\w+))");
  Complaints complaints;
  for (const Declared& declared : library()) {
    if (!is_called(declared)) continue;
    if (declared.doc.find("```rollout") == std::string::npos)
      complaints.add(*declared.file, declared.line + 1, "its comment has no example: add one");
    for (std::sregex_iterator it(declared.header.begin(), declared.header.end(), parameter), end; it != end; ++it)
      if (!needs_no_words(it->str(2)) && declared.doc.find("`" + it->str(1) + "`") == std::string::npos)
        complaints.add(*declared.file, declared.line + 1,
                       fmt::format("its comment does not say what `{}` is: its unit, its range", it->str(1)));
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("the library's page names all that it offers") {
  auto page = std::find_if(tree().begin(), tree().end(),
                           [](const File& file) { return file.path == "docs/language/library.md"; });
  REQUIRE(page != tree().end());
  Complaints complaints;
  for (const Declared& declared : library()) {
    if (!names_its_file(declared) && declared.word != "capability") continue;
    auto names = [&](const std::string& line) { return line.find("`" + declared.name) != std::string::npos; };
    if (!std::any_of(page->lines.begin(), page->lines.end(), names))
      complaints.add(*page, 0, fmt::format("add `{}` to its table", declared.name));
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("what the library offers has a test in the language") {
  Complaints complaints;
  for (const Declared& declared : library())
    if (is_called(declared) && !is_tested(declared.name))
      complaints.add(*declared.file, declared.line + 1,
                     fmt::format("no program below tests/golden/test uses `{}`: add one that says what comes of it",
                                 declared.name));
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
