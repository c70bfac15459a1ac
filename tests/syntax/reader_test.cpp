// Our reader and the parser that ANTLR generates from grammar/RolloutParser.g4 accept the same texts and give them the
// same tree. Two trees are the same when all their nodes have the same kinds and places: an operator that binds
// otherwise, or a clause that belongs to another statement, ends elsewhere.
// ANTLR's headers come first: Catch2 has a macro for some of the grammar's tokens.
#include "compiler/syntax/parse_tree.h"

#include <algorithm>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/syntax/read.h"
#include "tests/syntax/corpus.h"
#include "tests/syntax/effort.h"
#include "tests/unit/ast_dump.h"

namespace rollout::syntax_test {

namespace {

using syntax::Parser;

/// The nodes of a parse tree, as tests/unit/ast_dump.h lists those of a syntax tree.
class GrammarNodes {
 public:
  GrammarNodes(const syntax::Tokens& tokens, antlr4::tree::ParseTree* root) : tokens_(tokens) {
    std::vector<antlr4::tree::ParseTree*> open = {root};
    while (!open.empty()) {
      antlr4::tree::ParseTree* tree = open.back();
      open.pop_back();
      auto* rule = dynamic_cast<antlr4::ParserRuleContext*>(tree);
      if (!rule) continue;
      add_rule(rule);
      for (size_t i = 0; i < rule->children.size(); ++i)
        if (!is_replaced(rule->children, i)) open.push_back(rule->children[i]);
    }
  }
  std::vector<std::string> take() { return std::move(nodes_); }

 private:
  /// Of a clause that is given twice, the syntax tree has the last.
  static bool is_replaced(const std::vector<antlr4::tree::ParseTree*>& siblings, size_t at) {
    auto* clause = dynamic_cast<antlr4::ParserRuleContext*>(siblings[at]);
    if (!clause) return false;
    size_t rule = clause->getRuleIndex();
    bool once = rule == Parser::RuleInputClause ||
                (rule == Parser::RuleRollbackClause && !is<Parser::RollbackNotifyContext>(clause)) ||
                rule == Parser::RuleActionLimit || is<Parser::GateSampleContext>(clause) ||
                is<Parser::PreflightSampleContext>(clause) ||
                is<Parser::GateMinimumContext>(clause) || is<Parser::GateHarmContext>(clause);
    auto same = [&](antlr4::tree::ParseTree* other) { return typeid(*other) == typeid(*siblings[at]); };
    return once && std::any_of(siblings.begin() + ssize_t(at) + 1, siblings.end(), same);
  }
  Span span(const antlr4::Token* token) { return tokens_.span(tokens_.visible()[token->getTokenIndex()]); }
  void add(std::string_view kind, Span span) { nodes_.push_back(fmt::format("{} {} {}", kind, span.begin, span.end)); }
  void add_expr(ast::ExprKind kind, Span span) { add(fmt::format("e{}", int(kind)), span); }
  template <typename Context>
  static bool is(antlr4::ParserRuleContext* rule) {
    return dynamic_cast<Context*>(rule) != nullptr;
  }

  void add_rule(antlr4::ParserRuleContext* rule) {
    if (!rule->getStop()) return;
    Span whole = join(span(rule->getStart()), span(rule->getStop()));
    switch (rule->getRuleIndex()) {
      case Parser::RuleDeclaration: add("declaration", whole); break;
      case Parser::RuleSetting: add("setting", whole); break;
      case Parser::RuleEffect: add("effect", whole); break;
      case Parser::RuleCompatible: add("compatible", whole); break;
      case Parser::RuleTestItem: add("test item", whole); break;
      case Parser::RulePolicyItem:
        add_policy_item(rule, whole);
        break;
      case Parser::RuleExceptionClause: add("exception clause", whole); break;
      case Parser::RuleEnvironmentItem:
        if (is<Parser::EnvironmentValueContext>(rule)) add("rebinding", whole);
        else add(fmt::format("s{}", int(ast::StatementKind::Approve)), whole);
        break;
      case Parser::RuleQuestion: add("question", whole); break;
      case Parser::RulePreflightClause:
        if (auto* check = dynamic_cast<Parser::PreflightCheckContext*>(rule))
          add_expr(ast::ExprKind::Literal, span(check->STRING()->getSymbol()));
        break;
      case Parser::RuleBlock: add("block", whole); break;
      case Parser::RuleType: add("type", whole); break;
      case Parser::RuleGateClause:
        if (is<Parser::GateRejectContext>(rule) || is<Parser::GateRequireContext>(rule)) add("condition", whole);
        break;
      case Parser::RuleCallee: add_callee(static_cast<Parser::CalleeContext*>(rule)); break;
      case Parser::RuleGivenSubject: add_callee(static_cast<Parser::GivenSubjectContext*>(rule)); break;
      case Parser::RuleStatement: add_statement(rule, whole); break;
      case Parser::RuleExceptions: add_except(rule); break;
      case Parser::RuleIfElse:
        add("block", whole);
        add(fmt::format("s{}", int(ast::StatementKind::If)), whole);
        break;
      case Parser::RuleExpr:
        if (!is<Parser::GroupExprContext>(rule)) add_expr(expr_kind(rule), whole);
        break;
    }
  }

