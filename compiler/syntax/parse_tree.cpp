#include "compiler/syntax/parse_tree.h"

#include "compiler/syntax/error_strategy.h"

namespace rollout::syntax {

namespace {

void set_mode(Parser& parser, antlr4::atn::PredictionMode mode) {
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
}

}  // namespace

ParseTree::ParseTree(const Tokens& tokens) : source_(tokens), stream_(&source_), parser_(&stream_) {
  parser_.removeErrorListeners();
  // ANTLR throws; nothing thrown leaves this function. First the fast mode, which cannot decide every text.
  for (auto mode : {antlr4::atn::PredictionMode::SLL, antlr4::atn::PredictionMode::LL}) {
    parser_.reset();
    stream_.seek(0);
    set_mode(parser_, mode);
    parser_.setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
    try {
      root_ = parser_.file();
      return;
    } catch (const antlr4::ParseCancellationException&) {
      continue;
    }
  }
}

void report_syntax_errors(const Tokens& tokens, Diagnostics& diagnostics) {
  AntlrTokens source(tokens);
  antlr4::CommonTokenStream stream(&source);
  Parser parser(&stream);
  parser.removeErrorListeners();
  parser.setBuildParseTree(false);
  set_mode(parser, antlr4::atn::PredictionMode::LL);
  parser.setErrorHandler(std::make_shared<ErrorStrategy>(tokens, diagnostics));
  try {
    parser.file();
  } catch (const antlr4::ParseCancellationException&) {
    return;  // there were more mistakes than are reported
  }
}

}  // namespace rollout::syntax
