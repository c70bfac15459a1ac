#include "compiler/eval/evaluator.h"

#include <utility>

#include "compiler/base/masked.h"
#include "compiler/eval/arithmetic.h"
#include "compiler/eval/literal.h"
#include "compiler/eval/standing.h"
#include "compiler/ir/property.h"

namespace rollout::eval {

using Kind = Value::Kind;

std::string_view comparison_text(ast::Operator op) {
  switch (op) {
    case ast::Operator::Less: return "<";
    case ast::Operator::LessEqual: return "<=";
    case ast::Operator::Greater: return ">";
    case ast::Operator::GreaterEqual: return ">=";
    case ast::Operator::Equal: return "==";
    case ast::Operator::NotEqual: return "!=";
    case ast::Operator::Negate: case ast::Operator::Not: case ast::Operator::Multiply: case ast::Operator::Divide:
    case ast::Operator::Add: case ast::Operator::Subtract: case ast::Operator::And: case ast::Operator::Or:
    case ast::Operator::Range: break;
  }
  return {};
}

Value::Kind value_kind(const ir::Type* type) {
  switch (type->kind) {
    case ir::TypeKind::Bool: return Kind::Bool;
    case ir::TypeKind::Int: return Kind::Int;
    case ir::TypeKind::Float: return Kind::Float;
    case ir::TypeKind::String: return Kind::String;
    case ir::TypeKind::Percent: return Kind::Percent;
    case ir::TypeKind::Points: return Kind::Points;
    case ir::TypeKind::Duration: return Kind::Duration;
    case ir::TypeKind::Rate: return Kind::Rate;
    case ir::TypeKind::Bytes: return Kind::Bytes;
    case ir::TypeKind::Throughput: return Kind::Throughput;
    case ir::TypeKind::Money: return Kind::Money;
    case ir::TypeKind::Time: return Kind::Time;
    case ir::TypeKind::Date: return Kind::Date;
    case ir::TypeKind::Weekday: return Kind::Weekday;
    case ir::TypeKind::Instant: return Kind::Instant;
    case ir::TypeKind::Zone: return Kind::Zone;
    case ir::TypeKind::Calendar: return Kind::Calendar;
    case ir::TypeKind::Secret: return Kind::Secret;
    case ir::TypeKind::Enum: return Kind::Enum;
    case ir::TypeKind::Image: return Kind::Image;
    case ir::TypeKind::Url: return Kind::Url;
    case ir::TypeKind::Path: return Kind::Path;
    case ir::TypeKind::Version: return Kind::Version;
    default: return Kind::None;
  }
}

namespace {

/// A string literal stands for an image, a path or a URL where one is expected; likewise 1 for 1.0.
Value convert(Value value, const ir::Type* type) {
  Kind wanted = value_kind(type);
  if (wanted == Kind::None || wanted == value.kind) return value;
  if (wanted == Kind::Float && value.is(Kind::Int)) return Value::real_number(double(value.number));
  value.kind = wanted;
  return value;
}

}  // namespace

Evaluator::Evaluator(const ir::Program& program, std::vector<Value> inputs, Diagnostics& diagnostics)
    : program_(program), inputs_(std::move(inputs)), lets_(program.lets.size()), diagnostics_(diagnostics) {}

Value Evaluator::fail(Span span, const std::string& why) {
  diagnostics_.report(span, diag::CannotCompute, why);
  return {};
}

Value Evaluator::eval(ir::ModuleId module, const ast::Expr* expr, const Frame& frame) {
  if (depth_ == max_depth) return fail(expr->span, fmt::format("it is made of values more than {} deep", max_depth));
  ++depth_;
  Value value = eval_inner(module, expr, frame);
  --depth_;
  return value;
}

size_t items_of(const Value& value) {
  constexpr size_t bytes_an_item = 64;
  std::vector<const Value*> open = {&value};
  size_t items = value.text.size() / bytes_an_item;
  while (!open.empty() && items <= max_items) {
    const Value* next = open.back();
    open.pop_back();
    items += next->items.size();
    for (const Value& item : next->items) {
      items += item.text.size() / bytes_an_item;
      if (!item.items.empty()) open.push_back(&item);
    }
  }
  return std::min(items, max_items + 1);
}

Value Evaluator::bounded(Value value, Span span) {
  if (items_of(value) <= max_items) return value;
  if (std::exchange(too_large_, true)) return {};
  return fail(span, fmt::format("it has more than {} items", max_items));
}

Value Evaluator::eval_inner(ir::ModuleId module, const ast::Expr* expr, const Frame& frame) {
  switch (expr->kind) {
    case ast::ExprKind::Error: return {};
    case ast::ExprKind::Literal: return eval_literal(module, static_cast<const ast::LiteralExpr*>(expr));
    case ast::ExprKind::Text: return eval_text(module, static_cast<const ast::TextExpr*>(expr), frame);
    case ast::ExprKind::Name: return eval_name(module, expr, frame);
    case ast::ExprKind::Member: return eval_member(module, static_cast<const ast::MemberExpr*>(expr), frame);
    case ast::ExprKind::Call: return eval_call(module, static_cast<const ast::CallExpr*>(expr), frame);
    case ast::ExprKind::Unary: return eval_unary(module, static_cast<const ast::UnaryExpr*>(expr), frame);
    case ast::ExprKind::Binary: return eval_binary(module, static_cast<const ast::BinaryExpr*>(expr), frame);
    case ast::ExprKind::List: return eval_list(module, static_cast<const ast::ListExpr*>(expr), frame);
    case ast::ExprKind::Map: return eval_map(module, static_cast<const ast::MapExpr*>(expr), frame);
    case ast::ExprKind::Index: return eval_index(module, static_cast<const ast::IndexExpr*>(expr), frame);
    case ast::ExprKind::Match: return eval_match(module, static_cast<const ast::MatchExpr*>(expr), frame);
    case ast::ExprKind::Except: return eval_except(module, static_cast<const ast::ExceptExpr*>(expr), frame);
  }
  return {};
}

Value Evaluator::eval_literal(ir::ModuleId module, const ast::LiteralExpr* literal) {
  Result<Value> value = parse_literal(literal->literal, literal->text);
  return value ? convert(std::move(*value), program_.info(module, literal).type) : Value{};
}

Value Evaluator::eval_text(ir::ModuleId module, const ast::TextExpr* text, const Frame& frame) {
  std::string out;
  for (const ast::Expr* part : text->parts) {
    const ir::ExprInfo& info = program_.info(module, part);
    if (info.ref == ir::Ref::Given) {
      out += fmt::format("${{{}}}", static_cast<const ast::NameExpr*>(part)->name);
    } else if (part->kind == ast::ExprKind::Literal) {
      // The bare text between the names: with quotes it reads like any string.
      Result<Value> value = parse_literal(
          ast::LiteralKind::String, fmt::format("\"{}\"", static_cast<const ast::LiteralExpr*>(part)->text));
      if (!value) return fail(part->span, value.error().message);
      out += value->text;
    } else {
      Value value = eval(module, part, frame);
      if (value.is(Kind::None)) return {};  // reported already
      out += value.is(Kind::String) ? value.text : to_text(value);
    }
    if (out.size() > max_text_bytes)
      return fail(text->span, fmt::format("the text has more than {} bytes", max_text_bytes));
  }
  return converted(Value::of(Kind::String, out), value_kind(program_.info(module, text).type), text->span);
}

Value Evaluator::eval_name(ir::ModuleId module, const ast::Expr* name, const Frame& frame) {
  const ir::ExprInfo& info = program_.info(module, name);
  switch (info.ref) {
    case ir::Ref::Local: return frame[info.index];
    case ir::Ref::Input:
      if (!inputs_[info.index].is(Kind::None) || program_.inputs[info.index].type->is(ir::TypeKind::Optional))
        return inputs_[info.index];
      return fail(name->span, "an input has no value yet where inputs and tests are read");
    case ir::Ref::Let: return let(info.index);
    case ir::Ref::Weekday: return Value::of(Kind::Weekday, info.index);
    case ir::Ref::Service:
    case ir::Ref::Target: return eval_entity(info, nullptr);
    case ir::Ref::Team: {
      uint32_t which = meant(info.ref, info.index);
      Value value = Value::of(Kind::Entity, std::string(program_.teams[which].decl->name.text));
      value.number = which;
      return value;
    }
    case ir::Ref::Gate: {
      const ir::Gate& gate = program_.gates[info.index];
      Value value = Value::of(Kind::Gate, std::string(gate.decl->name.text));
      value.number = info.index;
      value.items.resize(gate.parameters.size());
      return value;
    }
    default: return {};
  }
}

Value Evaluator::let(uint32_t index) {
  const ir::Let& declared = program_.lets[index];
  if (!lets_[index] && declared.decl->observation)
    return fail(declared.decl->value->span, "nothing was looked at for it: only services of this rollout are");
  if (lets_[index]) return *lets_[index];
  Value value = eval(declared.module, declared.decl->value, {});
  // What is kept counts as calls do: names for one large list, one after the other, could fill any memory.
  constexpr size_t items_a_call = 2;
  bool over = calls_ > max_calls;
  size_t items = items_of(value);
  calls_ += items / items_a_call;
  if (items > 0 && calls_ > max_calls)
    value = over ? Value{} : fail(declared.decl->value->span, fmt::format("all values together have more than {} items",
                                                                          max_calls * items_a_call));
  lets_[index] = std::move(value);
  return *lets_[index];
}

const ast::Expr* replicas_of(const ir::Service& service) {
  for (const ir::Binding& binding : service.bindings)
    for (const ir::Given& given : binding.config)
      if (given.parameter->name.text == "replicas") return given.value;
  return nullptr;
}

Value Evaluator::eval_member(ir::ModuleId module, const ast::MemberExpr* member, const Frame& frame) {
  const ir::ExprInfo& info = program_.info(module, member);
  if (info.ref == ir::Ref::Case)
    return Value::of(Kind::Enum, fmt::format("{}.{}", program_.enums[info.index].decl->name.text, member->member.text));
  if (info.ref == ir::Ref::Property) {
    const ast::Expr* root = member;
    while (root->kind == ast::ExprKind::Member) root = static_cast<const ast::MemberExpr*>(root)->object;
    const Value& owner = frame[program_.info(module, root).index];
    size_t place = ir::place_of(ir::Property(info.index));
    return place < owner.items.size() ? owner.items[place] : Value{};
  }
  const Value* known = standing(program_, module, member->object, lets_, frame);
  const Value computed = known ? Value{} : eval(module, member->object, frame);
  const Value& object = known ? *known : computed;
  if (info.ref == ir::Ref::Field) return info.index < object.items.size() ? object.items[info.index] : Value{};
  if (info.ref == ir::Ref::Part) return eval_part(member, ir::Part(info.index), object);
  if (!object.is(Kind::Entity)) return {};
  const ir::Service& service = program_.services[size_t(object.number)];
  const ast::Expr* fact = info.ref == ir::Ref::Replicas  ? replicas_of(service)
                          : info.ref == ir::Ref::Traffic ? service.traffic
                                                         : nullptr;
  if (!fact)
    return fail(member->member.span, fmt::format("`{}` does not say its {}", object.text, member->member.text));
  return eval(service.module, fact, place_frame(object));
}

Value Evaluator::bind(const ir::Parameter& parameter, ir::ModuleId declared_in, ir::ModuleId module,
                      const ast::Expr* given, const Frame& frame) {
  if (!given && !parameter.default_value) return {};
  if (spent()) return {};
  if (!given && ++defaults_ % defaults_a_call == 0 && ++calls_ > max_calls)
    return fail(parameter.name.span, "calls leave too many arguments to their defaults");
  Value value = given ? eval(module, given, frame) : eval(declared_in, parameter.default_value, {});
  if (looked_too_long(calls_, value.items.size()))
    return fail(given ? given->span : parameter.name.span, "it hands over too many items of lists");
  if (!check_where(parameter, declared_in, value, (given ? given : parameter.default_value)->span)) return {};
  return value;
}

bool Evaluator::check_where(const ir::Parameter& parameter, ir::ModuleId declared_in, const Value& value, Span at) {
  if (!parameter.where || value.is(Kind::None)) return true;
  const Frame frame = {value};
  Value holds = eval(declared_in, parameter.where, frame);
  if (holds.number || holds.is(Kind::None)) return holds.number != 0;  // without a value, that was reported
  bool secret = names_secret(parameter.name.text);
  // The part of `a and b` that is false, with its two sides as values.
  const ast::Expr* broken = parameter.where;
  std::string why = "this does not hold";
  while (broken->kind == ast::ExprKind::Binary) {
    auto* binary = static_cast<const ast::BinaryExpr*>(broken);
    if (binary->op == ast::Operator::And) {
      broken = eval(declared_in, binary->left, frame).number ? binary->right : binary->left;
      continue;
    }
    std::string_view op = comparison_text(binary->op);
    if (!op.empty() && !secret)
      why += fmt::format(": {} {} {}", to_text(eval(declared_in, binary->left, frame)), op,
                         to_text(eval(declared_in, binary->right, frame)));
    break;
  }
  std::string shown = secret ? std::string(mask) : to_text(value);
  Diagnostic& told = diagnostics_.report(at, diag::RefinementBroken, std::string(parameter.name.text), shown);
  told.at(broken->span, why);
  if (secret) told.hide(at);
  return false;
}

Value Evaluator::eval_unary(ir::ModuleId module, const ast::UnaryExpr* unary, const Frame& frame) {
  Value value = eval(module, unary->operand, frame);
  if (value.is(Kind::None)) return {};
  if (unary->op == ast::Operator::Not) return Value::boolean(!value.number);
  if (__builtin_sub_overflow(int64_t{0}, value.number, &value.number))
    return fail(unary->span, "the result is too large");
  value.real = -value.real;
  return value;
}

Value Evaluator::eval_binary(ir::ModuleId module, const ast::BinaryExpr* binary, const Frame& frame) {
  using ast::Operator;
  Value left = eval(module, binary->left, frame);
  if (binary->op == Operator::Or && !program_.info(module, binary).type->is(ir::TypeKind::Bool))
    return left.is(Kind::None) ? eval(module, binary->right, frame) : left;
  bool logic = binary->op == Operator::And || binary->op == Operator::Or;
  if (logic && left.is(Kind::None)) return {};
  if (binary->op == Operator::And && !left.number) return Value::boolean(false);
  if (binary->op == Operator::Or && left.number) return Value::boolean(true);
  Value right = eval(module, binary->right, frame);
  bool presence = program_.info(module, binary->left).type->is(ir::TypeKind::None) ||
                  program_.info(module, binary->right).type->is(ir::TypeKind::None);
  if (presence) return Value::boolean((left.is(Kind::None) == right.is(Kind::None)) == (binary->op == Operator::Equal));
  // What could not be computed was reported: what is made of it has no value either, and no second message.
  if (left.is(Kind::None) || right.is(Kind::None)) return {};
  switch (binary->op) {
    case Operator::And:
    case Operator::Or: return Value::boolean(right.number);
    case Operator::Less: case Operator::LessEqual: case Operator::Greater: case Operator::GreaterEqual:
    case Operator::Equal: case Operator::NotEqual: return eval_comparison(binary, left, right);
    case Operator::Add: case Operator::Subtract: case Operator::Multiply: case Operator::Divide: {
      Result<Value> result = compute(binary->op, left, right, value_kind(program_.info(module, binary).type));
      if (!result) return fail(binary->span, result.error().message);
      if (result->text.size() > max_text_bytes)
        return fail(binary->span, fmt::format("the text has more than {} bytes", max_text_bytes));
      return *result;
    }
    case Operator::Range: return eval_range(binary, left, right);
    case Operator::Negate:
    case Operator::Not: break;
  }
  return {};
}

Value Evaluator::eval_comparison(const ast::BinaryExpr* binary, const Value& left, const Value& right) {
  using ast::Operator;
  Result<int> order = compare(left, right);
  if (!order) return fail(binary->span, order.error().message);
  switch (binary->op) {
    case Operator::Less: return Value::boolean(*order < 0);
    case Operator::LessEqual: return Value::boolean(*order <= 0);
    case Operator::Greater: return Value::boolean(*order > 0);
    case Operator::GreaterEqual: return Value::boolean(*order >= 0);
    case Operator::Equal: return Value::boolean(*order == 0);
    case Operator::NotEqual: return Value::boolean(*order != 0);
    case Operator::Negate: case Operator::Not: case Operator::Multiply: case Operator::Divide: case Operator::Add:
    case Operator::Subtract: case Operator::And: case Operator::Or: case Operator::Range: break;
  }
  return {};
}

}  // namespace rollout::eval
