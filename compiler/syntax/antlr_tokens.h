// Private to compiler/syntax: our tokens as ANTLR's parser wants them, comments left out. Positions are bytes.
#pragma once

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

/// The index of an ANTLR token is that of our token in Tokens::visible().
class AntlrTokens : public antlr4::TokenSource {
 public:
  explicit AntlrTokens(const Tokens& tokens) : tokens_(tokens) {}

  std::unique_ptr<antlr4::Token> nextToken() override;
  size_t getLine() const override { return 0; }
  size_t getCharPositionInLine() override { return 0; }
  antlr4::CharStream* getInputStream() override { return nullptr; }
  std::string getSourceName() override { return "text"; }
  /// For the tokens that ANTLR makes up where one is missing.
  antlr4::TokenFactory<antlr4::CommonToken>* getTokenFactory() override { return &factory_; }

 private:
  const Tokens& tokens_;
  size_t next_ = 0;
  antlr4::CommonTokenFactory factory_;
};

}  // namespace rollout::syntax