  void add_policy_item(antlr4::ParserRuleContext* rule, Span whole) {
    add("policy item", whole);
    if (!is<Parser::PolicyCallContext>(rule)) return;
    add_expr(ast::ExprKind::Call, whole);
    add_expr(ast::ExprKind::Name, span(rule->getStart()));
  }

  /// The calendar in front of it belongs to it.
  void add_except(antlr4::ParserRuleContext* rule) {
    auto* parent = static_cast<antlr4::ParserRuleContext*>(rule->parent);
    auto before = std::find(parent->children.begin(), parent->children.end(), rule) - 1;
    auto* calendar = static_cast<antlr4::ParserRuleContext*>(*before);
    add_expr(ast::ExprKind::Except, join(span(calendar->getStart()), span(rule->getStop())));
  }

  template <typename Context>
  void add_callee(Context* callee) {
    Span first = span(callee->getStart());
    add_expr(ast::ExprKind::Name, first);
    if (callee->RBRACKET()) add_expr(ast::ExprKind::Index, join(first, span(callee->RBRACKET()->getSymbol())));
    for (Parser::WordContext* word : callee->word())
      add_expr(ast::ExprKind::Member, join(first, span(word->getStart())));
  }

  void add_statement(antlr4::ParserRuleContext* rule, Span whole) {
    using enum ast::StatementKind;
    ast::StatementKind kind = is<Parser::PhaseStatementContext>(rule)      ? Phase
                              : is<Parser::ParallelStatementContext>(rule) ? Parallel
                              : is<Parser::HoldStatementContext>(rule)     ? Hold
                              : is<Parser::ForStatementContext>(rule)      ? For
                              : is<Parser::IfStatementContext>(rule)       ? If
                              : is<Parser::LetStatementContext>(rule)      ? Let
                              : is<Parser::WatchStatementContext>(rule)    ? Watch
                              : is<Parser::RollbackStatementContext>(rule) ? Rollback
                              : is<Parser::OnFailureStatementContext>(rule) ? OnFailure
                              : is<Parser::HookStatementContext>(rule)     ? Hook
                              : is<Parser::DuringStatementContext>(rule)   ? During
                              : is<Parser::ApproveStatementContext>(rule)  ? Approve
                              : is<Parser::CommitStatementContext>(rule)   ? Commit
                              : is<Parser::CheckpointStatementContext>(rule) ? Checkpoint
                              : is<Parser::BudgetStatementContext>(rule)   ? Budget
                              : is<Parser::LockStatementContext>(rule)     ? Lock
                              : is<Parser::NewerStatementContext>(rule)    ? Newer
                              : is<Parser::NotifyStatementContext>(rule)   ? Notify
                              : is<Parser::PreflightStatementContext>(rule) ? Preflight
                                                                           : Call;
    add(fmt::format("s{}", int(kind)), whole);
    if (kind == Call) add_expr(ast::ExprKind::Call, whole);
    if (auto* phase = dynamic_cast<Parser::PhaseStatementContext*>(rule); phase && phase->STRING())
      add_expr(ast::ExprKind::Literal, span(phase->STRING()->getSymbol()));
    if (auto* hook = dynamic_cast<Parser::HookStatementContext*>(rule); hook && hook->STRING())
      add_expr(ast::ExprKind::Literal, span(hook->STRING()->getSymbol()));
    if (auto* commit = dynamic_cast<Parser::CommitStatementContext*>(rule); commit && commit->STRING())
      add_expr(ast::ExprKind::Literal, span(commit->STRING()->getSymbol()));
    if (auto* checkpoint = dynamic_cast<Parser::CheckpointStatementContext*>(rule); checkpoint && checkpoint->STRING())
      add_expr(ast::ExprKind::Literal, span(checkpoint->STRING()->getSymbol()));
    if (auto* notify = dynamic_cast<Parser::NotifyStatementContext*>(rule); notify && notify->STRING())
      add_expr(ast::ExprKind::Literal, span(notify->STRING()->getSymbol()));
  }

