#include "runtime/journal/sqlite_db.h"

#include <cerrno>
#include <fstream>

#include <fmt/format.h>
#include <sqlite3.h>

namespace rollout::journal {

namespace {
constexpr int busy_timeout_ms = 5000;

// A journal that ended well begins with zeros (journal_mode=PERSIST), one that is to be played back with these.
constexpr std::string_view journal_magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);

bool has_hot_journal(const std::string& path) {
  std::ifstream in(path + "-journal", std::ios::binary);
  std::string head(journal_magic.size(), '\0');
  return in.read(head.data(), std::streamsize(head.size())) && head == journal_magic;
}

/// Why the last read or write failed: SQLite calls all of it an I/O error.
bool may_not_write(sqlite3* handle) {
  int error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  return error == EROFS || error == EPERM || error == EACCES;
}

}  // namespace

void SqliteQuery::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void SqliteDb::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

SqliteQuery::SqliteQuery(SqliteDb& db, const char* sql) : db_(db) {
  sqlite3_stmt* statement = nullptr;
  prepared_ = sqlite3_prepare_v2(db.handle(), sql, -1, &statement, nullptr);
  statement_.reset(statement);
}

SqliteQuery& SqliteQuery::bind(std::string_view text) {
  ++bound_;
  if (prepared_ == SQLITE_OK)
    sqlite3_bind_text64(statement_.get(), bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  return *this;
}

SqliteQuery& SqliteQuery::bind(int64_t number) {
  ++bound_;
  if (prepared_ == SQLITE_OK) sqlite3_bind_int64(statement_.get(), bound_, number);
  return *this;
}

Result<bool> SqliteQuery::step() {
  if (prepared_ != SQLITE_OK) return db_.error(prepared_);
  int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return db_.error(code);
}

Status SqliteQuery::run() {
  Result<bool> row = step();
  if (!row) return row.error();
  return Done{};
}

std::string SqliteQuery::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), size_t(size));
}

int64_t SqliteQuery::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool SqliteQuery::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<std::unique_ptr<SqliteDb>> SqliteDb::open(const std::string& path) {
  bool unclean = has_hot_journal(path);  // before SQLite plays it back
  sqlite3* handle = nullptr;
  int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  std::unique_ptr<SqliteDb> db(new SqliteDb(path, handle));
  db->unclean_ = unclean;
  if (code != SQLITE_OK) return db->error(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return db;
}

Status SqliteDb::exec(const char* sql) {
  int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return Done{};
}

OpError SqliteDb::error(int code) const {
  const char* what = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {fmt::format("the disk is full: writing {} failed ({}); free some space", path_, what),
              true};
    case SQLITE_IOERR:
      if (may_not_write(handle_.get()))
        return {fmt::format("{} can no longer be written, its file system or file has become read-only ({}); make it "
                            "writable again", path_, what), true};
      return {fmt::format("reading or writing {} failed ({}); check the disk", path_, what), true};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {fmt::format("{} is held by another process for more than {} s ({})", path_,
                          busy_timeout_ms / 1000, what),
              true};
    case SQLITE_NOTADB:
      return {
          fmt::format("{} is not a rollout state file; give another state directory or restore it",
                      path_),
          false, true};
    case SQLITE_CORRUPT:
      return {
          fmt::format("{} is damaged ({}); restore it from a backup, it will not be started afresh",
                      path_, what)};
    case SQLITE_CANTOPEN:
      return {
          fmt::format("{} cannot be opened ({}); check that the directory exists and is writable",
                      path_, what)};
    case SQLITE_READONLY:
      return {
          fmt::format("{} cannot be written ({}); check its owner and permissions", path_, what)};
    default: return {fmt::format("the state file {} answered: {}", path_, what)};
  }
}

Result<SqliteTransaction> SqliteTransaction::begin(SqliteDb& db) {
  Status begun = db.exec("BEGIN IMMEDIATE");
  if (!begun) return begun.error();
  return SqliteTransaction(db);
}

SqliteTransaction::~SqliteTransaction() {
  // A failed statement may have ended the transaction already; then there is nothing to undo.
  if (db_ != nullptr && sqlite3_get_autocommit(db_->handle()) == 0) (void)db_->exec("ROLLBACK");
}

Status SqliteTransaction::commit() {
  Status committed = db_->exec("COMMIT");
  if (committed) db_ = nullptr;
  return committed;
}

}  // namespace rollout::journal
