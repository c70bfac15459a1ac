#include "runtime/backend/migration_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/plan_json.h"

namespace rollout::backend {
namespace {

constexpr std::string_view ending = ".sql";

/// `V13__add_currency`, `V13.1__x`.
bool is_name(std::string_view name) {
  const size_t number = name.find("__");
  if (!name.starts_with('V') || number == std::string_view::npos || number < 2) return false;
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  const auto letter = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const std::string_view digits = name.substr(1, number - 1), rest = name.substr(number + 2);
  return std::all_of(digits.begin(), digits.end(), digit) && !rest.empty() &&
         std::all_of(rest.begin(), rest.end(), letter);
}

}  // namespace

Result<std::optional<MigrationFile>> read_migration(effects::Files& files, const std::string& directory,
                                                    const std::string& migration, bool undo) {
  if (!is_name(migration)) {
    return settled_error(fmt::format("`{}` is no name of a migration; it is written as `V13__add_currency`, letters, "
                                     "digits and `_` behind the number",
                                     migration));
  }
  MigrationFile file;
  file.path = fmt::format("{}/{}{}{}", directory, undo ? 'U' : 'V', migration.substr(1), ending);
  Result<std::optional<std::string>> text = files.read(file.path, max_migration_bytes);
  if (!text) return text.error();
  if (!*text) return std::optional<MigrationFile>();
  file.text = std::move(**text);
  file.sha256 = plan::hash_of(file.text);
  return std::optional(std::move(file));
}

Result<std::vector<plan::ObservedMigration>> list_migrations(effects::Files& files, const std::string& directory) {
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names) return names.error();
  if (names->size() > max_migrations)
    return settled_error(fmt::format("{} has {} files, at most {} are read", directory, names->size(), max_migrations));
  std::vector<plan::ObservedMigration> found;
  for (const std::string& name : *names) {
    if (!name.ends_with(ending) || !is_name(name.substr(0, name.size() - ending.size()))) continue;
    plan::ObservedMigration one;
    one.name = name.substr(0, name.size() - ending.size());
    for (const bool undo : {false, true}) {
      const Result<std::optional<MigrationFile>> file = read_migration(files, directory, one.name, undo);
      if (!file) return file.error();
      if (*file) (undo ? one.undo_sha256 : one.sha256) = (*file)->sha256;
    }
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace rollout::backend
