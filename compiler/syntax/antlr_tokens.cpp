#include "compiler/syntax/antlr_tokens.h"

namespace rollout::syntax {

namespace {

size_t antlr_type(TokenType type) { return type == end_of_file ? antlr4::Token::EOF : type; }

class AntlrToken : public antlr4::Token {
 public:
  AntlrToken(const Tokens& tokens, size_t index, antlr4::TokenSource* source)
      : tokens_(tokens), token_(tokens.visible()[index]), index_(index), source_(source) {}

  std::string getText() const override { return std::string(tokens_.text(token_)); }
  size_t getType() const override { return antlr_type(token_.type); }
  size_t getLine() const override { return token_.line; }
  size_t getCharPositionInLine() const override { return token_.begin - token_.line_begin; }
  size_t getChannel() const override { return DEFAULT_CHANNEL; }
  size_t getTokenIndex() const override { return index_; }
  size_t getStartIndex() const override { return token_.begin; }
  size_t getStopIndex() const override { return token_.end - 1; }
  antlr4::TokenSource* getTokenSource() const override { return source_; }
  antlr4::CharStream* getInputStream() const override { return nullptr; }
  std::string toString() const override { return getText(); }

 private:
  const Tokens& tokens_;
  const rollout::syntax::Token& token_;
  size_t index_;
  antlr4::TokenSource* source_;
};

}  // namespace

std::unique_ptr<antlr4::Token> AntlrTokens::nextToken() {
  size_t index = std::min(next_++, tokens_.visible().size() - 1);
  return std::make_unique<AntlrToken>(tokens_, index, this);
}

}  // namespace rollout::syntax
