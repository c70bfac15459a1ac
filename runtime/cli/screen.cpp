#include "runtime/cli/screen.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::cli {

namespace {

constexpr std::string_view erase_line = "\033[2K", erase_below = "\033[J", top_of_window = "\033[H";
constexpr std::string_view no_color = "\033[0m";
constexpr size_t deeper = 2;  ///< how much further in the rest of a long line stands

using Cells = std::vector<Cell>;

/// The cells from `first` up to `end`, with their colours.
std::string text_of(const Cells& cells, size_t first, size_t end) {
  std::string out;
  std::string_view color;
  for (size_t i = first; i < end; ++i) {
    if (cells[i].color != color) {
      if (!color.empty()) out += no_color;
      color = cells[i].color;
      out += color;
    }
    out += cells[i].bytes;
  }
  return color.empty() ? out : out.append(no_color);
}

bool is_space(const Cell& cell) { return cell.bytes == " "; }

/// Where a line that begins at `first` ends: before a word that has no room, else where the room ends.
size_t end_of_line(const Cells& cells, size_t first, size_t room) {
  size_t end = first, used = 0;
  while (end < cells.size() && used + cells[end].columns <= room) used += cells[end++].columns;
  if (end == cells.size()) return end;
  for (size_t at = end; at > first; --at)
    if (is_space(cells[at]) && !is_space(cells[at - 1])) return at;
  return std::max(end, first + 1);
}

void fold(std::string_view line, size_t columns, std::vector<std::string>& out) {
  Cells cells = cells_of(line);
  auto word_behind = [&](size_t at) {
    while (at < cells.size() && is_space(cells[at])) ++at;
    return at;
  };
  const size_t indent = std::min(word_behind(0) + deeper, columns / 2);
  size_t begin = 0, before = 0;  // spaces in front of it that are not of the line
  do {
    size_t end = end_of_line(cells, begin, columns - before);
    out.push_back(std::string(before, ' ') + text_of(cells, begin, end));
    begin = word_behind(end);
    before = indent;
  } while (begin < cells.size());
}

}  // namespace

bool can_redraw(const Env& env) {
  std::string terminal = env.variable("TERM").value_or("");
  return env.terminals.output && !terminal.empty() && terminal != "dumb";
}

std::vector<std::string> folded(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    fold(text.substr(0, end), std::max<size_t>(columns, 2), lines);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> fitted(std::string_view picture, effects::ScreenSize window, const Style& style) {
  std::vector<std::string> lines = folded(picture, size_t(std::max(window.columns, 1)));
  // The cursor rests below them.
  size_t room = size_t(std::max(window.rows - 1, 1));
  if (lines.size() <= room) return lines;
  size_t more = lines.size() - (room - 1);
  lines.resize(room - 1);
  std::string rest = fmt::format("{} {} more line{}", style.dots(), more, more == 1 ? "" : "s");
  lines.push_back(style.dim(cut(rest, size_t(std::max(window.columns, 1)), style)));
  return lines;
}

/// A window of another size has moved what stood in it.
std::string Screen::to_top() const {
  if (drawn_.empty()) return {};
  if (context_.env.screen() != window_) return std::string(top_of_window);
  return fmt::format("\r\033[{}A", drawn_.size());
}

void Screen::draw(std::string_view picture) {
  effects::ScreenSize window = context_.env.screen();
  std::vector<std::string> lines = fitted(shown(picture), window, context_.style);
  if (lines == drawn_ && window == window_) return;
  std::string out = to_top();
  for (const std::string& line : lines) out += fmt::format("{}{}\n", erase_line, line);
  out += erase_below;
  window_ = window;
  drawn_ = std::move(lines);
  context_.env.out(out);
}

void Screen::clear() {
  std::string out = to_top();
  if (!drawn_.empty()) context_.env.out(out.append(erase_below));
  drawn_.clear();
}

}  // namespace rollout::cli
