// The syntax tree of expressions and types: what may stand as a value. See ast.h.
#pragma once

#include <string_view>

#include <llvm/ADT/ArrayRef.h>

#include "compiler/base/span.h"

namespace rollout::ast {

template <typename T>
using List = llvm::ArrayRef<T>;

struct Name {
  std::string_view text;  ///< empty where the parser found none
  Span span;
};

enum class ExprKind { Error, Literal, Text, Name, Member, Call, Index, Unary, Binary, List, Map, Match, Except };
enum class LiteralKind {
  String, Int, Float, Percent, Duration, Rate, Bytes, Money, Time, Date, Instant, True, False, None
};
enum class Operator {
  Negate, Not, Multiply, Divide, Add, Subtract, Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual, And, Or,
  Range,  ///< `mon..fri`: both ends belong to it
};

struct Expr {
  ExprKind kind;
  Span span;
  uint32_t id;  ///< counts the expressions of a file from 0: the index into what the checker knows of them
};
struct Argument {
  Name label;  ///< empty text: positional
  const Expr* value;
};
/// A part that could not be parsed; already reported.
struct ErrorExpr : Expr {};
struct LiteralExpr : Expr {
  LiteralKind literal;
  std::string_view text;  ///< as written, strings with their quotes
};
/// A string with `${…}` in it: literal parts and dotted names, in order.
struct TextExpr : Expr {
  List<const Expr*> parts;  ///< LiteralExpr with the bare text, NameExpr or MemberExpr
};
struct NameExpr : Expr {
  std::string_view name;
};
struct MemberExpr : Expr {
  const Expr* object;
  Name member;
};
struct CallExpr : Expr {
  const Expr* callee;
  List<Argument> arguments;
};
struct IndexExpr : Expr {
  const Expr* object;
  const Expr* index;
};
struct UnaryExpr : Expr {
  Operator op;
  const Expr* operand;
};
struct BinaryExpr : Expr {
  Operator op;
  Span op_span;
  const Expr* left;
  const Expr* right;
};
struct ListExpr : Expr {
  List<const Expr*> items;
};
/// `["eu": 4, "us": 8]`, `[:]`.
struct MapExpr : Expr {
  List<const Expr*> items;  ///< key, value, key, value; a key is null where it is missing
};
struct MatchArm {
  List<Name> cases;  ///< empty: `else`
  const Expr* value;
  Span span;
};
/// `match region { eu -> 5m  us, ap -> 10m }`
struct MatchExpr : Expr {
  const Expr* subject;
  List<MatchArm> arms;
};

/// `fri 12:00..24:00`, `2026-12-24..2026-12-26`
struct Exception {
  const Expr* days;
  Name from, to;  ///< times; empty: whole days
};
/// A calendar `except` some days, or times on them. Only where a calendar is declared or used.
struct ExceptExpr : Expr {
  const Expr* calendar;
  List<Exception> exceptions;
};

struct Type {
  Name name;
  List<const Type*> arguments;
  List<Name> with;  ///< capabilities: `Service with Workload + TrafficRouter`
  bool optional;
  Span span;
};

}  // namespace rollout::ast
