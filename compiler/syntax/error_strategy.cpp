#include "compiler/syntax/error_strategy.h"

#include <algorithm>

namespace rollout::syntax {

namespace {

/// What stands at this point of the grammar, in the user's words; empty: name the tokens.
std::string_view construct(size_t rule) {
  switch (rule) {
    case Parser::RuleExpr:
    case Parser::RuleLiteral:
    case Parser::RuleArgument: return "a value";
    case Parser::RuleType: return "a type";
    case Parser::RuleDeclaration:
    case Parser::RuleFile: return "a declaration";
    case Parser::RuleStatement: return "a statement";
    case Parser::RuleGateClause: return "a clause of a gate";
    case Parser::RuleServiceItem:
    case Parser::RuleSetting: return "a setting";
    case Parser::RuleTestItem: return "`given`, `run`, `at` or `expect`";
    case Parser::RuleBackendItem: return "`config`, `binding`, `weights` or `action`";
    default: return {};
  }
}

std::string token_text(const antlr4::dfa::Vocabulary& vocabulary, ssize_t type) {
  if (type == Parser::NAME) return "a name";
  if (type == Parser::STRING) return "a string";
  if (type == Parser::INT) return "a whole number";
  if (type == ssize_t(antlr4::Token::EOF)) return "the end of the file";
  std::string literal = vocabulary.getLiteralName(size_t(type));
  if (literal.size() < 2) return "a value";
  return "`" + literal.substr(1, literal.size() - 2) + "`";
}

bool begins_value(const antlr4::misc::IntervalSet& expected) {
  return expected.contains(ssize_t(Parser::PERCENT)) && expected.contains(ssize_t(Parser::LBRACKET));
}

std::string list_expected(antlr4::Parser* parser, const antlr4::misc::IntervalSet& expected) {
  constexpr size_t most = 4;
  std::vector<std::string> names;
  if (begins_value(expected)) return "a value";
  for (ssize_t type : expected.toList()) {
    std::string text = token_text(parser->getVocabulary(), type);
    if (std::find(names.begin(), names.end(), text) == names.end()) names.push_back(text);
  }
  // An operator or a comma could go on almost everywhere; it is not what is missing.
  if (names.size() > most) {
    std::string_view what = construct(parser->getContext()->getRuleIndex());
    if (!what.empty()) return std::string(what);
    names.resize(most);
    names.push_back("…");
  }
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

bool starts_statement(size_t type) {
  switch (type) {
    case Parser::IMPORT: case Parser::INPUT: case Parser::LET: case Parser::RECORD: case Parser::TARGET:
    case Parser::METRICS: case Parser::SERVICE: case Parser::CAPABILITY: case Parser::BACKEND: case Parser::GATE:
    case Parser::STRATEGY: case Parser::ROLLOUT: case Parser::TEST: case Parser::PHASE: case Parser::HOLD:
    case Parser::FOR: case Parser::IF: case Parser::ROLLBACK: case Parser::SAMPLE: case Parser::MINIMUM:
    case Parser::HARM: case Parser::REJECT: case Parser::REQUIRE: case Parser::ON: case Parser::GIVEN:
    case Parser::RUN: case Parser::AT: case Parser::EXPECT: case Parser::SIGNAL: case Parser::NAME:
    case Parser::CONFIG: case Parser::BINDING: case Parser::ACTION: case Parser::REVERSIBLE: return true;
    default: return false;
  }
}

bool starts_declaration(size_t type) {
  return type == Parser::IMPORT || type == Parser::INPUT || type == Parser::TARGET || type == Parser::METRICS ||
         type == Parser::SERVICE || type == Parser::GATE || type == Parser::STRATEGY || type == Parser::ROLLOUT ||
         type == Parser::TEST || type == Parser::RECORD || type == Parser::CAPABILITY || type == Parser::BACKEND;
}

}  // namespace

bool ErrorStrategy::same_statement(const antlr4::Token* found) const {
  if (!last_) return false;
  if (found->getType() == antlr4::Token::EOF || found->getType() == Parser::RBRACE) return true;
  for (antlr4::Token* token : tokens_.visible()) {
    if (token->getTokenIndex() <= last_->getTokenIndex()) continue;
    if (token->getTokenIndex() > found->getTokenIndex()) break;
    if (starts_statement(token->getType()) && tokens_.first_on_line(token)) return token == found;
  }
  return true;
}

void ErrorStrategy::report(antlr4::Parser* parser, antlr4::Token* found, const antlr4::misc::IntervalSet& expected) {
  if (same_statement(found)) return;
  last_ = found;
  antlr4::Token* before = tokens_.before(found);
  std::string wanted = list_expected(parser, expected);
  bool at_end = found->getType() == antlr4::Token::EOF || tokens_.first_on_line(found);
  if (before && at_end) {
    Span here = after(tokens_.span(before));
    diagnostics_.report(here, diag::ExpectedAfter, wanted, std::string(tokens_.text(before))).caret("missing here");
    return;
  }
  diagnostics_.report(tokens_.span(found), diag::ExpectedFound, wanted, std::string(tokens_.text(found)));
}

void ErrorStrategy::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) {
  if (inErrorRecoveryMode(parser)) return;
  beginErrorCondition(parser);
  antlr4::Token* found = error.getOffendingToken();
  report(parser, found ? found : parser->getCurrentToken(), parser->getExpectedTokens());
}

void ErrorStrategy::reportUnwantedToken(antlr4::Parser* parser) {
  if (inErrorRecoveryMode(parser)) return;
  beginErrorCondition(parser);
  report(parser, parser->getCurrentToken(), getExpectedTokens(parser));
}

void ErrorStrategy::reportMissingToken(antlr4::Parser* parser) { reportUnwantedToken(parser); }

antlr4::Token* ErrorStrategy::singleTokenDeletion(antlr4::Parser* parser) {
  // Deleting the first token of a line would tear the next statement apart.
  if (tokens_.first_on_line(parser->getCurrentToken())) return nullptr;
  return DefaultErrorStrategy::singleTokenDeletion(parser);
}

void ErrorStrategy::recover(antlr4::Parser* parser, std::exception_ptr error) {
  size_t before = parser->getInputStream()->index();
  antlr4::misc::IntervalSet follow = getErrorRecoverySet(parser);
  for (size_t type = parser->getInputStream()->LA(1); type != antlr4::Token::EOF; type = parser->getInputStream()->LA(1)) {
    antlr4::Token* token = parser->getCurrentToken();
    bool first = tokens_.first_on_line(token);
    if (first && (starts_declaration(type) || (starts_statement(type) && follow.contains(ssize_t(type))))) break;
    if (type == Parser::RBRACE && follow.contains(ssize_t(type))) break;
    parser->consume();
  }
  // The same place twice would never end: let the stock strategy move on.
  if (parser->getInputStream()->index() == before && before == last_recovery_) DefaultErrorStrategy::recover(parser, error);
  last_recovery_ = before;
}

}  // namespace rollout::syntax
