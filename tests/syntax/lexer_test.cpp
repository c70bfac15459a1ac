// Our lexer and the one that ANTLR generates from grammar/RolloutLexer.g4 give the same tokens for every text.
// ANTLR's headers come first: Catch2 has a macro for some of the grammar's tokens.
#include "compiler/syntax/antlr.h"
#include "RolloutLexer.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/syntax/lexer.h"
#include "tests/syntax/corpus.h"
#include "tests/syntax/effort.h"

namespace rollout::syntax_test {

namespace {

using Grammar = grammar::RolloutLexer;

/// What both lexers say of a token; places in code points.
struct Shown {
  size_t type, begin, end, line, column, channel;
  bool operator==(const Shown&) const = default;
};

/// A NAME that is a word of the language becomes that word: the grammar says so in a comment.
size_t word_type(const antlr4::dfa::Vocabulary& vocabulary, std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? '?' : c; });
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return char(std::toupper(c)); });
  for (size_t type = Grammar::ABORT; type <= Grammar::WITHIN; ++type)
    if (vocabulary.getSymbolicName(type) == text) return type;
  return Grammar::NAME;
}

std::vector<Shown> by_grammar(const std::string& text) {
  antlr4::ANTLRInputStream input(text);
  Grammar lexer(&input);
  lexer.removeErrorListeners();
  std::vector<Shown> shown;
  size_t mark = text.starts_with("\xEF\xBB\xBF");  // ANTLR drops it
  for (;;) {
    std::unique_ptr<antlr4::Token> token = lexer.nextToken();
    size_t type = token->getType() == Grammar::NAME ? word_type(lexer.getVocabulary(), token->getText())
                                                    : token->getType();
    shown.push_back({type, token->getStartIndex() + mark, token->getStopIndex() + 1 + mark, token->getLine(),
                     token->getCharPositionInLine(), token->getChannel()});
    if (type == antlr4::Token::EOF) return shown;
  }
}

std::vector<Shown> by_hand(const std::string& text) {
  std::vector<size_t> before(text.size() + 1, 0);  // code points before each byte that begins one
  for (size_t i = 0; i < text.size(); ++i) before[i + 1] = before[i] + ((uint8_t(text[i]) & 0xC0) != 0x80);
  syntax::TokenLists lists = syntax::lex(text);
  std::vector<Shown> shown;
  auto show = [&](const syntax::Token& token, size_t channel) {
    size_t type = token.type == syntax::end_of_file ? antlr4::Token::EOF : token.type;
    shown.push_back({type, before[token.begin], before[token.end], token.line,
                     before[token.begin] - before[token.line_begin], channel});
  };
  size_t comment = 0;
  for (const syntax::Token& token : lists.visible) {
    while (comment < token.comments) show(lists.comments[comment++], Grammar::COMMENTS);
    show(token, Grammar::DEFAULT_TOKEN_CHANNEL);
    size_t line = text.rfind('\n', token.begin == 0 ? 0 : token.begin - 1);
    size_t from = token.begin == 0 || line == std::string::npos ? 0 : line + 1;
    if (from == 0 && text.starts_with("\xEF\xBB\xBF")) from = 3;
    bool blank = text.substr(from, token.begin - from).find_first_not_of(" \t") == std::string::npos;
    if (blank != token.first_on_line) FAIL("first on its line or not: byte " << token.begin << " of " << text);
  }
  return shown;
}

void compare(const std::string& text) {
  std::vector<Shown> expected = by_grammar(text), found = by_hand(text);
  if (expected == found) return;
  auto list = [](const std::vector<Shown>& tokens) {
    std::string lines;
    for (const Shown& t : tokens)
      lines += fmt::format("  {} [{}, {}) {}:{} channel {}\n", ssize_t(t.type), t.begin, t.end, t.line, t.column,
                           t.channel);
    return lines;
  };
  FAIL(fmt::format("the lexers differ on {:?}\n", fmt::join(std::vector<std::string>{text}, "")) +
       "grammar:\n" + list(expected) + "ours:\n" + list(found));
}

/// All prefixes and suffixes of a line, and the line without each of its characters.
void take_apart(const std::string& line) {
  auto boundary = [&](size_t i) { return i == line.size() || (uint8_t(line[i]) & 0xC0) != 0x80; };
  for (size_t i = 0; i <= line.size(); ++i) {
    if (!boundary(i)) continue;
    compare(line.substr(0, i));
    compare(line.substr(i));
    size_t next = i + 1;
    while (next < line.size() && !boundary(next)) ++next;
    if (i < line.size()) compare(line.substr(0, i) + line.substr(next));
  }
}

}  // namespace

TEST_CASE("our lexer is the grammar's, on whole programs") {
  for (const std::string& text : corpus()) {
    compare(text);
    compare("\xEF\xBB\xBF" + text);
  }
}

TEST_CASE("our lexer is the grammar's, on every line of every program taken apart") {
  std::set<std::string> seen;
  std::vector<std::string> lines;
  for (const std::string& text : corpus())
    for (size_t begin = 0; begin < text.size();) {
      size_t end = std::min(text.find('\n', begin), text.size());
      std::string line = text.substr(begin, end - begin);
      if (seen.insert(line).second) lines.push_back(line);
      begin = end + 1;
    }
  Random random(1);
  for (uint32_t i = 0; i < std::min<size_t>(effort().lines, lines.size()); ++i)
    take_apart(effort().lines < lines.size() ? lines[random.below(uint32_t(lines.size()))] : lines[i]);
}

TEST_CASE("our lexer is the grammar's, on random characters") {
  Random random(2);
  for (uint32_t i = 0; i < effort().soups; ++i) compare(soup(random));
}

}  // namespace rollout::syntax_test
