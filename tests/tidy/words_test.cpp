// Words that do not occur, each with what to write instead.
#include <algorithm>
#include <filesystem>
#include <regex>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace rollout::tidy {

namespace {

struct Banned {
  std::string_view word;
  std::string_view instead;
  std::vector<std::string_view> except;  ///< files or folders, each with its reason beside it
};

/// In C++ code; comments and literals do not count.
const std::vector<Banned>& banned_code() {
  static const std::vector<Banned> table = {
      {"using namespace", "name what you use", {}},
      {"std::cout", "fmt::print, or the views of runtime/cli", {}},
      {"std::cerr", "fmt::print(stderr, ...)", {}},
      {"std::endl", "'\\n'", {}},
      {"shared_ptr", "one owner, and references or ids for the others", {}},
      {"system(", "an argument vector: runtime/effects/process.h", {}},
      {"popen(", "an argument vector: runtime/effects/process.h", {}},
      {"throw",
       "Result for the environment, Diagnostics for the user's files, ROLLOUT_CHECK for bugs",
       {"compiler/syntax/",               // ANTLR's error strategy works by throwing; parse.cpp catches
        "compiler/base/diagnostics.h"}},  // in a consteval constructor: it is a compile error, never thrown
      {"catch", "Result; only the parser's edge catches", {"compiler/syntax/", "tests/"}},
      {"dynamic_cast", "a kind and llvm::dyn_cast",
       {"compiler/syntax/", "tests/syntax/"}},  // ANTLR's contexts have no kinds
      {"std::thread", "outstanding work on the one loop",
       {"examples/", "tests/",                // programs of their own
        "runtime/effects/at_once.cpp"}},      // threads to wait in; one at a time runs our code
      {"std::async", "outstanding work on the one loop", {}},
      {"std::mutex", "one thread needs none", {"examples/", "tests/", "runtime/effects/at_once.cpp"}},
      {"assert(", "ROLLOUT_CHECK, which is on in every build", {}},
      {"strcpy", "std::string", {}},
      {"sprintf", "fmt::format", {}},
      {"atoi", "std::from_chars", {}},
      {"rand()", "a seeded generator that was handed in", {}},
      {"getenv(",
       "the Env that runtime/cli was given",
       {"runtime/effects/", "runtime/cli/main.cpp", "examples/"}},
  };
  return table;
}

/// A debt is paid or recorded where it will be found; in any text file.
constexpr std::string_view unfinished[] = {"TODO", "FIXME", "XXX", "HACK"};

bool is_exempt(const File& file, const Banned& banned) {
  return std::any_of(banned.except.begin(), banned.except.end(),
                     [&](std::string_view place) { return file.in(place); });
}

bool is_this_file(const File& file) { return file.path == "tests/tidy/words_test.cpp"; }
bool is_foreign(const File& file) { return file.in("tests/bench/perf/") || file.path == "LICENSE"; }

/// The folders beside this checkout: a text that names one was written for one machine.
std::vector<std::string> neighbours() {
  namespace fs = std::filesystem;
  std::vector<std::string> paths{ROLLOUT_SOURCE_DIR};
  std::error_code ignored;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(ROLLOUT_SOURCE_DIR).parent_path(), ignored))
    if (entry.path().string().size() > 6) paths.push_back(entry.path().string());
  return paths;
}

}  // namespace

TEST_CASE("banned words do not occur in code") {
  Complaints complaints;
  for (const File& file : tree()) {
    if (!file.is_cpp() || is_foreign(file)) continue;
    for (const Banned& banned : banned_code()) {
      if (is_exempt(file, banned)) continue;
      for (size_t i = 0; i < file.code.size(); ++i)
        if (has_word(file.code[i], banned.word))
          complaints.add(file, i + 1,
                         fmt::format("`{}` is not used here; instead: {}", banned.word, banned.instead));
    }
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("nothing is left to be finished later") {
  Complaints complaints;
  for (const File& file : tree()) {
    if (is_this_file(file) || is_foreign(file)) continue;
    for (size_t i = 0; i < file.lines.size(); ++i)
      for (std::string_view word : unfinished)
        if (has_word(file.lines[i], word))
          complaints.add(file, i + 1, fmt::format("`{}`: finish it, or say in docs/decisions why not", word));
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("no global can change") {
  static const std::regex global(
      R"(^(?:static|inline|thread_local) (?!constexpr|const\b|consteval)[\w:<>,\* ]+ \w+(?: =|;|\{))");
  Complaints complaints;
  for (const File& file : tree()) {
    if (!file.is_cpp() || is_foreign(file) || !(file.in("compiler/") || file.in("runtime/"))) continue;
    for (size_t i = 0; i < file.code.size(); ++i)
      if (std::regex_search(file.code[i], global))
        complaints.add(file, i + 1, "a global that can change: hand it in, or make it constexpr");
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("no text depends on the machine or the people it was written by") {
  static const std::regex address(
      R"([A-Za-z0-9._-]+@(?!example\.)[A-Za-z0-9.-]+\.(com|org|net|io|dev|edu|gov)\b)");
  std::vector<std::string> machine = neighbours();
  Complaints complaints;
  for (const File& file : tree()) {
    if (is_foreign(file)) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      for (const std::string& path : machine)
        if (has_word(line, path))
          complaints.add(file, i + 1,
                         fmt::format("`{}` exists on one machine only: use a relative path", path));
      if (line.find('@') != std::string::npos && std::regex_search(line, address))
        complaints.add(file, i + 1, "an address of a person: name a role instead");
    }
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("lines end where their text ends") {
  Complaints complaints;
  for (const File& file : tree()) {
    bool counts = file.is_cpp() || file.ends(".md") || file.ends("CMakeLists.txt") || file.ends(".cmake") ||
                  file.ends(".g4") || file.ends(".def");
    if (!counts || is_foreign(file)) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      if (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r'))
        complaints.add(file, i + 1, "white space at the end: remove it");
      if (file.is_cpp() && line.starts_with('\t')) complaints.add(file, i + 1, "a tab: indent with two spaces");
    }
  }
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
