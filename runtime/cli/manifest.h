// Manifest: what a rollout.toml says: which package this is, which it needs, how the command line behaves here.
// Mistakes in it are diagnostics with their place; what could be understood is returned all the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"

namespace rollout::cli {

inline constexpr const char* manifest_name = "rollout.toml";
inline constexpr size_t max_manifest_bytes = size_t{64} << 10;

struct Dependency {
  std::string name;     ///< that imports use
  std::string path;     ///< relative to the folder of the manifest, below it
  std::string version;  ///< `>=1.2, <2`; empty: any
  Span span;
};

/// `[cli]`: what a flag or an environment variable does not say.
struct CliSettings {
  std::string format, color, state;  ///< empty: not given
  bool quiet = false;
  bool verbose = false;
  std::string log;            ///< empty: not given
  std::string sign_key;       ///< file with the key that signs noted heads; empty: not given
  std::string heads_copy;     ///< file to which they are added as well; empty: not given
};

struct Manifest {
  std::string name, version;         ///< empty: not given
  std::vector<std::string> exports;  ///< files that others may import: `gates`, `strategy.canary`
  std::vector<Dependency> dependencies;
  CliSettings cli;
};

/// A package to depend on has a name and a version; a project needs neither.
enum class ManifestOf { Project, Package };

Manifest read_manifest(const SourceMap& sources, SourceId source, ManifestOf what, Diagnostics& diagnostics);

/// Whether `version` is one that `wanted` (`>=1.2, <2`) allows; nothing when one of them is none.
std::optional<bool> allows(std::string_view wanted, std::string_view version);

}  // namespace rollout::cli
