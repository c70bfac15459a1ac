#include "compiler/check/check.h"

#include "compiler/check/context.h"

namespace rollout::check {

std::unique_ptr<ir::Program> check(const std::string& path, const Loader& load, SourceMap& sources, Diagnostics& diagnostics) {
  auto program = std::make_unique<ir::Program>();
  Loaded loaded = load_modules(path, load, sources, *program, diagnostics);
  // A file that could not be parsed has no declarations: everything that names them would be reported again.
  if (!diagnostics.has_errors()) Checker(*program, diagnostics).run(loaded);
  return program;
}

void Checker::run(const Loaded& loaded) {
  for (module_ = 0; module_ < program_.modules.size(); ++module_) {
    declare(module_, loaded.imports[module_]);
    for (const ast::Decl* decl : module().file->decls) check_signature(decl);
    for (const ast::Decl* decl : module().file->decls) check_decl(decl);
  }
}

}  // namespace rollout::check
