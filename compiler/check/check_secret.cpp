// Secrets: a reference travels, the value never does. It goes only where a declaration says `Secret<…>`.
#include "compiler/check/values.h"

#include "compiler/eval/literal.h"

namespace rollout::check {

namespace {

constexpr int max_hops = 16;  ///< of the way that a message shows

}  // namespace

/// `secret("NAME")` names an environment variable, `secret(file: "run/token")` a file.
const Type* ValueChecker::check_secret(const ast::CallExpr* call) {
  const Type* type = program_.types.of(TypeKind::Secret, {simple(TypeKind::String)});
  info(call->callee) = {type, ir::Ref::Builtin, uint32_t(ir::Builtin::Secret), 0};
  bool one = call->arguments.size() == 1;
  const ast::Argument* argument = one ? &call->arguments[0] : nullptr;
  bool file = one && argument->label.text == "file";
  bool literal = one && argument->value->kind == ast::ExprKind::Literal &&
                 static_cast<const ast::LiteralExpr*>(argument->value)->literal == ast::LiteralKind::String;
  if (!one || !literal || (!file && !argument->label.text.empty())) {
    diagnostics_.report(call->span, diag::BadSecret, "it takes one text that stands here")
        .advise("write `secret(\"DB_TOKEN\")` for an environment variable, `secret(file: \"run/token\")` for a file");
    return simple(TypeKind::Error);
  }
  check_expr(argument->value);
  std::string_view written = static_cast<const ast::LiteralExpr*>(argument->value)->text;
  std::string place = fmt::format("{}:{}", file ? "file" : "env", written.substr(1, written.size() - 2));
  std::string problem = eval::secret_problem(place);
  if (problem.empty()) return type;
  diagnostics_.report(argument->value->span, diag::BadSecret, problem).hide(argument->value->span);
  return simple(TypeKind::Error);
}

/// Shows how the secret came here, from the last name back to its beginning.
const Type* ValueChecker::report_secret(const ast::Expr* expr, std::string_view whose) {
  Diagnostic& diagnostic = diagnostics_.report(expr->span, diag::SecretHere, std::string(whose));
  diagnostic.note("a secret is read only by the backend that needs it; it stands in no text, plan, log, label or "
                  "comparison")
      .advise("give it to a setting that a backend declares as `Secret<…>`");
  ir::ModuleId module = module_;
  for (int hop = 0; hop < max_hops; ++hop) {
    const ir::ExprInfo& known = program_.info(module, expr);
    if (known.ref == ir::Ref::Let) {
      const ir::Let& let = program_.lets[known.index];
      module = let.module;
      expr = let.decl->value;
      diagnostic.at(let.decl->name.span, "it comes from here");
    } else if (known.ref == ir::Ref::Input) {
      diagnostic.at(program_.inputs[known.index].decl->name.span, "it comes from this input");
      break;
    } else if (known.ref == ir::Ref::Field) {
      expr = static_cast<const ast::MemberExpr*>(expr)->object;
    } else {
      if (expr->kind == ast::ExprKind::Call) diagnostic.at(expr->span, "the secret");
      if (const Local* local = known.ref == ir::Ref::Local && module == module_
                                   ? find_local(static_cast<const ast::NameExpr*>(expr)->name) : nullptr)
        diagnostic.at(local->span, "it comes from here");
      break;
    }
  }
  return simple(TypeKind::Error);
}

}  // namespace rollout::check
