#include <set>

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/base/masked.h"
#include "compiler/calendar/civil.h"
#include "compiler/check/advise.h"
#include "compiler/check/lacking.h"
#include "compiler/check/values.h"
#include "compiler/eval/evaluator.h"
#include "compiler/eval/literal.h"
#include "compiler/ir/match.h"
#include "compiler/ir/operators.h"

namespace rollout::check {

namespace {

bool is_text_kind(TypeKind kind) {
  return kind == TypeKind::Image || kind == TypeKind::Url || kind == TypeKind::Path || kind == TypeKind::Version ||
         kind == TypeKind::Zone;
}

/// Where in a string the problem is; the whole of it where escapes make that hard to say.
Span place_in(const ast::LiteralExpr* literal, const eval::TextProblem& problem) {
  bool exact = problem.length > 0 && literal->text.find('\\') == std::string_view::npos;
  uint32_t begin = literal->span.begin + 1 + uint32_t(problem.at);
  return exact ? Span{literal->span.source, begin, begin + uint32_t(problem.length)} : literal->span;
}

eval::Value::Kind value_kind(TypeKind kind) {
  switch (kind) {
    case TypeKind::Image: return eval::Value::Kind::Image;
    case TypeKind::Url: return eval::Value::Kind::Url;
    case TypeKind::Path: return eval::Value::Kind::Path;
    case TypeKind::Zone: return eval::Value::Kind::Zone;
    default: return eval::Value::Kind::Version;
  }
}

}  // namespace

const Type* ValueChecker::check_expr(const ast::Expr* expr, const Type* wanted) {
  ir::Time outer = std::exchange(time_, ir::Time::Constant);
  // A literal of a type that may be absent is a literal of the type itself.
  if (wanted && wanted->is(TypeKind::Optional)) wanted = wanted->arguments[0];
  const Type* type = check_expr_kind(expr, wanted);
  bool live = type->is(TypeKind::Live) || type->is(TypeKind::Quantiled) || type->is(TypeKind::Role) ||
              type->is(TypeKind::Past);
  if (live) time_ = ir::Time::Live;
  info(expr).type = type;
  info(expr).time = time_;
  time_ = std::max(time_, outer);
  return type;
}

const Type* ValueChecker::check_expr_kind(const ast::Expr* expr, const Type* wanted) {
  switch (expr->kind) {
    case ast::ExprKind::Error: break;
    case ast::ExprKind::Literal: return check_literal(static_cast<const ast::LiteralExpr*>(expr), wanted);
    case ast::ExprKind::Text: return check_text(static_cast<const ast::TextExpr*>(expr), wanted);
    case ast::ExprKind::Name: return check_name(static_cast<const ast::NameExpr*>(expr), wanted);
    case ast::ExprKind::Member: return check_member(static_cast<const ast::MemberExpr*>(expr));
    case ast::ExprKind::Call: return check_call(static_cast<const ast::CallExpr*>(expr));
    case ast::ExprKind::Index: return check_index(static_cast<const ast::IndexExpr*>(expr));
    case ast::ExprKind::Unary: return check_unary(static_cast<const ast::UnaryExpr*>(expr), wanted);
    case ast::ExprKind::Binary: return check_binary(static_cast<const ast::BinaryExpr*>(expr));
    case ast::ExprKind::List: return check_list(static_cast<const ast::ListExpr*>(expr), wanted);
    case ast::ExprKind::Map: return check_map(static_cast<const ast::MapExpr*>(expr), wanted);
    case ast::ExprKind::Match: return check_match(static_cast<const ast::MatchExpr*>(expr), wanted);
    case ast::ExprKind::Except: return check_except(static_cast<const ast::ExceptExpr*>(expr));
  }
  return simple(TypeKind::Error);
}

bool ValueChecker::fits(const Type* found, const Type* wanted) {
  if (found == wanted || found->is(TypeKind::Error) || wanted->is(TypeKind::Error)) return true;
  if (wanted->is(TypeKind::Float) && found->is(TypeKind::Int)) return true;
  if (wanted->is(TypeKind::Optional))
    return found->is(TypeKind::None) ||
           fits(found->is(TypeKind::Optional) ? found->arguments[0] : found, wanted->arguments[0]);
  if (wanted->is(TypeKind::Secret)) return found->is(TypeKind::Secret);
  bool collections = wanted->kind == found->kind && wanted->arguments.size() == found->arguments.size();
  if (collections && (wanted->is(TypeKind::List) || wanted->is(TypeKind::Set) || wanted->is(TypeKind::Map))) {
    for (size_t i = 0; i < wanted->arguments.size(); ++i)
      if (!fits(found->arguments[i], wanted->arguments[i])) return false;
    return true;
  }
  if (wanted->is(TypeKind::Gate) && found->is(TypeKind::Gate) && wanted->arguments.size() == found->arguments.size()) {
    for (size_t i = 0; i < wanted->arguments.size(); ++i)
      if (wanted->arguments[i] != found->arguments[i] &&
          !(ir::is_subject(wanted->arguments[i]->kind) && found->arguments[i]->is(wanted->arguments[i]->kind)))
        return false;
    return true;
  }
  return ir::is_subject(wanted->kind) && found->is(wanted->kind);
}

Diagnostic& ValueChecker::report_live(const ast::Expr* expr, std::string_view whose, const std::string& wanted) {
  Diagnostic& diagnostic = diagnostics_.report(expr->span, diag::LiveHere, std::string(whose), wanted);
  bool joins = whose == "`and`" || whose == "`or`" || whose == "`not`";
  if (joins) {
    diagnostic.advise("write several conditions as several clauses, each with one comparison");
    return diagnostic;
  }
  return diagnostic.note("the plan is made before the rollout runs; a live value exists only while it runs")
      .advise("read it in a gate (`reject when`, `require`) or in `rollback when`");
}

/// A text with blanks in it: a command as a shell would take it.
static bool has_words(const ast::Expr* expr) {
  if (expr->kind == ast::ExprKind::Literal)
    return static_cast<const ast::LiteralExpr*>(expr)->text.find(' ') != std::string_view::npos;
  return expr->kind == ast::ExprKind::Text &&
         llvm::any_of(static_cast<const ast::TextExpr*>(expr)->parts, has_words);
}

void ValueChecker::expect_found(const ast::Expr* expr, const Type* found, const Type* wanted,
                                std::string_view whose) {
  if (found->is(TypeKind::Live) && !wanted->is(TypeKind::Live)) {
    report_live(expr, whose, with_article(wanted));
    return;
  }
  if (found->is(TypeKind::Secret) && !wanted->is(TypeKind::Secret)) {
    report_secret(expr, whose);
    return;
  }
  if (!fits(found, wanted)) {
    Diagnostic& diagnostic = diagnostics_.report(expr->span, diag::WrongType, std::string(whose), text(wanted),
                                                 text(found));
    diagnostic.caret(fmt::format("this is {}", text(found)));
    if (ir::holds_secret(wanted)) diagnostic.hide(expr->span);
    advise_type(diagnostic, expr, found, wanted);
    if (found->is(TypeKind::Optional) && fits(found->arguments[0], wanted))
      diagnostic.advise("it may be absent: say what holds then, `(… or VALUE)`");
    bool one = (wanted->is(TypeKind::List) || wanted->is(TypeKind::Set)) && fits(found, wanted->arguments[0]);
    if (one && has_words(expr))
      diagnostic.advise("each word is an item of its own: `[\"bin/shop\", \"--port\", \"${port}\"]`");
    else if (one)
      diagnostic.advise("a list of one stands in brackets, too: `[…]`")
          .fix({expr->span.source, expr->span.begin, expr->span.begin}, "[")
          .fix(after(expr->span), "]");
    return;
  }
  while (wanted->is(TypeKind::List) && found->is(TypeKind::List)) {
    wanted = wanted->arguments[0];
    found = found->arguments[0];
  }
  if (ir::is_subject(wanted->kind) && found->is(wanted->kind)) expect_capabilities(expr, found, wanted, whose);
}

void ValueChecker::expect_capabilities(const ast::Expr* expr, const Type* found, const Type* wanted,
                                       std::string_view whose) {
  const std::vector<uint32_t>& has = found->capabilities;
  for (uint32_t capability : wanted->capabilities) {
    if (std::find(has.begin(), has.end(), capability) != has.end()) continue;
    std::string name(program_.capabilities[capability].decl->name.text);
    std::string_view subject = ir::subject_text(wanted->kind);
    Diagnostic& diagnostic =
        diagnostics_.report(expr->span, diag::MissingCapability, std::string(whose), std::string(subject), name);
    if (suggests()) explain_lacking(diagnostic, program_, library_, known_service(expr), name);
    ++unknown_;
    return;
  }
}

const Type* ValueChecker::check_literal(const ast::LiteralExpr* literal, const Type* wanted) {
  Result<eval::Value> value = eval::parse_literal(literal->literal, literal->text);
  if (!value) {
    diagnostics_.report(literal->span, diag::OutOfRange, std::string(literal->text), value.error().message);
    return simple(TypeKind::Error);
  }
  switch (literal->literal) {
    case ast::LiteralKind::String:
      warn_plain(literal);
      if (wanted && is_text_kind(wanted->kind)) {
        if (auto problem = eval::text_problem(value_kind(wanted->kind), value->text)) {
          Diagnostic& diagnostic = diagnostics_.report(place_in(literal, *problem), diag::BadText,
                                                       std::string(literal->text), text(wanted), problem->what);
          if (!userinfos(literal->text).empty())
            diagnostic.advise("leave it out; a backend that must know who asks has a setting for it, given by "
                              "`secret(\"NAME\")`");
        }
        return wanted;
      }
      return simple(TypeKind::String);
    case ast::LiteralKind::Int: return wanted && wanted->is(TypeKind::Float) ? wanted : simple(TypeKind::Int);
    case ast::LiteralKind::Float: return simple(TypeKind::Float);
    case ast::LiteralKind::Percent: return wanted && wanted->is(TypeKind::Points) ? wanted : simple(TypeKind::Percent);
    case ast::LiteralKind::Duration: return simple(TypeKind::Duration);
    case ast::LiteralKind::Rate: return simple(TypeKind::Rate);
    case ast::LiteralKind::Bytes: return simple(TypeKind::Bytes);
    case ast::LiteralKind::Money: return simple(TypeKind::Money);
    case ast::LiteralKind::Time: return simple(TypeKind::Time);
    case ast::LiteralKind::Date: return simple(TypeKind::Date);
    case ast::LiteralKind::Instant: return simple(TypeKind::Instant);
    case ast::LiteralKind::True:
    case ast::LiteralKind::False: return simple(TypeKind::Bool);
    case ast::LiteralKind::None: return simple(TypeKind::None);
  }
  return simple(TypeKind::Error);
}

/// `$port`, as a shell has it, where a backend fills in `${port}`.
void ValueChecker::warn_plain(const ast::LiteralExpr* literal) {
  if (!given_) return;
  llvm::StringRef text = literal->text;
  for (size_t at = text.find('$'); at != llvm::StringRef::npos; at = text.find('$', at + 1)) {
    llvm::StringRef before = text.take_front(at), rest = text.drop_front(at + 1);
    const bool escaped = (before.size() - before.rtrim('\\').size()) % 2 == 1;
    const bool round = rest.consume_front("(");
    llvm::StringRef name = rest.take_while([](char c) { return std::isalnum(uint8_t(c)) || c == '_'; });
    const bool closed = !round || rest.drop_front(name.size()).startswith(")");
    if (escaped || !closed || !llvm::is_contained(*given_, std::string_view(name))) continue;
    const size_t size = 1 + name.size() + (round ? 2 : 0);
    const uint32_t begin = literal->span.begin + uint32_t(at);
    const Span where{literal->span.source, begin, begin + uint32_t(size)};
    diagnostics_.report(where, diag::PlainText, text.substr(at, size).str(), name.str())
        .advise("where the program itself is to read it, write `\\$`")
        .fix(where, fmt::format("${{{}}}", std::string_view(name)));
  }
}

const Type* ValueChecker::check_text(const ast::TextExpr* text_expr, const Type* wanted) {
  for (const ast::Expr* part : text_expr->parts) {
    if (part->kind == ast::ExprKind::Literal) warn_plain(static_cast<const ast::LiteralExpr*>(part));
    auto* name = part->kind == ast::ExprKind::Name ? static_cast<const ast::NameExpr*>(part) : nullptr;
    if (name && given_ && std::find(given_->begin(), given_->end(), name->name) != given_->end()) {
      info(part) = {simple(TypeKind::String), ir::Ref::Given, 0, 0};
      continue;
    }
    if (name && given_ && !find_local(name->name) && !find(name->name)) {
      report_unknown(part->span, name->name, "name", *given_);
      continue;
    }
    const Type* type = check_expr(part);
    if (type->is(TypeKind::Secret)) {
      report_secret(part, "a text");
      continue;
    }
    bool printable = type->is(TypeKind::Error) || (type->kind >= TypeKind::Bool && type->kind <= TypeKind::Path);
    if (type->is(TypeKind::Live)) report_live(part, "`${…}`", "a value");
    else if (!printable)
      diagnostics_.report(part->span, diag::WrongType, "`${…}`", "text or a number", text(type))
          .advise("name a part of it that can be written, such as `${image.tag}`");
  }
  return wanted && is_text_kind(wanted->kind) ? wanted : simple(TypeKind::String);
}

namespace {

/// `friday` and `Fri` for `fri`; empty where no weekday is meant.
std::string_view weekday_meant(std::string_view name) {
  std::string lower = llvm::StringRef(name).lower();
  for (std::string_view day : calendar::weekday_names)
    if (lower == day || (lower.starts_with(day) && lower.ends_with("day"))) return day;
  return {};
}

/// What other languages call `none`, `true` and `false`.
std::string_view literal_meant(std::string_view name) {
  for (std::string_view absent : {"null", "nil", "None", "NULL", "undefined", "nothing"})
    if (name == absent) return "none";
  for (std::string_view ours : {"true", "false"})
    if (llvm::StringRef(name).equals_insensitive(ours)) return ours;
  return {};
}

}  // namespace

/// What is offered is of the kind that is wanted, and not the value that is being defined.
void ValueChecker::report_unknown_value(const ast::NameExpr* name, const Type* wanted) {
  if (report_bare_case(name)) return;
  if (std::string_view day = weekday_meant(name->name); !day.empty()) {
    if (Diagnostic* diagnostic = report_unknown_once(name->span, name->name, "name"))
      diagnostic->advise(fmt::format("did you mean `{}`?", day)).fix(name->span, std::string(day));
    return;
  }
  if (std::string_view ours = literal_meant(name->name); !ours.empty()) {
    if (Diagnostic* diagnostic = report_unknown_once(name->span, name->name, "name"))
      diagnostic->advise(fmt::format("did you mean `{}`?", ours)).fix(name->span, std::string(ours));
    return;
  }
  std::vector<std::string_view> names;
  std::set<std::string_view> seen;
  auto add = [&](std::string_view other) {
    std::optional<ir::Symbol> symbol = find(other);
    bool itself = symbol && symbol->kind == ir::Ref::Let && llvm::is_contained(open_lets_, symbol->index);
    if (!itself && seen.insert(other).second) names.push_back(other);
  };
  if (!suggests() || was_unknown(name->name, "name")) return report_unknown(name->span, name->name, "name", names);
  bool team = wanted && wanted->is(TypeKind::Team), gate = wanted && wanted->is(TypeKind::Gate);
  for (const Local& local : locals_)
    if ((!team && !gate) || local.type->is(wanted->kind)) add(local.name);
  for (ir::Ref kind : {ir::Ref::Input, ir::Ref::Let, ir::Ref::Service, ir::Ref::Target, ir::Ref::Team, ir::Ref::Gate,
                       ir::Ref::Strategy, ir::Ref::Record, ir::Ref::Enum, ir::Ref::Func}) {
    bool other_kind = (team && kind != ir::Ref::Team) || (gate && kind != ir::Ref::Gate);
    if (other_kind) continue;
    for (std::string_view other : names_of(kind)) add(other);
  }
  report_unknown(name->span, name->name, "name", names);
}

const Type* ValueChecker::check_name(const ast::NameExpr* name, const Type* wanted) {
  ir::ExprInfo& known = info(name);
  if (const Local* local = find_local(name->name)) {
    known.ref = ir::Ref::Local;
    known.index = local->slot;
    time_ = local->time;
    return local->type;
  }
  std::optional<ir::Symbol> symbol = find(name->name);
  if (std::optional<int> weekday = calendar::weekday_named(name->name); weekday && !symbol) {
    known.ref = ir::Ref::Weekday;
    known.index = uint32_t(*weekday);
    return simple(TypeKind::Weekday);
  }
  if (!symbol && ir::builtin_named(name->name)) {
    diagnostics_.report(name->span, diag::WrongKind, std::string(name->name), "a function", "a value")
        .advise(fmt::format("call it: `{}({})`", name->name, name->name == "running" ? "" : "\"…\""));
    return simple(TypeKind::Error);
  }
  if (!symbol) {
    report_unknown_value(name, wanted);
    return simple(TypeKind::Error);
  }
  known.ref = symbol->kind;
  known.index = symbol->index;
  switch (symbol->kind) {
    case ir::Ref::None: return simple(TypeKind::Error);  // declared twice: reported there
    case ir::Ref::Input: time_ = ir::Time::Plan; return program_.inputs[symbol->index].type;
    case ir::Ref::Let:
      if (const Type* type = check_let(symbol->index)) {
        time_ = program_.lets[symbol->index].time;
        return type;
      }
      diagnostics_.report(name->span, diag::MadeOfItself, std::string(name->name)).at(symbol->span, "declared here");
      return simple(TypeKind::Error);
    case ir::Ref::Service:
    case ir::Ref::Target:
      return places_of(*symbol).decl ? report_without_place(name, *symbol) : type_of_one(*symbol);
    case ir::Ref::Team: return simple(TypeKind::Team);
    case ir::Ref::Gate: {
      std::vector<const Type*> open;
      const std::vector<ir::Parameter>& parameters = program_.gates[symbol->index].parameters;
      if (parameters.size() > ir::max_parameters) return simple(TypeKind::Error);  // reported there
      for (const ir::Parameter& parameter : parameters)
        if (!parameter.default_value) open.push_back(parameter.type);
      return program_.types.gate(open);
    }
    default: break;
  }
  diagnostics_
      .report(name->span, diag::WrongKind, std::string(name->name), std::string(kind_text(*symbol)),
              "a value")
      .at(symbol->span, "declared here");
  return simple(TypeKind::Error);
}

const Type* ValueChecker::common_service(const Type* left, const Type* right) {
  std::vector<uint32_t> both;
  std::set_intersection(left->capabilities.begin(), left->capabilities.end(), right->capabilities.begin(),
                        right->capabilities.end(), std::back_inserter(both));
  return program_.types.subject(left->kind, std::move(both));
}

}  // namespace rollout::check
