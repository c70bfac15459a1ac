// Private to compiler/syntax: parse tree → syntax tree, one function a rule. The parse tree is free of errors.
#pragma once

#include <vector>

#include "compiler/base/check.h"
#include "compiler/base/diagnostics.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/tokens.h"

namespace rollout::syntax {

class Builder {
 public:
  Builder(Tokens& tokens, ast::File& file, Diagnostics& diagnostics)
      : tokens_(tokens), file_(file), diagnostics_(diagnostics) {}

  ast::List<const ast::Decl*> build_file(Parser::FileContext* ctx);

 private:
  // build_decl.cpp
  const ast::Decl* build_decl(Parser::DeclarationContext* ctx);
  const ast::Decl* build_import(Parser::ImportDeclContext* ctx);
  const ast::Decl* build_input(Parser::InputDeclContext* ctx);
  const ast::Decl* build_target(antlr4::ParserRuleContext* ctx, bool metrics,
                                const std::vector<antlr4::tree::TerminalNode*>& names, Parser::ConfigContext* config);
  const ast::Decl* build_service(Parser::ServiceDeclContext* ctx);
  ast::List<ast::Setting> build_settings(const std::vector<Parser::SettingContext*>& settings);
  ast::Setting build_setting(Parser::SettingContext* ctx);
  ast::Field build_field(Parser::FieldContext* ctx);
  ast::List<ast::Field> build_parameters(Parser::ParametersContext* ctx);
  // build_library.cpp: what the standard library declares
  const ast::Decl* build_capability(Parser::CapabilityDeclContext* ctx);
  ast::ActionItem build_action(Parser::CapabilityActionContext* ctx);
  const ast::Decl* build_backend(Parser::BackendDeclContext* ctx);
  ast::ActionLimits build_limits(Parser::BackendActionContext* ctx);
  // build_gate.cpp, build_test.cpp
  const ast::Decl* build_gate(Parser::GateDeclContext* ctx);
  ast::ConditionClause build_condition(antlr4::ParserRuleContext* ctx, ast::ClauseKind kind, Parser::ExprContext* expr,
                                       Parser::CertaintyContext* certainty);
  const ast::Decl* build_test(Parser::TestDeclContext* ctx);
  ast::TestItem build_test_item(Parser::TestItemContext* ctx);
  // build_statement.cpp
  const ast::Block* build_block(Parser::BlockContext* ctx);
  const ast::Statement* build_statement(Parser::StatementContext* ctx);
  const ast::Statement* build_if(antlr4::ParserRuleContext* ctx, Parser::ExprContext* condition,
                                 const std::vector<Parser::BlockContext*>& blocks, Parser::IfElseContext* chain);
  const ast::Statement* build_rollback(Parser::RollbackStatementContext* ctx);
  // build_expr.cpp
  const ast::Expr* build_expr(Parser::ExprContext* ctx);
  const ast::Expr* build_expr_kind(Parser::ExprContext* ctx);
  const ast::Expr* build_optional(Parser::ExprContext* ctx) { return ctx ? build_expr(ctx) : nullptr; }
  const ast::Expr* build_binary(Parser::ExprContext* ctx, Parser::ExprContext* left,
                                Parser::ExprContext* right);
  const ast::Expr* build_string(antlr4::Token* token);
  const ast::Expr* build_text(antlr4::Token* token);
  const ast::Expr* build_callee(Parser::CalleeContext* ctx);
  ast::List<ast::Argument> build_arguments(Parser::ArgumentsContext* ctx);
  const ast::Type* build_type(Parser::TypeContext* ctx);

  Span span(antlr4::ParserRuleContext* ctx) const {
    return join(tokens_.span(ctx->getStart()), tokens_.span(ctx->getStop()));
  }
  std::string_view text(const antlr4::Token* token) const { return tokens_.text(token); }
  ast::Name name(antlr4::Token* token) const { return {tokens_.text(token), tokens_.span(token)}; }
  ast::Name name(antlr4::tree::TerminalNode* node) const { return name(node->getSymbol()); }
  ast::Name word(Parser::WordContext* ctx) const { return name(ctx->getStart()); }
  /// The name or, failing that, the string of a phase.
  ast::Name name_or_string(antlr4::tree::TerminalNode* identifier, antlr4::tree::TerminalNode* string) const {
    return identifier || string ? name(identifier ? identifier : string) : ast::Name{};
  }
  std::string_view doc_above(antlr4::ParserRuleContext* ctx) const;

  ast::Expr node(ast::ExprKind kind, Span span) { return {kind, span, file_.expr_count++}; }
  template <typename T>
  const T* make(T node) { return new (file_.arena.Allocate<T>()) T(node); }
  template <typename T>
  ast::List<T> keep(const std::vector<T>& items) {
    T* copy = file_.arena.Allocate<T>(items.size());
    std::uninitialized_copy(items.begin(), items.end(), copy);
    return {copy, items.size()};
  }
  ast::List<ast::Name> names(const std::vector<antlr4::tree::TerminalNode*>& nodes) {
    std::vector<ast::Name> list;
    for (auto* node : nodes) list.push_back(name(node));
    return keep(list);
  }

  Tokens& tokens_;
  ast::File& file_;
  Diagnostics& diagnostics_;
  int depth_ = 0;
};

}  // namespace rollout::syntax
