// Style: how text looks where it is read: with colours or without, with drawn lines or in ASCII. For the views;
// the only place of the command line that knows escape sequences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollout::cli {

struct Style {
  bool color = false;
  bool unicode = true;
  int columns = 100;

  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string good(std::string_view text) const { return paint("32", text); }
  std::string bad(std::string_view text) const { return paint("1;31", text); }
  std::string warn(std::string_view text) const { return paint("33", text); }
  std::string name(std::string_view text) const { return paint("36", text); }

  std::string_view arrow() const { return unicode ? "→" : "->"; }
  std::string_view dot() const { return unicode ? "·" : "-"; }
  std::string_view rule() const { return unicode ? "─" : "-"; }
  std::string_view dots() const { return unicode ? "…" : "..."; }
  std::string_view at_most() const { return unicode ? "≤" : "<="; }
  /// One character whose height is the share: from `▁` for a little to `█` for everything.
  std::string_view level(int64_t share_ppb) const;

 private:
  std::string paint(std::string_view code, std::string_view text) const;
};

/// `text` as `visible` gives it (compiler/base/visible.h), but with the sequences that Style paints.
std::string shown(std::string_view text);

/// `text` as one line: a line break within it, which would begin a line of its own, is written out as `<U+000A>`.
std::string one_line(std::string_view text);

/// A character as a terminal shows it.
struct Cell {
  std::string_view bytes;
  std::string_view color;  ///< the sequence that Style has painted it with; empty: none
  size_t columns = 1;
};
/// Of a text as `shown` gives it, which outlives them.
std::vector<Cell> cells_of(std::string_view text);

/// How many columns `text` takes, not counting escape sequences.
size_t width_of(std::string_view text);
/// `text` filled up with spaces to `width` columns.
std::string left(std::string_view text, size_t width);
std::string right(std::string_view text, size_t width);
/// `text`, or its beginning and dots; without colours where it is cut.
std::string cut(std::string_view text, size_t width, const Style& style);
/// The whole text in lines of at most `width` columns, broken between words; a longer word has a line of its own. It
/// is one text, as `one_line` gives it.
std::vector<std::string> wrap(std::string_view text, size_t width);
std::string repeat(std::string_view text, size_t times);

/// `1 file`, `3 files`.
std::string count_of(uint64_t number, std::string_view noun);
/// A measured duration, short: `420ms`, `3.2s`, `2m10s`, `1h30m`.
std::string short_duration(int64_t ns);
/// A place on a time line: `00:12`, `1:02:03`; with hours also where it is one of a longer line.
std::string clock_text(int64_t ns, int64_t longest_ns = 0);
/// A measured share: `0.31%`, `5.2%`, `100%`.
std::string short_percent(double ppb);

}  // namespace rollout::cli
