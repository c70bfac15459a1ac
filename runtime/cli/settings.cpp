#include "runtime/cli/settings.h"

#include "compiler/base/diagnostics.h"
#include "runtime/effects/source_files.h"

namespace rollout::cli {

CliSettings settings_of(const Project& project) {
  if (!has_manifest(project)) return {};
  Result<std::string> text = effects::read_below(project.root, manifest_name, max_manifest_bytes);
  if (!text) return {};
  SourceMap sources;
  Diagnostics diagnostics;
  SourceId source = sources.add(manifest_name, std::move(*text));
  CliSettings settings = read_manifest(sources, source, ManifestOf::Project, diagnostics).cli;
  if (!diagnostics.has_errors()) return settings;
  CliSettings only_state;  // a mistake elsewhere must not lead to another state
  only_state.state = settings.state;
  return only_state;
}

}  // namespace rollout::cli
