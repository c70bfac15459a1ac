#include "compiler/syntax/build.h"

#include <llvm/ADT/StringRef.h>

namespace rollout::syntax {

using ast::DeclKind;

ast::List<const ast::Decl*> Builder::build_file(Parser::FileContext* ctx) {
  std::vector<const ast::Decl*> decls;
  for (Parser::DeclarationContext* declaration : ctx->declaration()) decls.push_back(build_decl(declaration));
  return keep(decls);
}

std::string_view Builder::doc_above(antlr4::ParserRuleContext* ctx) const {
  std::vector<antlr4::Token*> hidden = tokens_.stream().getHiddenTokensToLeft(ctx->getStart()->getTokenIndex());
  antlr4::Token* first = nullptr;
  antlr4::Token* last = nullptr;
  for (antlr4::Token* token : hidden) {
    // A comment behind the declaration before this one is not about this one.
    if (token->getType() != Parser::DOC || !tokens_.first_on_line(token)) {
      first = nullptr;
      continue;
    }
    if (!first || token->getLine() != last->getLine() + 1) first = token;
    last = token;
  }
  if (!first || last->getLine() + 1 != ctx->getStart()->getLine()) return {};
  Span begin = tokens_.span(first), end = tokens_.span(last);
  return std::string_view(text(first).data(), end.end - begin.begin);
}

const ast::Decl* Builder::build_decl(Parser::DeclarationContext* ctx) {
  if (auto* import = ctx->importDecl()) return build_import(import);
  if (auto* input = ctx->inputDecl()) return build_input(input);
  if (auto* let = ctx->letDecl())
    return make(ast::LetDecl{{DeclKind::Let, span(let), name(let->NAME()), doc_above(let)}, build_type(let->type()),
                             build_expr(let->expr())});
  if (auto* record = ctx->recordDecl()) {
    std::vector<ast::Field> fields;
    for (Parser::FieldContext* field : record->field()) fields.push_back(build_field(field));
    return make(ast::RecordDecl{{DeclKind::Record, span(record), name(record->NAME()), doc_above(record)},
                                keep(fields)});
  }
  if (auto* target = ctx->targetDecl()) return build_target(target, false, target->NAME(), target->config());
  if (auto* metrics = ctx->metricsDecl()) return build_target(metrics, true, metrics->NAME(), metrics->config());
  if (auto* service = ctx->serviceDecl()) return build_service(service);
  if (auto* capability = ctx->capabilityDecl()) return build_capability(capability);
  if (auto* backend = ctx->backendDecl()) return build_backend(backend);
  if (auto* gate = ctx->gateDecl()) return build_gate(gate);
  if (auto* strategy = ctx->strategyDecl())
    return make(ast::StrategyDecl{{DeclKind::Strategy, span(strategy), name(strategy->NAME()), doc_above(strategy)},
                                  build_parameters(strategy->parameters()), build_block(strategy->block())});
  if (auto* rollout = ctx->rolloutDecl())
    return make(ast::RolloutDecl{{DeclKind::Rollout, span(rollout), name(rollout->NAME()), doc_above(rollout)},
                                 build_block(rollout->block())});
  return build_test(ctx->testDecl());
}

const ast::Decl* Builder::build_import(Parser::ImportDeclContext* ctx) {
  ast::ImportDecl import{{DeclKind::Import, span(ctx), {}, {}}, {}, false, {}};
  std::vector<Parser::ImportNameContext*> imported;
  if (auto* file = dynamic_cast<Parser::ImportFileContext*>(ctx)) {
    import.path = name(file->STRING());
    imported = file->importName();
  } else if (auto* library = dynamic_cast<Parser::ImportLibraryContext*>(ctx)) {
    std::string path(text(library->NAME()->getSymbol()));
    for (Parser::WordContext* part : library->word()) path.append(".").append(text(part->getStart()));
    Span first = tokens_.span(library->NAME()->getSymbol());
    Span last = library->word().empty() ? first : span(library->word().back());
    import.path = {llvm::StringRef(path).copy(file_.arena), join(first, last)};
    import.library = true;
    imported = library->importName();
  }
  std::vector<ast::ImportName> list;
  for (Parser::ImportNameContext* one : imported) {
    ast::Name original = name(one->NAME(0));
    list.push_back({original, one->NAME().size() > 1 ? name(one->NAME(1)) : original});
  }
  import.names = keep(list);
  return make(import);
}

const ast::Decl* Builder::build_input(Parser::InputDeclContext* ctx) {
  ast::InputDecl input{{DeclKind::Input, span(ctx), name(ctx->NAME()), doc_above(ctx)},
                       build_type(ctx->type()),
                       nullptr,
                       nullptr,
                       nullptr};
  for (Parser::InputClauseContext* clause : ctx->inputClause()) {
    if (auto* given = dynamic_cast<Parser::InputDefaultContext*>(clause))
      input.default_value = build_expr(given->expr());
    if (auto* example = dynamic_cast<Parser::InputExampleContext*>(clause)) input.example = build_expr(example->expr());
    if (auto* where = dynamic_cast<Parser::InputWhereContext*>(clause)) input.where = build_expr(where->expr());
  }
  return make(input);
}

const ast::Decl* Builder::build_target(antlr4::ParserRuleContext* ctx, bool metrics,
                                       const std::vector<antlr4::tree::TerminalNode*>& names,
                                       Parser::ConfigContext* config) {
  return make(ast::TargetDecl{{DeclKind::Target, span(ctx), name(names[0]), doc_above(ctx)}, metrics, name(names[1]),
                              build_settings(config->setting())});
}

const ast::Decl* Builder::build_service(Parser::ServiceDeclContext* ctx) {
  std::vector<ast::Setting> settings;
  std::vector<ast::SignalItem> signals;
  for (Parser::ServiceItemContext* item : ctx->serviceItem()) {
    if (auto* setting = dynamic_cast<Parser::ServiceSettingContext*>(item))
      settings.push_back(build_setting(setting->setting()));
    if (auto* signal = dynamic_cast<Parser::ServiceSignalContext*>(item))
      signals.push_back({name(signal->NAME()), build_type(signal->type()), build_expr(signal->expr())});
  }
  return make(ast::ServiceDecl{
      {DeclKind::Service, span(ctx), name(ctx->NAME()), doc_above(ctx)}, keep(settings), keep(signals)});
}

ast::List<ast::Setting> Builder::build_settings(const std::vector<Parser::SettingContext*>& settings) {
  std::vector<ast::Setting> list;
  for (Parser::SettingContext* setting : settings) list.push_back(build_setting(setting));
  return keep(list);
}

ast::Setting Builder::build_setting(Parser::SettingContext* ctx) {
  ast::List<ast::Setting> block;
  if (ctx->config()) block = build_settings(ctx->config()->setting());
  return {word(ctx->word()), build_expr(ctx->expr()), ctx->config() != nullptr, block, span(ctx)};
}

ast::Field Builder::build_field(Parser::FieldContext* ctx) {
  size_t next = 0;
  const ast::Expr* default_value = ctx->ASSIGN() ? build_expr(ctx->expr(next++)) : nullptr;
  const ast::Expr* where = ctx->WHERE() ? build_expr(ctx->expr(next)) : nullptr;
  return {word(ctx->word()), build_type(ctx->type()), default_value, where, {}};
}

ast::List<ast::Field> Builder::build_parameters(Parser::ParametersContext* ctx) {
  std::vector<ast::Field> list;
  for (Parser::ParameterContext* parameter : ctx->parameter()) {
    size_t next = 0;
    const ast::Expr* default_value = parameter->ASSIGN() ? build_expr(parameter->expr(next++)) : nullptr;
    const ast::Expr* where = parameter->WHERE() ? build_expr(parameter->expr(next)) : nullptr;
    list.push_back({word(parameter->word()), build_type(parameter->type()), default_value, where, {}});
  }
  return keep(list);
}

}  // namespace rollout::syntax
