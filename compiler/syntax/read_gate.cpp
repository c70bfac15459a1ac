#include "compiler/syntax/read.h"

namespace rollout::syntax {

const ast::Decl* Reader::read_gate() {
  size_t first = take();
  ast::GateDecl gate{{ast::DeclKind::Gate, {}, expect_name(), doc_above(first)},
                     read_parameters(Names::Values), nullptr, nullptr, {}, nullptr, nullptr, {}, {}};
  expect(Parser::LBRACE);
  llvm::SmallVector<ast::ConditionClause> conditions;
  llvm::SmallVector<ast::ResponseClause> responses;
  while (more(Parser::RBRACE)) {
    mark_item();
    if (accept(Parser::SAMPLE)) {
      stands_once(gate.sample);
      expect(Parser::EVERY);
      gate.sample = read_expr();
    } else if (accept(Parser::MINIMUM)) {
      stands_once(gate.minimum);
      gate.minimum = read_expr();
      gate.minimum_noun = expect_name();
    } else if (accept(Parser::HARM)) {
      stands_once(gate.harm);
      mark(at_).prefix = true;
      expect(Parser::PLUS);
      gate.harm = read_expr();
      expect(Parser::OF);
      gate.harm_of = read_expr();
    } else if (is(Parser::ON)) {
      responses.push_back(read_response());
    } else {
      conditions.push_back(read_condition());
    }
  }
  gate.conditions = keep(conditions);
  gate.responses = keep(responses);
  gate.span = since(first);
  return make(gate);
}

ast::ConditionClause Reader::read_condition() {
  size_t first = at_;
  ast::ConditionClause clause{ast::ClauseKind::Require, nullptr, nullptr, nullptr, {}, {}};
  if (accept(Parser::REJECT)) {
    clause.kind = ast::ClauseKind::Reject;
    expect(Parser::WHEN);
  } else {
    expect(Parser::REQUIRE);
  }
  clause.condition = read_expr();
  if (is(Parser::PROVEN) || is(Parser::OVER)) mark_certainty();
  if (accept(Parser::PROVEN)) {
    clause.proven = read_expr();
  } else if (accept(Parser::OVER)) {
    clause.samples = read_expr();
    clause.samples_noun = expect_name();
  }
  clause.span = since(first);
  return clause;
}

ast::ResponseClause Reader::read_response() {
  size_t first = take();
  ast::Name event = is(Parser::FAIL) ? name_of(list_[take()]) : expect_name();
  ast::ResponseClause response{event, nullptr, ast::ResponseKind::Fail, {}, {}};
  expect(Parser::LBRACE);
  mark_item();  // the only one of its block
  if (accept(Parser::HOLD)) {
    response.hold = read_expr();
    expect(Parser::THEN);
  }
  if (accept(Parser::ASK)) {
    response.kind = ast::ResponseKind::Ask;
    response.question = read_question();
  } else if (accept(Parser::PASS)) {
    response.kind = ast::ResponseKind::Pass;
    expect(Parser::UNPROVEN);
  } else {
    expect(Parser::FAIL);
  }
  expect(Parser::RBRACE);
  response.span = since(first);
  return response;
}

}  // namespace rollout::syntax
