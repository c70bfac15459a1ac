// Console: what the command line learns from the program's surroundings: environment variables, whether people
// watch its output, what they type. For runtime/cli's real Env only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollout::effects {

struct Terminals {
  bool input = false, output = false, errors = false;  ///< whether each is a terminal
  int columns = 100;                                   ///< of the output; 100 where it is no terminal
};

Terminals look_at_terminals();

/// How large the terminal of the output is at this moment; 80 x 24 where it does not say.
struct ScreenSize {
  int columns = 80, rows = 24;
  bool operator==(const ScreenSize&) const = default;
};
ScreenSize look_at_screen();

/// How many columns a character takes on a terminal: 0, 1 or 2.
int columns_of(uint32_t code_point);

/// Nothing when the variable is not set.
std::optional<std::string> environment(const char* name);

/// One line of standard input without its line break; nothing at its end.
std::optional<std::string> read_input_line();

/// Writes all of it and flushes; false when nobody takes it any more.
bool write_output(std::string_view text);
bool write_errors(std::string_view text);

}  // namespace rollout::effects
