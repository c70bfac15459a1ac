// Private to compiler/check: names, types and values: everything that may stand in an expression. One construct a file;
// each function reports and goes on. Declarations and statements are built on it (context.h).
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/base/diagnostics.h"
#include "compiler/check/check.h"
#include "compiler/check/circles.h"
#include "compiler/check/state.h"
#include "compiler/ir/match.h"
#include "compiler/ir/property.h"
#include "compiler/ir/variables.h"

namespace rollout::check {

/// Names that are compared with all others, to say which one was meant; more than anybody reads at once.
inline constexpr size_t max_suggestions = 200;

class ValueChecker {
 protected:
  ValueChecker(ir::Program& program, const Library& library, Diagnostics& diagnostics)
      : program_(program), library_(library), diagnostics_(diagnostics) {}

  // names.cpp
  std::optional<ir::Symbol> find(std::string_view name) const;
  /// The symbol of that kind, or a report that says what the name is or which names would fit.
  std::optional<ir::Symbol> expect_symbol(const ast::Name& name, ir::Ref kind, std::string_view wanted);
  /// In alphabetical order. All names are declared before the first question.
  const std::vector<std::string_view>& names_of(ir::Ref kind) const;
  bool suggests() const { return unknown_ < max_suggestions; }
  bool was_unknown(std::string_view name, std::string_view what) const;
  /// `a service`, `an input`: for "`x` is …, not …".
  std::string_view kind_text(const ir::Symbol& symbol) const;
  void warn_deprecated(Span given, const ast::Name& name, const ast::Name& deprecated);
  void report_unknown(Span span, std::string_view name, std::string_view what, std::vector<std::string_view> known);
  /// `value`: of what was reported to be unknown; no message shows it.
  void hide_unknown(std::string_view name, std::string_view what, Span value);
  Diagnostic* report_unknown_once(Span span, std::string_view name, std::string_view what);
  /// A name that is the case of one enum alone, without the enum: `eu` for `Residency.eu`. False when it is not.
  bool report_bare_case(const ast::NameExpr* name);
  /// When a file of the program or the library declares the name; false when none does.
  bool suggest_import(Diagnostic& diagnostic, std::string_view name, std::string_view what);
  /// Of a word of another tool, or an action without what it acts on.
  void advise_elsewhere(Diagnostic& diagnostic, std::string_view name, std::string_view what) const;
  const Local* find_local(std::string_view name) const { return locals_.find(name); }
  uint32_t add_local(const ast::Name& name, const Type* type, ir::Time time = ir::Time::Plan);
  // check_type.cpp
  const Type* check_type(const ast::Type* type);
  const Type* check_result_type(const ast::Type* type);
  const Type* type_of(const ast::Type* type, TypeKind kind, std::vector<const Type*> arguments);
  std::vector<ir::Parameter> check_parameters(llvm::ArrayRef<ast::Field> fields);
  void check_defaults(const std::vector<ir::Parameter>& parameters);
  std::string with_article(const Type* type) const;
  std::string text(const Type* type) const { return ir::to_text(type, program_.type_names()); }

