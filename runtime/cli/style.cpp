#include "runtime/cli/style.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/base/visible.h"
#include "compiler/eval/value.h"
#include "runtime/effects/console.h"

namespace rollout::cli {

using eval::ns_per_ms;
using eval::ns_per_s;

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (!color || text.empty()) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

std::string_view Style::level(int64_t share_ppb) const {
  static constexpr std::array<std::string_view, 8> blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 8> letters = {".", ".", ":", "-", "=", "+", "*", "#"};
  if (share_ppb <= 0) return unicode ? "·" : " ";
  size_t index =
      size_t(std::clamp<int64_t>((share_ppb * 8 + eval::percent_all - 1) / eval::percent_all - 1, 0, 7));
  return (unicode ? blocks : letters)[index];
}

std::string shown(std::string_view text) {
  constexpr std::string_view begin = "\033[";
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(text.find(begin), text.size());
    out += visible(text.substr(0, end));
    text.remove_prefix(end);
    if (text.empty()) break;
    size_t taken = begin.size();
    bool ours = false;
    for (std::string_view code : {"0m", "1m", "2m", "32m", "33m", "36m", "1;31m", "1;33m", "1;34m"}) {
      if (!text.substr(begin.size()).starts_with(code)) continue;
      taken += code.size();
      ours = true;
    }
    out += ours ? std::string(text.substr(0, taken)) : visible(text.substr(0, taken));
    text.remove_prefix(taken);
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out;
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n')) {
    out += text.substr(0, at);
    out += fmt::format("<{}>", code_point_text('\n'));
    text.remove_prefix(at + 1);
  }
  return out += text;
}

std::vector<Cell> cells_of(std::string_view text) {
  std::vector<Cell> cells;
  std::string_view color;
  while (!text.empty()) {
    bool escape = text[0] == '\033';
    uint8_t lead = uint8_t(text[0]);
    size_t bytes = escape ? std::min(text.find('m'), text.size() - 1) + 1 : 1;
    uint32_t code = lead < 0x80 ? lead : lead & (lead >= 0xF0 ? 0x07u : lead >= 0xE0 ? 0x0Fu : 0x1Fu);
    for (; !escape && bytes < text.size() && (uint8_t(text[bytes]) & 0xC0) == 0x80; ++bytes)
      code = code << 6 | (uint8_t(text[bytes]) & 0x3Fu);
    std::string_view taken = text.substr(0, bytes);
    if (!escape) cells.push_back({taken, color, size_t(effects::columns_of(code))});
    else color = taken == "\033[0m" ? std::string_view() : taken;
    text.remove_prefix(bytes);
  }
  return cells;
}

size_t width_of(std::string_view text) {
  bool plain = std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0x80 && c != '\033'; });
  if (plain) return text.size();
  size_t width = 0;
  for (const Cell& cell : cells_of(text)) width += cell.columns;
  return width;
}

std::string repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string left(std::string_view text, size_t width) {
  size_t own = width_of(text);
  return std::string(text) + std::string(own < width ? width - own : 0, ' ');
}

std::string right(std::string_view text, size_t width) {
  size_t own = width_of(text);
  return std::string(own < width ? width - own : 0, ' ') + std::string(text);
}

std::string cut(std::string_view text, size_t width, const Style& style) {
  if (width_of(text) <= width) return std::string(text);
  size_t keep = width - std::min(width, width_of(style.dots()));
  size_t columns = 0;
  std::string out;
  for (const Cell& cell : cells_of(text)) {
    columns += cell.columns;
    if (columns > keep) break;
    out += cell.bytes;
  }
  return out += style.dots();
}

std::vector<std::string> wrap(std::string_view text, size_t width) {
  const std::string line = one_line(text);
  text = line;
  std::vector<std::string> lines;
  size_t space = 0;  // spaces before the next word, kept within a line
  while (true) {
    size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return lines;
    space = begin;
    text.remove_prefix(begin);
    size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    bool fits = !lines.empty() && width_of(lines.back()) + space + width_of(word) <= width;
    if (!fits) lines.emplace_back(word);
    else lines.back().append(space, ' ').append(word);
    text.remove_prefix(end);
  }
}

std::string count_of(uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string short_duration(int64_t ns) {
  if (ns < 0) return "0s";
  if (ns < ns_per_s) return fmt::format("{}ms", ns / ns_per_ms);
  if (ns < 60 * ns_per_s) return fmt::format("{}.{}s", ns / ns_per_s, ns % ns_per_s / (100 * ns_per_ms));
  int64_t seconds = ns / ns_per_s;
  if (seconds < 3600) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{}m", seconds / 3600, seconds % 3600 / 60);
}

std::string clock_text(int64_t ns, int64_t longest_ns) {
  int64_t seconds = std::max<int64_t>(ns, 0) / ns_per_s;
  if (std::max(ns, longest_ns) < 3600 * ns_per_s) return fmt::format("{:02}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60);
}

std::string short_percent(double ppb) {
  double percent = ppb / double(eval::percent_one);
  if (percent == 0 || percent >= 99.995) return fmt::format("{:.0f}%", percent);
  return percent < 1 ? fmt::format("{:.2f}%", percent) : fmt::format("{:.1f}%", percent);
}

}  // namespace rollout::cli
