// Every token of every program of the repository is deleted once, doubled once, and replaced once by one that is wrong
// there. Measured over the changes after which the file does not parse any more:
// - messages: errors that the parser reports;
// - on the same statement: the first message, in the order of the file, stands on a line of the statement whose
//   token was changed. A statement is the line of the token, with all lines of the round or square brackets that the
//   line touches; for a closing brace also the line above it, where the block ends. Where the token stood first on its
//   line, the end of the line above is the place where something is missing, and counts too.
#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/parse.h"
#include "compiler/syntax/words.h"
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

Run parse_mutant(std::string mutant) {
  SourceMap sources;
  Diagnostics diagnostics;
  SourceId source = sources.add("a.rollout", std::move(mutant));
  syntax::parse(sources, source, diagnostics);
  Run run;
  run.messages = diagnostics.sorted().size();
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

/// What stands in the token's place.
using Change = std::string(std::string_view token);

std::string nothing(std::string_view) { return {}; }
std::string twice(std::string_view token) { return fmt::format("{} {}", token, token); }
/// A name where none may stand; a value in place of a name.
std::string another(std::string_view token) {
  bool word = std::isalpha(uint8_t(token[0])) || token[0] == '_';
  return word && syntax::word_text(syntax::word_type(token)).empty() ? "5m" : "wrong";
}

struct Outcome {
  size_t tokens = 0, same = 0, sum = 0;
  std::vector<size_t> messages;  ///< of each file that is broken, ascending
  std::string odd;               ///< those with many messages, or with one elsewhere
  size_t median() const { return messages[messages.size() / 2]; }
  double mean() const { return double(sum) / double(messages.size()); }
  double share() const { return double(same) / double(messages.size()); }
  size_t up_to(size_t most) const {
    return size_t(std::upper_bound(messages.begin(), messages.end(), most) - messages.begin());
  }
};

Outcome change_all(Change change) {
  Outcome out;
  for (const ProgramText& program : repository_programs()) {
    std::vector<TokenPlace> tokens = scan_tokens(program.text);
    std::vector<Lines> lines = statement_lines(program.text, tokens);
    for (const TokenPlace& token : tokens) {
      ++out.tokens;
      std::string what = program.text.substr(token.begin, token.end - token.begin);
      Run run = parse_mutant(program.text.substr(0, token.begin) + change(what) + program.text.substr(token.end));
      if (run.messages == 0) continue;
      out.messages.push_back(run.messages);
      uint32_t line = uint32_t(std::count(program.text.begin(), program.text.begin() + token.begin, '\n')) + 1;
      Lines statement = lines[line];
      if (stands_first(program.text, token.begin)) --statement.first;
      bool here = statement.first <= run.line && run.line <= statement.last;
      out.same += here;
      if (!here || run.messages > 3)
        out.odd += fmt::format("{}:{}: `{}`: {} messages, the first on line {}: {}\n", program.name, line, what,
                               run.messages, run.line, run.text);
    }
  }
  std::sort(out.messages.begin(), out.messages.end());
  for (size_t count : out.messages) out.sum += count;
  return out;
}

void print(const char* what, const Outcome& out) {
  fmt::print("{}: {} tokens, {} broken files; messages: median {}, mean {:.3f}, most {} (1: {}, 2: {}, 3 to 5: {}, "
             "more: {}); {:.1f}% on the same statement\n",
             what, out.tokens, out.messages.size(), out.median(), out.mean(), out.messages.back(), out.up_to(1),
             out.up_to(2) - out.up_to(1), out.up_to(5) - out.up_to(2), out.messages.size() - out.up_to(5),
             out.share() * 100);
}

void check_outcome(const char* what, Change change, size_t most) {
  Outcome out = change_all(change);
  REQUIRE_FALSE(out.messages.empty());
  print(what, out);
  INFO(out.odd);
  CHECK(out.median() == 1);
  CHECK(out.share() >= 0.9);
  CHECK(out.messages.back() <= most);
}

}  // namespace

TEST_CASE("a deleted token gives one message, where it is missing") { check_outcome("deleted", nothing, 5); }

TEST_CASE("a doubled token gives one message, where it stands") { check_outcome("doubled", twice, 5); }

TEST_CASE("a wrong token gives one message, where it stands") { check_outcome("wrong", another, 5); }

}  // namespace rollout
