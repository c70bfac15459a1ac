#include "compiler/check/load.h"

#include <fmt/format.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/syntax/parse.h"

namespace rollout::check {

namespace {

/// `a/./b/../c` → `a/c`; empty when it would leave the root.
std::string normalise(llvm::StringRef path) {
  llvm::SmallVector<llvm::StringRef> parts, kept;
  path.split(parts, '/', -1, false);
  for (llvm::StringRef part : parts) {
    if (part == ".") continue;
    if (part == "..") {
      if (kept.empty()) return {};
      kept.pop_back();
    } else {
      kept.push_back(part);
    }
  }
  std::string out;
  for (llvm::StringRef part : kept) out += (out.empty() ? "" : "/") + part.str();
  return out;
}

class ModuleLoader {
 public:
  ModuleLoader(const Loader& load, SourceMap& sources, ir::Program& program, Diagnostics& diagnostics, Loaded& loaded)
      : load_(load), sources_(sources), program_(program), diagnostics_(diagnostics), loaded_(loaded) {}

  /// The module's id, or nothing: then it is reported, at `from` where that is a place.
  std::optional<ir::ModuleId> read(const std::string& path, Span from) {
    auto known = done_.find(path);
    if (known != done_.end()) return known->second;
    for (size_t i = 0; i < open_.size(); ++i)
      if (open_[i] == path) return report_cycle(i, from);
    Result<std::string> text = load_(path);
    if (!text) {
      // Behind the reason stands what there is instead.
      auto [reason, instead] = llvm::StringRef(text.error().message).split("; ");
      Diagnostic& diagnostic = diagnostics_.report(from, diag::ImportNotFound, path, reason.str());
      if (!instead.empty()) diagnostic.note(instead.str());
      return std::nullopt;
    }
    if (program_.modules.size() + open_.size() >= max_modules) {
      diagnostics_.report(from, diag::TooManyFiles, max_modules);
      return std::nullopt;
    }
    open_.push_back(path);
    SourceId source = sources_.add(path, std::move(*text));
    auto module = std::make_unique<ir::Module>();
    module->path = path;
    module->library = llvm::StringRef(path).startswith("std/");
    module->file = syntax::parse(sources_, source, diagnostics_);
    module->exprs.resize(module->file->expr_count);
    std::vector<Imported> imports = read_imports(*module);
    open_.pop_back();
    ir::ModuleId id = ir::ModuleId(program_.modules.size());
    program_.modules.push_back(std::move(module));
    loaded_.imports.push_back(std::move(imports));
    done_[path] = id;
    return id;
  }

 private:
  std::nullopt_t report_cycle(size_t first, Span from) {
    std::string circle;
    for (size_t i = first; i < open_.size(); ++i) circle += open_[i] + " → ";
    diagnostics_.report(from, diag::ImportCycle, circle + open_[first]);
    return std::nullopt;
  }

  std::vector<Imported> read_imports(const ir::Module& module) {
    std::vector<Imported> imports;
    for (const ast::Decl* decl : module.file->decls) {
      if (decl->kind != ast::DeclKind::Import) continue;
      auto* import = static_cast<const ast::ImportDecl*>(decl);
      if (import->library) read_library(*import, imports);
      else read_file(module, *import, imports);
    }
    return imports;
  }

  void read_file(const ir::Module& module, const ast::ImportDecl& import, std::vector<Imported>& imports) {
    llvm::StringRef written = llvm::StringRef(import.path.text).drop_front().drop_back();
    llvm::StringRef folder = llvm::StringRef(module.path).rsplit('/').first;
    bool at_root = !llvm::StringRef(module.path).contains('/');
    std::string path = normalise(at_root ? written.str() : folder.str() + "/" + written.str());
    if (path.empty() || written.startswith("/") || !written.startswith(".")) {
      diagnostics_.report(import.path.span, diag::ImportOutside, written.str())
          .advise("write a path relative to this file, such as \"./shop.rollout\"");
      return;
    }
    if (std::optional<ir::ModuleId> id = read(path, import.path.span))
      for (const ast::ImportName& name : import.names) imports.push_back({&name, *id});
  }

  /// `std.strategy.canary.{canary}`: the file std/strategy/canary.rollout; `std.backend.{local}`: one file a name.
  void read_library(const ast::ImportDecl& import, std::vector<Imported>& imports) {
    std::string path(import.path.text);
    for (char& c : path)
      if (c == '.') c = '/';
    bool is_file = bool(load_(path + ".rollout"));
    for (const ast::ImportName& name : import.names) {
      std::string file = is_file ? path + ".rollout" : fmt::format("{}/{}.rollout", path, name.name.text);
      if (std::optional<ir::ModuleId> id = read(file, is_file ? import.path.span : name.name.span))
        imports.push_back({&name, *id});
    }
  }

  const Loader& load_;
  SourceMap& sources_;
  ir::Program& program_;
  Diagnostics& diagnostics_;
  Loaded& loaded_;
  llvm::StringMap<ir::ModuleId> done_;
  std::vector<std::string> open_;  ///< the chain of imports being read
};

}  // namespace

Loaded load_modules(const std::string& path, const Loader& load, SourceMap& sources, ir::Program& program,
                    Diagnostics& diagnostics) {
  Loaded loaded;
  ModuleLoader(load, sources, program, diagnostics, loaded).read(path, {});
  return loaded;
}

}  // namespace rollout::check
