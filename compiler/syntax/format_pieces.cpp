#include "compiler/syntax/format_pieces.h"

#include <algorithm>

#include "compiler/base/check.h"
#include "compiler/syntax/parse_tree.h"

namespace rollout::syntax {

namespace {

using Tree = antlr4::tree::ParseTree;

bool is_opening(TokenType type) { return type == Parser::LPAREN || type == Parser::LBRACKET || type == Parser::LBRACE; }
bool is_closing(TokenType type) { return type == Parser::RPAREN || type == Parser::RBRACKET || type == Parser::RBRACE; }

/// What the parse tree knows of the tokens.
class Annotator {
 public:
  Annotator(Pieces& pieces, const std::vector<uint32_t>& piece_of) : pieces_(pieces), piece_of_(piece_of) {}

  /// With a stack of its own: a chain of operators is as deep as it is long.
  void annotate(Tree* root) {
    std::vector<Tree*> open = {root};
    while (!open.empty()) {
      Tree* tree = open.back();
      open.pop_back();
      auto* rule = dynamic_cast<antlr4::ParserRuleContext*>(tree);
      if (!rule) continue;
      if (rule->getStart() && rule->getStop()) annotate_rule(rule);
      open.insert(open.end(), rule->children.begin(), rule->children.end());
    }
  }

 private:
  Piece* token(antlr4::ParserRuleContext* rule, size_t child) {
    auto* node = child < rule->children.size()
                     ? dynamic_cast<antlr4::tree::TerminalNode*>(rule->children[child])
                     : nullptr;
    return node ? &piece(node->getSymbol()) : nullptr;
  }
  Piece& piece(const antlr4::Token* token) { return pieces_.list[piece_of_[token->getTokenIndex()]]; }
  void mark_column(antlr4::ParserRuleContext* rule, TokenType type, Column column) {
    for (size_t i = 0; i < rule->children.size(); ++i)
      if (Piece* found = token(rule, i); found && found->type == type) {
        found->column = column;
        return;
      }
  }

  void mark_soft(antlr4::ParserRuleContext* rule, TokenType type) {
    for (size_t i = 1; i < rule->children.size(); ++i)
      if (Piece* found = token(rule, i); found && found->type == type) found->soft = true;
  }

  void annotate_rule(antlr4::ParserRuleContext* rule) {
    Piece& first = piece(rule->getStart());
    switch (rule->getRuleIndex()) {
      case Parser::RuleEnumDecl: token(rule, 3)->item = true; break;
      case Parser::RuleDeclaration:
      case Parser::RuleMatchArm:
      case Parser::RuleCapabilityItem:
      case Parser::RuleActionLimit:
      case Parser::RuleRollbackClause:
      case Parser::RuleApproveClause:
      case Parser::RuleTestItem: first.item = true; break;
      case Parser::RulePreflightClause:
        first.item = true;
        if (auto* check = dynamic_cast<Parser::PreflightCheckContext*>(rule))
          piece(check->expr(0)->getStart()).soft = true;
        break;
      case Parser::RuleField: first.item |= dynamic_cast<Parser::RecordDeclContext*>(rule->parent) != nullptr; break;
      case Parser::RuleSetting:
        first.item = true;
        mark_column(rule, Parser::ASSIGN, Column::Setting);
        break;
      case Parser::RuleEnvironmentItem:
        first.item = true;
        if (dynamic_cast<Parser::EnvironmentValueContext*>(rule)) mark_column(rule, Parser::ASSIGN, Column::Setting);
        break;
      case Parser::RuleServiceItem:
        first.item = true;
        if (dynamic_cast<Parser::ServiceCompatibleContext*>(rule)) break;
        mark_column(rule, Parser::ASSIGN, Column::Signal);
        break;
      case Parser::RuleEffect:
        first.item = true;
        mark_column(rule, Parser::ASSIGN, Column::Effect);
        break;
      case Parser::RuleBackendItem:
        first.item = true;
        mark_column(rule, Parser::LBRACE, Column::Limits);
        break;
      case Parser::RuleStatement: annotate_statement(rule, first); break;
      case Parser::RulePolicyItem:
        first.item = true;
        mark_soft(rule, Parser::WHERE);
        break;
      case Parser::RulePolicyOrder: first.soft = true; break;
      case Parser::RuleExceptionClause: first.item = true; break;
      case Parser::RulePromotionDecl:  // its stages are one item
        (token(rule, 4) + 1)->item = true;
        mark_soft(rule, Parser::THEN);
        break;
      case Parser::RuleExceptions:
      case Parser::RuleForClause: first.soft = true; break;
      case Parser::RuleGateClause: annotate_clause(rule, first); break;
      case Parser::RuleCertainty:
        first.column = Column::Certainty;
        first.soft = true;
        break;
      case Parser::RuleExpr: annotate_expr(rule); break;
      case Parser::RuleType:
        for (size_t i = 0; i < rule->children.size(); ++i)
          if (Piece* found = token(rule, i))
            found->angle = found->type == Parser::LESS || found->type == Parser::GREATER;
        break;
      default: break;
    }
  }

