// What the files alone decide is decided before anything is planned: constants have a value, those given to a bounded
// parameter fit its `where`, and every `where` leaves some value. What depends on inputs is left to the planner.
#include <set>

#include "compiler/check/values.h"
#include "compiler/eval/arithmetic.h"
#include "compiler/eval/evaluator.h"
#include "compiler/eval/start.h"

namespace rollout::check {

namespace {

using ast::Operator;
using eval::Value;

struct Limit {
  Value value;
  bool strict;
  Span span;
};

/// `const op name` read from the right.
Operator mirrored(Operator op) {
  switch (op) {
    case Operator::Less: return Operator::Greater;
    case Operator::LessEqual: return Operator::GreaterEqual;
    case Operator::Greater: return Operator::Less;
    case Operator::GreaterEqual: return Operator::LessEqual;
    default: return op;
  }
}

/// The narrowest limits that the comparisons of a `where` with constants set, joined by `and`.
class Limits {
 public:
  Limits(const ir::Program& program, ir::ModuleId module, eval::Evaluator& constants)
      : program_(program), module_(module), constants_(constants) {}

  void read(const ast::Expr* where) {
    if (where->kind != ast::ExprKind::Binary) return;
    auto* binary = static_cast<const ast::BinaryExpr*>(where);
    if (binary->op == Operator::And) {
      read(binary->left);
      read(binary->right);
    } else if (is_subject(binary->left) && is_constant(binary->right)) {
      add(binary->op, constants_.eval(module_, binary->right, {}), binary->span);
    } else if (is_subject(binary->right) && is_constant(binary->left)) {
      add(mirrored(binary->op), constants_.eval(module_, binary->left, {}), binary->span);
    }
  }

  bool contradict() const {
    if (!least || !most) return false;
    Result<int> order = eval::compare(least->value, most->value);
    if (!order) return false;
    if (*order > 0 || (*order == 0 && (least->strict || most->strict))) return true;
    bool neighbours = least->value.is(Value::Kind::Int) && most->value.number - least->value.number == 1;
    return neighbours && least->strict && most->strict;
  }

  std::optional<Limit> least, most;

 private:
  bool is_subject(const ast::Expr* expr) const { return program_.info(module_, expr).ref == ir::Ref::Local; }
  bool is_constant(const ast::Expr* expr) const { return program_.info(module_, expr).time == ir::Time::Constant; }

  void add(Operator op, Value value, Span span) {
    bool strict = op == Operator::Less || op == Operator::Greater, exact = op == Operator::Equal;
    if (exact || op == Operator::Greater || op == Operator::GreaterEqual) narrow(least, {value, strict, span}, 1);
    if (exact || op == Operator::Less || op == Operator::LessEqual) narrow(most, {value, strict, span}, -1);
  }

  /// Keeps the larger limit for `sign` 1, the smaller for -1.
  void narrow(std::optional<Limit>& limit, Limit other, int sign) {
    Result<int> order = limit ? eval::compare(other.value, limit->value) : Result<int>(sign);
    if (order && (*order * sign > 0 || (*order == 0 && other.strict))) limit = std::move(other);
  }

  const ir::Program& program_;
  ir::ModuleId module_;
  eval::Evaluator& constants_;
};

}  // namespace

/// Whether it has one value, here and now. What a function makes of its parameters has one for each call.
static bool is_closed(const ir::ExprInfo& known, const ast::Expr* expr, bool in_func) {
  return known.time == ir::Time::Constant && (!in_func || expr->kind == ast::ExprKind::Literal);
}

void ValueChecker::keep_bound(const ir::Parameter& parameter, const ast::Expr* given) {
  bool in_func = func_ != UINT32_MAX && locals_.size() > 0;
  bool decided = given && is_closed(info(given), given, in_func) && !planned_;
  if (parameter.where && parameter.module != ir::no_module && (decided || !given))
    bounds_.push_back({parameter, module_, given});
}

void ValueChecker::keep_range(const eval::Range& range, const ast::Expr* given, const ast::Expr* behind) {
  bool in_func = func_ != UINT32_MAX && locals_.size() > 0;
  bool closed = is_closed(info(given), given, in_func) && (!behind || is_closed(info(behind), behind, in_func));
  if (closed && !module().library) ranged_.push_back({&range, module_, given, behind});
}

void ValueChecker::decide_constants() {
  if (diagnostics_.has_errors()) return;
  decide_places(nullptr);
  auto is_let = [](const ir::Rebinding& one) { return one.kind == ir::Ref::Let; };
  for (const ir::Environment& environment : program_.environments)
    if (llvm::any_of(environment.values, is_let)) decide_places(&environment);
  eval::Evaluator constants(program_, std::vector<Value>(program_.inputs.size()), diagnostics_);
  for (uint32_t i = 0; i < program_.lets.size(); ++i) {
    bool own = !program_.modules[program_.lets[i].module]->library;
    if (own && program_.lets[i].time == ir::Time::Constant) constants.let(i);
  }
  for (const Ranged& one : ranged_) {
    Value value = constants.eval(one.module, one.given, {});
    if (!eval::in_range(*one.range, value, one.given->span, diagnostics_) || !one.behind) continue;
    Value earlier = constants.eval(one.module, one.behind, {});
    if (value.number <= earlier.number)
      diagnostics_.report(one.given->span, diag::RefinementBroken, std::string(one.range->clause), eval::to_text(value))
          .at(one.behind->span, "not behind this");
  }
  for (auto [module, item] : starts_)
    eval::start_of(constants.eval(module, item->subject, {}), item->moment[0], item->moment[1], diagnostics_);
  std::set<const ast::Expr*> impossible;
  for (const Bound& bound : bounds_) {
    if (bound.given) continue;
    Limits limits(program_, bound.parameter.module, constants);
    limits.read(bound.parameter.where);
    if (!limits.contradict() || !impossible.insert(bound.parameter.where).second) continue;
    diagnostics_.report(bound.parameter.where->span, diag::NoValueFits, std::string(bound.parameter.name.text))
        .at(limits.least->span, "not below this")
        .at(limits.most->span, "and not above this");
  }
  // What no value can fit is not said again of each value.
  for (const Bound& bound : bounds_) {
    if (!bound.given || impossible.count(bound.parameter.where)) continue;
    Value value = constants.eval(bound.module, bound.given, {});
    constants.check_where(bound.parameter, bound.parameter.module, value, bound.given->span);
  }
}

}  // namespace rollout::check