  static bool is_map(Parser::ListExprContext* list) {
    std::vector<Parser::EntryContext*> entries = list->entry();
    return list->COLON() || std::any_of(entries.begin(), entries.end(), [](auto* entry) { return entry->COLON(); });
  }

  static ast::ExprKind expr_kind(antlr4::ParserRuleContext* rule) {
    using enum ast::ExprKind;
    if (is<Parser::MemberExprContext>(rule)) return Member;
    if (is<Parser::CallExprContext>(rule)) return Call;
    if (is<Parser::IndexExprContext>(rule)) return Index;
    if (is<Parser::NegateExprContext>(rule) || is<Parser::NotExprContext>(rule)) return Unary;
    if (auto* list = dynamic_cast<Parser::ListExprContext*>(rule)) return is_map(list) ? Map : List;
    if (is<Parser::MatchExprContext>(rule)) return Match;
    if (is<Parser::LiteralExprContext>(rule)) return Literal;
    return is<Parser::NameExprContext>(rule) ? Name : Binary;
  }

  const syntax::Tokens& tokens_;
  std::vector<std::string> nodes_;
};

/// Whether the text fits the grammar, on which both agree.
bool compare(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  syntax::Tokens tokens(sources, sources.add("a.rollout", text));
  ast::File file;
  syntax::Reader reader(tokens, file, diagnostics, nullptr);
  bool accepted = reader.read_file();
  if (!accepted && reader.has_said_why()) return false;  // more than the grammar asks
  syntax::ParseTree tree(tokens);
  INFO(text);
  if (accepted != (tree.root() != nullptr)) FAIL("only " << (accepted ? "the reader" : "the grammar") << " takes it");
  if (!accepted) return false;
  std::vector<std::string> ours = nodes(file), theirs = GrammarNodes(tokens, tree.root()).take();
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  if (ours == theirs) return true;
  std::vector<std::string> differ;
  std::set_symmetric_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(), std::back_inserter(differ));
  FAIL("kinds and places that only one of them has: " << fmt::format("{}", fmt::join(differ, ", ")));
  return false;
}

}  // namespace

TEST_CASE("the reader reads what the grammar says, on whole programs") {
  size_t accepted = 0, texts = 0;
  for (const std::string& text : corpus()) {
    accepted += compare(text);
    ++texts;
  }
  CHECK(accepted > texts / 2);
}

TEST_CASE("the reader reads what the grammar says, where a reserved word is a name") {
  CHECK(compare("record a { b: C where: D with: E = f and: G = h or: I i: I where j where: K? in: L }"));
  CHECK(compare("func f(hold: Duration) -> Int = 1") == false);
  CHECK(compare("record a { or: I where j }") == false);
  CHECK(compare("target a: b { c = d and = e or = f { not = g } in = h with = i signal = j }"));
  CHECK(compare("service a { signal = b }"));
  CHECK(compare("service a { compatible = b compatible with schema 1..2 of c from 3.1 compatible with >= 1.8 }"));
  CHECK(compare("service a { compatible with schema 12 compatible with \"1.2.3\"..2 of b d = e }"));
  CHECK(compare("service a { compatible with schema >= 1..2 }") == false);
  CHECK(compare("rollout a { b.rollback(rollback, rollback: rollback, true: true, none: not none).c }") == false);
  CHECK(compare("rollout a { b.rollback(rollback, rollback: rollback, true: true, none: not none) }"));
}

TEST_CASE("the reader reads what the grammar says, however operators follow each other") {
  Random random(3);
  constexpr std::string_view before[] = {"", "-", "not ", "- -", "not not ", "- not ", "not - "};
  constexpr std::string_view operands[] = {"a", "5m", "(a)", "a.b", "a(c)", "a[1]", "[a, b]", "f(x: a)", "(not a)"};
  constexpr std::string_view operators[] = {"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or", ".."};
  auto any = [&](auto& list) { return std::string(list[random.below(uint32_t(std::size(list)))]); };
  for (uint32_t i = 0; i < effort().mutants; ++i) {
    std::string text = "let x = ";
    for (uint32_t n = random.below(6); n > 0; --n)
      text += any(before) + any(operands) + " " + any(operators) + " ";
    compare(text + any(before) + any(operands));
  }
}

TEST_CASE("the reader reads what the grammar says, with tokens out of place") {
  std::vector<std::string> texts = corpus();
  Random random(4);
  size_t accepted = 0;
  for (uint32_t i = 0; i < effort().mutants; ++i)
    accepted += compare(mutate(texts[random.below(uint32_t(texts.size()))], random));
  fmt::print("reader: {} mutants, {} of them programs\n", effort().mutants, accepted);
  CHECK(accepted > effort().mutants / 50);
}

}  // namespace rollout::syntax_test
