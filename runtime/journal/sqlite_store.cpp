#include "runtime/journal/sqlite_store.h"

#include "runtime/journal/sqlite_db.h"
#include "runtime/journal/sqlite_schema.h"

namespace rollout::journal {

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> db = SqliteDb::open(path);
  if (!db) return db.error();
  if (Status ready = prepare_schema(**db); !ready) return ready.error();
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*db)));
}

}  // namespace rollout::journal
