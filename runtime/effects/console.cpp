#include "runtime/effects/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

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
