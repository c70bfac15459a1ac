#include "compiler/base/visible.h"

#include <fmt/format.h>

namespace rollout {

namespace {

constexpr uint32_t not_utf8 = 0x110000;  ///< and the byte

struct Decoded {
  uint32_t code;
  size_t bytes;
};

/// Of a text that is not empty. What is not UTF-8 is one byte.
Decoded decode(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? uint8_t(text[i]) : uint8_t(0); };
  uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t bytes = lead >= 0xF5 ? 0 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  uint32_t code = bytes == 4 ? lead & 0x07u : bytes == 3 ? lead & 0x0Fu : lead & 0x1Fu;
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {not_utf8 + lead, 1};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  bool surrogate = code >= 0xD800 && code < 0xE000;
  if (bytes == 0 || overlong || surrogate || code >= not_utf8) return {not_utf8 + lead, 1};
  return {code, bytes};
}

// Joiners (U+200C, U+200D) and the first sixteen variation selectors are part of how words and emoji are written. The
// rest: what Unicode calls format, default-ignorable or a blank that is no space.
bool is_hidden(uint32_t code) {
  if (code < 0x20) return code != '\n' && code != '\t';
  auto within = [&](uint32_t first, uint32_t last) { return first <= code && code <= last; };
  return within(0x7F, 0x9F) || code == 0xAD || code == 0x034F || code == 0x061C || within(0x115F, 0x1160) ||
         within(0x17B4, 0x17B5) || code == 0x180E || code == 0x200B || within(0x200E, 0x200F) ||
         within(0x2028, 0x202E) || within(0x2060, 0x206F) || code == 0x2800 || code == 0x3164 || code == 0xFEFF ||
         code == 0xFFA0 || within(0xFFF9, 0xFFFB) || within(0xE0000, 0xE0FFF) || code >= not_utf8;
}

}  // namespace

std::optional<Hidden> find_hidden(std::string_view text, size_t from) {
  while (from < text.size()) {
    uint8_t byte = uint8_t(text[from]);
    if (byte >= 0x20 && byte < 0x7F) {  // nearly all of every text
      ++from;
      continue;
    }
    Decoded character = decode(text.substr(from));
    if (is_hidden(character.code)) return Hidden{from, character.bytes, character.code};
    from += character.bytes;
  }
  return std::nullopt;
}

std::string code_point_text(uint32_t code) {
  return code >= not_utf8 ? fmt::format("0x{:02X}", code - not_utf8) : fmt::format("U+{:04X}", code);
}

std::string visible(std::string_view text) {
  std::string out;
  size_t copied = 0;
  for (auto hidden = find_hidden(text); hidden; hidden = find_hidden(text, copied)) {
    out += text.substr(copied, hidden->at - copied);
    out += fmt::format("<{}>", code_point_text(hidden->code));
    copied = hidden->at + hidden->bytes;
  }
  return out += text.substr(copied);
}

std::string shortened(std::string_view text) {
  if (text.size() <= max_quoted_bytes) return std::string(text);
  size_t end = max_quoted_bytes;
  while (end > 0 && (uint8_t(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string quoted_of(std::string_view text) {
  std::string out = shortened(text);
  for (char& c : out)
    if (uint8_t(c) < ' ') c = ' ';
  return out;
}

}  // namespace rollout
