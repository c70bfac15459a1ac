#include "runtime/effects/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace rollout::effects {

namespace {

constexpr int narrowest = 40, widest = 400;
constexpr size_t max_input_line = 4096;

bool write_all(std::FILE* file, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
}

}  // namespace

Terminals look_at_terminals() {
  Terminals terminals;
  terminals.input = isatty(STDIN_FILENO) == 1;
  terminals.output = isatty(STDOUT_FILENO) == 1;
  terminals.errors = isatty(STDERR_FILENO) == 1;
  winsize size{};
  if (terminals.output && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminals.columns = std::clamp<int>(size.ws_col, narrowest, widest);
  return terminals;
}

ScreenSize look_at_screen() {
  ScreenSize screen;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return screen;
  if (size.ws_col > 0) screen.columns = size.ws_col;
  if (size.ws_row > 0) screen.rows = size.ws_row;
  return screen;
}

int columns_of(uint32_t code_point) {
  if (code_point < 0x300) return 1;
  // wcwidth() answers by the thread's locale, and this one is there whatever the surroundings say.
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t());
  if (unicode == locale_t()) return 1;
  const locale_t before = uselocale(unicode);
  const int columns = wcwidth(wchar_t(code_point));
  uselocale(before);
  return columns < 0 ? 1 : columns;
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::optional<std::string> read_input_line() {
  std::string line;
  int c = 0;
  while (line.size() < max_input_line && (c = std::fgetc(stdin)) != EOF && c != '\n') line += char(c);
  if (c == EOF && line.empty()) return std::nullopt;
  return line;
}

bool write_output(std::string_view text) { return write_all(stdout, text); }
bool write_errors(std::string_view text) { return write_all(stderr, text); }

}  // namespace rollout::effects
