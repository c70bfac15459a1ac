// Private to compiler/syntax: where the reader stands in the tokens of a file. Always true: it never stands behind the
// end of the file, and once something did not fit, everything is the end of the file.
#pragma once

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

class Cursor {
 public:
  explicit Cursor(const Tokens& tokens) : tokens_(tokens), list_(tokens.visible()) {}

 protected:
  TokenType type() const { return list_[at_].type; }
  bool is(TokenType type) const { return list_[at_].type == type; }
  /// A name, or a word that may stand where no statement can begin.
  bool is_word() const { return is(Parser::NAME) || (type() >= Parser::ABORT && type() <= Parser::WITHIN); }
  bool next_is(TokenType type) const { return at_ + 1 < list_.size() && list_[at_ + 1].type == type; }
  /// Steps over the token, which is not the end of the file; returns its index.
  size_t take() { return at_++; }
  bool accept(TokenType type) { return is(type) && (++at_, true); }
  const Token& expect(TokenType type) { return is(type) ? list_[at_++] : fail(); }
  /// Whether another item stands before `closing`, which is taken when it is reached.
  bool more(TokenType closing) { return !failed_ && !accept(closing); }
  /// From here on everything is the end of the file.
  const Token& fail() {
    failed_ = true;
    at_ = list_.size() - 1;
    return list_.back();
  }

  ast::Name name_of(const Token& token) const { return {tokens_.text(token), tokens_.span(token)}; }
  ast::Name expect_name() { return name_of(expect(Parser::NAME)); }
  ast::Name expect_word() { return name_of(is_word() ? list_[take()] : fail()); }
  ast::Name expect_name_or_string() { return name_of(is(Parser::STRING) ? list_[take()] : expect(Parser::NAME)); }

  /// From the token with the index `first` to the last one taken.
  Span since(size_t first) const {
    return join(tokens_.span(list_[first]), tokens_.span(list_[at_ > first ? at_ - 1 : first]));
  }

  const Tokens& tokens_;
  const std::vector<Token>& list_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace rollout::syntax
