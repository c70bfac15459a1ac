// Project: the folder that a file belongs to and where its state is kept. The root is the nearest folder
// above the file with a rollout.toml, else the file's own folder. Reading never leaves the root, not by a
// symbolic link either.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/effects/files.h"

namespace rollout::cli {

inline constexpr size_t max_source_bytes = size_t{32} << 20;
inline constexpr size_t max_plan_bytes = size_t{256} << 20;
inline constexpr size_t max_files = 10'000;  ///< that one command looks at

struct Project {
  std::string root;   ///< absolute
  std::string state() const { return root + "/state"; }
  std::string database() const { return state() + "/rollout.db"; }
  std::string locks() const { return state() + "/locks"; }
};

/// A file that a person named: its project, its path in it, and that path as it was typed.
struct Place {
  Project project;
  std::string path;    ///< relative to the root
  std::string typed;
};

/// What a path means that was typed in `directory`.
std::string absolute_path(const std::string& directory, const std::string& typed);

/// The error says what is there instead, if something like it is.
Result<Place> place_of(const std::string& directory, const std::string& typed);
/// The project of a folder: that of the nearest rollout.toml above it, else the folder itself.
Project project_of(const std::string& directory, const std::string& typed);

/// Whether it has a rollout.toml; without one it is a single folder.
bool has_manifest(const Project& project);

/// Gives texts by their path in the project.
std::function<Result<std::string>(const std::string&)> source_reader(const Project& project);

/// `path` is absolute; of a link, what it leads to is written.
Status write_source(effects::Files& files, const std::string& path, std::string_view text);

/// Turns a path in the project into what a person in `directory` would type.
std::function<std::string(std::string_view)> typed_paths(const Project& project, const std::string& directory);

Result<std::string> read_file(const std::string& path, size_t max_bytes);

/// Every .rollout file below the named paths, files as they are named; hidden folders are left out.
Result<std::vector<std::string>> rollout_files(const std::string& directory,
                                               const std::vector<std::string>& typed);

}  // namespace rollout::cli
