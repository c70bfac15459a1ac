#include "compiler/syntax/build.h"

namespace rollout::syntax {

using ast::DeclKind;

namespace {

ast::ReversibilityWord reversibility_of(Parser::ReversibilityContext* ctx) {
  if (ctx->REVERSIBLE()) return ast::ReversibilityWord::Reversible;
  return ctx->COMPENSABLE() ? ast::ReversibilityWord::Compensable : ast::ReversibilityWord::Irreversible;
}

}  // namespace

const ast::Decl* Builder::build_capability(Parser::CapabilityDeclContext* ctx) {
  std::vector<ast::ActionItem> actions;
  std::vector<ast::ObserveItem> observations;
  std::vector<ast::SignalMethod> signals;
  for (Parser::CapabilityItemContext* item : ctx->capabilityItem()) {
    if (auto* action = dynamic_cast<Parser::CapabilityActionContext*>(item)) actions.push_back(build_action(action));
    if (auto* observe = dynamic_cast<Parser::CapabilityObserveContext*>(item))
      observations.push_back(
          {name(observe->NAME()), build_parameters(observe->parameters()), build_type(observe->type())});
    if (auto* signal = dynamic_cast<Parser::CapabilitySignalContext*>(item))
      signals.push_back({name(signal->NAME(0)), build_parameters(signal->parameters()), build_type(signal->type()),
                         name(signal->NAME(1))});
  }
  return make(ast::CapabilityDecl{{DeclKind::Capability, span(ctx), name(ctx->NAME()), doc_above(ctx)}, keep(actions),
                                  keep(observations), keep(signals)});
}

ast::ActionItem Builder::build_action(Parser::CapabilityActionContext* ctx) {
  std::vector<ast::Effect> effects;
  for (Parser::EffectContext* effect : ctx->effect())
    effects.push_back({name(effect->NAME(0)), name(effect->NAME(1)), name(effect->NAME(2)),
                       build_expr(effect->expr()), span(effect)});
  return {reversibility_of(ctx->reversibility()), name(ctx->NAME()), build_parameters(ctx->parameters()),
          keep(effects)};
}

const ast::Decl* Builder::build_backend(Parser::BackendDeclContext* ctx) {
  std::vector<antlr4::tree::TerminalNode*> capabilities = ctx->NAME();
  ast::Name backend = name(capabilities[0]);
  capabilities.erase(capabilities.begin());
  ast::BackendDecl decl{
      {DeclKind::Backend, span(ctx), backend, doc_above(ctx)}, names(capabilities), {}, {}, {}, {}, {}};
  std::vector<ast::Field> config, bindings;
  std::vector<ast::ActionLimits> actions;
  for (Parser::BackendItemContext* item : ctx->backendItem()) {
    if (auto* field = dynamic_cast<Parser::BackendConfigContext*>(item)) config.push_back(build_field(field->field()));
    if (auto* binding = dynamic_cast<Parser::BackendBindingContext*>(item)) {
      bindings.push_back(build_field(binding->field()));
      std::vector<ast::Name> given;
      for (Parser::WordContext* one : binding->word()) given.push_back(word(one));
      bindings.back().given = keep(given);
    }
    if (auto* weights = dynamic_cast<Parser::BackendWeightsContext*>(item)) {
      decl.weights_from = name(weights->INT(0));
      decl.weights_to = name(weights->INT(1));
    }
    if (auto* action = dynamic_cast<Parser::BackendActionContext*>(item)) actions.push_back(build_limits(action));
  }
  decl.config = keep(config);
  decl.bindings = keep(bindings);
  decl.actions = keep(actions);
  return make(decl);
}

ast::ActionLimits Builder::build_limits(Parser::BackendActionContext* ctx) {
  ast::ActionLimits limits{name(ctx->NAME()), nullptr, {}, false};
  for (Parser::ActionLimitContext* limit : ctx->actionLimit()) {
    if (auto* within = dynamic_cast<Parser::LimitWithinContext*>(limit)) limits.within = build_expr(within->expr());
    if (auto* attempts = dynamic_cast<Parser::LimitAttemptsContext*>(limit)) limits.attempts = name(attempts->INT());
    if (dynamic_cast<Parser::LimitIdempotentContext*>(limit)) limits.idempotent = true;
  }
  return limits;
}

}  // namespace rollout::syntax
