#include "runtime/cli/out_file.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "runtime/cli/project.h"

namespace fs = std::filesystem;

namespace rollout::cli {

namespace {

/// An empty file begins as any does.
bool begins_with(const std::string& path, std::string_view beginning) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  std::string text(beginning.size(), '\0');
  file.read(text.data(), std::streamsize(text.size()));
  text.resize(size_t(file.gcount()));
  return text.empty() || text == beginning;
}

}  // namespace

Status check_free(const Context& context, const std::string& typed, const OutKind& kind) {
  if (typed.empty()) return OpError{"`--out` needs the name of a file"};
  if (typed.ends_with(".rollout"))
    return OpError{fmt::format("`--out {}` would be taken for a source; give it another ending, as in `{}`", typed,
                               kind.example)};
  std::string path = absolute_path(context.env.directory, typed);
  std::error_code failed;
  fs::file_status there = fs::symlink_status(path, failed);
  if (there.type() == fs::file_type::not_found) return Done{};
  if (there.type() == fs::file_type::directory)
    return OpError{fmt::format("`--out {}` is a folder; name a file in it", typed)};
  if (there.type() != fs::file_type::regular)
    return OpError{fmt::format("`--out {}` is no regular file and would be replaced by one; name another, or {}", typed,
                               kind.otherwise)};
  if (begins_with(path, kind.beginning)) return Done{};
  return OpError{fmt::format("`--out {}` is there already and is no {}; name another file, or remove it", typed,
                             kind.name)};
}

}  // namespace rollout::cli
