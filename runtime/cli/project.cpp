#include "runtime/cli/project.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "compiler/base/diagnostics.h"
#include "compiler/base/visible.h"
#include "runtime/cli/manifest.h"
#include "runtime/cli/style.h"
#include "runtime/effects/bug_report.h"
#include "runtime/effects/source_files.h"

namespace fs = std::filesystem;

namespace rollout::cli {

namespace {

fs::path absolute(const std::string& directory, const std::string& typed) {
  return (fs::path(directory) / typed).lexically_normal();
}

/// `path` without symbolic links, also where its end does not exist.
fs::path real_path(const fs::path& path) {
  std::error_code failed;
  fs::path real = fs::weakly_canonical(path, failed);
  return failed ? path : real;
}

constexpr std::string_view ending = ".rollout";

/// A name that acts on a terminal, or forges a line of a report, is not carried around.
Status plain_name(const std::string& typed) {
  std::optional<Hidden> hidden = find_hidden(typed);
  size_t at = hidden ? hidden->at : typed.find_first_of("\n\t");
  if (at == std::string::npos) return Done{};
  std::string point = code_point_text(hidden ? hidden->code : uint32_t(typed[at]));
  std::string name = shortened(one_line(visible(typed)));
  return OpError{fmt::format("the name `{}` has {} in it; rename the file", name, point)};
}

/// Whatever it is: one that cannot be read is told, not passed over.
bool holds_manifest(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(folder / manifest_name, ignored));
}

fs::path root_above(const fs::path& folder) {
  for (fs::path at = folder;; at = at.parent_path()) {
    if (holds_manifest(at)) return at;
    if (at == at.root_path() || at.empty()) return folder;
  }
}

OpError not_there(const fs::path& path, const std::string& typed) {
  std::error_code ignored;
  if (fs::is_symlink(fs::symlink_status(path, ignored)))
    return {fmt::format("`{}` is a link that leads to no file", typed)};
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path.parent_path(), ignored)) {
    names.push_back(entry.path().filename().string());
    if (names.size() == max_files) break;
  }
  std::vector<std::string_view> candidates(names.begin(), names.end());
  std::string name = path.filename().string();
  std::string_view meant = nearest(name, candidates);
  std::string hint = meant.empty() ? "" : fmt::format("; did you mean `{}`?", meant);
  return {fmt::format("there is no file `{}`{}", typed, hint)};
}

bool hidden(const fs::path& path) {
  std::string name = path.filename().string();
  return name.size() > 1 && name[0] == '.' && name != "..";
}

Status files_below(const fs::path& folder, const std::string& typed, std::vector<std::string>& files) {
  std::error_code failed;
  std::vector<std::string> found;
  fs::recursive_directory_iterator it(folder, failed), end;
  for (; !failed && it != end; it.increment(failed)) {
    if (hidden(it->path())) {
      it.disable_recursion_pending();
      continue;
    }
    std::error_code ignored;
    if (it->path().extension() != ending || !it->is_regular_file(ignored)) continue;
    // As of an import: a message shows what is there, so a link to something else is none of ours.
    if (it->is_symlink(ignored) && real_path(it->path()).extension() != ending) continue;
    fs::path below = it->path().lexically_relative(folder);
    if (Status plain = plain_name(below.string()); !plain) return plain;
    found.push_back(typed == "." ? below.string() : (fs::path(typed) / below).lexically_normal().string());
    if (files.size() + found.size() > max_files)
      return OpError{fmt::format("more than {} .rollout files are below `{}`; name the folders to look at",
                                 max_files, typed)};
  }
  if (failed) return OpError{fmt::format("`{}` cannot be listed: {}", typed, failed.message())};
  std::sort(found.begin(), found.end());
  files.insert(files.end(), found.begin(), found.end());
  return Done{};
}

}  // namespace

Project project_of(const std::string& directory, const std::string& typed) {
  return {root_above(real_path(absolute(directory, typed))).string()};
}

std::string absolute_path(const std::string& directory, const std::string& typed) {
  return absolute(directory, typed).string();
}

/// `rollout fmt "$FILE"` where FILE is not set means no folder, least of all all of this one.
static OpError no_path() { return OpError{"a path is empty; write `.` for this folder"}; }

Result<Place> place_of(const std::string& directory, const std::string& typed) {
  if (typed.empty()) return no_path();
  if (Status plain = plain_name(typed); !plain) return plain.error();
  fs::path path = absolute(directory, typed);
  std::error_code failed;
  fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::not_found) return not_there(path, typed);
  if (status.type() == fs::file_type::directory)
    return OpError{fmt::format("`{}` is a folder; name a file in it", typed)};
  if (status.type() != fs::file_type::regular) return OpError{fmt::format("`{}` is no regular file", typed)};
  fs::path folder = real_path(path.parent_path());
  fs::path root = root_above(folder);
  return Place{{root.string()}, (folder / path.filename()).lexically_relative(root).string(), typed};
}

bool has_manifest(const Project& project) { return holds_manifest(project.root); }

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
  std::error_code failed;
  fs::path real = fs::canonical(path, failed);
  if (failed) return OpError{"there is no such file"};
  return effects::read_below(real.parent_path().string(), real.filename().string(), max_bytes);
}

std::function<Result<std::string>(const std::string&)> source_reader(const Project& project) {
  return [root = project.root](const std::string& path) {
    effects::add_to_bug_reports(root + "/" + path);
    return effects::read_below(root, path, max_source_bytes);
  };
}

Status write_source(effects::Files& files, const std::string& path, std::string_view text) {
  return files.write(real_path(path).string(), text);
}

std::function<std::string(std::string_view)> typed_paths(const Project& project, const std::string& directory) {
  fs::path here = real_path(directory), root(project.root);
  return [here, root](std::string_view path) {
    fs::path relative = (root / path).lexically_relative(here);
    size_t ups = size_t(std::count(relative.begin(), relative.end(), fs::path("..")));
    return ups > 2 || relative.empty() ? (root / path).string() : relative.string();
  };
}

Result<std::vector<std::string>> rollout_files(const std::string& directory,
                                               const std::vector<std::string>& typed) {
  std::vector<std::string> files;
  for (const std::string& name : typed) {
    if (name.empty()) return no_path();
    fs::path path = absolute(directory, name);
    std::error_code failed;
    if (fs::is_directory(path, failed)) {
      size_t before = files.size();
      if (Status listed = files_below(path, name, files); !listed) return listed.error();
      if (files.size() == before) return OpError{fmt::format("there is no .rollout file below `{}`", name)};
    } else if (fs::exists(path, failed)) files.push_back(name);
    else return not_there(path, name);
  }
  return files;
}

}  // namespace rollout::cli
