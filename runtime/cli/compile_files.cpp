#include "runtime/cli/compile_files.h"

#include <algorithm>

#include "runtime/cli/project.h"

namespace rollout::cli {

namespace {

/// As the file that is asked for: then its rollouts and tests are planned, and its comments must silence something.
bool has_more_to_say(const ir::Module& module, const SourceMap& sources) {
  auto is_own = [](const ast::Decl* decl) {
    return decl->kind == ast::DeclKind::Rollout || decl->kind == ast::DeclKind::Promotion ||
           decl->kind == ast::DeclKind::Test;
  };
  const auto& decls = module.file->decls;
  return std::any_of(decls.begin(), decls.end(), is_own) ||
         sources.text(module.file->source).find("// allow ") != std::string_view::npos;
}

/// Whether nothing was left out: behind a mistake of reading, behind a limit.
bool says_all(const Compilation& compilation) {
  constexpr size_t few = 100;
  std::vector<const Diagnostic*> said = compilation.diagnostics.sorted();
  return compilation.is_read && said.size() <= few && std::none_of(said.begin(), said.end(), [](const Diagnostic* one) {
    return one->name == diag::TooDeep.name;
  });
}

}  // namespace

const CompileFiles::Kept& CompileFiles::kept(const Project& project) {
  if (kept_bytes_ > max_kept_bytes) kept_.clear(), kept_bytes_ = 0;
  auto [place, fresh] = kept_.try_emplace(project.root);
  Kept& kept = place->second;
  if (!fresh) return kept;
  SourceMap& sources = kept.files->sources;
  kept.packages = read_packages(project, sources, kept.mistakes, lock_);
  kept_bytes_ += sources.bytes();
  sources.show_names_as(typed_paths(project, directory_));
  return kept;
}

std::unique_ptr<Compilation> CompileFiles::compile(const Place& place) {
  timings_.mark("read");  // what came before: finding the files
  check::Loader reader = [&, read = source_reader(place.project)](const std::string& path) {
    timings_.mark("parse");
    Result<std::string> text = read(path);
    timings_.mark("read");
    return text;
  };
  const Kept& from = kept(place.project);
  size_t before = from.files->sources.bytes();
  auto compilation = std::make_unique<Compilation>(*from.files);
  compilation->diagnostics = from.mistakes;
  rollout::compile(*compilation, place.path, reader, from.packages.layout, [&] { timings_.mark("parse"); });
  kept_bytes_ += from.files->sources.bytes() - before;
  timings_.mark("check");
  return compilation;
}

void CompileFiles::reported(const Place& place, const Compilation& compilation) {
  const ir::Program& program = *compilation.program;
  if (!says_all(compilation) || !program.policies.empty()) return;
  llvm::StringSet<>& known = known_[place.project.root];
  for (const auto& module : program.modules)
    if (!module->library && !has_more_to_say(*module, compilation.sources)) known.insert(module->path);
}

bool CompileFiles::is_known(const Place& place) const {
  auto project = known_.find(place.project.root);
  return project != known_.end() && project->second.contains(place.path);
}

std::unique_ptr<Compilation> compile_file(const Place& place, const std::string& directory, Timings& timings) {
  CompileFiles one(directory, timings);
  std::unique_ptr<Compilation> compilation = one.compile(place);
  compilation->own = std::move(one.kept_.at(place.project.root).files);
  return compilation;
}

}  // namespace rollout::cli
