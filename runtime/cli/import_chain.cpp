#include "runtime/cli/import_chain.h"

#include <filesystem>
#include <map>

namespace rollout::cli {

namespace {

/// `"./shop.rollout"` in `teams/release.rollout` is `teams/shop.rollout`.
std::string path_of(const ir::Module& module, const ast::ImportDecl& import) {
  std::string_view written = import.path.text;
  if (written.size() < 2) return {};
  std::filesystem::path folder = std::filesystem::path(module.path).parent_path();
  return (folder / written.substr(1, written.size() - 2)).lexically_normal().string();
}

/// The file that an import leads to: by its path, and in a package or in std by where its names are declared.
SourceId target_of(const std::map<std::string_view, SourceId>& files, const ir::Module& module,
                   const ast::ImportDecl& import) {
  if (auto file = files.find(path_of(module, import)); !import.library && file != files.end()) return file->second;
  for (const ast::ImportName& name : import.names)
    if (auto found = module.scope.find(name.alias.text); found != module.scope.end()) return found->second.span.source;
  return SourceId::None;
}

}  // namespace

std::vector<Span> import_chain(const Compilation& compilation, SourceId source) {
  if (!compilation.program || compilation.program->modules.empty()) return {};
  std::map<std::string_view, SourceId> files;
  std::map<SourceId, const ir::Module*> modules;
  for (const auto& module : compilation.program->modules) {
    if (!module->file) continue;
    files.emplace(module->path, module->file->source);
    modules.emplace(module->file->source, module.get());
  }
  const ir::Module& asked = *compilation.program->modules.back();
  if (!asked.file || asked.file->source == source) return {};
  // From the file that was asked for outwards: the first way found is the shortest.
  std::vector<SourceId> reached = {asked.file->source};
  std::map<SourceId, Span> by = {{reached[0], Span{}}};
  for (size_t at = 0; at < reached.size() && !by.contains(source); ++at) {
    auto module = modules.find(reached[at]);
    if (module == modules.end()) continue;
    for (const ast::Decl* decl : module->second->file->decls) {
      if (decl->kind != ast::DeclKind::Import) continue;
      auto* import = static_cast<const ast::ImportDecl*>(decl);
      SourceId target = target_of(files, *module->second, *import);
      if (target != SourceId::None && by.emplace(target, import->path.span).second) reached.push_back(target);
    }
  }
  std::vector<Span> chain;
  for (auto next = by.find(source); next != by.end() && next->first != reached[0];
       next = by.find(chain.back().source))
    chain.push_back(next->second);
  return chain;
}

}  // namespace rollout::cli
