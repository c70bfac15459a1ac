// Private to compiler/syntax: one file on its way from text to parse tree, shared by the parser and the formatter.
// The tree exists only for a text without a mistake; the tokens exist as soon as the text was readable.
#pragma once

#include <memory>
#include <optional>

#include "compiler/base/diagnostics.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

class Parsing {
 public:
  /// Reads the whole file and reports its mistakes.
  Parsing(const SourceMap& sources, SourceId source, Diagnostics& diagnostics);

  Tokens& tokens() { return *tokens_; }
  /// Null when a mistake was reported.
  Parser::FileContext* tree() const { return tree_; }

 private:
  std::optional<Tokens> tokens_;
  std::unique_ptr<Parser> parser_;  ///< owns the tree
  Parser::FileContext* tree_ = nullptr;
};

}  // namespace rollout::syntax
