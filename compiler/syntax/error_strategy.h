// Private to compiler/syntax: what is said about a text that does not fit the grammar, and where the parser goes on.
// One mistake gives one message: after a report nothing more is said until the next statement begins.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/antlr.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

class ErrorStrategy : public antlr4::DefaultErrorStrategy {
 public:
  ErrorStrategy(const Tokens& tokens, Diagnostics& diagnostics) : tokens_(tokens), diagnostics_(diagnostics) {}

  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override;
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;
  void sync(antlr4::Parser* parser) override;

 protected:
  void reportUnwantedToken(antlr4::Parser* parser) override;
  void reportMissingToken(antlr4::Parser* parser) override;
  antlr4::Token* singleTokenDeletion(antlr4::Parser* parser) override;
  bool singleTokenInsertion(antlr4::Parser* parser) override;
  void consumeUntil(antlr4::Parser* parser, const antlr4::misc::IntervalSet& set) override;

 private:
  void report(antlr4::Parser* parser, const Token* found, const antlr4::misc::IntervalSet& expected);
  Diagnostic& report_missing(const Token* before, const std::string& wanted);
  bool report_other_sign(const Token* found, const std::string& wanted);
  bool report_comma(const Token* found, const std::string& wanted);
  bool report_bare_retry(const Token* retry);
  bool report_equal_sign(const Token* before, const Token* found, const antlr4::misc::IntervalSet& expected);
  bool report_clause(const Token* before, const Token* found, const antlr4::misc::IntervalSet& expected, bool policy);
  bool same_statement(const Token* found) const;
  const Token* before_gap(const Token* found) const;
  const Token* ours(const antlr4::Token* token) const { return &tokens_.visible()[token->getTokenIndex()]; }

  const Tokens& tokens_;
  Diagnostics& diagnostics_;
  const Token* last_ = nullptr;        ///< where the last message stands
  int deletions_ = 0;                  ///< of tokens in the statement of `last_`
  size_t last_recovery_ = SIZE_MAX;    ///< where the parser last went on
};

}  // namespace rollout::syntax
