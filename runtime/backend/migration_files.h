// The files of migrations: `V13__add_currency.sql` and, beside it, `U13__add_currency.sql`, which takes it back. For
// backends that run them. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/planner.h"
#include "runtime/effects/files.h"

namespace rollout::backend {

inline constexpr size_t max_migration_bytes = size_t{1} << 20;
inline constexpr size_t max_migrations = 10'000;  ///< in one directory

struct MigrationFile {
  std::string path;
  std::string text;
  std::string sha256;
};

/// The file of the migration, or of its undo; nothing when there is none.
Result<std::optional<MigrationFile>> read_migration(effects::Files& files, const std::string& directory,
                                                    const std::string& migration, bool undo);

/// All migrations of a directory, with the hashes of their files. Other files are left alone.
Result<std::vector<plan::ObservedMigration>> list_migrations(effects::Files& files, const std::string& directory);

}  // namespace rollout::backend
