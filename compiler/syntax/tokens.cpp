#include "compiler/syntax/tokens.h"

#include "compiler/base/masked.h"
#include "compiler/syntax/lexer.h"

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/words.h"

namespace rollout::syntax {

namespace {

/// Behind these a `phase` is a word like others: a setting, or a part of what identifies a thing.
bool takes_word(TokenType before) {
  return before == Parser::BINDING || before == Parser::BY || before == Parser::AS || before == Parser::COMMA;
}

/// Whether the phase at `at` is one that is named: no member, no plain word, and not what a policy ranges over.
bool names_phase(const std::vector<Token>& tokens, size_t at) {
  if (tokens[at].type != Parser::PHASE || at == 0) return false;
  TokenType before = tokens[at - 1].type;
  bool some = before == Parser::NAME && at > 1 && tokens[at - 2].type == Parser::FOR;
  return before != Parser::DOT && before != Parser::EVERY && !some && !takes_word(before);
}

/// What a phase is called is no value, so it may be any word: `phase soak { … }`, `in phase test`. On the next line
/// a word begins what stands there.
TokenLists with_phase_names(TokenLists lists) {
  std::vector<Token>& tokens = lists.visible;
  auto name = [&](size_t at, bool also_below = false) {
    bool here = also_below || !tokens[at].first_on_line;
    if (here && !word_text(tokens[at].type).empty()) tokens[at].type = Parser::NAME;
  };
  auto is = [&](size_t at, TokenType type) { return at + 1 < tokens.size() && tokens[at].type == type; };
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!names_phase(tokens, i)) continue;
    name(i + 1);
    // The phases that it waits for.
    size_t link = i + 2;
    bool named = is(i + 1, Parser::NAME) || is(i + 1, Parser::STRING);
    if (!named || !is(link, Parser::AFTER)) continue;
    name(link + 1);
    for (link += 2; is(link, Parser::COMMA); link += 2) name(link + 1, true);  // a comma ends no line's statement
  }
  return lists;
}

}  // namespace

Tokens::Tokens(const SourceMap& sources, SourceId source)
    : source_(source), text_(sources.text(source)), lists_(with_phase_names(lex(text_))) {}

std::string Tokens::shown(const Token& token) const {
  constexpr int most_between = 8;  // tokens, of a type and of what is said wrongly
  std::string own(text(token));
  if (!is_literal(own)) return own;
  const Token* one = before(&token);
  for (int i = 0; one && i < most_between; ++i, one = before(one)) {
    std::string_view word = text(*one);
    if (names_secret(word)) return std::string(mask);
    bool type = !word.empty() && word[0] >= 'A' && word[0] <= 'Z';
    bool between = type || word == "=" || word == ":" || word == "<" || word == ">" || word == "?" || is_literal(word);
    if (!between) break;
  }
  return own;
}

uint32_t Tokens::indent(const Token& token) const {
  if (token.first_on_line) return token.begin - token.line_begin;
  size_t first = text_.find_first_not_of(" \t", token.line_begin);
  return uint32_t(first - token.line_begin);
}

}  // namespace rollout::syntax
