#include "runtime/journal/sqlite_store.h"

#include <fmt/format.h>

#include "runtime/journal/sqlite_db.h"
#include "runtime/journal/sqlite_schema.h"

namespace rollout::journal {

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> db = SqliteDb::open(path);
  if (!db) return db.error();
  if (Status ready = prepare_schema(**db); !ready) return ready.error();
  size_t folder = path.rfind('/');
  std::string locks = (folder == std::string::npos ? "." : path.substr(0, folder)) + "/locks";
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*db), std::move(locks)));
}

Status SqliteStore::back_up(const std::string& path) { return static_cast<SqliteDb&>(*db_).copy_to(path); }

Status SqliteStore::check_whole() {
  Result<std::vector<JournalDb::Row>> rows = db_->run("PRAGMA integrity_check(1)", {});
  if (!rows) return rows.error();
  std::string found = rows->empty() ? "it says nothing" : rows->front().at(0);
  if (found == "ok") return Done{};
  return OpError{fmt::format("{} is damaged ({})", static_cast<SqliteDb&>(*db_).path(), found)};
}

}  // namespace rollout::journal
