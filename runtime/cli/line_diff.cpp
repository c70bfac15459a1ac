#include "runtime/cli/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace rollout::cli {

namespace {

constexpr size_t context_lines = 2;
/// Beyond this the middle that differs is shown as one replacement: the exact way would take too long.
constexpr size_t max_cells = 4'000'000;

struct Edit {
  char kind;  ///< ' ', '-' or '+'
  std::string_view line;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

using Lines = std::vector<std::string_view>;

/// The longest common subsequence of the middles [from, a_end) and [from, b_end).
void middle_edits(const Lines& a, const Lines& b, size_t from, size_t a_end, size_t b_end,
                  std::vector<Edit>& edits) {
  size_t rows = a_end - from, columns = b_end - from;
  if (rows * columns > max_cells) rows = columns = 0;
  std::vector<uint32_t> best((rows + 1) * (columns + 1), 0);
  auto at = [&](size_t i, size_t j) -> uint32_t& { return best[i * (columns + 1) + j]; };
  for (size_t i = rows; i-- > 0;)
    for (size_t j = columns; j-- > 0;)
      at(i, j) = a[from + i] == b[from + j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
  size_t i = 0, j = 0;
  while (i < rows && j < columns) {
    if (a[from + i] == b[from + j]) edits.push_back({' ', a[from + i]}), ++i, ++j;
    else if (at(i + 1, j) >= at(i, j + 1)) edits.push_back({'-', a[from + i++]});
    else edits.push_back({'+', b[from + j++]});
  }
  for (; from + i < a_end; ++i) edits.push_back({'-', a[from + i]});
  for (; from + j < b_end; ++j) edits.push_back({'+', b[from + j]});
}

std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
  size_t begin = 0, a_end = a.size(), b_end = b.size();
  while (begin < a_end && begin < b_end && a[begin] == b[begin]) ++begin;
  while (a_end > begin && b_end > begin && a[a_end - 1] == b[b_end - 1]) --a_end, --b_end;
  std::vector<Edit> edits;
  for (size_t i = 0; i < begin; ++i) edits.push_back({' ', a[i]});
  middle_edits(a, b, begin, a_end, b_end, edits);
  for (size_t i = a_end; i < a.size(); ++i) edits.push_back({' ', a[i]});
  return edits;
}

}  // namespace

std::string line_diff(std::string_view name, std::string_view before, std::string_view after,
                      const Style& style) {
  std::vector<Edit> edits = edits_of(lines_of(before), lines_of(after));
  std::vector<bool> shown(edits.size(), false);
  for (size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].kind == ' ') continue;
    size_t first = i < context_lines ? 0 : i - context_lines,
           last = std::min(i + context_lines, edits.size() - 1);
    for (size_t k = first; k <= last; ++k) shown[k] = true;
  }
  std::string out = fmt::format("--- {0}\n+++ {0}\n", name);
  size_t line = 1;
  for (size_t i = 0; i < edits.size(); ++i) {
    if (shown[i] && (i == 0 || !shown[i - 1])) out += style.dim(fmt::format("@@ line {} @@", line)) + "\n";
    std::string text = fmt::format("{}{}", edits[i].kind, edits[i].line);
    if (shown[i])
      out += (edits[i].kind == '-' ? style.bad(text) : edits[i].kind == '+' ? style.good(text) : text) + "\n";
    line += edits[i].kind != '+';
  }
  return out;
}

}  // namespace rollout::cli
