#include "compiler/syntax/build.h"
#include "compiler/syntax/parse.h"

namespace rollout::syntax {

namespace {

/// Operators of one expression; more are a generated file that should use a list.
constexpr int max_expression_depth = 400;

ast::Operator operator_of(size_t token_type) {
  switch (token_type) {
    case Parser::STAR: return ast::Operator::Multiply;
    case Parser::SLASH: return ast::Operator::Divide;
    case Parser::PLUS: return ast::Operator::Add;
    case Parser::MINUS: return ast::Operator::Subtract;
    case Parser::LESS: return ast::Operator::Less;
    case Parser::LESS_EQUAL: return ast::Operator::LessEqual;
    case Parser::GREATER: return ast::Operator::Greater;
    case Parser::GREATER_EQUAL: return ast::Operator::GreaterEqual;
    case Parser::EQUAL: return ast::Operator::Equal;
    case Parser::NOT_EQUAL: return ast::Operator::NotEqual;
    case Parser::AND: return ast::Operator::And;
    case Parser::OR: return ast::Operator::Or;
  }
  ROLLOUT_CHECK(false, "the grammar has no other binary operator");
  return ast::Operator::Add;
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
    case Parser::TRUE: return ast::LiteralKind::True;
    case Parser::FALSE: return ast::LiteralKind::False;
    case Parser::NONE: return ast::LiteralKind::None;
  }
  ROLLOUT_CHECK(false, "the grammar has no other literal");
  return ast::LiteralKind::None;
}

}  // namespace

const ast::Expr* Builder::build_expr(Parser::ExprContext* ctx) {
  if (depth_ == max_expression_depth) {
    diagnostics_.report(span(ctx), diag::TooDeep, max_expression_depth).advise("name the inner parts with `let`");
    return make(ast::ErrorExpr{node(ast::ExprKind::Error, span(ctx))});
  }
  ++depth_;
  const ast::Expr* expr = build_expr_kind(ctx);
  --depth_;
  return expr;
}

const ast::Expr* Builder::build_expr_kind(Parser::ExprContext* ctx) {
  if (auto* literal = dynamic_cast<Parser::LiteralExprContext*>(ctx)) {
    antlr4::Token* token = literal->getStart();
    if (token->getType() == Parser::STRING) return build_string(token);
    return make(ast::LiteralExpr{node(ast::ExprKind::Literal, span(ctx)), literal_of(token->getType()), text(token)});
  }
  if (auto* name = dynamic_cast<Parser::NameExprContext*>(ctx))
    return make(ast::NameExpr{node(ast::ExprKind::Name, span(ctx)), text(name->getStart())});
  if (auto* member = dynamic_cast<Parser::MemberExprContext*>(ctx)) {
    const ast::Expr* object = build_expr(member->expr());
    return make(ast::MemberExpr{node(ast::ExprKind::Member, span(ctx)), object, word(member->word())});
  }
  if (auto* call = dynamic_cast<Parser::CallExprContext*>(ctx)) {
    const ast::Expr* callee = build_expr(call->expr());
    return make(ast::CallExpr{node(ast::ExprKind::Call, span(ctx)), callee, build_arguments(call->arguments())});
  }
  if (auto* binary = dynamic_cast<Parser::ComparisonExprContext*>(ctx))
    return build_binary(ctx, binary->expr(0), binary->expr(1));
  if (auto* binary = dynamic_cast<Parser::SumExprContext*>(ctx))
    return build_binary(ctx, binary->expr(0), binary->expr(1));
  if (auto* binary = dynamic_cast<Parser::ProductExprContext*>(ctx))
    return build_binary(ctx, binary->expr(0), binary->expr(1));
  if (auto* binary = dynamic_cast<Parser::AndExprContext*>(ctx))
    return build_binary(ctx, binary->expr(0), binary->expr(1));
  if (auto* binary = dynamic_cast<Parser::OrExprContext*>(ctx))
    return build_binary(ctx, binary->expr(0), binary->expr(1));
  if (auto* group = dynamic_cast<Parser::GroupExprContext*>(ctx)) return build_expr(group->expr());
  if (auto* list = dynamic_cast<Parser::ListExprContext*>(ctx)) {
    std::vector<const ast::Expr*> items;
    for (Parser::ExprContext* item : list->expr()) items.push_back(build_expr(item));
    return make(ast::ListExpr{node(ast::ExprKind::List, span(ctx)), keep(items)});
  }
  if (auto* unary = dynamic_cast<Parser::NegateExprContext*>(ctx))
    return make(ast::UnaryExpr{node(ast::ExprKind::Unary, span(ctx)), ast::Operator::Negate,
                               build_expr(unary->expr())});
  if (auto* unary = dynamic_cast<Parser::NotExprContext*>(ctx))
    return make(ast::UnaryExpr{node(ast::ExprKind::Unary, span(ctx)), ast::Operator::Not, build_expr(unary->expr())});
  auto* index = dynamic_cast<Parser::IndexExprContext*>(ctx);
  ROLLOUT_CHECK(index, "the grammar has no other expression");
  const ast::Expr* object = build_expr(index->expr(0));
  return make(ast::IndexExpr{node(ast::ExprKind::Index, span(ctx)), object, build_expr(index->expr(1))});
}

