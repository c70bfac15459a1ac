// Private to compiler/check: the state of one check run. One construct a file; each function reports and goes on.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <llvm/ADT/DenseMap.h>

#include "compiler/check/circles.h"
#include "compiler/check/load.h"
#include "compiler/ir/match.h"
#include "compiler/ir/program.h"

namespace rollout::check {

enum class Builtin : uint32_t { Http, Running };

/// `a service`, `an input`: for "`x` is …, not …".
std::string_view kind_text(ir::Ref kind);

using ir::Type;
using ir::TypeKind;

class Checker {
 public:
  Checker(ir::Program& program, Diagnostics& diagnostics) : program_(program), diagnostics_(diagnostics) {}

  /// All modules, in the order in which they were loaded.
  void run(const Loaded& loaded);

 private:
  struct Local {
    std::string_view name;
    const Type* type;
    uint32_t slot;
    Span span;
  };

  // declare.cpp: names of all declarations
  void declare(ir::ModuleId module, const std::vector<Imported>& imports);
  void declare_one(const ast::Decl* decl);
  void add_symbol(std::string_view name, Span span, ir::Ref kind, size_t index);
  void import_names(const std::vector<Imported>& imports);

  // names.cpp
  std::optional<ir::Symbol> find(std::string_view name) const;
  /// The symbol of that kind, or a report that says what the name is or which names would fit.
  std::optional<ir::Symbol> expect_symbol(const ast::Name& name, ir::Ref kind, std::string_view wanted);
  std::vector<std::string_view> names_of(ir::Ref kind) const;
  void report_unknown(Span span, std::string_view name, std::string_view what, std::vector<std::string_view> known);
  const Local* find_local(std::string_view name) const;
  uint32_t add_local(const ast::Name& name, const Type* type);

  // check_type.cpp
  const Type* check_type(const ast::Type* type);
  std::vector<ir::Parameter> check_parameters(llvm::ArrayRef<ast::Field> fields);
  void check_defaults(const std::vector<ir::Parameter>& parameters);
  std::string with_article(const Type* type) const;
  std::string text(const Type* type) const { return ir::to_text(type, program_.record_names()); }

  // check_expr.cpp: the type of an expression; `wanted` only helps literals
  const Type* check_expr(const ast::Expr* expr, const Type* wanted = nullptr);
  /// Checks that `expr` fits `wanted`; `whose` names what expects it: "`hold`".
  void expect(const ast::Expr* expr, const Type* wanted, std::string_view whose);
  bool fits(const ast::Expr* expr, const Type* found, const Type* wanted);
  const Type* check_literal(const ast::LiteralExpr* literal, const Type* wanted);
  const Type* check_text(const ast::TextExpr* text_expr, const Type* wanted);
  const Type* check_name(const ast::NameExpr* name);
  const Type* check_list(const ast::ListExpr* list, const Type* wanted);
  const Type* common_service(const Type* left, const Type* right);
  void report_live(const ast::Expr* expr, std::string_view whose, const std::string& wanted);
  const Type* check_index(const ast::IndexExpr* index);
  // check_operator.cpp
  const Type* check_unary(const ast::UnaryExpr* unary);
  const Type* check_binary(const ast::BinaryExpr* binary);
  const Type* arithmetic(const ast::BinaryExpr* binary, const Type* left, const Type* right);
  const Type* comparison(const ast::BinaryExpr* binary, const Type* left, const Type* right);
  // check_member.cpp
  const Type* check_member(const ast::MemberExpr* member);
  const Type* service_member(const ast::MemberExpr* member, bool role);
  const Type* signal_type(const ast::MemberExpr* member);
  const ir::Service* known_service(const ast::Expr* object) const;
  // check_call.cpp
  const Type* check_call(const ast::CallExpr* call);
  const Type* check_record_call(const ast::CallExpr* call, uint32_t record);
  const Type* check_gate_call(const ast::CallExpr* call, const std::vector<ir::Parameter>& open);
  const Type* check_method_call(const ast::CallExpr* call, const ast::MemberExpr* member);
  /// Types of the arguments against the parameters; what lacks a default must be given when `complete`.
  ir::Match check_arguments(const ast::CallExpr* call, const std::vector<ir::Parameter>& parameters, size_t first,
                            std::string_view whose, bool complete);
  std::vector<ir::Parameter> open_parameters(const Type* gate) const;
  void report_not_callable(const ast::CallExpr* call, const Type* callee);

  // check_decl.cpp, check_library.cpp, check_service.cpp, check_gate.cpp, check_statement.cpp, check_test.cpp
  void check_signature(const ast::Decl* decl);
  void check_decl(const ast::Decl* decl);
  const Type* check_let(uint32_t index);
  const Type* check_value(const ast::Expr* value);
  void check_capability(ir::Capability& capability);
  void check_effects(const ir::Action& action);
  void check_effect_value(const ir::Action& action, const ast::Effect& effect);
  void check_limit(const ast::Name& number, int64_t least, int64_t most);
  void check_backend(ir::Backend& backend);
  void check_target(ir::Target& target);
  std::vector<ir::Given> check_settings(llvm::ArrayRef<ast::Setting> settings,
                                        const std::vector<ir::Parameter>& declared, Span whole,
                                        std::string_view whose);
  void check_service(ir::Service& service);
  void check_service_setting(ir::Service& service, const ast::Setting& setting);
  void check_service_signal(ir::Service& service, const ast::SignalItem& signal);
  void add_capability_signals(ir::Service& service);
  void check_gate(ir::Gate& gate);
  void check_condition(const ast::ConditionClause& clause);
  void check_response(const ast::ResponseClause& response);
  void check_live_condition(const ast::Expr* condition, std::string_view whose);
  void check_block(const ast::Block* block, bool parallel = false);
  void check_statement(const ast::Statement* statement, bool in_parallel);
  void check_for(const ast::ForStatement* loop);
  void check_rounds(const ast::ForStatement* loop);
  void check_call_statement(const ast::CallExpr* call);
  void check_action_call(const ast::CallExpr* call, const ast::MemberExpr* member);
  void check_strategy_call(const ast::CallExpr* call, uint32_t strategy);
  void check_judge(const ast::Expr* judge);
  void check_test(const ir::Test& test);
  void check_given(const ast::TestItem& item);
  void check_failure(const ast::TestItem& item);
  void check_run(const ast::TestItem& item);
  void check_expectation(const ast::TestItem& item);

  const Type* simple(TypeKind kind) { return program_.types.get(kind); }
  ir::ExprInfo& info(const ast::Expr* expr) { return program_.modules[module_]->exprs[expr->id]; }
  const ir::ExprInfo& info(const ast::Expr* expr) const { return program_.modules[module_]->exprs[expr->id]; }
  ir::Module& module() { return *program_.modules[module_]; }

  ir::Program& program_;
  Diagnostics& diagnostics_;
  ir::ModuleId module_ = 0;
  std::vector<Local> locals_;
  uint32_t slots_ = 0;  ///< of the declaration being checked: most locals alive at once
  const std::vector<std::string_view>* given_ = nullptr;  ///< names a backend fills into strings
  bool in_test_ = false;
  std::vector<StrategyCall> strategy_calls_;
  uint32_t strategy_ = UINT32_MAX;  ///< being checked
  std::vector<uint32_t> open_lets_;  ///< being checked, to find one that is made of itself
  llvm::DenseMap<const ast::Decl*, uint32_t> indices_;  ///< where each declaration stands in its vector of Program
};

}  // namespace rollout::check
