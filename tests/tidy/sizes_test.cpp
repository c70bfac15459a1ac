// How big things may be. An exemption names its file, its limit and its reason; the list should shrink.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/tidy/tree.h"

namespace rollout::tidy {

namespace {

constexpr size_t header_lines = 150;
constexpr size_t source_lines = 600;
constexpr size_t function_lines = 70;
constexpr size_t line_columns = 120;

struct Exemption {
  std::string_view path;
  size_t lines;
  std::string_view reason;
};

constexpr Exemption bigger_files[] = {
    {"compiler/plan/plan.h", 320, "the Plan is one value; people read its whole definition at once"},
    {"compiler/plan/build.h", 330, "the state of one planning is one class; each construct adds a line or two"},
    {"compiler/check/values.h", 200, "the state of one check run is one class; each construct adds a line or two"},
    {"compiler/check/context.h", 180, "the other half of that class; each construct adds a line or two"},
    {"compiler/syntax/ast.h", 480, "the tree is one closed set; splitting it would hide which kinds exist"},
    {"compiler/ir/program.h", 230, "the typed program is one closed set, as the tree is"},
    {"runtime/exec/state_parts.h", 160, "every member of a State is named here, and nowhere else"},
    {"runtime/journal/event.h", 300, "the events are one closed, versioned set"},
};

/// Copied from elsewhere, unchanged.
bool is_foreign(const File& file) { return file.in("tests/bench/perf/"); }

size_t limit_of(const File& file) {
  for (const Exemption& exemption : bigger_files)
    if (file.path == exemption.path) return exemption.lines;
  return file.is_header() ? header_lines : source_lines;
}

size_t code_points(std::string_view line) {
  return size_t(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// The line on which the function starts whose closing brace stands alone in column one of line `end`.
size_t start_of(const File& file, size_t end) {
  for (size_t i = end; i-- > 0;) {
    const std::string& line = file.code[i];
    bool outer = !line.empty() && line[0] != ' ' && line[0] != '#' && line[0] != '}' && line[0] != '\t';
    if (outer) return i;
  }
  return end;
}

}  // namespace

TEST_CASE("files are short") {
  Complaints complaints;
  for (const File& file : tree()) {
    if (!file.is_cpp() || is_foreign(file) || file.lines.size() <= limit_of(file)) continue;
    complaints.add(file, 0,
                   fmt::format("{} lines, at most {}: split it by subject", file.lines.size(), limit_of(file)));
  }
  for (const Exemption& exemption : bigger_files)
    if (!exists(exemption.path))
      complaints.add(
          fmt::format("{} does not exist: remove it from `bigger_files` in this rule", exemption.path));
  TIDY_REQUIRE(complaints);
}

TEST_CASE("functions fit a screen") {
  Complaints complaints;
  for (const File& file : tree()) {
    if (!file.is_cpp() || is_foreign(file)) continue;
    for (size_t i = 0; i < file.code.size(); ++i) {
      // Namespaces close with a comment behind the brace, types with a semicolon: what is left are functions.
      if (file.lines[i] != "}") continue;
      size_t start = start_of(file, i);
      if (size_t lines = i - start + 1; lines > function_lines)
        complaints.add(
            file, start + 1,
            fmt::format("a function of {} lines, at most {}: give its parts names", lines, function_lines));
    }
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("lines fit side by side") {
  Complaints complaints;
  for (const File& file : tree()) {
    bool counts = file.is_cpp() || file.ends(".rollout") || file.ends("CMakeLists.txt") ||
                  file.ends(".cmake") || file.ends(".g4");
    // Golden cases may show what happens to long lines.
    if (!counts || is_foreign(file) || file.in("tests/golden/")) continue;
    for (size_t i = 0; i < file.lines.size(); ++i)
      if (size_t columns = code_points(file.lines[i]); columns > line_columns)
        complaints.add(file, i + 1,
                       fmt::format("{} columns, at most {}: break the line", columns, line_columns));
  }
  TIDY_REQUIRE(complaints);
}

TEST_CASE("a header says what it is, and is included once") {
  Complaints complaints;
  for (const File& file : tree()) {
    if (!file.is_header() || is_foreign(file)) continue;
    if (file.lines.empty() || !file.lines[0].starts_with("// "))
      complaints.add(file, 1, "a header starts with a comment: what it is, for whom, what always holds");
    if (std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end())
      complaints.add(file, 1, "add `#pragma once` below the first comment");
  }
  TIDY_REQUIRE(complaints);
}

}  // namespace rollout::tidy
