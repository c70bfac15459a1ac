// Options: what a command takes, as a table, and a command line read by it. Help texts and error messages come
// from the same table, so they cannot say different things.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::cli {

/// Of a command that takes any number of paths.
inline constexpr size_t max_arguments = 10'000;

struct Option {
  std::string_view name;     ///< `--set`
  std::string_view metavar;  ///< `NAME=TEXT`, `text|json` (then only these), or empty: a flag
  std::string_view help;
  bool many = false;
};

/// One command of the table in commands.cpp.
struct Syntax {
  std::string_view name;       ///< `plan`
  std::string_view arguments;  ///< `FILE [ROLLOUT]`
  std::string_view summary;    ///< one line, for the list of commands
  std::string_view detail;     ///< a paragraph for `--help`
  std::string_view example;
  size_t least = 0, most = 0;  ///< how many arguments
  std::vector<Option> options; ///< without the common ones
};

struct Arguments {
  std::vector<std::string> positional;
  std::vector<std::pair<std::string_view, std::string>> options;  ///< in the order given

  bool has(std::string_view name) const;
  /// The last one given; empty when it is not given.
  std::string value(std::string_view name) const;
  std::vector<std::string> values(std::string_view name) const;
};

/// What every command takes.
const std::vector<Option>& common_options();

/// The error is one sentence about what was not understood and what would be.
Result<Arguments> read_arguments(const Syntax& syntax, const std::vector<std::string>& words);

/// A whole number from `least` up; the error names the option.
Result<int64_t> number_of(const Arguments& arguments, std::string_view name, int64_t fallback, int64_t least,
                          int64_t most);

std::string help_text(const Syntax& syntax);

}  // namespace rollout::cli
