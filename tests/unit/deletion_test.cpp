// Every token of every program of the repository is deleted once. Measured over the deletions after which the file
// does not parse any more:
// - messages: errors that the parser reports;
// - on the same statement: the first message, in the order of the file, stands on a line of the statement that lost
//   its token. A statement is the line of the token, with all lines of the round or square brackets that the line
//   touches; for a closing brace also the line above it, where the block ends. Where the deleted token stood first on
//   its line, the end of the line above is the place where something is missing, and counts too.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/parse.h"
#include "tests/unit/programs.h"
#include "tests/unit/token_scan.h"

namespace rollout {

namespace {

struct Lines {
  uint32_t first;
  uint32_t last;
};

/// Lines that a token's statement takes, by line.
std::vector<Lines> statement_lines(std::string_view text, const std::vector<TokenPlace>& tokens) {
  uint32_t count = uint32_t(std::count(text.begin(), text.end(), '\n')) + 2;
  std::vector<Lines> lines(count);
  for (uint32_t i = 0; i < count; ++i) lines[i] = {i, i};
  uint32_t depth = 0, first = 0, line = 1;
  size_t at = 0;
  for (const TokenPlace& token : tokens) {
    line += uint32_t(std::count(text.begin() + at, text.begin() + token.begin, '\n'));
    at = token.begin;
    char c = text[token.begin];
    if ((c == '(' || c == '[') && depth++ == 0) first = line;
    if ((c == ')' || c == ']') && --depth == 0)
      for (uint32_t i = first; i <= line; ++i)
        lines[i] = {std::min(lines[i].first, first), std::max(lines[i].last, line)};
  }
  return lines;
}

struct Run {
  size_t messages = 0;
  uint32_t line = 0;  ///< of the first message
  std::string text;
};

Run parse_without(const std::string& text, const TokenPlace& token) {
  SourceMap sources;
  Diagnostics diagnostics;
  std::string mutant = text.substr(0, token.begin) + text.substr(token.end);
  SourceId source = sources.add("a.rollout", std::move(mutant));
  syntax::parse(sources, source, diagnostics);
  Run run;
  run.messages = diagnostics.errors();
  if (run.messages == 0) return run;
  const Diagnostic& first = *diagnostics.sorted().front();
  run.line = sources.locate(source, first.span.begin).line;
  run.text = first.message;
  return run;
}

bool stands_first(std::string_view text, size_t at) {
  size_t start = text.rfind('\n', at) + 1;
  return text.substr(start, at - start).find_first_not_of(' ') == std::string_view::npos;
}

}  // namespace

TEST_CASE("a deleted token gives one message, where it is missing") {
  std::vector<size_t> messages;
  size_t deletions = 0, same = 0;
  std::string elsewhere;
  for (const ProgramText& program : repository_programs()) {
    std::vector<TokenPlace> tokens = scan_tokens(program.text);
    std::vector<Lines> lines = statement_lines(program.text, tokens);
    for (const TokenPlace& token : tokens) {
      ++deletions;
      Run run = parse_without(program.text, token);
      if (run.messages == 0) continue;
      messages.push_back(run.messages);
      uint32_t line = uint32_t(std::count(program.text.begin(), program.text.begin() + token.begin, '\n')) + 1;
      Lines statement = lines[line];
      if (stands_first(program.text, token.begin)) --statement.first;
      bool here = statement.first <= run.line && run.line <= statement.last;
      same += here;
      std::string what = program.text.substr(token.begin, token.end - token.begin);
      if (!here || run.messages > 3)
        elsewhere += fmt::format("{}:{}: `{}`: {} messages, the first on line {}: {}\n", program.name, line, what,
                                 run.messages, run.line, run.text);
    }
  }
  REQUIRE_FALSE(messages.empty());
  std::sort(messages.begin(), messages.end());
  size_t sum = 0;
  for (size_t count : messages) sum += count;
  double mean = double(sum) / double(messages.size()), share = double(same) / double(messages.size());
  fmt::print("deletion: {} tokens, {} broken files, median {} message, mean {:.2f}, {:.1f}% on the same statement\n",
             deletions, messages.size(), messages[messages.size() / 2], mean, share * 100);
  INFO(elsewhere);
  CHECK(messages[messages.size() / 2] == 1);
  CHECK(mean <= 3);
  CHECK(share >= 0.9);
}

}  // namespace rollout
