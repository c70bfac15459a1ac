// Private to compiler/syntax: a lexed file, and the byte offsets of its tokens (ANTLR counts code points).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/syntax/antlr.h"

namespace rollout::syntax {

/// The reserved word that a token type stands for: `phase`; empty for all other types.
std::string word_text(const antlr4::dfa::Vocabulary& vocabulary, size_t type);

/// The generated lexer, with names that are reserved words given their type.
class WordLexer : public grammar::RolloutLexer {
 public:
  explicit WordLexer(antlr4::CharStream* input) : RolloutLexer(input) {}
  std::unique_ptr<antlr4::Token> nextToken() override;
};

class Tokens {
 public:
  Tokens(const SourceMap& sources, SourceId source);

  antlr4::CommonTokenStream& stream() { return stream_; }
  /// All tokens but comments, in order; the last is EOF.
  const std::vector<antlr4::Token*>& visible() const { return visible_; }
  std::vector<antlr4::Token*> comments() const;

  Span span(const antlr4::Token* token) const;
  std::string_view text(const antlr4::Token* token) const { return sources_.text(span(token)); }
  bool first_on_line(const antlr4::Token* token) const;
  /// Index of a visible token in visible().
  size_t place(const antlr4::Token* token) const;
  /// The visible token before `token`, or null.
  antlr4::Token* before(const antlr4::Token* token) const;
  SourceId source() const { return source_; }

 private:
  uint32_t byte_of(size_t code_point) const;

  const SourceMap& sources_;
  SourceId source_;
  std::vector<uint32_t> bytes_;  ///< byte offset of each code point; empty for pure ASCII
  antlr4::ANTLRInputStream input_;
  WordLexer lexer_;
  antlr4::CommonTokenStream stream_;
  std::vector<antlr4::Token*> visible_;
};

}  // namespace rollout::syntax
