// Functions of the language itself and parts of plain values.
#include <algorithm>

#include "compiler/eval/standing.h"
#include "compiler/eval/image.h"
#include "compiler/eval/literal.h"
#include "compiler/eval/plain_name.h"

namespace rollout::eval {

using Kind = Value::Kind;

/// A text as a value of `kind`, when it has its form.
Value Evaluator::converted(Value value, Kind kind, Span span) {
  if (value.is(Kind::None) || value.is(kind)) return value;
  if (kind != Kind::Image && kind != Kind::Version && kind != Kind::Url && kind != Kind::Path && kind != Kind::Zone)
    return value;
  value.kind = kind;
  std::optional<TextProblem> problem = text_problem(kind, value.text);
  return problem ? fail(span, fmt::format("`{}`: {}", value.text, problem->what)) : value;
}

Value Evaluator::eval_builtin(ir::ModuleId module, const ast::CallExpr* call, ir::Builtin builtin,
                              const Frame& frame) {
  switch (builtin) {
    case ir::Builtin::Http:
    case ir::Builtin::Running: {
      Value value = Value::of(Kind::Call, builtin == ir::Builtin::Http ? "http" : "running");
      for (const ast::Argument& argument : call->arguments) value.items.push_back(eval(module, argument.value, frame));
      return value;
    }
    case ir::Builtin::Secret: {
      const ast::Argument& place = call->arguments[0];
      return Value::of(Kind::Secret, fmt::format("{}:{}", place.label.text.empty() ? "env" : "file",
                                                 eval(module, place.value, frame).text));
    }
    case ir::Builtin::Weekly: return eval_weekly(module, call, frame);
    case ir::Builtin::Image: case ir::Builtin::Version: case ir::Builtin::Url: case ir::Builtin::Path:
    case ir::Builtin::Zone:
      return converted(eval(module, call->arguments[0].value, frame), value_kind(program_.info(module, call).type),
                       call->span);
  }
  return {};
}

Value Evaluator::eval_part(const ast::MemberExpr* member, ir::Part part, const Value& object) {
  if (object.is(Kind::None)) return {};
  ImageParts image = image_parts(object.text);
  int64_t count = int64_t(object.items.size());
  switch (part) {
    case ir::Part::Name: return Value::of(Kind::String, std::string(image.name));
    case ir::Part::Tag: return Value::of(Kind::String, std::string(image.tag));
    case ir::Part::Digest:
      return image.digest.empty() ? Value{} : Value::of(Kind::String, std::string(image.digest));
    case ir::Part::VersionOfTag:
      return converted(Value::of(Kind::String, std::string(image.tag)), Kind::Version, member->span);
    case ir::Part::Length: return Value::of(Kind::Int, object.is(Kind::Map) ? count / 2 : count);
    case ir::Part::First:
    case ir::Part::Last:
      if (object.items.empty()) return fail(member->span, fmt::format("an empty list has no {}", member->member.text));
      return part == ir::Part::First ? object.items.front() : object.items.back();
    case ir::Part::Keys:
    case ir::Part::Values: {
      std::vector<Value> items;
      for (size_t i = part == ir::Part::Keys ? 0 : 1; i < object.items.size(); i += 2) items.push_back(object.items[i]);
      return Value::list(std::move(items));
    }
    case ir::Part::IsName: return Value::boolean(is_plain_name(object.text));
    case ir::Part::Contains: break;
  }
  return {};
}

Value Evaluator::eval_contains(ir::ModuleId module, const ast::CallExpr* call, const Frame& frame) {
  const ast::Expr* whose = static_cast<const ast::MemberExpr*>(call->callee)->object;
  const Value* known = standing(program_, module, whose, lets_, frame);
  const Value computed = known ? Value{} : eval(module, whose, frame);
  const Value& object = known ? *known : computed;
  Value item = eval(module, call->arguments[0].value, frame);
  bool reported = calls_ > max_calls || object.is(Kind::None) || item.is(Kind::None);
  if (reported) return {};
  size_t step = object.is(Kind::Map) ? 2 : 1, i = 0;
  while (i < object.items.size() && !(object.items[i] == item)) i += step;
  if (looked_too_long(calls_, i)) return fail(call->span, "it looks through too many items of lists");
  return Value::boolean(i < object.items.size());
}

}  // namespace rollout::eval
