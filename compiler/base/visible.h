// Text that comes from outside as people are shown it: what a terminal would obey, or nobody would see, is written
// out. For the messages of the compiler and everything else that the command line prints.
// Always true: what `visible` gives is UTF-8, and nothing in it moves the cursor, changes a colour or turns the
// direction of text around (CVE-2021-42574, CVE-2021-25743).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollout {

/// A control character other than a line break or a tab, a mark that turns the direction of text around, or a
/// character without any width.
struct Hidden {
  size_t at = 0;      ///< bytes from the beginning of the text
  size_t bytes = 0;
  uint32_t code = 0;  ///< its code point
};

/// The first one at or behind `from`. Bytes that are not UTF-8 count as characters of their own, above U+10FFFF.
std::optional<Hidden> find_hidden(std::string_view text, size_t from = 0);

/// `U+202E`; `0xFF` for a byte that is not UTF-8.
std::string code_point_text(uint32_t code);

/// `text` with each of them as `<U+202E>`.
std::string visible(std::string_view text);

/// What a message quotes of a longer text: the first bytes that are whole characters, and `…`.
inline constexpr size_t max_quoted_bytes = 200;
std::string shortened(std::string_view text);

/// What is quoted of an answer: in one line, with blanks for line breaks and control characters, and shortened.
std::string quoted_of(std::string_view text);

}  // namespace rollout
