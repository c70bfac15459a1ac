#include "compiler/syntax/build.h"

namespace rollout::syntax {

const ast::Decl* Builder::build_gate(Parser::GateDeclContext* ctx) {
  ast::GateDecl gate{{ast::DeclKind::Gate, span(ctx), name(ctx->NAME()), doc_above(ctx)},
                     build_parameters(ctx->parameters()), nullptr, nullptr, {}, nullptr, nullptr, {}, {}};
  std::vector<ast::ConditionClause> conditions;
  std::vector<ast::ResponseClause> responses;
  for (Parser::GateClauseContext* clause : ctx->gateClause()) {
    if (auto* sample = dynamic_cast<Parser::GateSampleContext*>(clause)) gate.sample = build_expr(sample->expr());
    if (auto* minimum = dynamic_cast<Parser::GateMinimumContext*>(clause)) {
      gate.minimum = build_expr(minimum->expr());
      gate.minimum_noun = name(minimum->NAME());
    }
    if (auto* harm = dynamic_cast<Parser::GateHarmContext*>(clause)) {
      gate.harm = build_expr(harm->expr(0));
      gate.harm_of = build_expr(harm->expr(1));
    }
    if (auto* reject = dynamic_cast<Parser::GateRejectContext*>(clause))
      conditions.push_back(build_condition(reject, ast::ClauseKind::Reject, reject->expr(), reject->certainty()));
    if (auto* require = dynamic_cast<Parser::GateRequireContext*>(clause))
      conditions.push_back(build_condition(require, ast::ClauseKind::Require, require->expr(), require->certainty()));
    if (auto* on = dynamic_cast<Parser::GateOnContext*>(clause)) {
      bool pass = dynamic_cast<Parser::ResponsePassContext*>(on->response()) != nullptr;
      responses.push_back({name(on->NAME()), build_optional(on->expr()), pass});
    }
  }
  gate.conditions = keep(conditions);
  gate.responses = keep(responses);
  return make(gate);
}

ast::ConditionClause Builder::build_condition(antlr4::ParserRuleContext* ctx, ast::ClauseKind kind,
                                              Parser::ExprContext* expr, Parser::CertaintyContext* certainty) {
  ast::ConditionClause clause{kind, build_expr(expr), nullptr, nullptr, {}, span(ctx)};
  if (auto* proven = dynamic_cast<Parser::CertaintyProvenContext*>(certainty))
    clause.proven = build_expr(proven->expr());
  if (auto* samples = dynamic_cast<Parser::CertaintySamplesContext*>(certainty)) {
    clause.samples = build_expr(samples->expr());
    clause.samples_noun = name(samples->NAME());
  }
  return clause;
}

}  // namespace rollout::syntax
