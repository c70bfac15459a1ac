// Documents name only what exists, and every example explains itself.
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace fs = std::filesystem;

namespace rollout::tidy {

namespace {

/// Paths that exist only after building or running.
constexpr std::string_view made_later[] = {"build", "state", "run", "node_modules"};

bool is_document(const File& file) { return file.ends(".md") && !file.in("tests/bench/perf/"); }

bool is_made_later(const fs::path& path) {
  for (const fs::path& part : path)
    for (std::string_view name : made_later)
      if (part == name) return true;
  return false;
}

/// `target` as seen from the folder of `document`.
bool link_exists(const File& document, std::string target) {
  target = target.substr(0, target.find('#'));
  if (target.empty()) return true;
  fs::path path =
      target.starts_with('/') ? fs::path(target.substr(1)) : fs::path(document.path).parent_path() / target;
  return is_made_later(path) || exists(path.lexically_normal().generic_string());
}

/// The folders and files at the root: a word that starts with one of them is a path.
std::set<std::string> top_level() {
  std::set<std::string> names;
  for (const File& file : tree()) names.insert(file.path.substr(0, file.path.find('/')));
  return names;
}

/// True when `word` is written as a path below the root; placeholders and patterns are not paths.
bool is_path(const std::string& word, const std::set<std::string>& top) {
  size_t slash = word.find('/');
  if (slash == std::string::npos || word.find_first_of("<>*${}…|\"=(") != std::string::npos) return false;
  return top.contains(word.substr(0, slash));
}

}  // namespace

TEST_CASE("links in documents lead somewhere") {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  Complaints complaints;
  for (const File& file : tree()) {
    if (!is_document(file)) continue;
    bool in_code = false;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      if (file.lines[i].starts_with("```")) in_code = !in_code;
      if (in_code) continue;
      for (std::sregex_iterator it(file.lines[i].begin(), file.lines[i].end(), link), end; it != end; ++it) {
        std::string target = (*it)[1];
        bool outside = target.find("://") != std::string::npos || target.starts_with("mailto:");
        if (!outside && !link_exists(file, target))
          complaints.add(file, i + 1,
                         fmt::format("the link to `{}` leads nowhere: correct or remove it", target));
      }
    }
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("paths in documents exist") {
  static const std::regex word(R"([^\s`'",;:()\[\]]+)");
  std::set<std::string> top = top_level();
  Complaints complaints;
  for (const File& file : tree()) {
    if (!is_document(file)) continue;
    for (size_t i = 0; i < file.lines.size(); ++i)
      for (std::sregex_iterator it(file.lines[i].begin(), file.lines[i].end(), word), end; it != end; ++it) {
        std::string path = it->str();
        if (path.starts_with("./")) path.erase(0, 2);
        while (path.ends_with('.') || path.ends_with('/') || path.ends_with('!') || path.ends_with('?'))
          path.pop_back();
        // `rollout fmt a/b` in a folder of its own is not about this tree unless it names a folder of ours.
        if (!is_path(path, top) || is_made_later(path)) continue;
        bool here = exists(path) || exists((fs::path(file.path).parent_path() / path).generic_string());
        if (!here) complaints.add(file, i + 1, fmt::format("`{}` does not exist: name what is there", path));
      }
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("tests that documents name are there") {
  static const std::regex named(R"(`(tests/[^`]+\.cpp)`: \*([^*]+)\*)");
  std::map<std::string, std::string> texts;
  for (const File& file : tree())
    if (file.in("tests/"))
      for (const std::string& line : file.lines) texts[file.path] += line + "\n";
  Complaints complaints;
  size_t seen = 0;
  for (const File& file : tree()) {
    if (!is_document(file)) continue;
    for (size_t i = 0; i < file.lines.size(); ++i)
      for (std::sregex_iterator it(file.lines[i].begin(), file.lines[i].end(), named), end; it != end; ++it, ++seen)
        if (texts[it->str(1)].find(fmt::format("TEST_CASE(\"{}\"", it->str(2))) == std::string::npos)
          complaints.add(file, i + 1, fmt::format("{} has no case `{}`: name what is there", it->str(1), it->str(2)));
  }
  CHECK(seen > 10);
  TIDY_REQUIRE(complaints);
}

TEST_CASE("every example has a README.md") {
  std::set<std::string> folders;
  for (const File& file : tree())
    if (size_t slash = file.path.find('/', 9); file.in("examples/") && slash != std::string::npos)
      folders.insert(file.path.substr(0, slash));
  Complaints complaints;
  for (const std::string& folder : folders)
    if (!exists(folder + "/README.md"))
      complaints.add(fmt::format("{}: add a README.md: what it shows, how to run it, what one sees", folder));
  TIDY_REQUIRE(complaints);
}

TEST_CASE("decision records say what was rejected") {
  Complaints complaints;
  for (const File& file : tree()) {
    if (!file.in("docs/decisions/") || !file.ends(".md") || file.ends("README.md")) continue;
    bool says = false;
    for (const std::string& line : file.lines) says |= line.find("eject") != std::string::npos;
    if (!says) complaints.add(file, 0, "a decision record says what was rejected, and why");
    if (file.lines.size() > 60) complaints.add(file, 0, "a decision record is one page: at most 60 lines");
  }
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
