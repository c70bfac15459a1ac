// Named values, and leaving one declaration to look at another.
#include "compiler/check/values.h"

namespace rollout::check {

/// A `let` is checked when it is first named, wherever it stands.
const Type* ValueChecker::check_let(uint32_t index) {
  ir::Let& let = program_.lets[index];
  if (let.type) return let.type;
  if (std::find(open_lets_.begin(), open_lets_.end(), index) != open_lets_.end()) return nullptr;
  if (is_too_deep(let.decl->name.span)) return simple(TypeKind::Error);
  open_lets_.push_back(index);
  Place outer = leave_for(let.module);
  size_t bounds = bounds_.size();
  const Type* type = let.decl->type       ? check_type(let.decl->type)
                     : let.decl->calendar ? simple(TypeKind::Calendar)
                                          : nullptr;
  const Type* found = let.decl->observation ? check_observation(let.decl)
                      : type                ? check_expr(let.decl->value, type)
                                            : check_value(let.decl->value);
  if (type) expect_found(let.decl->value, found, type, fmt::format("`{}`", let.decl->name.text));
  else type = found;
  let.type = type;
  let.time = time_;
  // A constant is evaluated whole, and its bounds with it.
  if (let.time == ir::Time::Constant) bounds_.erase(bounds_.begin() + ssize_t(bounds), bounds_.end());
  return_to(std::move(outer));
  open_lets_.pop_back();
  return type;
}

/// Values and functions are checked when they are first named, one inside the other. Once is said for all of a program.
bool ValueChecker::is_too_deep(Span name) {
  if (open_lets_.size() + open_funcs_ < max_made_of) return false;
  if (!std::exchange(too_deep_, true))
    diagnostics_.report(name, diag::TooDeep, int(max_made_of))
        .note("each value or function is made of the next one")
        .advise("let fewer of them lie between this one and what it is made of in the end");
  return true;
}

/// What is checked in between stands elsewhere: nothing of here is visible there.
Place ValueChecker::leave_for(ir::ModuleId module) {
  return {std::exchange(locals_, {}), std::exchange(module_, module), std::exchange(in_test_, false),
          std::exchange(given_, nullptr), std::exchange(planned_, false), std::exchange(time_, ir::Time::Constant)};
}

void ValueChecker::return_to(Place place) {
  locals_ = std::move(place.locals);
  module_ = place.module;
  in_test_ = place.in_test;
  given_ = place.given;
  planned_ = place.planned;
  time_ = place.time;
}

/// The type of what a `let` names: a value of plan time.
const Type* ValueChecker::check_value(const ast::Expr* value) {
  const Type* type = check_expr(value);
  bool live = type->is(TypeKind::Live) || type->is(TypeKind::Quantiled) || type->is(TypeKind::Role) ||
              type->is(TypeKind::Past);
  if (live) {
    report_live(value, "`let`", "a value");
    return simple(TypeKind::Error);
  }
  return type;
}

}  // namespace rollout::check
