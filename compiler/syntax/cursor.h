// Private to compiler/syntax: where the reader stands in the tokens of a file. Always true: it never stands behind the
// end of the file, and once something did not fit, everything is the end of the file.
#pragma once

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/token_mark.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

class Cursor {
 public:
  /// `marks` has one for each token, or is null: then nobody asks for them.
  Cursor(const Tokens& tokens, TokenMarks* marks) : tokens_(tokens), list_(tokens.visible()), marks_(marks) {}

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

  /// What the token with the index `at` is for.
  TokenMark& mark(size_t at) { return marks_ ? (*marks_)[at] : unused_mark_; }
  /// Marks the token that stands here, the first one of an item.
  void mark_item() { mark(at_).item = true; }
  void mark_soft() { mark(at_).soft = true; }
  /// `proven 99%`, `over 200 requests`
  void mark_certainty() { mark(at_).soft = true, mark(at_).column = Column::Certainty; }
  void mark_column(Column column) { mark(at_).column = column; }

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

 private:
  TokenMarks* marks_;
  TokenMark unused_mark_{};
};

}  // namespace rollout::syntax
