#include "compiler/compile.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "compiler/check/lacking.h"
#include "compiler/hold_given.h"
#include "compiler/plan/plan_json.h"
#include "compiler/verify/report.h"
#include "stdlib/stdlib.h"

namespace rollout {

namespace {

check::Library library() {
  check::Library all;
  for (const stdlib::File* file = stdlib::files; file->path; ++file)
    all.emplace_back(fmt::format("std/{}", file->path), file->text);
  return all;
}

/// A path, or a value, as one word of a command line.
std::string typed(const std::string& word) {
  bool plain = std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 || std::string_view("/._-+,:@=%").find(char(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::unique_ptr<Compilation> compile(const std::string& path, const check::Loader& load,
                                     const std::function<void()>& when_parsed) {
  auto compilation = std::make_unique<Compilation>();
  compile(*compilation, path, load, {}, when_parsed);
  return compilation;
}

void compile(Compilation& compilation, const std::string& path, const check::Loader& load,
             const check::Layout& layout, const std::function<void()>& when_parsed) {
  if (compilation.diagnostics.has_errors()) {
    compilation.program = std::make_unique<ir::Program>();
    return;
  }
  check::Library files = library();
  check::Sources from{load, files, layout};
  auto parsed = [&] {
    compilation.is_read = !compilation.diagnostics.has_errors();
    if (when_parsed) when_parsed();
  };
  compilation.program = check::check(path, from, compilation.files, compilation.diagnostics, parsed);
  compilation.program->in_library = [](std::string_view capability, std::string_view action) {
    return check::backends_with(library(), capability, action);
  };
}

std::string library_hash() {
  std::string all;
  for (const stdlib::File* file = stdlib::files; file->path; ++file)
    all += fmt::format("{} {}\n", file->path, plan::hash_of(file->text));
  return plan::hash_of(all);
}

namespace {

using Inputs = std::vector<std::pair<std::string, std::string>>;

void report(const Compilation& compilation, const plan::Plan& plan, const std::vector<verify::Finding>& findings,
            const Inputs& inputs, Diagnostics& diagnostics) {
  Span rollout{compilation.program->modules.back()->file->source, 0, 0};
  const auto& scope = compilation.program->modules.back()->scope;
  auto named = scope.find(plan.rollout);
  if (named != scope.end() && named->second.kind == ir::Ref::Rollout) rollout = named->second.span;
  std::string replay = fmt::format("rollout simulate {} {}", typed(compilation.sources.shown_name(rollout.source)),
                                   plan.rollout);
  if (!plan.environment.empty()) replay += " --env " + plan.environment;
  for (const auto& [name, text] : inputs)
    if (std::any_of(plan.inputs.begin(), plan.inputs.end(), [&](const auto& one) { return one.first == name; }))
      replay += " --set " + typed(fmt::format("{}={}", name, text));
  if (!plan.offline) replay += " --look";
  verify::report(findings, compilation.sources, rollout, replay, diagnostics);
}

}  // namespace

void prove_plan(const Compilation& compilation, plan::Plan& plan, const Inputs& inputs, Diagnostics& diagnostics) {
  verify::Proofs proofs = verify::prove(plan);
  report(compilation, plan, proofs.findings, inputs, diagnostics);
  plan.facts = std::move(proofs.facts);
}

void hold_given(const Compilation& compilation, const plan::Plan& plan, Diagnostics& diagnostics) {
  report(compilation, plan, verify::find_incompatible(plan), {}, diagnostics);
}

}  // namespace rollout
