#include "runtime/journal/sqlite_db.h"

#include <cerrno>
#include <fstream>

#include <fmt/format.h>
#include <sqlite3.h>

namespace rollout::journal {

namespace {
constexpr int busy_timeout_ms = 5000;
constexpr size_t max_statements = 64;  // kept; the store has about forty
constexpr int copy_pause_ms = 50, most_copy_looks = 100;

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

/// Ready for its next use; it keeps no lock and nothing of the caller's.
struct Reset {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

void bind(sqlite3_stmt* statement, int index, const JournalDb::Parameter& parameter) {
  if (const int64_t* number = std::get_if<int64_t>(&parameter)) {
    sqlite3_bind_int64(statement, index, *number);
  } else {
    std::string_view text = std::get<std::string_view>(parameter);
    sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
}

JournalDb::Row row_of(sqlite3_stmt* statement) {
  JournalDb::Row row;
  for (int column = 0; column < sqlite3_column_count(statement); ++column) {
    const void* bytes = sqlite3_column_blob(statement, column);
    size_t size = size_t(sqlite3_column_bytes(statement, column));
    row.emplace_back(static_cast<const char*>(bytes), bytes ? size : 0);
  }
  return row;
}

}  // namespace

void SqliteDb::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

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

void SqliteDb::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

/// To compile a statement takes longer than most of them take.
Result<sqlite3_stmt*> SqliteDb::prepared(const char* sql) {
  if (auto found = statements_.find(std::string_view(sql)); found != statements_.end()) return found->second.get();
  sqlite3_stmt* statement = nullptr;
  if (int code = sqlite3_prepare_v2(handle_.get(), sql, -1, &statement, nullptr); code != SQLITE_OK) return error(code);
  if (statements_.size() >= max_statements) statements_.clear();
  return statements_.emplace(sql, Statement(statement)).first->second.get();
}

Result<std::vector<JournalDb::Row>> SqliteDb::run(const char* sql, const std::vector<Parameter>& parameters) {
  Result<sqlite3_stmt*> found = prepared(sql);
  if (!found) return found.error();
  std::unique_ptr<sqlite3_stmt, Reset> statement(*found);
  for (size_t i = 0; i < parameters.size(); ++i) bind(statement.get(), int(i) + 1, parameters[i]);
  std::vector<Row> rows;
  int code = sqlite3_step(statement.get());
  for (; code == SQLITE_ROW; code = sqlite3_step(statement.get())) rows.push_back(row_of(statement.get()));
  if (code != SQLITE_DONE) return error(code);
  return rows;
}

Status SqliteDb::begin(Access access) { return exec(access == Access::Write ? "BEGIN IMMEDIATE" : "BEGIN"); }

Status SqliteDb::commit() { return exec("COMMIT"); }

void SqliteDb::roll_back() {
  // A failed statement may have ended the transaction already; then there is nothing to undo.
  if (sqlite3_get_autocommit(handle_.get()) == 0) (void)exec("ROLLBACK");
}

Status SqliteDb::exec(const char* sql) {
  int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return Done{};
}

Status SqliteDb::copy_to(const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> copy = open(path);
  if (!copy) return copy.error();
  sqlite3* to = (*copy)->handle_.get();
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", handle_.get(), "main");
  if (!backup) return (*copy)->error(sqlite3_errcode(to));
  int code = sqlite3_backup_step(backup, -1);
  for (int look = 0; (code == SQLITE_BUSY || code == SQLITE_LOCKED) && look < most_copy_looks; ++look) {
    sqlite3_sleep(copy_pause_ms);
    code = sqlite3_backup_step(backup, -1);
  }
  int finished = sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE && finished == SQLITE_OK) return Done{};
  return (*copy)->error(code == SQLITE_DONE ? finished : code);
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

}  // namespace rollout::journal