const ast::Expr* Builder::build_binary(Parser::ExprContext* ctx, Parser::ExprContext* left,
                                       Parser::ExprContext* right) {
  auto* op = static_cast<antlr4::tree::TerminalNode*>(ctx->children[1])->getSymbol();
  const ast::Expr* left_expr = build_expr(left);
  return make(ast::BinaryExpr{node(ast::ExprKind::Binary, span(ctx)), operator_of(op->getType()),
                              tokens_.span(op), left_expr, build_expr(right)});
}

const ast::Expr* Builder::build_string(antlr4::Token* token) {
  if (text(token).find("${") != std::string_view::npos) return build_text(token);
  return make(ast::LiteralExpr{node(ast::ExprKind::Literal, tokens_.span(token)), ast::LiteralKind::String,
                               text(token)});
}

/// `"a ${b.c}"`: the literal `a `, then the names.
const ast::Expr* Builder::build_text(antlr4::Token* token) {
  Span whole = tokens_.span(token);
  std::string_view inside = text(token).substr(1, whole.end - whole.begin - 2);
  std::vector<const ast::Expr*> parts;
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
    if (close == std::string_view::npos || inside[close] != '}' || close == open + 2) {
      diagnostics_.report(place(open, std::min(open + 2, inside.size())), diag::BadInterpolation)
          .advise("write `${name}` or `${step.name}`; a `$` alone is fine");
      return make(ast::ErrorExpr{node(ast::ExprKind::Error, whole)});
    }
    const ast::Expr* expr = nullptr;
    for (size_t from = open + 2; from < close;) {
      size_t to = std::min(inside.find('.', from), close);
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

const ast::Expr* Builder::build_callee(Parser::CalleeContext* ctx) {
  antlr4::Token* first = ctx->NAME()->getSymbol();
  const ast::Expr* expr = make(ast::NameExpr{node(ast::ExprKind::Name, tokens_.span(first)), text(first)});
  for (Parser::WordContext* member : ctx->word()) {
    ast::Name member_name = word(member);
    expr = make(ast::MemberExpr{node(ast::ExprKind::Member, join(expr->span, member_name.span)), expr, member_name});
  }
  return expr;
}

ast::List<ast::Argument> Builder::build_arguments(Parser::ArgumentsContext* ctx) {
  if (!ctx) return {};
  std::vector<ast::Argument> arguments;
  for (Parser::ArgumentContext* argument : ctx->argument())
    arguments.push_back({argument->word() ? word(argument->word()) : ast::Name{}, build_expr(argument->expr())});
  return keep(arguments);
}

const ast::Type* Builder::build_type(Parser::TypeContext* ctx) {
  if (!ctx) return nullptr;
  std::vector<const ast::Type*> arguments;
  for (Parser::TypeContext* argument : ctx->type()) arguments.push_back(build_type(argument));
  std::vector<antlr4::tree::TerminalNode*> with = ctx->NAME();
  with.erase(with.begin());
  return make(ast::Type{name(ctx->NAME(0)), keep(arguments), names(with), ctx->QUESTION() != nullptr, span(ctx)});
}

}  // namespace rollout::syntax