  static bool begins_clause(size_t type) {
    return type == Parser::JUDGED || type == Parser::HELD || type == Parser::WHERE || type == Parser::EVERY;
  }
  void annotate_statement(antlr4::ParserRuleContext* rule, Piece& first) {
    first.item = true;
    for (size_t i = 1; i < rule->children.size(); ++i)
      if (Piece* found = token(rule, i)) {
        found->soft = begins_clause(found->type);
        // The next gate that judges a hold.
        if (found->type == Parser::COMMA) found[1].soft |= dynamic_cast<Parser::HoldStatementContext*>(rule) != nullptr;
      }
    // What `during` does at close is the only item of its block.
    if (dynamic_cast<Parser::DuringStatementContext*>(rule))
      for (size_t i = 2; i < rule->children.size(); ++i)
        if (Piece* found = token(rule, i); found && found->type == Parser::AT) found->item = true;
    // So is a retry of its own.
    if (auto* rule_of_failure = dynamic_cast<Parser::OnFailureStatementContext*>(rule);
        rule_of_failure && rule_of_failure->retry())
      piece(rule_of_failure->retry()->getStart()).item = true;
    auto* phase = dynamic_cast<Parser::PhaseStatementContext*>(rule);
    if (phase) piece(phase->block()->getStart()).column = Column::Phase;
  }

  void annotate_clause(antlr4::ParserRuleContext* rule, Piece& first) {
    first.item = true;
    if (first.type == Parser::HARM) token(rule, 1)->prefix = true;
    // The answer in `on no_data { … }` is the only item of its block.
    if (first.type == Parser::ON) (token(rule, 2) + 1)->item = true;
  }

  void annotate_expr(antlr4::ParserRuleContext* rule) {
    if (Piece* sign = token(rule, 0)) {
      sign->operand = sign->type == Parser::LPAREN || sign->type == Parser::LBRACKET;
      sign->prefix = sign->type == Parser::MINUS;
    }
    if (Piece* op = token(rule, 1)) op->soft = op->type == Parser::AND || op->type == Parser::OR;
  }

