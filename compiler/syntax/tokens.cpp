#include "compiler/syntax/tokens.h"

#include <algorithm>

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>

namespace rollout::syntax {

namespace {

using Words = llvm::StringMap<size_t>;

Words all_words(const antlr4::dfa::Vocabulary& vocabulary) {
  Words words;
  for (size_t type = Parser::ABORT; type <= Parser::WITHIN; ++type) words[word_text(vocabulary, type)] = type;
  return words;
}

}  // namespace

std::string word_text(const antlr4::dfa::Vocabulary& vocabulary, size_t type) {
  if (type < Parser::ABORT || type > Parser::WITHIN) return {};
  return llvm::StringRef(vocabulary.getSymbolicName(type)).lower();
}

std::unique_ptr<antlr4::Token> WordLexer::nextToken() {
  std::unique_ptr<antlr4::Token> token = RolloutLexer::nextToken();
  if (token->getType() != NAME) return token;
  static const Words words = all_words(getVocabulary());
  auto word = words.find(token->getText());
  if (word != words.end()) static_cast<antlr4::CommonToken&>(*token).setType(word->second);
  return token;
}

Tokens::Tokens(const SourceMap& sources, SourceId source)
    : sources_(sources), source_(source), input_(std::string(sources.text(source))), lexer_(&input_), stream_(&lexer_) {
  std::string_view text = sources.text(source);
  if (std::any_of(text.begin(), text.end(), [](char c) { return uint8_t(c) >= 0x80; })) {
    for (uint32_t i = 0; i < text.size(); ++i)
      if ((uint8_t(text[i]) & 0xC0) != 0x80) bytes_.push_back(i);
    bytes_.push_back(uint32_t(text.size()));
  }
  lexer_.removeErrorListeners();
  stream_.fill();
  for (antlr4::Token* token : stream_.getTokens())
    if (token->getChannel() == antlr4::Token::DEFAULT_CHANNEL) visible_.push_back(token);
}

std::vector<antlr4::Token*> Tokens::comments() const {
  std::vector<antlr4::Token*> found;
  for (antlr4::Token* token : const_cast<antlr4::CommonTokenStream&>(stream_).getTokens())
    if (token->getChannel() != antlr4::Token::DEFAULT_CHANNEL) found.push_back(token);
  return found;
}

uint32_t Tokens::byte_of(size_t code_point) const {
  if (bytes_.empty()) return uint32_t(std::min(code_point, sources_.text(source_).size()));
  return bytes_[std::min(code_point, bytes_.size() - 1)];
}

Span Tokens::span(const antlr4::Token* token) const {
  if (token->getType() == antlr4::Token::EOF) {
    uint32_t end = uint32_t(sources_.text(source_).size());
    return {source_, end, end};
  }
  return {source_, byte_of(token->getStartIndex()), byte_of(token->getStopIndex() + 1)};
}

bool Tokens::first_on_line(const antlr4::Token* token) const {
  Span at = span(token);
  std::string_view text = sources_.text(source_);
  uint32_t start = sources_.line_start(source_, at.begin);
  return text.substr(start, at.begin - start).find_first_not_of(" \t") == std::string_view::npos;
}

size_t Tokens::place(const antlr4::Token* token) const {
  auto found = std::lower_bound(visible_.begin(), visible_.end(), token->getTokenIndex(),
                                [](antlr4::Token* other, size_t index) { return other->getTokenIndex() < index; });
  return size_t(found - visible_.begin());
}

antlr4::Token* Tokens::before(const antlr4::Token* token) const {
  size_t at = place(token);
  return at == 0 ? nullptr : visible_[at - 1];
}

}  // namespace rollout::syntax
