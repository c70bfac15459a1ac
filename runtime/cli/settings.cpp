#include "runtime/cli/settings.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include "compiler/base/diagnostics.h"
#include "runtime/effects/source_files.h"

namespace rollout::cli {

namespace {

Result<std::string> manifest_text(const Project& project) {
  return effects::read_below(project.root, manifest_name, max_manifest_bytes);
}

struct Read {
  CliSettings cli;
  bool has_errors = false;
};

Read read_settings(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  SourceId source = sources.add(manifest_name, text);
  CliSettings settings = read_manifest(sources, source, ManifestOf::Project, diagnostics).cli;
  if (!diagnostics.has_errors()) return {std::move(settings)};
  CliSettings only_state;  // a mistake elsewhere must not lead to another state
  only_state.state = std::move(settings.state);
  return {std::move(only_state), true};
}

bool has_state_line(llvm::StringRef text) {
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    llvm::StringRef key = line.split('=').first.trim(" \t\"'");
    if (line.contains('=') && (key == "state" || key == "cli.state" || key == "cli")) return true;
    text = rest;
  }
  return false;
}

}  // namespace

CliSettings settings_of(const Project& project) {
  if (!has_manifest(project)) return {};
  Result<std::string> text = manifest_text(project);
  return text ? read_settings(*text).cli : CliSettings{};
}

std::string state_trouble(const Project& project) {
  if (!has_manifest(project)) return {};
  Result<std::string> text = manifest_text(project);
  if (!text) return fmt::format("{} cannot be read: {}", manifest_name, text.error().message);
  Read read = read_settings(*text);
  if (!read.has_errors || !read.cli.state.empty() || !has_state_line(*text)) return {};
  return fmt::format("{} names a state in a way that cannot be read; `rollout check` says why", manifest_name);
}

}  // namespace rollout::cli
