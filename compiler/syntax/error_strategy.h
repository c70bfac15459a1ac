// Private to compiler/syntax: what is said about a text that does not fit the grammar, and where the parser goes on.
// One mistake gives one message: after a report nothing more is said until the next statement begins.
#pragma once

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

class ErrorStrategy : public antlr4::DefaultErrorStrategy {
 public:
  ErrorStrategy(const Tokens& tokens, Diagnostics& diagnostics) : tokens_(tokens), diagnostics_(diagnostics) {}

  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override;
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;

 protected:
  void reportUnwantedToken(antlr4::Parser* parser) override;
  void reportMissingToken(antlr4::Parser* parser) override;
  antlr4::Token* singleTokenDeletion(antlr4::Parser* parser) override;
  void consumeUntil(antlr4::Parser* parser, const antlr4::misc::IntervalSet& set) override;

 private:
  void report(antlr4::Parser* parser, antlr4::Token* found, const antlr4::misc::IntervalSet& expected);
  void report_missing(antlr4::Token* before, const std::string& wanted);
  bool same_statement(const antlr4::Token* found) const;
  antlr4::Token* before_gap(const antlr4::Token* found) const;

  const Tokens& tokens_;
  Diagnostics& diagnostics_;
  antlr4::Token* last_ = nullptr;      ///< where the last message stands
  size_t last_recovery_ = SIZE_MAX;    ///< where the parser last went on
};

/// Words that begin a declaration, a statement, a clause or a setting.
bool starts_statement(size_t token_type);

/// Braces that do not match, found by indentation: where one is missing, not the end of the file.
/// Returns whether it reported one.
bool report_unbalanced_braces(const Tokens& tokens, const SourceMap& sources, Diagnostics& diagnostics);

/// Characters, numbers and strings that are no tokens. Returns whether it reported any.
bool report_bad_tokens(const Tokens& tokens, Diagnostics& diagnostics);

/// A word that needs a value at the end of its line, and below it, no further in, a call: that is the next statement,
/// though the grammar would take it for the value. Returns whether it reported one.
bool report_swallowed_call(const Tokens& tokens, const SourceMap& sources, Diagnostics& diagnostics);

/// Brackets, prefix operators and `else if` nested deeper than max_nesting. Returns whether it reported one.
bool report_too_deep(const Tokens& tokens, Diagnostics& diagnostics);

}  // namespace rollout::syntax
