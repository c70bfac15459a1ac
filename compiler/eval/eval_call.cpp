// Calls of records, gates and functions, and `match`.
#include <llvm/ADT/STLExtras.h>

#include "compiler/eval/blame.h"
#include "compiler/eval/evaluator.h"
#include "compiler/eval/standing.h"

namespace rollout::eval {

using Kind = Value::Kind;

Value Evaluator::eval_call(ir::ModuleId module, const ast::CallExpr* call, const Frame& frame) {
  const ir::ExprInfo& callee = program_.info(module, call->callee);
  switch (callee.ref) {
    case ir::Ref::Builtin: return eval_builtin(module, call, ir::Builtin(callee.index), frame);
    case ir::Ref::Part: return eval_contains(module, call, frame);
    case ir::Ref::Record: return eval_record(module, call, callee, frame);
    case ir::Ref::Func: return eval_func(module, call, callee.index, frame);
    default: return eval_gate(module, call, callee.ref == ir::Ref::Gate, frame);
  }
}

/// `Step(…)`, or with `index2` the copy `step.with(…)`, in which the fields that are not given stay.
Value Evaluator::eval_record(ir::ModuleId module, const ast::CallExpr* call, const ir::ExprInfo& callee,
                             const Frame& frame) {
  const ir::Record& record = program_.records[callee.index];
  if (spent()) return {};
  ir::Match match = ir::match_arguments(record.fields, call->arguments);
  Value value = Value::of(Kind::Record, std::string(record.decl->name.text));
  if (callee.index2) {
    value = eval(module, static_cast<const ast::MemberExpr*>(call->callee)->object, frame);
    if (!value.is(Kind::Record)) return {};
    if (looked_too_long(calls_, items_of(value))) return fail(call->span, "it copies too many fields of records");
  }
  value.items.resize(record.fields.size());
  size_t held = 0;
  for (size_t i = 0; i < record.fields.size() && held <= max_items && !spent(); ++i) {
    if (!match.value(i) && callee.index2) continue;
    value.items[i] = bind(record.fields[i], record.module, module, match.value(i), frame);
    held += items_of(value.items[i]);
  }
  return bounded(std::move(value), call->span);
}

/// Only what is still open can be given; labels are those of the gate itself.
Value Evaluator::eval_gate(ir::ModuleId module, const ast::CallExpr* call, bool by_name, const Frame& frame) {
  Value gate = eval(module, call->callee, frame);
  if (!gate.is(Kind::Gate) || spent()) return {};
  const ir::Gate& decl = program_.gates[size_t(gate.number)];
  std::vector<ir::Parameter> open;
  std::vector<size_t> places;
  for (size_t i = 0; i < decl.parameters.size(); ++i)
    if (gate.items[i].is(Kind::None) && (by_name || !decl.parameters[i].default_value)) {
      open.push_back(decl.parameters[i]);
      places.push_back(i);
    }
  ir::Match match = ir::match_arguments(open, call->arguments);
  for (size_t i = 0; i < open.size(); ++i)
    if (match.value(i)) gate.items[places[i]] = bind(open[i], decl.module, module, match.value(i), frame);
  return gate;
}

/// Functions do not call themselves, but thirty that each call the next one twice would be a billion calls.
Value Evaluator::eval_func(ir::ModuleId module, const ast::CallExpr* call, uint32_t index, const Frame& frame) {
  if (spent()) return {};
  if (++calls_ > max_calls) return fail(call->span, fmt::format("it takes more than {} calls of functions", max_calls));
  const ir::Func& func = program_.funcs[index];
  ir::Match match = ir::match_arguments(func.parameters, call->arguments);
  Frame inner(std::max<size_t>(func.slots, func.parameters.size()));
  for (size_t i = 0; i < func.parameters.size(); ++i)
    inner[i] = bind(func.parameters[i], func.module, module, match.value(i), frame);
  size_t reported = diagnostics_.size();
  Value value = eval(func.module, func.decl->body, inner);
  blame_caller(program_, reported, call->span, diagnostics_);
  return value;
}

Value Evaluator::eval_match(ir::ModuleId module, const ast::MatchExpr* match, const Frame& frame) {
  Value subject = eval(module, match->subject, frame);
  std::string_view name = subject.text;
  name.remove_prefix(std::min(name.size(), name.find('.') + 1));
  if (spent()) return {};
  const ast::MatchArm *answer = nullptr, *otherwise = nullptr;
  size_t looked = 0;
  for (const ast::MatchArm& arm : match->arms) {
    if (answer) break;
    if (arm.cases.empty()) otherwise = &arm;
    looked += 1 + arm.cases.size();
    if (llvm::any_of(arm.cases, [&](const ast::Name& one) { return one.text == name; })) answer = &arm;
  }
  if (looked_too_long(calls_, looked)) return fail(match->span, "it looks through too many answers");
  if (!answer && subject.is(Kind::Enum)) answer = otherwise;
  return answer ? eval(module, answer->value, frame) : Value{};
}

}  // namespace rollout::eval
