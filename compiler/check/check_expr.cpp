#include "compiler/check/context.h"
#include "compiler/eval/literal.h"

namespace rollout::check {

namespace {

bool is_text_kind(TypeKind kind) {
  return kind == TypeKind::Image || kind == TypeKind::Url || kind == TypeKind::Path || kind == TypeKind::Version;
}

eval::Value::Kind value_kind(TypeKind kind) {
  switch (kind) {
    case TypeKind::Image: return eval::Value::Kind::Image;
    case TypeKind::Url: return eval::Value::Kind::Url;
    case TypeKind::Path: return eval::Value::Kind::Path;
    default: return eval::Value::Kind::Version;
  }
}

}  // namespace

const Type* Checker::check_expr(const ast::Expr* expr, const Type* wanted) {
  const Type* type = simple(TypeKind::Error);
  switch (expr->kind) {
    case ast::ExprKind::Error: break;
    case ast::ExprKind::Literal: type = check_literal(static_cast<const ast::LiteralExpr*>(expr), wanted); break;
    case ast::ExprKind::Text: type = check_text(static_cast<const ast::TextExpr*>(expr), wanted); break;
    case ast::ExprKind::Name: type = check_name(static_cast<const ast::NameExpr*>(expr)); break;
    case ast::ExprKind::Member: type = check_member(static_cast<const ast::MemberExpr*>(expr)); break;
    case ast::ExprKind::Call: type = check_call(static_cast<const ast::CallExpr*>(expr)); break;
    case ast::ExprKind::Index: type = check_index(static_cast<const ast::IndexExpr*>(expr)); break;
    case ast::ExprKind::Unary: type = check_unary(static_cast<const ast::UnaryExpr*>(expr)); break;
    case ast::ExprKind::Binary: type = check_binary(static_cast<const ast::BinaryExpr*>(expr)); break;
    case ast::ExprKind::List: type = check_list(static_cast<const ast::ListExpr*>(expr), wanted); break;
  }
  info(expr).type = type;
  return type;
}

bool Checker::fits(const ast::Expr* expr, const Type* found, const Type* wanted) {
  if (found == wanted || found->is(TypeKind::Error) || wanted->is(TypeKind::Error)) return true;
  if (wanted->is(TypeKind::Float) && found->is(TypeKind::Int)) return true;
  if (wanted->is(TypeKind::List) && found->is(TypeKind::List))
    return fits(expr, found->arguments[0], wanted->arguments[0]);
  if (wanted->is(TypeKind::Gate) && found->is(TypeKind::Gate) && wanted->arguments.size() == found->arguments.size()) {
    for (size_t i = 0; i < wanted->arguments.size(); ++i)
      if (wanted->arguments[i] != found->arguments[i] &&
          !(wanted->arguments[i]->is(TypeKind::Service) && found->arguments[i]->is(TypeKind::Service)))
        return false;
    return true;
  }
  return wanted->is(TypeKind::Service) && found->is(TypeKind::Service);
}

void Checker::report_live(const ast::Expr* expr, std::string_view whose, const std::string& wanted) {
  Diagnostic& diagnostic = diagnostics_.report(expr->span, diag::LiveHere, std::string(whose), wanted);
  bool joins = whose == "`and`" || whose == "`or`" || whose == "`not`";
  if (joins) {
    diagnostic.advise("write several conditions as several clauses, each with one comparison");
    return;
  }
  diagnostic.note("live values exist only while the rollout runs; the plan is made before")
      .advise("read it in a gate (`reject when`, `require`) or in `rollback when`");
}

namespace {

/// Where a share is expected and a bare number stands.
void advise_share(Diagnostic& diagnostic, const ast::Expr* number) {
  diagnostic.advise("a bare number is a count: write a share such as `5%`");
  if (number->kind == ast::ExprKind::Literal) diagnostic.fix(after(number->span), "%");
}

}  // namespace

void Checker::expect(const ast::Expr* expr, const Type* wanted, std::string_view whose) {
  const Type* found = check_expr(expr, wanted);
  if (found->is(TypeKind::Live) && !wanted->is(TypeKind::Live)) return report_live(expr, whose, with_article(wanted));
  if (!fits(expr, found, wanted)) {
    Diagnostic& diagnostic = diagnostics_.report(expr->span, diag::WrongType, std::string(whose), text(wanted),
                                                 text(found));
    diagnostic.caret(fmt::format("this is {}", text(found)));
    if (wanted->is(TypeKind::Duration) && found->is(TypeKind::Int))
      diagnostic.advise("a bare number is a count: write a unit, such as `5m` or `30s`");
    if (wanted->is(TypeKind::Percent) && (found->is(TypeKind::Int) || found->is(TypeKind::Float)))
      advise_share(diagnostic, expr);
    return;
  }
  while (wanted->is(TypeKind::List) && found->is(TypeKind::List)) {
    wanted = wanted->arguments[0];
    found = found->arguments[0];
  }
  if (!wanted->is(TypeKind::Service) || !found->is(TypeKind::Service)) return;
  const std::vector<uint32_t>& has = found->capabilities;
  for (uint32_t capability : wanted->capabilities) {
    if (std::find(has.begin(), has.end(), capability) != has.end()) continue;
    std::string name(program_.capabilities[capability].decl->name.text);
    std::vector<std::string_view> backends;
    for (const ir::Backend& backend : program_.backends)
      if (std::find(backend.capabilities.begin(), backend.capabilities.end(), capability) != backend.capabilities.end())
        backends.push_back(backend.decl->name.text);
    Diagnostic& diagnostic = diagnostics_.report(expr->span, diag::MissingCapability, std::string(whose), name);
    if (!backends.empty()) diagnostic.advise(fmt::format("bind the service to a target of {}", list_of(backends)));
    return;
  }
}

const Type* Checker::check_literal(const ast::LiteralExpr* literal, const Type* wanted) {
  Result<eval::Value> value = eval::parse_literal(literal->literal, literal->text);
  if (!value) {
    diagnostics_.report(literal->span, diag::OutOfRange, std::string(literal->text), value.error().message);
    return simple(TypeKind::Error);
  }
  switch (literal->literal) {
    case ast::LiteralKind::String:
      if (wanted && is_text_kind(wanted->kind)) {
        std::string problem = eval::text_problem(value_kind(wanted->kind), value->text);
        if (!problem.empty())
          diagnostics_.report(literal->span, diag::BadText, std::string(literal->text), text(wanted), problem);
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
    case ast::LiteralKind::True:
    case ast::LiteralKind::False: return simple(TypeKind::Bool);
    case ast::LiteralKind::None: return simple(TypeKind::None);
  }
  return simple(TypeKind::Error);
}

const Type* Checker::check_text(const ast::TextExpr* text_expr, const Type* wanted) {
  for (const ast::Expr* part : text_expr->parts) {
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
    bool printable = type->is(TypeKind::Error) || (type->kind >= TypeKind::Bool && type->kind <= TypeKind::Path);
    if (!printable) diagnostics_.report(part->span, diag::WrongType, "`${…}`", "text or a number", text(type));
  }
  return wanted && is_text_kind(wanted->kind) ? wanted : simple(TypeKind::String);
}

const Type* Checker::check_name(const ast::NameExpr* name) {
  ir::ExprInfo& known = info(name);
  if (const Local* local = find_local(name->name)) {
    known.ref = ir::Ref::Local;
    known.index = local->slot;
    return local->type;
  }
  if (name->name == "http" || name->name == "running") {
    bool http = name->name == "http";
    diagnostics_
        .report(name->span, diag::WrongKind, std::string(name->name),
                http ? "a probe without its path" : "a probe without its brackets", "a value")
        .advise(http ? "write `http(\"/healthz\")`" : "write `running()`");
    return simple(TypeKind::Error);
  }
  std::optional<ir::Symbol> symbol = find(name->name);
  if (!symbol) {
    std::vector<std::string_view> visible;
    for (const Local& local : locals_) visible.push_back(local.name);
    for (ir::Ref kind : {ir::Ref::Input, ir::Ref::Let, ir::Ref::Service, ir::Ref::Target, ir::Ref::Gate,
                         ir::Ref::Strategy, ir::Ref::Record})
      for (std::string_view other : names_of(kind)) visible.push_back(other);
    report_unknown(name->span, name->name, "name", visible);
    return simple(TypeKind::Error);
  }
  known.ref = symbol->kind;
  known.index = symbol->index;
  switch (symbol->kind) {
    case ir::Ref::Input: return program_.inputs[symbol->index].type;
    case ir::Ref::Let:
      if (const Type* type = check_let(symbol->index)) return type;
      diagnostics_.report(name->span, diag::MadeOfItself, std::string(name->name)).at(symbol->span, "declared here");
      return simple(TypeKind::Error);
    case ir::Ref::Service: {
      std::vector<uint32_t> has;
      for (const ir::Binding& binding : program_.services[symbol->index].bindings) has.push_back(binding.capability);
      std::sort(has.begin(), has.end());
      return program_.types.service(std::move(has));
    }
    case ir::Ref::Target:
      return simple(program_.targets[symbol->index].decl->metrics ? TypeKind::Metrics : TypeKind::Target);
    case ir::Ref::Gate: {
      std::vector<const Type*> open;
      for (const ir::Parameter& parameter : program_.gates[symbol->index].parameters)
        if (!parameter.default_value) open.push_back(parameter.type);
      return program_.types.gate(open);
    }
    default: break;
  }
  diagnostics_
      .report(name->span, diag::WrongKind, std::string(name->name), std::string(kind_text(symbol->kind)),
              "a value")
      .at(symbol->span, "declared here");
  return simple(TypeKind::Error);
}

const Type* Checker::check_list(const ast::ListExpr* list, const Type* wanted) {
  const Type* element = wanted && wanted->is(TypeKind::List) ? wanted->arguments[0] : nullptr;
  for (const ast::Expr* item : list->items) {
    if (!element) element = check_expr(item);
    else if (!wanted && element->is(TypeKind::Service) && check_expr(item)->is(TypeKind::Service))
      element = common_service(element, info(item).type);
    else expect(item, element, "this list");
    const Type* type = info(item).type;
    bool live = type->is(TypeKind::Live) || type->is(TypeKind::Quantiled) || type->is(TypeKind::Role);
    if (!live) continue;
    report_live(item, "a list", "a value");
    return simple(TypeKind::Error);
  }
  return program_.types.list_of(element ? element : simple(TypeKind::Error));
}

const Type* Checker::common_service(const Type* left, const Type* right) {
  std::vector<uint32_t> both;
  std::set_intersection(left->capabilities.begin(), left->capabilities.end(), right->capabilities.begin(),
                        right->capabilities.end(), std::back_inserter(both));
  return program_.types.service(std::move(both));
}

const Type* Checker::check_index(const ast::IndexExpr* index) {
  const Type* object = check_expr(index->object);
  expect(index->index, simple(TypeKind::Int), "an index");
  if (object->is(TypeKind::List)) return object->arguments[0];
  if (!object->is(TypeKind::Error))
    diagnostics_.report(index->object->span, diag::WrongType, "`[…]`", "a List", text(object));
  return simple(TypeKind::Error);
}

}  // namespace rollout::check
