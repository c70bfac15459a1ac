#include "compiler/syntax/parse_tree.h"

#include "compiler/syntax/error_strategy.h"

namespace rollout::syntax {

namespace {

void set_mode(Parser& parser, antlr4::atn::PredictionMode mode) {
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
}

/// Trees are given back together: to give back many small ones takes longer than to make them.
constexpr size_t max_kept_tokens = 250'000;

/// The tree of the rule that `rule` reads, from the token `begin` on; null where it does not fit. Trees that the parser
/// made before are gone if it is `fresh`, or may be.
template <typename Rule>
auto parse_from(size_t begin, bool fresh, Parser& parser, antlr4::CommonTokenStream& stream, Rule rule)
    -> decltype(rule()) {
  // ANTLR throws; nothing thrown leaves this function. First the fast mode, which cannot decide every text.
  for (auto mode : {antlr4::atn::PredictionMode::SLL, antlr4::atn::PredictionMode::LL}) {
    if (fresh) parser.reset();
    stream.seek(begin);
    set_mode(parser, mode);
    parser.setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
    try {
      return rule();
    } catch (const antlr4::ParseCancellationException&) {
      fresh = true;
    }
  }
  return nullptr;
}

}  // namespace

ParseTree::ParseTree(const Tokens& tokens) : source_(tokens), stream_(&source_), parser_(&stream_) {
  parser_.removeErrorListeners();
  root_ = parse_from(0, true, parser_, stream_, [&] { return parser_.file(); });
}

bool for_each_declaration(const Tokens& tokens, const std::function<void(Parser::DeclarationContext*)>& use) {
  AntlrTokens source(tokens);
  antlr4::CommonTokenStream stream(&source);
  Parser parser(&stream);
  parser.removeErrorListeners();
  stream.fill();  // between trees, tokens would leave their memory in pieces
  size_t kept_from = 0;
  while (stream.LA(1) != antlr4::Token::EOF) {
    size_t begin = stream.index();
    bool fresh = begin - kept_from > max_kept_tokens;
    if (fresh) kept_from = begin;
    auto* tree = parse_from(begin, fresh, parser, stream, [&] { return parser.declaration(); });
    if (!tree) return false;
    use(tree);
  }
  return true;
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
