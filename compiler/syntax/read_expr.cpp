#include <llvm/ADT/STLExtras.h>

#include "compiler/base/check.h"
#include "compiler/syntax/parse.h"
#include "compiler/syntax/read.h"

namespace rollout::syntax {

namespace {

/// Operators of one expression; more are a generated file that should use a list.
constexpr int max_expression_depth = 400;

// How strongly operators bind; in the grammar the alternative that stands first binds most.
constexpr int not_power = 3;
constexpr int negate_power = 8;

struct Binary {
  ast::Operator op;
  int power;  ///< 0: no operator
};

Binary binary_of(TokenType type) {
  switch (type) {
    case Parser::OR: return {ast::Operator::Or, 1};
    case Parser::AND: return {ast::Operator::And, 2};
    case Parser::LESS: return {ast::Operator::Less, 4};
    case Parser::LESS_EQUAL: return {ast::Operator::LessEqual, 4};
    case Parser::GREATER: return {ast::Operator::Greater, 4};
    case Parser::GREATER_EQUAL: return {ast::Operator::GreaterEqual, 4};
    case Parser::EQUAL: return {ast::Operator::Equal, 4};
    case Parser::NOT_EQUAL: return {ast::Operator::NotEqual, 4};
    case Parser::DOTDOT: return {ast::Operator::Range, 5};
    case Parser::PLUS: return {ast::Operator::Add, 6};
    case Parser::MINUS: return {ast::Operator::Subtract, 6};
    case Parser::STAR: return {ast::Operator::Multiply, 7};
    case Parser::SLASH: return {ast::Operator::Divide, 7};
  }
  return {ast::Operator::Or, 0};
}

ast::LiteralKind literal_of(size_t token_type) {
  switch (token_type) {
    case Parser::STRING: return ast::LiteralKind::String;
    case Parser::INT: return ast::LiteralKind::Int;
    case Parser::FLOAT: return ast::LiteralKind::Float;
    case Parser::PERCENT: return ast::LiteralKind::Percent;
    case Parser::DURATION: return ast::LiteralKind::Duration;
    case Parser::RATE: return ast::LiteralKind::Rate;
    case Parser::BYTES: return ast::LiteralKind::Bytes;
    case Parser::MONEY: return ast::LiteralKind::Money;
    case Parser::TIME: return ast::LiteralKind::Time;
    case Parser::DATE: return ast::LiteralKind::Date;
    case Parser::INSTANT: return ast::LiteralKind::Instant;
    case Parser::TRUE: return ast::LiteralKind::True;
    case Parser::FALSE: return ast::LiteralKind::False;
    case Parser::NONE: return ast::LiteralKind::None;
  }
  ROLLOUT_CHECK(false, "the grammar has no other literal");
  return ast::LiteralKind::None;
}

}  // namespace

ast::List<ast::Name> Reader::read_names(TokenType separator) {
  llvm::SmallVector<ast::Name> names;
  do names.push_back(expect_name());
  while (accept(separator));
  return keep(names);
}

ast::List<ast::Name> Reader::read_words() {
  llvm::SmallVector<ast::Name> words;
  do words.push_back(expect_word());
  while (accept(Parser::COMMA));
  return keep(words);
}

/// Too high a tree is reported and cut off.
const ast::Expr* Reader::limit_height(const ast::Expr* expr, int height) {
  height_ = height;
  if (height <= max_expression_depth) return expr;
  diagnostics_.report(expr->span, diag::TooDeep, max_expression_depth).advise("name the inner parts with `let`");
  height_ = 1;
  return make(ast::ErrorExpr{node(ast::ExprKind::Error, expr->span)});
}

const ast::Expr* Reader::read_expr(int least_power) {
  size_t first = at_;
  const ast::Expr* left = read_operand();
  for (;;) {
    auto [op, power] = binary_of(type());
    // Behind a value, `and:` and `and =` are the next field and the next setting.
    bool is_field = next_is(Parser::COLON) || next_is(Parser::ASSIGN);
    if (power == 0 || power < least_power || is_field) return left;
    if (is(Parser::AND) || is(Parser::OR)) mark_soft();
    Span op_span = tokens_.span(list_[take()]);
    int left_height = height_;
    const ast::Expr* right = read_expr(power + 1);
    left = limit_height(make(ast::BinaryExpr{node(ast::ExprKind::Binary, since(first)), op, op_span, left, right}),
                        std::max(left_height, height_) + 1);
  }
}

const ast::Expr* Reader::read_operand() {
  if (!is(Parser::MINUS) && !is(Parser::NOT)) return read_postfix();
  bool negate = is(Parser::MINUS);
  size_t first = take();
  mark(first).prefix = negate;
  const ast::Expr* operand = read_expr(negate ? negate_power : not_power);
  ast::Operator op = negate ? ast::Operator::Negate : ast::Operator::Not;
  return limit_height(make(ast::UnaryExpr{node(ast::ExprKind::Unary, since(first)), op, operand}), height_ + 1);
}

const ast::Expr* Reader::read_postfix() {
  size_t first = at_;
  const ast::Expr* expr = read_primary();
  for (;;) {
    int height = height_;
    if (accept(Parser::DOT)) {
      ast::Name member = expect_word();
      expr = make(ast::MemberExpr{node(ast::ExprKind::Member, since(first)), expr, member});
    } else if (is(Parser::LPAREN)) {
      ast::List<ast::Argument> arguments = read_arguments();
      expr = make(ast::CallExpr{node(ast::ExprKind::Call, since(first)), expr, arguments});
    } else if (accept(Parser::LBRACKET)) {
      const ast::Expr* index = read_expr();
      expect(Parser::RBRACKET);
      expr = make(ast::IndexExpr{node(ast::ExprKind::Index, since(first)), expr, index});
    } else {
      return expr;
    }
    expr = limit_height(expr, std::max(height, height_) + 1);
  }
}

const ast::Expr* Reader::read_primary() {
  height_ = 1;
  Span span = tokens_.span(list_[at_]);
  switch (type()) {
    case Parser::LPAREN: {
      mark(take()).operand = true;
      const ast::Expr* inner = read_expr();
      expect(Parser::RPAREN);
      return limit_height(inner, height_ + 1);
    }
    case Parser::LBRACKET: return read_list();
    case Parser::MATCH: return read_match();
    case Parser::NAME: case Parser::ROLLBACK: case Parser::FROM:
      return make(ast::NameExpr{node(ast::ExprKind::Name, span), tokens_.text(list_[take()])});
    case Parser::STRING: return read_string();
    case Parser::INT: case Parser::FLOAT: case Parser::PERCENT: case Parser::DURATION: case Parser::RATE:
    case Parser::BYTES: case Parser::MONEY: case Parser::TIME: case Parser::DATE:
    case Parser::INSTANT: case Parser::TRUE: case Parser::FALSE: case Parser::NONE: {
      ast::LiteralKind literal = literal_of(type());
      return make(ast::LiteralExpr{node(ast::ExprKind::Literal, span), literal, tokens_.text(list_[take()])});
    }
  }
  if (llvm::is_contained(refused_, type())) take();
  else fail();
  return make(ast::ErrorExpr{node(ast::ExprKind::Error, span)});
}

const ast::Expr* Reader::read_string() {
  const Token& token = list_[take()];
  if (tokens_.text(token).find("${") != std::string_view::npos) return read_text(token);
  return make(ast::LiteralExpr{node(ast::ExprKind::Literal, tokens_.span(token)), ast::LiteralKind::String,
                               tokens_.text(token)});
}

/// `step.name`: neither `1` nor `.name` nor `step.`.
static bool is_dotted_name(std::string_view text) {
  bool begins = true;
  for (char c : text) {
    if (begins && (c == '.' || (c >= '0' && c <= '9'))) return false;
    begins = c == '.';
  }
  return !begins;
}

/// `"a ${b.c}"`: the literal `a `, then the names.
const ast::Expr* Reader::read_text(const Token& token) {
  Span whole = tokens_.span(token);
  std::string_view inside = tokens_.text(token).substr(1, whole.end - whole.begin - 2);
  llvm::SmallVector<const ast::Expr*> parts;
  auto place = [&](size_t from, size_t to) {
    return Span{whole.source, uint32_t(whole.begin + 1 + from), uint32_t(whole.begin + 1 + to)};
  };
  auto literal = [&](size_t from, size_t to) {
    if (from < to)
      parts.push_back(make(ast::LiteralExpr{node(ast::ExprKind::Literal, place(from, to)),
                                            ast::LiteralKind::String, inside.substr(from, to - from)}));
  };
  // `\${` is text.
  auto next_open = [&](size_t from) {
    size_t open = from;
    while (open < inside.size() && inside.substr(open, 2) != "${") open += inside[open] == '\\' ? 2 : 1;
    return open < inside.size() ? open : std::string_view::npos;
  };
  size_t at = 0;
  for (size_t open = next_open(0); open != std::string_view::npos; open = next_open(at)) {
    literal(at, open);
    size_t close = inside.find_first_not_of(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.", open + 2);
    bool closed = close != std::string_view::npos && inside[close] == '}';
    if (!closed || !is_dotted_name(inside.substr(open + 2, close - open - 2))) {
      diagnostics_.report(place(open, std::min(open + 2, inside.size())), diag::BadInterpolation)
          .advise("write `${name}` or `${step.name}`; a `$` alone is fine");
      return make(ast::ErrorExpr{node(ast::ExprKind::Error, whole)});
    }
    const ast::Expr* expr = nullptr;
    for (size_t from = open + 2; from < close;) {
      size_t to = std::min(inside.substr(0, close).find('.', from), close);
      std::string_view word = inside.substr(from, to - from);
      if (!expr) expr = make(ast::NameExpr{node(ast::ExprKind::Name, place(from, to)), word});
      else
        expr = make(
            ast::MemberExpr{node(ast::ExprKind::Member, place(open + 2, to)), expr, {word, place(from, to)}});
      from = to + 1;
    }
    parts.push_back(expr);
    at = close + 1;
  }
  literal(at, inside.size());
  return make(ast::TextExpr{node(ast::ExprKind::Text, whole), keep(parts)});
}

const ast::Expr* Reader::read_callee(bool may_end) {
  ast::Name first = expect_name();
  const ast::Expr* expr = make(ast::NameExpr{node(ast::ExprKind::Name, first.span), first.text});
  height_ = 1;
  bool has_place = accept(Parser::LBRACKET);
  if (has_place) {
    const ast::Expr* place = read_expr();
    Span span = join(first.span, tokens_.span(expect(Parser::RBRACKET)));
    expr = limit_height(make(ast::IndexExpr{node(ast::ExprKind::Index, span), expr, place}), height_ + 1);
    if (!may_end && !is(Parser::DOT)) fail();
  }
  while (accept(Parser::DOT)) {
    ast::Name member = expect_word();
    Span span = join(first.span, member.span);
    expr = limit_height(make(ast::MemberExpr{node(ast::ExprKind::Member, span), expr, member}), height_ + 1);
  }
  return expr;
}

/// With their parentheses.
ast::List<ast::Argument> Reader::read_arguments() {
  expect(Parser::LPAREN);
  int height = 0;
  llvm::SmallVector<ast::Argument> arguments;
  while (more(Parser::RPAREN)) {
    bool labelled = is_word() && next_is(Parser::COLON);
    ast::Name label = labelled ? name_of(list_[take()]) : ast::Name{};
    if (labelled) take();
    arguments.push_back({label, read_expr()});
    height = std::max(height, height_);
    if (!is(Parser::RPAREN)) expect(Parser::COMMA);
  }
  height_ = height;
  return keep(arguments);
}

const ast::Type* Reader::read_type() {
  size_t first = at_;
  if (nesting_ == max_nesting) {
    diagnostics_.report(tokens_.span(list_[at_]), diag::TooDeep, max_nesting);
    said_why_ = true;
    fail();
  }
  ++nesting_;
  ast::Type type{expect_name(), {}, {}, false, {}};
  if (is(Parser::LESS)) {
    mark(take()).angle = true;
    llvm::SmallVector<const ast::Type*> arguments;
    do arguments.push_back(read_type());
    while (accept(Parser::COMMA));
    mark(at_).angle = true;
    expect(Parser::GREATER);
    type.arguments = keep(arguments);
  }
  // `with: Text` is the next field.
  if (is(Parser::WITH) && !next_is(Parser::COLON)) {
    take();
    type.with = read_names(Parser::PLUS);
  }
  type.optional = accept(Parser::QUESTION);
  type.span = since(first);
  --nesting_;
  return make(type);
}

}  // namespace rollout::syntax