  // check_expr.cpp: the type of an expression; `wanted` only helps literals
  const Type* check_expr(const ast::Expr* expr, const Type* wanted = nullptr);
  const Type* check_expr_kind(const ast::Expr* expr, const Type* wanted);
  /// Checks that `expr` fits `wanted`; `whose` names what expects it: "`hold`".
  void expect(const ast::Expr* expr, const Type* wanted, std::string_view whose) {
    expect_found(expr, check_expr(expr, wanted), wanted, whose);
  }
  /// The same of an expression that was checked already: once a level, or nesting costs exponential time.
  void expect_found(const ast::Expr* expr, const Type* found, const Type* wanted, std::string_view whose);
  void expect_capabilities(const ast::Expr* expr, const Type* found, const Type* wanted, std::string_view whose);
  bool fits(const Type* found, const Type* wanted);
  const Type* check_literal(const ast::LiteralExpr* literal, const Type* wanted);
  void warn_plain(const ast::LiteralExpr* literal);
  const Type* check_text(const ast::TextExpr* text_expr, const Type* wanted);
  const Type* check_name(const ast::NameExpr* name, const Type* wanted);
  void report_unknown_value(const ast::NameExpr* name, const Type* wanted);
  const Type* common_service(const Type* left, const Type* right);
  std::string advice_on_subject(const Type* subject) const;  ///< of a `match`, which is no enum
  Diagnostic& report_live(const ast::Expr* expr, std::string_view whose, const std::string& wanted);
  // check_operator.cpp, check_optional.cpp
  const Type* check_unary(const ast::UnaryExpr* unary, const Type* wanted);
  const Type* check_binary(const ast::BinaryExpr* binary);
  const Type* check_logic(const ast::BinaryExpr* binary);
  const Type* as_points(const ast::Expr* expr, const Type* type, const Type* other);
  const Type* report_units(const ast::BinaryExpr* binary, const Type* left, const Type* right);
  const Type* arithmetic(const ast::BinaryExpr* binary, const Type* left, const Type* right);
  const Type* comparison(const ast::BinaryExpr* binary, const Type* left, const Type* right);
  const Type* optional_of(const ast::Type* written, const Type* type);
  const Type* check_fallback(const ast::BinaryExpr* binary, const Type* left);
  const Type* check_presence(const ast::BinaryExpr* binary, const Type* left, const Type* right);
  // check_collection.cpp, check_enum.cpp, check_func.cpp, check_observation.cpp, check_calendar.cpp, check_let.cpp
  const Type* collection_of(const ast::Type* written, TypeKind kind, std::vector<const Type*> arguments);
  const Type* check_list(const ast::ListExpr* list, const Type* wanted);
  const Type* check_map(const ast::MapExpr* map, const Type* wanted);
  const Type* check_index(const ast::IndexExpr* index);
  void check_enum(const ir::Enum& declared);
  std::optional<uint32_t> find_case(uint32_t enumeration, const ast::Name& name);
  const Type* check_case(const ast::MemberExpr* member);
  const Type* check_match(const ast::MatchExpr* match, const Type* wanted);
  void report_missing_cases(const ast::MatchExpr* match, uint32_t enumeration, const Answers& answers);
  void check_func(uint32_t index);
  const Type* check_func_call(const ast::CallExpr* call, uint32_t index);
  const Type* check_observed(const ast::Expr* what);
  const Type* check_observation(const ast::LetDecl* decl);
  const Type* check_range(const ast::BinaryExpr* range, const Type* left, const Type* right);
  const Type* check_weekly(const ast::CallExpr* call);
  const Type* check_except(const ast::ExceptExpr* except);
  const Type* check_let(uint32_t index);
  bool is_too_deep(Span name);
  const Type* check_value(const ast::Expr* value);
  Place leave_for(ir::ModuleId module);
  void return_to(Place place);
  // check_secret.cpp, check_part.cpp, check_constants.cpp
  const Type* check_secret(const ast::CallExpr* call);
  const Type* report_secret(const ast::Expr* expr, std::string_view whose);
  const Type* check_part(const ast::MemberExpr* member, const Type* object);
  const Type* check_contains(const ast::CallExpr* call, const ast::MemberExpr* member, const Type* object);
  const Type* check_conversion(const ast::CallExpr* call, ir::Builtin builtin);
  void keep_bound(const ir::Parameter& parameter, const ast::Expr* given);
  void keep_range(const eval::Range& range, const ast::Expr* given, const ast::Expr* behind = nullptr);
  void decide_constants();
  // check_places.cpp
  void check_places(ir::Places& places, std::string_view whose);
  void decide_places(const ir::Environment* environment);
  std::optional<ir::Symbol> placed(const ast::Expr* expr) const;
  const ir::Places& places_of(const ir::Symbol& symbol) const;
  const Type* at_place(const ast::IndexExpr* index, const ir::Symbol& symbol);
  const Type* type_of_one(const ir::Symbol& symbol);
  const Type* report_without_place(const ast::NameExpr* name, const ir::Symbol& symbol);
  // check_member.cpp, check_policy.cpp
  const Type* check_property(const ast::MemberExpr* member);
  void check_decided(const ast::MemberExpr* member, const ir::PropertyRow& row);
  const Type* check_member(const ast::MemberExpr* member);
  const Type* service_member(const ast::MemberExpr* member, bool role);
  const Type* signal_type(const ast::MemberExpr* member);
  // check_confirm.cpp
  const Type* check_rehearsed(const ast::MemberExpr* member);
  const Type* calendar_member(const ast::MemberExpr* member);
  const Type* team_member(const ast::MemberExpr* member);
  const Type* check_confirm(const ast::CallExpr* call, const ast::MemberExpr* member);
  void report_confirm(const ast::Expr* expr);
  bool is_live_condition(const ast::Expr* expr, const Type* type) const;
  // check_baseline.cpp
  const Type* check_baseline(const ast::CallExpr* call, const ast::MemberExpr* member);
  const Type* past_member(const ast::MemberExpr* member);
  const Type* check_deviation(const ast::MemberExpr* member, const Type* object);
  bool is_past(const ast::Expr* expr) const;
  const ir::Service* known_service(const ast::Expr* object) const;
  // check_call.cpp
  const Type* check_call(const ast::CallExpr* call);
  const Type* check_member_call(const ast::CallExpr* call, const ast::MemberExpr* member);
  const Type* check_builtin(const ast::CallExpr* call, ir::Builtin builtin);
  const Type* check_record_call(const ast::CallExpr* call, uint32_t record);
  const Type* check_copy(const ast::CallExpr* call, uint32_t record);
  const Type* check_gate_call(const ast::CallExpr* call, const std::vector<ir::Parameter>& open);
  const Type* check_method_call(const ast::CallExpr* call, const ast::MemberExpr* member);
  /// Types of the arguments against the parameters; what lacks a default must be given when `complete`.
  ir::Match check_arguments(const ast::CallExpr* call, const std::vector<ir::Parameter>& parameters, size_t first,
                            std::string_view whose, bool complete);
  void report_missing(const ast::CallExpr* call, const std::vector<ir::Parameter>& parameters, size_t first,
                      std::string_view whose, const ir::Match& match);
  /// Of a declaration with many parameters; null for others.
  const ir::ParameterTable* table_of(const std::vector<ir::Parameter>& parameters);
  std::vector<ir::Parameter> open_parameters(const Type* gate) const;
  void report_not_callable(const ast::CallExpr* call, const Type* callee);

