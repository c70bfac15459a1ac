#include "tests/golden/diff.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace rollout::golden {

namespace {

constexpr size_t context = 3;
constexpr size_t most_lines = 3000;  // the table below is quadratic

struct Edit {
  char mark;  ///< ' ', '-' or '+'
  std::string_view line;
  size_t old_line;  ///< 1-based, of the next line on the old side
  size_t new_line;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < most_lines) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The shortest edit script, by the longest common subsequence.
std::vector<Edit> script(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  std::vector<std::vector<uint16_t>> common(a.size() + 1, std::vector<uint16_t>(b.size() + 1));
  for (size_t i = a.size(); i-- > 0;)
    for (size_t j = b.size(); j-- > 0;)
      common[i][j] =
          a[i] == b[j] ? uint16_t(common[i + 1][j + 1] + 1) : std::max(common[i + 1][j], common[i][j + 1]);
  std::vector<Edit> edits;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      edits.push_back({' ', a[i], i + 1, j + 1});
      ++i, ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      edits.push_back({'-', a[i], i + 1, j + 1});
      ++i;
    } else {
      edits.push_back({'+', b[j], i + 1, j + 1});
      ++j;
    }
  }
  return edits;
}

}  // namespace

std::string unified_diff(std::string_view expected, std::string_view found) {
  std::vector<Edit> edits = script(lines_of(expected), lines_of(found));
  std::string out;
  size_t shown = 0;  // edits before this index are printed or skipped
  for (size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].mark == ' ' || i < shown) continue;
    size_t begin = std::max(shown, i > context ? i - context : 0);
    size_t end = i + 1;
    for (size_t j = i; j < edits.size() && j <= end + 2 * context; ++j)
      if (edits[j].mark != ' ') end = j + 1;
    end = std::min(end + context, edits.size());
    out += fmt::format("@@ -{} +{} @@\n", edits[begin].old_line, edits[begin].new_line);
    for (size_t j = begin; j < end; ++j) out += fmt::format("{}{}\n", edits[j].mark, edits[j].line);
    shown = end;
  }
  return out;
}

}  // namespace rollout::golden
