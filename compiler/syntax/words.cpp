#include "compiler/syntax/words.h"

#include <llvm/ADT/StringMap.h>

#include "compiler/syntax/antlr.h"

namespace rollout::syntax {

namespace {

/// In the order of their types, which begin with the first word.
constexpr std::string_view words[] = {
#define WORD(type, text) text,
#include "words.inc"
#undef WORD
};
constexpr TokenType first = Parser::ABORT;
static_assert(std::size(words) == Parser::WITHIN - Parser::ABORT + 1, "the words' types are neighbours");

llvm::StringMap<TokenType> all_types() {
  llvm::StringMap<TokenType> types;
  for (TokenType i = 0; i < std::size(words); ++i) types[words[i]] = first + i;
  return types;
}

}  // namespace

std::string_view word_text(TokenType type) {
  return type >= first && type - first < std::size(words) ? words[type - first] : std::string_view();
}

TokenType word_type(std::string_view name) {
  static const llvm::StringMap<TokenType> types = all_types();
  auto word = types.find(name);
  return word == types.end() ? TokenType(Parser::NAME) : word->second;
}

}  // namespace rollout::syntax