  const Type* simple(TypeKind kind) { return program_.types.get(kind); }
  ir::ExprInfo& info(const ast::Expr* expr) { return program_.modules[module_]->exprs[expr->id]; }
  const ir::ExprInfo& info(const ast::Expr* expr) const { return program_.modules[module_]->exprs[expr->id]; }
  ir::Module& module() { return *program_.modules[module_]; }

  ir::Program& program_;
  const Library& library_;
  Diagnostics& diagnostics_;
  ir::ModuleId module_ = 0;
  Locals locals_;
  uint32_t slots_ = 0;  ///< of the declaration being checked: most locals alive at once
  const std::vector<std::string_view>* given_ = nullptr;  ///< names a backend fills into strings
  bool in_test_ = false;
  std::vector<const ast::PolicyItem*> quantifiers_;  ///< over elements of a plan, around what is being checked
  bool planned_ = false;  ///< inside a rollout: what stands here is decided when it is planned, which is next
  ir::Time time_ = ir::Time::Constant;  ///< of what has been checked of the expression at hand
  uint32_t func_ = UINT32_MAX;          ///< being checked
  std::vector<Call> func_calls_;
  std::vector<Ranged> ranged_;
  std::vector<Bound> bounds_;
  std::vector<std::pair<ir::ModuleId, const ast::TestItem*>> starts_;  ///< of tests, by a calendar of the files
  std::vector<Fix> imports_;  ///< that were suggested
  size_t unknown_ = 0;        ///< names reported so far
  UnknownNames unknown_names_;
  mutable llvm::DenseMap<std::pair<ir::ModuleId, uint32_t>, std::vector<std::string_view>> names_;  ///< by ir::Ref
  llvm::DenseMap<uint32_t, llvm::StringMap<uint32_t>> cases_;  ///< of each enum that was asked for one
  std::map<const ir::Parameter*, ir::ParameterTable> tables_;  ///< by where the parameters stand
  std::vector<uint32_t> open_lets_;  ///< being checked, to find one that is made of itself
  size_t open_funcs_ = 0;            ///< being checked, one inside the other
  bool too_deep_ = false;            ///< it was reported that they are made of each other too deep
};

}  // namespace rollout::check
