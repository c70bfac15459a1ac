#include "compiler/check/check.h"

#include "compiler/check/context.h"

namespace rollout::check {

std::unique_ptr<ir::Program> check(const std::string& path, const Sources& from, ParsedFiles& files,
                                   Diagnostics& diagnostics, const std::function<void()>& when_parsed) {
  auto program = std::make_unique<ir::Program>();
  Loaded loaded = load_modules(path, from, files, *program, diagnostics);
  if (when_parsed) when_parsed();
  // A file that could not be parsed has no declarations: everything that names them would be reported again.
  if (!diagnostics.has_errors()) Checker(*program, from.library, diagnostics).run(loaded);
  return program;
}

namespace {

/// What others read of a declaration is known before its readers are checked, so a file may be in any order.
enum class Stage { Values, Services, Rules };

Stage stage_of(const ast::Decl* decl) {
  switch (decl->kind) {
    // One that gives a live value reads signals of services.
    case ast::DeclKind::Func:
      return static_cast<const ast::FuncDecl*>(decl)->type->name.text == "Live" ? Stage::Rules : Stage::Values;
    case ast::DeclKind::Error: case ast::DeclKind::Import: case ast::DeclKind::Input: case ast::DeclKind::Enum:
    case ast::DeclKind::Record: case ast::DeclKind::Capability:
    case ast::DeclKind::Backend: case ast::DeclKind::Target: return Stage::Values;
    case ast::DeclKind::Team: case ast::DeclKind::Service: return Stage::Services;
    case ast::DeclKind::Let:  // it may name services; one that a service names is checked there and then
    case ast::DeclKind::Environment:
    case ast::DeclKind::Gate:
    case ast::DeclKind::Strategy:
    case ast::DeclKind::Rollout:
    case ast::DeclKind::Promotion:
    case ast::DeclKind::Policy:
    case ast::DeclKind::Lock:
    case ast::DeclKind::Renamed:
    case ast::DeclKind::Test: break;
  }
  return Stage::Rules;
}

}  // namespace

void Checker::run(const Loaded& loaded) {
  for (module_ = 0; module_ < program_.modules.size(); ++module_) declare(module_, loaded.imports[module_]);
  for (module_ = 0; module_ < program_.modules.size(); ++module_)
    for (const ast::Decl* decl : module().file->decls) check_signature(decl);
  for (Stage stage : {Stage::Values, Stage::Services, Stage::Rules})
    for (module_ = 0; module_ < program_.modules.size(); ++module_)
      for (const ast::Decl* decl : module().file->decls)
        if (stage_of(decl) == stage) check_decl(decl);
  check_strategy_circles(program_, strategy_calls_, diagnostics_);
  check_policy_circles(program_, policy_calls_, diagnostics_);
  if (!too_deep_) check_func_circles(program_, func_calls_, diagnostics_);
  check_record_circles(program_, diagnostics_);
  decide_constants();
}

}  // namespace rollout::check
