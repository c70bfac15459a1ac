// Private to compiler/syntax: what the generated parser knows. It says what is wrong with a text, and its parse tree is
// what tests compare the reader with.
#pragma once

#include <memory>

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/antlr_tokens.h"

namespace rollout::syntax {

/// The parse tree of a text that fits the grammar.
class ParseTree {
 public:
  explicit ParseTree(const Tokens& tokens);

  /// Null where the text does not fit.
  Parser::FileContext* root() const { return root_; }

 private:
  AntlrTokens source_;
  antlr4::CommonTokenStream stream_;
  Parser parser_;  ///< owns the tree
  Parser::FileContext* root_ = nullptr;
};

/// Reports where and why the text does not fit the grammar.
void report_syntax_errors(const Tokens& tokens, Diagnostics& diagnostics);

}  // namespace rollout::syntax
