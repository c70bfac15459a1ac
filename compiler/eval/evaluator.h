// Evaluator: a checked expression to its Value. Total: no recursion in the language, every loop is over a finite
// list. What cannot be computed (an overflow, a refinement that does not hold) is reported once and gives None.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/eval/value.h"
#include "compiler/ir/match.h"
#include "compiler/ir/program.h"

namespace rollout::eval {

inline constexpr int max_depth = 1000;             ///< of values made of values
inline constexpr size_t max_items = 100'000;      ///< in one list or record, all levels counted
inline constexpr size_t max_text_bytes = 64 << 10;
inline constexpr int64_t max_range_days = 3660;    ///< ten years
inline constexpr size_t max_calls = 1'000'000;    ///< of functions, by one evaluator
inline constexpr size_t defaults_a_call = 4;      ///< so many arguments that are left to their defaults count as a call

/// The values of the locals of one declaration, by slot.
using Frame = std::vector<Value>;

/// `<` and the like; empty for an operator that compares nothing.
std::string_view comparison_text(ast::Operator op);

class Evaluator {
 public:
  /// `inputs` are the values of Program::inputs, by index.
  Evaluator(const ir::Program& program, std::vector<Value> inputs, Diagnostics& diagnostics);

  /// A value for an expression whose type is not live.
  Value eval(ir::ModuleId module, const ast::Expr* expr, const Frame& frame);
  /// The value of a parameter, or its default where `given` is null; its `where` is checked.
  Value bind(const ir::Parameter& parameter, ir::ModuleId declared_in, ir::ModuleId module,
             const ast::Expr* given, const Frame& frame);
  /// From here on names mean what they mean in the environment. Its values are those of the files without it. Before
  /// anything is observed.
  void enter(const ir::Environment& environment);
  /// What was observed for a `let`, or its example; without it, naming the `let` is an error.
  void observe(uint32_t index, Value value) { lets_[index] = std::move(value); }
  /// All places of a service or a target, in their order.
  const std::vector<Value>& places(const ir::Places& places);
  /// The value of a `let` of a module.
  Value let(uint32_t index);
  /// Reports when `value` does not fit the parameter's `where`, and returns false. `at` is where it was written.
  bool check_where(const ir::Parameter& parameter, ir::ModuleId declared_in, const Value& value, Span at);
  /// Whether as much was computed as may be, and that was reported: nothing has a value any more.
  bool spent() const { return calls_ > max_calls; }
  /// Of functions so far, and what counts as such.
  size_t calls() const { return calls_; }
  /// The number of a value in the unit of its kind, for arithmetic on mixed kinds.
  static double number_of(const Value& value) {
    return value.is(Value::Kind::Float) ? value.real : double(value.number);
  }

 private:
  Value eval_literal(ir::ModuleId module, const ast::LiteralExpr* literal);
  Value eval_text(ir::ModuleId module, const ast::TextExpr* text, const Frame& frame);
  Value eval_name(ir::ModuleId module, const ast::Expr* name, const Frame& frame);
  Value eval_member(ir::ModuleId module, const ast::MemberExpr* member, const Frame& frame);
  Value eval_call(ir::ModuleId module, const ast::CallExpr* call, const Frame& frame);
  // eval_part.cpp
  Value eval_builtin(ir::ModuleId module, const ast::CallExpr* call, ir::Builtin builtin, const Frame& frame);
  Value eval_part(const ast::MemberExpr* member, ir::Part part, const Value& object);
  Value eval_contains(ir::ModuleId module, const ast::CallExpr* call, const Frame& frame);
  Value converted(Value value, Value::Kind kind, Span span);
  // eval_calendar.cpp
  Value eval_range(const ast::BinaryExpr* range, const Value& first, const Value& last);
  Value eval_weekly(ir::ModuleId module, const ast::CallExpr* call, const Frame& frame);
  Value eval_except(ir::ModuleId module, const ast::ExceptExpr* except, const Frame& frame);
  // eval_collection.cpp
  Value eval_list(ir::ModuleId module, const ast::ListExpr* list, const Frame& frame);
  Value eval_map(ir::ModuleId module, const ast::MapExpr* map, const Frame& frame);
  Value eval_index(ir::ModuleId module, const ast::IndexExpr* index, const Frame& frame);
  // eval_environment.cpp
  uint32_t meant(ir::Ref kind, uint32_t index) const;
  // eval_places.cpp
  Value eval_entity(const ir::ExprInfo& info, const Value* place);
  Value eval_at_place(ir::ModuleId module, const ast::IndexExpr* index, const Frame& frame);
  const Value* find_place(const ir::Places& places, const Value& wanted, std::string_view whose, Span span);
  // eval_call.cpp
  Value eval_record(ir::ModuleId module, const ast::CallExpr* call, const ir::ExprInfo& callee, const Frame& frame);
  Value eval_gate(ir::ModuleId module, const ast::CallExpr* call, bool by_name, const Frame& frame);
  Value eval_func(ir::ModuleId module, const ast::CallExpr* call, uint32_t index, const Frame& frame);
  Value eval_match(ir::ModuleId module, const ast::MatchExpr* match, const Frame& frame);
  Value eval_unary(ir::ModuleId module, const ast::UnaryExpr* unary, const Frame& frame);
  Value eval_binary(ir::ModuleId module, const ast::BinaryExpr* binary, const Frame& frame);
  Value eval_comparison(const ast::BinaryExpr* binary, const Value& left, const Value& right);
  Value eval_inner(ir::ModuleId module, const ast::Expr* expr, const Frame& frame);
  /// `value`, unless it has grown beyond `max_items`: three lines of lists of lists could fill any memory.
  Value bounded(Value value, Span span);
  Value fail(Span span, const std::string& why);

  const ir::Program& program_;
  std::vector<Value> inputs_;
  std::vector<std::optional<Value>> lets_;
  std::vector<ir::Rebinding> rebindings_;  ///< of targets and teams
  Diagnostics& diagnostics_;
  std::map<const ast::Places*, std::vector<Value>> places_;
  int depth_ = 0;
  size_t calls_ = 0, defaults_ = 0;
  bool too_large_ = false;  ///< a value was, and that is said once: what is made of it would be, too
};

/// The kind of the values of a type; None for types whose values are no plain quantities.
Value::Kind value_kind(const ir::Type* type);

/// The name of a place: the text itself, or that field of the record.
const std::string& place_name(const ir::Places& places, const Value& place);
/// The place of a service or target, which its settings see; nothing where there is one without a place.
inline const Frame& place_frame(const Value& entity) { return entity.items; }

/// The `replicas` that the service's workload is configured with; 0 where there is none.
const ast::Expr* replicas_of(const ir::Service& service);

}  // namespace rollout::eval
