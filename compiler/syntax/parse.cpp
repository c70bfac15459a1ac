#include "compiler/syntax/parse.h"

#include <llvm/Support/ConvertUTF.h>

#include "compiler/syntax/build.h"
#include "compiler/syntax/error_strategy.h"
#include "compiler/syntax/parsing.h"

namespace rollout::syntax {

namespace {

bool report_unreadable(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  std::string_view text = sources.text(source);
  if (text.size() > max_file_bytes) {
    diagnostics.report({source, 0, 0}, diag::TooLarge, uint64_t(text.size()), max_file_bytes);
    return true;
  }
  auto* begin = reinterpret_cast<const llvm::UTF8*>(text.data());
  const llvm::UTF8* at = begin;
  if (llvm::isLegalUTF8String(&at, begin + text.size())) return false;
  uint32_t offset = uint32_t(at - begin);
  diagnostics.report({source, offset, offset}, diag::NotUtf8, offset, fmt::format("{:02X}", uint8_t(text[offset])));
  return true;
}

/// Fast: gives up at the first mistake and says nothing.
Parser::FileContext* parse_quietly(Parser& parser) {
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(antlr4::atn::PredictionMode::SLL);
  parser.setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
  return parser.file();
}

Parser::FileContext* parse_with_messages(Parser& parser, const Tokens& tokens, Diagnostics& diagnostics) {
  parser.reset();
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(antlr4::atn::PredictionMode::LL);
  parser.setErrorHandler(std::make_shared<ErrorStrategy>(tokens, diagnostics));
  return parser.file();
}

}  // namespace

Parsing::Parsing(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  if (report_unreadable(sources, source, diagnostics)) return;
  tokens_.emplace(sources, source);
  if (report_bad_tokens(*tokens_, diagnostics) || report_too_deep(*tokens_, diagnostics) ||
      report_unbalanced_braces(*tokens_, sources, diagnostics) || report_swallowed_call(*tokens_, sources, diagnostics))
    return;
  parser_ = std::make_unique<Parser>(&tokens_->stream());
  parser_->removeErrorListeners();
  // ANTLR throws; nothing thrown leaves this function.
  try {
    tree_ = parse_quietly(*parser_);
  } catch (const antlr4::ParseCancellationException&) {
    size_t errors = diagnostics.errors();
    Parser::FileContext* tree = parse_with_messages(*parser_, *tokens_, diagnostics);
    if (diagnostics.errors() == errors) tree_ = tree;  // what SLL could not decide, LL could
  }
}

std::unique_ptr<ast::File> parse(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  auto file = std::make_unique<ast::File>();
  file->source = source;
  Parsing parsing(sources, source, diagnostics);
  if (parsing.tree()) file->decls = Builder(parsing.tokens(), *file, diagnostics).build_file(parsing.tree());
  return file;
}

}  // namespace rollout::syntax