  Pieces& pieces_;
  const std::vector<uint32_t>& piece_of_;  ///< by index of the visible token
};

uint32_t code_points(std::string_view text) {
  return uint32_t(std::count_if(text.begin(), text.end(), [](char c) { return (uint8_t(c) & 0xC0) != 0x80; }));
}

/// `200 USD` would be money where `200` and the name `USD` were written.
bool would_be_money(const Piece& before, const Piece& piece) {
  bool number = before.type == Parser::INT || before.type == Parser::FLOAT;
  if (!number || piece.text.size() < 3) return false;
  return std::all_of(piece.text.begin(), piece.text.begin() + 3, [](char c) { return c >= 'A' && c <= 'Z'; });
}

uint8_t space_between(const Piece& before, const Piece& piece, bool partners) {
  switch (piece.type) {
    case Parser::COMMA: case Parser::RPAREN: case Parser::RBRACKET: case Parser::DOT: case Parser::DOTDOT:
    case Parser::COLON: case Parser::QUESTION: return 0;
    default: break;
  }
  if (before.type == Parser::LPAREN || before.type == Parser::LBRACKET || before.type == Parser::DOT) return 0;
  if (before.type == Parser::DOTDOT || before.prefix || piece.angle) return 0;
  if (before.angle && before.type == Parser::LESS) return 0;
  if (piece.type == Parser::LPAREN || piece.type == Parser::LBRACKET) return piece.operand;
  if (piece.type == Parser::RBRACE) return piece.block && !partners;
  if (before.type == Parser::LBRACE) return before.block;
  if (piece.item || would_be_money(before, piece)) return 2;
  return 1;
}

/// Lines and comments; a comma before a closing bracket is left out.
void add_comment(const Tokens& tokens, const Token& comment, Pieces& pieces, uint32_t& above) {
  std::string_view text = tokens.text(comment);
  text = text.substr(0, text.find_last_not_of(" \t") + 1);
  pieces.comments.push_back({text, comment.line});
  if (pieces.list.empty() || pieces.list.back().line != comment.line) return;
  pieces.list.back().behind = &pieces.comments.back();
  above = uint32_t(pieces.comments.size());
}

/// Returns the piece of each visible token.
std::vector<uint32_t> add_tokens(const Tokens& tokens, Pieces& pieces) {
  const std::vector<Token>& visible = tokens.visible();
  std::vector<uint32_t> piece_of(visible.size(), 0);
  pieces.comments.reserve(tokens.comments().size());
  pieces.list.reserve(visible.size());
  uint32_t above = 0;
  for (size_t i = 0; i < visible.size(); ++i) {
    const Token& token = visible[i];
    while (pieces.comments.size() < token.comments)
      add_comment(tokens, tokens.comments()[pieces.comments.size()], pieces, above);
    bool last_comma = token.type == Parser::COMMA && is_closing(visible[i + 1].type);
    if (last_comma) continue;
    piece_of[i] = uint32_t(pieces.list.size());
    Piece piece;
    piece.text = tokens.text(token);
    piece.type = token.type;
    piece.line = token.line;
    piece.width = code_points(piece.text);
    piece.above_begin = above;
    piece.above_end = above = uint32_t(pieces.comments.size());
    pieces.list.push_back(piece);
  }
  return piece_of;
}

void match_brackets(Pieces& pieces) {
  std::vector<uint32_t> open;
  for (uint32_t i = 0; i < pieces.list.size(); ++i) {
    Piece& piece = pieces.list[i];
    // Only the names of an import stand in braces behind a dot.
    if (piece.type == Parser::LBRACE) piece.block = i > 0 && pieces.list[i - 1].type != Parser::DOT;
    if (is_opening(piece.type)) open.push_back(i);
    if (!is_closing(piece.type) || open.empty()) continue;
    piece.match = open.back();
    piece.block = pieces.list[open.back()].block;
    pieces.list[open.back()].match = i;
    open.pop_back();
  }
}

void measure(Pieces& pieces) {
  uint32_t column = 0, above = 0, behind = 0;
  for (std::vector<uint32_t>* sums : {&pieces.start, &pieces.end, &pieces.comments_before, &pieces.behind_before})
    sums->reserve(pieces.list.size() + 1);
  for (size_t i = 0; i < pieces.list.size(); ++i) {
    Piece& piece = pieces.list[i];
    if (i > 0) piece.space = space_between(pieces.list[i - 1], piece, piece.match + 1 == i);
    pieces.comments_before.push_back(above);
    pieces.behind_before.push_back(behind);
    pieces.start.push_back(column += piece.space);
    pieces.end.push_back(column += piece.width);
    above += piece.above_end - piece.above_begin;
    behind += piece.behind != nullptr;
  }
  pieces.comments_before.push_back(above);
  pieces.behind_before.push_back(behind);
}

}  // namespace

Pieces make_pieces(const Tokens& tokens) {
  Pieces pieces;
  std::vector<uint32_t> piece_of = add_tokens(tokens, pieces);
  match_brackets(pieces);
  Annotator annotator(pieces, piece_of);
  bool fits = for_each_declaration(tokens, [&](Parser::DeclarationContext* tree) { annotator.annotate(tree); });
  ROLLOUT_CHECK(fits, "what the reader accepts fits the grammar");
  measure(pieces);
  return pieces;
}

}  // namespace rollout::syntax
