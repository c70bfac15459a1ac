// Mistakes that are clearer seen in the tokens than in the grammar: braces, bad tokens, nesting.
#include <vector>

#include "compiler/syntax/error_strategy.h"
#include "compiler/syntax/parse.h"

namespace rollout::syntax {

namespace {

struct Open {
  antlr4::Token* token;
  uint32_t indent;
};

uint32_t indent_of(const SourceMap& sources, const Tokens& tokens, const antlr4::Token* token) {
  Span span = tokens.span(token);
  std::string_view line = sources.line_at(span.source, span.begin);
  size_t first = line.find_first_not_of(" \t");
  return uint32_t(first == std::string_view::npos ? 0 : first);
}

void report_unclosed(const Tokens& tokens, antlr4::Token* open, antlr4::Token* next, Diagnostics& diagnostics) {
  antlr4::Token* before = tokens.before(next);
  Span here = after(tokens.span(before ? before : open));
  diagnostics.report(here, diag::MissingBrace).caret("`}` is missing here").at(tokens.span(open), "this `{` is not closed");
}

}  // namespace

bool report_unbalanced_braces(const Tokens& tokens, const SourceMap& sources, Diagnostics& diagnostics) {
  int balance = 0;
  for (antlr4::Token* token : tokens.visible())
    balance += token->getType() == Parser::LBRACE ? 1 : token->getType() == Parser::RBRACE ? -1 : 0;
  if (balance <= 0) return false;  // too many closing braces: the parser knows better where
  std::vector<Open> open;
  for (antlr4::Token* token : tokens.visible()) {
    bool first = tokens.first_on_line(token);
    uint32_t indent = first ? indent_of(sources, tokens, token) : 0;
    bool closes = token->getType() == Parser::RBRACE;
    // A line that stands no further in than the line of an open brace ends that brace's block.
    bool dedented = first && !open.empty() && (closes ? indent < open.back().indent : indent <= open.back().indent);
    if (dedented || token->getType() == antlr4::Token::EOF) {
      if (open.empty()) return false;
      report_unclosed(tokens, open.back().token, token, diagnostics);
      return true;
    }
    if (token->getType() == Parser::LBRACE) open.push_back({token, indent_of(sources, tokens, token)});
    if (closes && !open.empty()) open.pop_back();
  }
  return false;
}

bool report_bad_tokens(const Tokens& tokens, Diagnostics& diagnostics) {
  bool found = false;
  for (antlr4::Token* token : tokens.visible()) {
    Span span = tokens.span(token);
    std::string text(tokens.text(token));
    switch (token->getType()) {
      case Parser::BAD_NUMBER:
        diagnostics.report(span, diag::BadNumber, text)
            .advise("units are ns us ms s m h d, %, /s /m /h /d, B KB MB GB TB KiB MiB GiB TiB; a name does not begin with a digit");
        break;
      case Parser::UNTERMINATED: diagnostics.report(span, diag::UnterminatedString); break;
      case Parser::BAD: diagnostics.report(span, diag::BadCharacter, text); break;
      default: continue;
    }
    found = true;
  }
  return found;
}

bool report_too_deep(const Tokens& tokens, Diagnostics& diagnostics) {
  int depth = 0, chain = 0;
  size_t last = 0;
  for (antlr4::Token* token : tokens.visible()) {
    size_t type = token->getType();
    if (type == Parser::LBRACE || type == Parser::LPAREN || type == Parser::LBRACKET) ++depth;
    if (type == Parser::RBRACE || type == Parser::RPAREN || type == Parser::RBRACKET) --depth;
    bool prefix = type == Parser::MINUS || type == Parser::NOT || type == Parser::ELSE || type == Parser::LESS;
    bool same_chain = type == Parser::ELSE ? last == Parser::RBRACE : prefix;
    chain = prefix && same_chain ? chain + 1 : type == Parser::MINUS || type == Parser::NOT ? 1 : chain;
    if (!prefix && type != Parser::IF && type != Parser::NAME && type != Parser::LBRACE && type != Parser::RBRACE) chain = 0;
    last = type;
    if (depth > max_nesting || chain > max_nesting) {
      diagnostics.report(tokens.span(token), diag::TooDeep, max_nesting).advise("name the inner parts with `let`");
      return true;
    }
  }
  return false;
}

}  // namespace rollout::syntax
