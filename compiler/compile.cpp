#include "compiler/compile.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "stdlib/stdlib.h"

namespace rollout {

namespace {

Result<std::string> load_library(llvm::StringRef path) {
  for (const stdlib::File* file = stdlib::files; file->path; ++file)
    if (path == file->path) return std::string(file->text);
  llvm::StringRef folder = path.rsplit('/').first;
  std::vector<std::string_view> beside;
  for (const stdlib::File* file = stdlib::files; file->path; ++file) {
    llvm::StringRef other(file->path);
    if (other.rsplit('/').first == folder) beside.push_back(other.rsplit('/').second.drop_back(sizeof(".rollout") - 1));
  }
  std::string has = beside.empty() ? "" : fmt::format("; in std.{} there are {}", folder.str(), list_of(beside));
  return OpError{"the standard library has no such file" + has};
}

}  // namespace

std::unique_ptr<Compilation> compile(const std::string& path, const check::Loader& load) {
  auto compilation = std::make_unique<Compilation>();
  check::Loader loader = [&](const std::string& file) {
    llvm::StringRef name(file);
    return name.consume_front("std/") ? load_library(name) : load(file);
  };
  compilation->program = check::check(path, loader, compilation->sources, compilation->diagnostics);
  return compilation;
}

void check_plans(Compilation& compilation) {
  const ir::Program& program = *compilation.program;
  for (const ir::Rollout& rollout : program.rollouts) {
    if (compilation.diagnostics.has_errors() || rollout.module + 1 != program.modules.size()) continue;
    plan::Request request;
    request.rollout = rollout.decl->name.text;
    plan::make_plan(program, request, compilation.sources, compilation.diagnostics);
  }
  if (!compilation.diagnostics.has_errors()) plan::test_cases(program, compilation.sources, compilation.diagnostics);
}

}  // namespace rollout
