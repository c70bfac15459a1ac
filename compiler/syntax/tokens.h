// Private to compiler/syntax: a lexed file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/syntax/token.h"

namespace rollout::syntax {

class Tokens {
 public:
  Tokens(const SourceMap& sources, SourceId source);

  /// All tokens but comments, in order; the last is the end of the file.
  const std::vector<Token>& visible() const { return lists_.visible; }
  const std::vector<Token>& comments() const { return lists_.comments; }

  Span span(const Token& token) const { return {source_, token.begin, token.end}; }
  std::string_view text(const Token& token) const { return text_.substr(token.begin, token.end - token.begin); }
  std::string_view whole() const { return text_; }
  SourceId source() const { return source_; }
  /// Blanks that the token's line begins with.
  uint32_t indent(const Token& token) const;
  /// The visible token before `token`, which is one itself; or null.
  const Token* before(const Token* token) const { return token == lists_.visible.data() ? nullptr : token - 1; }
  /// The text of `token` as a message may show it: a literal behind the name of a secret is the mask.
  std::string shown(const Token& token) const;

 private:
  SourceId source_;
  std::string_view text_;
  TokenLists lists_;
};

}  // namespace rollout::syntax
