// The files of this repository as lines, and a place for complaints about them. For the rules beside this file.
// Generated folders (build, state, run, node_modules) are never part of the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace rollout::tidy {

struct File {
  std::string path;  ///< below the root, with forward slashes
  std::vector<std::string> lines;
  std::vector<std::string> code;  ///< the lines of a C++ file, comments and literals blanked

  bool in(std::string_view folder) const { return path.starts_with(folder); }
  bool ends(std::string_view extension) const { return path.ends_with(extension); }
  bool is_header() const { return ends(".h"); }
  bool is_cpp() const { return ends(".cpp") || is_header(); }
};

/// Read once; sorted by path.
const std::vector<File>& tree();

/// True for a file or folder below the root that exists on disk.
bool exists(std::string_view path);

/// Collects what is wrong with a rule's subject, so that one run shows all of it.
class Complaints {
 public:
  /// `what` says what is wrong and what to do. Lines count from 1; 0 means the whole file.
  void add(const File& file, size_t line, std::string_view what);
  void add(std::string_view what) { all_ += std::string(what) + "\n"; }
  /// All complaints, one a line; empty when the rule holds.
  const std::string& text() const { return all_; }

 private:
  std::string all_;
};

/// True when `text` holds `word` and no letter, digit or underscore touches it.
bool has_word(std::string_view text, std::string_view word);

}  // namespace rollout::tidy

/// The end of every rule. Prints the complaints itself: Catch would break their lines.
#define TIDY_REQUIRE(complaints)              \
  if (!(complaints).text().empty()) {         \
    fmt::print("{}", (complaints).text());    \
    FAIL("the rule above is broken, see the lines printed before"); \
  }
