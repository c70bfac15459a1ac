// Enums, functions, observed values, calendars, lists, maps and `match`.
#include "compiler/syntax/read.h"

namespace rollout::syntax {

using ast::DeclKind;

/// `observe VALUE exact | recorded | within 10% | at run start`, and an example; the cursor stands behind `observe`.
const ast::Observation* Reader::read_observation() {
  ast::Observation observation{{}, false, nullptr, nullptr};
  if (is(Parser::WITHIN)) {
    observation.recheck = name_of(list_[take()]);
    observation.within = read_expr();
  } else {
    observation.at_run = accept(Parser::AT);
    if (observation.at_run) expect(Parser::RUN);
    observation.recheck = expect_name();
  }
  if (accept(Parser::EXAMPLE)) observation.example = read_expr();
  return make(observation);
}

const ast::Decl* Reader::read_enum() {
  size_t first = take();
  ast::Name name = expect_name();
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::Name> cases;
  do {
    mark_item();
    cases.push_back(expect_name());
    if (!is(Parser::RBRACE)) expect(Parser::COMMA);
  } while (more(Parser::RBRACE));
  return make(ast::EnumDecl{{DeclKind::Enum, since(first), name, doc_above(first)}, keep(cases)});
}

const ast::Decl* Reader::read_calendar() {
  size_t first = take();
  ast::Name name = expect_name();
  expect(Parser::ASSIGN);
  size_t value_first = at_;
  const ast::Expr* value = read_except(value_first, read_expr());
  return make(ast::LetDecl{{DeclKind::Let, since(first), name, doc_above(first)}, nullptr, value, nullptr, true});
}

/// `calendar`, or `calendar except fri 12:00..24:00, 2026-12-24`; it began at the token `first`.
const ast::Expr* Reader::read_except(size_t first, const ast::Expr* calendar) {
  if (is(Parser::EXCEPT)) mark_soft();
  if (!accept(Parser::EXCEPT)) return calendar;
  int height = height_;
  llvm::SmallVector<ast::Exception> exceptions;
  do {
    ast::Exception exception{read_expr(), {}, {}};
    height = std::max(height, height_);
    if (is(Parser::TIME)) {
      exception.from = name_of(list_[take()]);
      expect(Parser::DOTDOT);
      exception.to = name_of(expect(Parser::TIME));
    }
    exceptions.push_back(exception);
  } while (accept(Parser::COMMA));
  return limit_height(make(ast::ExceptExpr{node(ast::ExprKind::Except, since(first)), calendar, keep(exceptions)}),
                      height + 1);
}

const ast::Decl* Reader::read_func() {
  size_t first = take();
  ast::Name name = expect_name();
  ast::List<ast::Field> parameters = read_parameters(Names::Values);
  expect(Parser::ARROW);
  const ast::Type* type = read_type();
  expect(Parser::ASSIGN);
  const ast::Expr* body = read_expr();
  return make(ast::FuncDecl{{DeclKind::Func, since(first), name, doc_above(first)}, parameters, type, body});
}

/// With a colon in any entry it is a map.
const ast::Expr* Reader::read_list() {
  size_t first = take();
  mark(first).operand = true;
  int height = 0;
  llvm::SmallVector<const ast::Expr*> keys, values;
  bool empty_map = accept(Parser::COLON), map = empty_map;
  while (more(Parser::RBRACKET)) {
    if (empty_map) fail();
    keys.push_back(nullptr);
    values.push_back(read_expr());
    height = std::max(height, height_);
    if (accept(Parser::COLON)) {
      map = true;
      keys.back() = values.back();
      values.back() = read_expr();
      height = std::max(height, height_);
    }
    if (!is(Parser::RBRACKET)) expect(Parser::COMMA);
  }
  if (!map) return limit_height(make(ast::ListExpr{node(ast::ExprKind::List, since(first)), keep(values)}), height + 1);
  llvm::SmallVector<const ast::Expr*> items;
  for (size_t i = 0; i < keys.size(); ++i) items.append({keys[i], values[i]});
  return limit_height(make(ast::MapExpr{node(ast::ExprKind::Map, since(first)), keep(items)}), height + 1);
}

const ast::Expr* Reader::read_match() {
  size_t first = take();
  const ast::Expr* subject = read_expr();
  int height = height_;
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::MatchArm> arms;
  while (more(Parser::RBRACE)) {
    size_t arm = at_;
    mark_item();
    ast::List<ast::Name> cases;
    if (!accept(Parser::ELSE)) cases = read_names(Parser::COMMA);
    expect(Parser::ARROW);
    const ast::Expr* value = read_expr();
    height = std::max(height, height_);
    arms.push_back({cases, value, since(arm)});
  }
  return limit_height(make(ast::MatchExpr{node(ast::ExprKind::Match, since(first)), subject, keep(arms)}), height + 1);
}

}  // namespace rollout::syntax
