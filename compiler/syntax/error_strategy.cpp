#include "compiler/syntax/error_strategy.h"

#include <algorithm>

#include <llvm/ADT/StringRef.h>

#include "compiler/syntax/elsewhere.h"
#include "compiler/syntax/foreign.h"
#include "compiler/syntax/scan_errors.h"
#include "compiler/syntax/wanted.h"
#include "compiler/syntax/words.h"

namespace rollout::syntax {

namespace {

constexpr int max_deletions = 10;  ///< of one token each, until the rest of a statement is left out

using Expected = antlr4::misc::IntervalSet;

/// What stands at this point of the grammar, in the user's words; empty: name the tokens.
std::string_view construct(size_t rule) {
  switch (rule) {
    case Parser::RuleExpr:
    case Parser::RuleLiteral:
    case Parser::RuleArgument: return "a value";
    case Parser::RuleType: return "a type";
    case Parser::RuleDeclaration:
    case Parser::RuleFile: return "a declaration";
    case Parser::RuleStatement:
    case Parser::RuleBlock: return "a statement";
    case Parser::RuleGateClause:
    case Parser::RuleGateDecl: return "a clause of a gate";
    case Parser::RuleServiceItem:
    case Parser::RuleServiceDecl:
    case Parser::RuleFlagDecl:
    case Parser::RuleDatabaseDecl:
    case Parser::RuleConfig:
    case Parser::RuleSetting: return "a setting";
    case Parser::RuleRecordDecl: return "a field";
    case Parser::RuleMatchArm: return "a case";
    case Parser::RuleRetry: return "`retry 3 every 1m then park`";
    case Parser::RulePreflightClause: return "`check` or `sample every`";
    case Parser::RuleApproveClause: return "`timeout`, `on timeout` or `escalate`";
    case Parser::RuleEnvironmentItem:
    case Parser::RuleEnvironmentDecl: return "`NAME = VALUE` or `approve by`";
    case Parser::RulePromotionDecl:
    case Parser::RulePromotionStage: return "an environment";
    case Parser::RulePolicyItem:
    case Parser::RulePolicyDecl: return "`for every`, `require`, `forbid`, `except` or a policy";
    case Parser::RulePolicyElement: return "`rollout`, `phase`, `action`, `gate` or `approval`";
    case Parser::RuleExceptionClause: return "`because`, `asked by`, `approved by` or `until`";
    case Parser::RuleTestItem:
    case Parser::RuleTestDecl: return "`given`, `run`, `at` or `expect`";
    case Parser::RuleCapabilityItem:
    case Parser::RuleCapabilityDecl: return "`binding`, `reversible` or the like, `observe` or `signal`";
    case Parser::RuleBackendItem:
    case Parser::RuleBackendDecl: return "`config`, `binding`, `identified`, `weights` or `action`";
    default: return {};
  }
}

std::string token_text(const antlr4::dfa::Vocabulary& vocabulary, ssize_t type) {
  if (type == Parser::NAME) return "a name";
  if (type == Parser::STRING) return "a string";
  if (type == Parser::INT) return "a whole number";
  if (type == ssize_t(antlr4::Token::EOF)) return "the end of the file";
  std::string word(word_text(TokenType(type)));
  if (!word.empty()) return "`" + word + "`";
  std::string literal = vocabulary.getLiteralName(size_t(type));
  if (literal.size() < 2) return "a value";
  return "`" + literal.substr(1, literal.size() - 2) + "`";
}

bool begins_value(const Expected& expected) {
  return expected.contains(ssize_t(Parser::PERCENT)) && expected.contains(ssize_t(Parser::LBRACKET));
}

/// Behind a reserved word that is no name here: what its clause goes on with, where that is no value.
bool begins_rest(const Expected& expected, const Token* before) {
  if (expected.size() != 1 || before->type == Parser::NAME || before->type == Parser::STRING) return false;
  ssize_t type = expected.getSingleElement();
  return type == Parser::EVERY || type == Parser::PLUS || type == Parser::STRING || type == Parser::NAME ||
         type == Parser::INT;
}

/// Behind `.`, as a field or a label: reserved words too.
bool is_any_word(const Expected& expected) {
  return expected.contains(ssize_t(Parser::ABORT)) && expected.contains(ssize_t(Parser::WITHIN));
}

/// Whether what stands before is complete: the block or the file could end here.
bool at_boundary(const Expected& expected) {
  return expected.contains(ssize_t(Parser::RBRACE)) || expected.contains(ssize_t(antlr4::Token::EOF));
}

std::string list_expected(antlr4::Parser* parser, const Expected& expected, std::string_view found) {
  constexpr size_t most = 4;
  size_t rule = parser->getContext()->getRuleIndex();
  if (begins_value(expected)) return "a value";
  if (is_any_word(expected) && !at_boundary(expected)) return "a name";
  if (expected.size() == 1 && expected.contains(ssize_t(Parser::NAME))) {
    // What is counted is a name by the grammar, and one word by its meaning.
    if (rule == Parser::RuleGateClause) return "`requests`, as in `minimum 1000 requests`";
    if (rule == Parser::RuleCertainty) return "`samples`, as in `over 3 samples`";
  }
  if (rule == Parser::RuleRecheck || rule == Parser::RuleObservation)
    return expected.contains(ssize_t(Parser::AT)) ? "`exact`, `within 10%`, `recorded` or `at run start`" : "`start`";
  if (expected.size() == 1 && expected.contains(ssize_t(Parser::THEN)) &&
      rule == Parser::RuleGateClause)
    return "`then` and a response such as `then fail`";
  std::vector<std::string> names;
  for (ssize_t type : expected.toList()) {
    std::string text = token_text(parser->getVocabulary(), type);
    if (std::find(names.begin(), names.end(), text) == names.end()) names.push_back(text);
  }
  // An operator or a comma could go on almost everywhere; it is not what is missing.
  if (names.size() > most) {
    std::string_view what = construct(rule);
    // `given given`: the second word is wrong, though it would be right in the place of the first.
    if (!what.empty() && what.find(fmt::format("`{}`", found)) == std::string_view::npos) return std::string(what);
    names.resize(most);
    names.push_back("…");
  }
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

bool in_policy(antlr4::Parser* parser) {
  auto* context = dynamic_cast<antlr4::ParserRuleContext*>(parser->getContext());
  for (int i = 0; i < 3 && context; ++i) {
    if (context->getRuleIndex() == Parser::RulePolicyItem) return true;
    context = dynamic_cast<antlr4::ParserRuleContext*>(context->parent);
  }
  return false;
}

bool closes(TokenType type) {
  return type == Parser::RBRACE || type == Parser::RPAREN || type == Parser::RBRACKET || type == Parser::COMMA;
}

}  // namespace

bool starts_statement(TokenType type) {
  switch (type) {
    case Parser::IMPORT: case Parser::INPUT: case Parser::LET: case Parser::CALENDAR: case Parser::DURING:
    case Parser::ENUM: case Parser::FUNC:
    case Parser::RECORD: case Parser::TARGET: case Parser::METRICS: case Parser::TEAM:
    case Parser::ENVIRONMENT: case Parser::PROMOTION: case Parser::POLICY: case Parser::FORBID:
    case Parser::SERVICE: case Parser::FLAG: case Parser::DATABASE:
    case Parser::CAPABILITY: case Parser::BACKEND: case Parser::GATE:
    case Parser::STRATEGY: case Parser::ROLLOUT: case Parser::TEST: case Parser::PHASE: case Parser::PARALLEL:
    case Parser::HOLD: case Parser::APPROVE: case Parser::COMMIT: case Parser::NOTIFY:
    case Parser::PREFLIGHT: case Parser::CHECK: case Parser::BEFORE: case Parser::AFTER:
    case Parser::CHECKPOINT: case Parser::BUDGET: case Parser::LOCK: case Parser::RENAMED:
    case Parser::FOR: case Parser::IF: case Parser::ROLLBACK: case Parser::SAMPLE: case Parser::MINIMUM:
    case Parser::HARM: case Parser::REJECT: case Parser::REQUIRE: case Parser::ON: case Parser::GIVEN:
    case Parser::RUN: case Parser::AT: case Parser::EXPECT: case Parser::ASK: case Parser::ESCALATE:
    case Parser::SIGNAL: case Parser::NAME:
    case Parser::COMPATIBLE: case Parser::CONFIG: case Parser::BINDING: case Parser::ACTION: case Parser::REVERSIBLE:
    case Parser::COMPENSABLE:
    case Parser::IRREVERSIBLE:
    case Parser::OBSERVE:
    case Parser::IDENTIFIED:
    case Parser::WEIGHTS:
    case Parser::SETS: return true;
    default: return false;
  }
}

namespace {

bool starts_declaration(TokenType type) {
  return type == Parser::IMPORT || type == Parser::INPUT || type == Parser::TARGET || type == Parser::METRICS ||
         type == Parser::TEAM || type == Parser::SERVICE || type == Parser::GATE || type == Parser::STRATEGY ||
         type == Parser::ROLLOUT || type == Parser::FLAG || type == Parser::DATABASE ||
         type == Parser::LOCK || type == Parser::RENAMED ||
         type == Parser::ENVIRONMENT || type == Parser::PROMOTION || type == Parser::POLICY ||
         type == Parser::TEST || type == Parser::ENUM || type == Parser::RECORD || type == Parser::FUNC ||
         type == Parser::CAPABILITY || type == Parser::BACKEND || type == Parser::CALENDAR;
}

}  // namespace

bool ErrorStrategy::same_statement(const Token* found) const {
  if (!last_) return false;
  if (found->type == end_of_file || found->type == Parser::RBRACE) return true;
  for (const Token* token = last_ + 1; token <= found; ++token)
    if (starts_statement(token->type) && token->first_on_line) return token == found;
  return true;
}

/// `a and }`, `Service with)`: the parser looks two tokens ahead there, and blames the first one. Returns what is
/// missing behind `found`; empty: nothing is.
static std::string missing_behind(const Token* found) {
  if (found->type == end_of_file) return {};
  TokenType next = found[1].type;
  if (found->type == Parser::WITH) return next == Parser::NAME ? "" : "a name";
  if (found->type != Parser::AND && found->type != Parser::OR) return {};
  switch (next) {
    case Parser::NAME: case Parser::STRING: case Parser::INT: case Parser::FLOAT: case Parser::PERCENT:
    case Parser::DURATION: case Parser::RATE: case Parser::BYTES: case Parser::MONEY: case Parser::TIME:
    case Parser::DATE: case Parser::INSTANT: case Parser::TRUE: case Parser::FALSE: case Parser::NONE:
    case Parser::LPAREN: case Parser::LBRACKET: case Parser::MINUS: case Parser::NOT: case Parser::MATCH:
    case Parser::ROLLBACK: case Parser::FROM: return {};
    default: return "a value";
  }
}

/// The first word of the next line was taken for what is missing at the end of this one: `replicas =` and below it
/// `traffic = 5/s`, where the message would stand at the second `=`. Returns what stands before the gap, or null.
const Token* ErrorStrategy::before_gap(const Token* found) const {
  const Token* taken = tokens_.before(found);
  if (!taken || !taken->first_on_line || found->first_on_line) return nullptr;
  TokenType type = found->type;
  bool setting = type == Parser::ASSIGN || type == Parser::COLON || type == Parser::ARROW;
  bool statement = starts_statement(taken->type) && taken->type != Parser::NAME;
  const Token* before = tokens_.before(taken);
  if (!before || !(setting || statement)) return nullptr;
  switch (before->type) {
    case Parser::ASSIGN: case Parser::COLON: case Parser::COMMA: case Parser::DOT: case Parser::HELD: case Parser::HOLD:
    case Parser::WHEN: case Parser::BY: case Parser::WITHIN: case Parser::VERIFY: case Parser::EVERY: case Parser::OF:
    case Parser::REQUIRE: case Parser::PROVEN: case Parser::OVER: case Parser::WHERE: case Parser::EXAMPLE:
    case Parser::PLUS: case Parser::MINUS: case Parser::STAR: case Parser::SLASH: case Parser::LESS:
    case Parser::LESS_EQUAL: case Parser::GREATER: case Parser::GREATER_EQUAL: case Parser::EQUAL:
    case Parser::NOT_EQUAL: case Parser::AND: case Parser::OR: case Parser::NOT: case Parser::EXPECT: case Parser::IN:
    case Parser::AT: case Parser::THEN: case Parser::NOTIFY: case Parser::ARROW: case Parser::SOAK:
    case Parser::DURING: case Parser::EXCEPT: case Parser::IF: case Parser::WAVES: case Parser::CONFIG:
    case Parser::BINDING: case Parser::OBSERVE: return before;
    default: return nullptr;
  }
}

/// What stands behind the name of a declaration.
static bool opens(TokenType type) {
  return type == Parser::LBRACE || type == Parser::LPAREN || type == Parser::ASSIGN || type == Parser::COLON;
}

Diagnostic& ErrorStrategy::report_missing(const Token* before, const std::string& wanted) {
  Span gap = after(tokens_.span(*before));
  Diagnostic& message = diagnostics_.report(gap, diag::ExpectedAfter, wanted, tokens_.shown(*before));
  message.caret("missing here");
  // Only what could be nothing else.
  if (wanted == "`)`" || wanted == "`]`") message.fix(gap, wanted.substr(1, 1));
  if (wanted == "`{`" || wanted == "`=`") message.fix(gap, " " + wanted.substr(1, 1));
  return message;
}

/// Where the value of a clause is missing, says of what kind it is. Returns whether it was said.
bool ErrorStrategy::report_clause(const Token* before, const Token* found, const Expected& expected, bool policy) {
  bool value = begins_value(expected);
  if (!before || !(value || begins_rest(expected, before))) return false;
  std::string_view wanted = wanted_behind(tokens_, before, policy);
  if (wanted.empty()) return false;
  Diagnostic& message = report_missing(before, std::string(wanted));
  bool name = value && !found->first_on_line && !word_text(found->type).empty();
  if (std::string otherwise = written_otherwise(tokens_, before, found); !otherwise.empty()) message.advise(otherwise);
  else if (name && !goes_on(found->type))
    message.advise(fmt::format("`{}` is a word of the language: choose another name", tokens_.text(*found)));
  return true;
}

/// `if a = b`, `let a == b`: one sign for the other. Returns whether it was said.
bool ErrorStrategy::report_equal_sign(const Token* before, const Token* found, const Expected& expected) {
  bool gives = found->type == Parser::EQUAL && expected.contains(ssize_t(Parser::ASSIGN));
  bool compares = found->type == Parser::ASSIGN && !expected.contains(ssize_t(Parser::ASSIGN)) &&
                  in_condition(tokens_, before);
  if (!gives && !compares) return false;
  std::string ours = gives ? "=" : "==";
  diagnostics_.report(tokens_.span(*found), diag::ExpectedFound, fmt::format("`{}`", ours), gives ? "==" : "=")
      .advise("`=` gives a name its value, `==` compares")
      .fix(tokens_.span(*found), ours);
  return true;
}

/// `replicas: 4`, `of = "total"`, `release(image = "shop:1")`. Returns whether it was said.
bool ErrorStrategy::report_other_sign(const Token* found, const std::string& wanted) {
  bool setting = wanted == "`=`" && found->type == Parser::COLON;
  const Token* name = tokens_.before(found);
  const Token* open = name && name->type == Parser::NAME ? tokens_.before(name) : nullptr;
  bool argument = wanted == "`)`" && open && (open->type == Parser::LPAREN || open->type == Parser::COMMA);
  bool label = (wanted == "`:`" || argument) && found->type == Parser::ASSIGN;
  if (!setting && !label) return false;
  diagnostics_.report(tokens_.span(*found), diag::ExpectedFound, setting ? "`=`" : "`:`", setting ? ":" : "=")
      .advise("a setting has `=` in front of its value, an argument and a type have `:`")
      .fix(tokens_.span(*found), setting ? " =" : ":");
  return true;
}

/// `replicas = 4, port = 80`. Returns whether it was said.
bool ErrorStrategy::report_comma(const Token* found, const std::string& wanted) {
  if (found->type != Parser::COMMA || wanted != "a setting") return false;
  diagnostics_.report(tokens_.span(*found), diag::ExpectedFound, wanted, ",")
      .advise("settings stand apart by a space or a line")
      .fix(tokens_.span(*found), "");
  return true;
}

/// `on failure retry 3`: to the grammar that statement ends behind `retry`. Returns whether it was said.
bool ErrorStrategy::report_bare_retry(const Token* retry) {
  const Token* failure = retry ? tokens_.before(retry) : nullptr;
  const Token* on = failure ? tokens_.before(failure) : nullptr;
  if (!on || on->type != Parser::ON || failure->type != Parser::NAME || tokens_.text(*retry) != "retry") return false;
  diagnostics_.report(tokens_.span(*retry), diag::ExpectedFound, "`rollback`, `stop`, `continue` or `{`", "retry")
      .advise("write `on failure { retry 3 every 1m then park }`");
  return true;
}

namespace {

/// So many are reported. Each takes time, and a file of nothing else would fill the memory.
constexpr size_t max_mistakes = 10'000;

bool begins_statement(const Tokens& tokens, const Token* name) {
  if (!name || name->type != Parser::NAME) return false;
  const Token* before = tokens.before(name);
  return name->first_on_line || (before && before->type == Parser::LBRACE);
}

/// Of what stands where a statement begins, and is neither one nor a call.
std::string statement_advice(std::string_view name) {
  if (std::string_view here = said_elsewhere(name); !here.empty()) return std::string(here);
  std::string_view ours = our_word(name), small = word_text(word_type(llvm::StringRef(name).lower()));
  for (std::string_view meant : {ours, small})
    if (!meant.empty()) return fmt::format("did you mean `{}`?", meant);
  return "an action is called on what it acts on: `checkout.deploy(image)`";
}

/// `hold 5m judgedBy …`, where `judged by` stands for it; a `judged` that is misspelt has its `by`.
bool judges(std::string_view word) { return word == "judgedBy" || word == "gate" || word == "gates"; }

}  // namespace

void ErrorStrategy::report(antlr4::Parser* parser, const Token* found, const Expected& expected) {
  if (diagnostics_.errors() >= max_mistakes) {
    diagnostics_.note_since(diagnostics_.size() - 1, "there are more mistakes; what follows was not read");
    throw antlr4::ParseCancellationException();
  }
  if (same_statement(found)) return;
  last_ = found;
  deletions_ = 0;
  if (const Token* gap = before_gap(found)) {
    TokenType type = gap->type;
    bool name = type == Parser::DOT || type == Parser::CONFIG || type == Parser::BINDING ||
                type == Parser::OBSERVE;
    std::string_view value = wanted_behind(tokens_, gap, in_policy(parser));
    if (value.empty()) value = name ? "a name" : type == Parser::COLON ? "a type or a value" : "a value";
    report_missing(gap, std::string(value));
    return;
  }
  if (std::string behind = missing_behind(found); !behind.empty()) {
    report_missing(found, behind);
    return;
  }
  const Token* before = tokens_.before(found);
  if (report_bare_retry(before) || report_equal_sign(before, found, expected)) return;
  if (report_clause(before, found, expected, in_policy(parser))) return;
  std::string text(tokens_.text(*found)), wanted = list_expected(parser, expected, text);
  if (report_other_sign(found, wanted)) return;
  if (report_comma(found, wanted)) return;
  // `f("a" by: "b")`: to the grammar the list could only end here.
  if (wanted == "`)`" && found->type != end_of_file && found[1].type == Parser::COLON) wanted = "`,` or `)`";
  bool at_end = found->type == end_of_file ||
                (!at_boundary(expected) && (found->first_on_line || closes(found->type)));
  if (before && at_end) {
    Diagnostic& message = report_missing(before, wanted);
    bool same_line = !found->first_on_line && found->type != end_of_file;
    std::string otherwise = same_line ? written_otherwise(tokens_, before, found) : "";
    if (!otherwise.empty()) message.advise(std::move(otherwise));
    return;
  }
  Diagnostic& message = diagnostics_.report(tokens_.span(*found), diag::ExpectedFound, wanted,
                                            tokens_.shown(*found));
  if (std::string otherwise = written_otherwise(tokens_, before, found); !otherwise.empty()) {
    message.advise(std::move(otherwise));
    return;
  }
  if (found->type == Parser::NAME) {
    std::vector<std::string_view> words;
    for (ssize_t type : expected.toList()) words.push_back(word_text(TokenType(type)));
    std::string_view meant = nearest(text, words);
    for (std::string_view word : {our_word(text), word_text(word_type(llvm::StringRef(text).lower()))})
      if (!word.empty() && std::find(words.begin(), words.end(), word) != words.end()) meant = word;
    bool begins = wanted == "a declaration" || wanted == "a statement" || wanted.starts_with("a clause");
    if (!meant.empty())
      message.advise(fmt::format("did you mean `{}`?", meant)).fix(tokens_.span(*found), std::string(meant));
    else if (std::string_view here = said_elsewhere(text); begins && !here.empty()) message.advise(std::string(here));
  } else if (expected.contains(ssize_t(Parser::NAME)) && !word_text(found->type).empty() &&
             !at_boundary(expected) && (!goes_on(found->type) || (wanted == "a name" && opens(found[1].type)))) {
    message.advise(fmt::format("`{}` is a word of the language: choose another name", text));
  }
  if (wanted == "`(`" && begins_statement(tokens_, before)) message.advise(statement_advice(tokens_.text(*before)));
  else if (wanted == "`(`" && before && judges(tokens_.text(*before)))
    message.advise("did you mean `judged by`?").fix(tokens_.span(*before), "judged by");
  if (wanted == "a clause of a gate" && message.help.empty())
    message.advise("a gate says how often it looks, `sample every 15s`, and what holds, `require` or `reject when`");
  if (wanted == "a statement" && starts_declaration(found->type))
    message.advise(fmt::format("`{}` begins a declaration: write it outside of this block", text));
}

/// Where the parser looked ahead, the token that is wrong may be a later one than that at which it stands: what is
/// expected here would name just what was found there. Then the ways that were still open say what is expected.
static Expected expected_at(antlr4::Parser* parser, const antlr4::RecognitionException& error, const Token* found) {
  Expected here = parser->getExpectedTokens();
  auto* no_way = dynamic_cast<const antlr4::NoViableAltException*>(&error);
  if (!no_way || !no_way->getDeadEndConfigs()) return here;
  if (!here.contains(ssize_t(found->type)) && no_way->getStartToken() == no_way->getOffendingToken()) return here;
  Expected there;
  for (const auto& way : no_way->getDeadEndConfigs()->configs) there.addAll(parser->getATN().nextTokens(way->state));
  there.remove(antlr4::Token::EPSILON);
  return there.isEmpty() || there.contains(ssize_t(found->type)) ? here : there;
}

void ErrorStrategy::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) {
  if (inErrorRecoveryMode(parser)) return;
  beginErrorCondition(parser);
  antlr4::Token* token = error.getOffendingToken();
  const Token* found = ours(token ? token : parser->getCurrentToken());
  report(parser, found, expected_at(parser, error, found));
}

void ErrorStrategy::reportUnwantedToken(antlr4::Parser* parser) {
  if (inErrorRecoveryMode(parser)) return;
  beginErrorCondition(parser);
  report(parser, ours(parser->getCurrentToken()), getExpectedTokens(parser));
}

void ErrorStrategy::reportMissingToken(antlr4::Parser* parser) { reportUnwantedToken(parser); }

/// A header that goes on to its `{` does not lack it: without this the rest of the header would be read as the block.
bool ErrorStrategy::singleTokenInsertion(antlr4::Parser* parser) {
  const Token* token = ours(parser->getCurrentToken());
  // The next statement stands for itself, whatever this one lacks beside what was said of it.
  if (token->first_on_line && starts_statement(token->type) && same_statement(token)) return false;
  constexpr int most = 50;  // tokens of a header
  if (getExpectedTokens(parser).contains(ssize_t(Parser::LBRACE)))
    for (int i = 0; i < most && token[i].type != end_of_file && (i == 0 || !token[i].first_on_line); ++i)
      if (token[i].type == Parser::LBRACE) return false;
  return DefaultErrorStrategy::singleTokenInsertion(parser);
}

antlr4::Token* ErrorStrategy::singleTokenDeletion(antlr4::Parser* parser) {
  // Without the first token of a line, or with the next line in its place, the next statement would be torn apart;
  // without a brace, everything behind it.
  const Token* token = ours(parser->getCurrentToken());
  bool bracket = closes(token->type) || token->type == Parser::LBRACE;
  bool last = token->type == end_of_file || token[1].first_on_line;
  if (bracket || last || token->first_on_line) return nullptr;
  // `+ - + - …`: without each `+` it is one expression as deep as it is long, which no limit of depth has seen.
  if (same_statement(token) && ++deletions_ > max_deletions) return nullptr;
  return DefaultErrorStrategy::singleTokenDeletion(parser);
}

/// Goes on where a line begins with something in `set`, or at the brace that ends this block. Blocks in between are
/// left out whole, unless a declaration begins at the margin.
void ErrorStrategy::consumeUntil(antlr4::Parser* parser, const Expected& set) {
  int depth = 0;
  for (;;) {
    const Token* token = ours(parser->getCurrentToken());
    TokenType type = token->type;
    if (type == end_of_file) return;
    bool wanted = depth == 0 && set.contains(ssize_t(type));
    if (starts_declaration(type) && token->begin == token->line_begin) return;
    if (wanted && (type == Parser::RBRACE || (starts_statement(type) && token->first_on_line))) return;
    if (type == Parser::LBRACE) ++depth;
    if (type == Parser::RBRACE && depth > 0) --depth;
    parser->consume();
  }
}

/// The stock strategy leaves the file where its first line begins no declaration, and nothing behind it would be read.
void ErrorStrategy::sync(antlr4::Parser* parser) {
  bool outside = parser->getContext()->getRuleIndex() == Parser::RuleFile && !inErrorRecoveryMode(parser);
  if (outside && !getExpectedTokens(parser).contains(ssize_t(ours(parser->getCurrentToken())->type))) {
    reportUnwantedToken(parser);
    consumeUntil(parser, getExpectedTokens(parser));
  }
  DefaultErrorStrategy::sync(parser);
}

void ErrorStrategy::recover(antlr4::Parser* parser, std::exception_ptr error) {
  size_t before = parser->getInputStream()->index();
  consumeUntil(parser, getErrorRecoverySet(parser));
  // The same place twice would never end: let the stock strategy move on.
  if (parser->getInputStream()->index() == before && before == last_recovery_)
    DefaultErrorStrategy::recover(parser, error);
  last_recovery_ = before;
}

}  // namespace rollout::syntax
