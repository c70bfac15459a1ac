#include "runtime/journal/sqlite_db.h"

#include <cerrno>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "runtime/effects/size_limit.h"
#include "runtime/journal/sqlite_log.h"
#include "runtime/journal/sqlite_schema.h"

namespace rollout::journal {

namespace {
constexpr int busy_timeout_ms = 5000;
constexpr size_t max_statements = 64;  // kept; the store has about forty
constexpr int copy_pause_ms = 50, most_copy_looks = 100;
constexpr int frames_at_most = 1000;  // of 4 KiB, before they are brought into the file: a crash leaves them to be read
constexpr const char* longest_log = "PRAGMA journal_size_limit=67108864";  // one that somebody read for long grows

// A journal that ended well begins with zeros (journal_mode=PERSIST), one that is to be played back with these.
constexpr std::string_view journal_magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);

bool has_hot_journal(const std::string& path) {
  std::ifstream in(path + "-journal", std::ios::binary);
  std::string head(journal_magic.size(), '\0');
  return in.read(head.data(), std::streamsize(head.size())) && head == journal_magic;
}

std::string folder_of(const std::string& path) {
  size_t folder = path.rfind('/');
  return folder == std::string::npos ? "." : path.substr(0, folder + 1);
}

template <typename Rows>
Status done(const Result<Rows>& rows) {
  if (!rows) return rows.error();
  return Done{};
}

/// The index of the log is a file, too, and what it lacks room for is called an I/O error.
bool is_full(sqlite3* handle, int code) {
  int error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  return code == SQLITE_IOERR_SHMSIZE || error == ENOSPC || error == EDQUOT;
}

/// SQLite often forgets why a write into its log failed.
bool is_limited(sqlite3* handle, const std::string& path) {
  int error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  return error == EFBIG || (error == 0 && (effects::at_size_limit(path) || effects::at_size_limit(path + "-wal")));
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
    row.push_back(std::string(static_cast<const char*>(bytes), bytes ? size : 0));
  }
  return row;
}

}  // namespace

void SqliteDb::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Result<std::unique_ptr<SqliteDb>> SqliteDb::connect(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<SqliteDb> db(new SqliteDb(path, handle));
  if (code != SQLITE_OK) return db->error(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return db;
}

Result<std::unique_ptr<SqliteDb>> SqliteDb::open(const std::string& path) {
  if (std::optional<std::string_view> network = effects::network_file_system(folder_of(path)))
    return OpError{fmt::format("{} lies on a network file system ({}), on which several machines could write to it at "
                               "once; keep the state on a local disk, or on a server: --state postgresql://HOST",
                               path, *network),
                   false, true};
  Result<std::unique_ptr<effects::StateLock>> lock = effects::StateLock::open(path + "-lock");
  if (!lock) return lock.error();
  if (!*lock) return open_to_read(path);
  Result<bool> first = (*lock)->be_alone();
  if (!first) return first.error();
  if (!*first)
    if (Status in = (*lock)->let_in(); !in) return in.error();
  // SQLite would take what is left of it, and write its index anew.
  if (std::optional<LostFrames> lost = *first ? lost_frames(path) : std::nullopt)
    return OpError{fmt::format("{0}-wal has {1} of the {2} pages that were in it, so what was recorded last is "
                               "missing; put that file back whole, or restore a backup",
                               path, lost->there, lost->were),
                   false, true};
  // Before SQLite plays either of them back.
  const bool unclean = has_hot_journal(path), had_log = has_log(path);
  Result<std::unique_ptr<SqliteDb>> db = connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!db) return db;
  (*db)->lock_ = std::move(*lock);
  (*db)->first_ = *first;
  (*db)->unclean_ = unclean;
  (*db)->had_log_ = had_log;
  return db;
}

/// Where nobody may write, the index of a log cannot be made: without a log the file is read alone, and one is read
/// with the index that others have made. A file that never had a log is locked while it is read.
Result<std::unique_ptr<SqliteDb>> SqliteDb::open_to_read(const std::string& path) {
  if (has_log(path)) {
    Result<std::unique_ptr<SqliteDb>> db = connect(path, SQLITE_OPEN_READONLY);
    if (db) (*db)->had_log_ = true;
    return db;
  }
  std::string uri = "file:";
  for (char c : path) uri += c == '?' || c == '#' || c == '%' ? fmt::format("%{:02x}", c) : std::string(1, c);
  Result<std::unique_ptr<SqliteDb>> db = connect(uri + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  if (!db) return db;
  (*db)->path_ = path, (*db)->still_ = true;
  Result<std::vector<Row>> format = (*db)->run("PRAGMA user_version", {});
  const bool had_none = format && number(first_row(*format)[0]) < first_format_with_log;
  return had_none ? connect(path, SQLITE_OPEN_READONLY) : std::move(db);
}

Result<std::unique_ptr<SqliteDb>> SqliteDb::in_memory(const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> db = connect(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (db) (*db)->path_ = path;
  return db;
}

SqliteDb::~SqliteDb() {
  if (!process_.is_this()) {
    // Forked with the file open: it is the parent's, whose locks and log must stay as they are.
    for (auto& [sql, statement] : statements_) (void)statement.release();
    (void)handle_.release();
    return;
  }
  if (!lock_) return;
  roll_back();
  const bool mine = bool(lock_->take_turn());
  if (!(mine && leave())) sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  statements_.clear();
  handle_.reset();
  if (mine) lock_->end_turn();
}

/// Whether this was the last one, and the file is whole without its log.
bool SqliteDb::leave() {
  if (!ready_) return false;
  Result<bool> alone = lock_->be_alone();
  if (!alone || !*alone || !check_point()) return false;
  Result<bool> closed = is_closed();
  if (!closed) return false;
  // A commit of one page, behind everything else: a file that says it has all that was in the log.
  return *closed || run("UPDATE file SET closed = 1", {});
}

Status SqliteDb::use_log() {
  if (!may_write()) return Done{};
  Result<std::vector<Row>> mode = run("PRAGMA journal_mode=WAL", {});
  if (!mode) return mode.error();
  if (mode->empty() || mode->front()[0] != "wal")
    return OpError{fmt::format("{} cannot have a write-ahead log; keep the state on a local disk", path_), false, true};
  sqlite3_wal_hook(
      handle_.get(),
      [](void* db, sqlite3*, const char*, int frames) {
        static_cast<SqliteDb*>(db)->frames_ = frames;
        return SQLITE_OK;
      },
      this);
  due_ = frames_at_most;
  return exec(longest_log);
}

Status SqliteDb::go_on() {
  if (Status whole = check_log(); !whole) return whole;
  ready_ = may_write();
  return let_others_in();
}

Status SqliteDb::let_others_in() { return first_ ? lock_->let_in() : Status(Done{}); }

/// Whoever is not the first finds what the first one has found. Who may not write does not know whether he is.
Status SqliteDb::check_log() {
  Result<bool> closed = is_closed();
  if (!closed) return closed.error();
  if (*closed || had_log_ || (may_write() && !first_)) return Done{};
  if (!may_write() && has_log(path_))
    return OpError{fmt::format("{} was opened by another process just now; look again", path_), true};
  return OpError{fmt::format("{0} was not closed, and {0}-wal, which has what was recorded last, is not beside it or "
                             "not whole; put that file back, or restore a backup (where another program has closed "
                             "the file properly, say so: sqlite3 {0} 'UPDATE file SET closed = 1')",
                             path_),
                 false, true};
}

Result<bool> SqliteDb::is_closed() {
  Result<std::vector<Row>> rows = run("SELECT closed FROM file", {});
  if (!rows) return rows.error();
  return !rows->empty() && rows->front()[0] == "1";
}

/// Brings the log into the file, as far as nobody reads what is older; then the log is written from its start again.
bool SqliteDb::check_point() {
  int frames = 0, brought = 0;
  int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, &brought);
  return code == SQLITE_OK && frames == brought;
}

/// The first turn that writes says in the file itself, and not only in the log, that it is not closed: a copy of the
/// file alone is known by it.
Status SqliteDb::take_turn() {
  if (!process_.is_this()) return OpError{fmt::format("{} was opened by the process that this one comes from", path_)};
  if (!may_write())
    return OpError{fmt::format("{} cannot be written here; check its owner and permissions", path_)};
  if (Status turn = lock_->take_turn(); !turn) return turn;
  turn_ = true;
  if (marked_ || !ready_) return Done{};
  Result<bool> closed = is_closed();
  Result<std::vector<Row>> marked = std::vector<Row>();
  if (closed && *closed) marked = run("UPDATE file SET closed = 0", {});
  if (closed && marked) marked_ = check_point();  // not yet while somebody reads what is older: then the next one does
  else end_turn();
  return !closed ? Status(closed.error()) : !marked ? Status(marked.error()) : Status(Done{});
}

void SqliteDb::end_turn() {
  if (std::exchange(turn_, false)) lock_->end_turn();
}

void SqliteDb::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

/// To compile a statement takes longer than most of them take.
Result<sqlite3_stmt*> SqliteDb::prepared(const char* sql) {
  if (!process_.is_this()) return OpError{fmt::format("{} was opened by the process that this one comes from", path_)};
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

Status SqliteDb::begin(Access access) {
  if (access == Access::Read) return done(run("BEGIN", {}));
  if (Status turn = take_turn(); !turn) return turn;
  Status begun = done(run("BEGIN IMMEDIATE", {}));
  if (!begun) end_turn();
  return begun;
}

Status SqliteDb::commit() {
  Status committed = done(run("COMMIT", {}));
  if (!committed || !turn_) return committed;
  if (frames_ < due_ - frames_at_most) due_ = frames_at_most;  // it was begun from its start
  if (frames_ >= due_) due_ = check_point() ? frames_at_most : frames_ + frames_at_most;
  end_turn();
  return committed;
}

void SqliteDb::roll_back() {
  // A failed statement may have ended the transaction already; then there is nothing to undo.
  if (sqlite3_get_autocommit(handle_.get()) == 0) (void)run("ROLLBACK", {});
  end_turn();
}

Status SqliteDb::exec(const char* sql) {
  int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return Done{};
}

Status SqliteDb::copy_to(const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> copy = connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!copy) return copy.error();
  if (Status copied = copy_into(**copy); !copied) return copied;
  // One file that has everything.
  if (Status alone = (*copy)->exec("PRAGMA journal_mode=DELETE"); !alone) return alone;
  Result<std::vector<Row>> says = (*copy)->run("SELECT name FROM sqlite_schema WHERE name = 'file'", {});
  if (!says) return says.error();
  return says->empty() ? Status(Done{}) : (*copy)->exec("UPDATE file SET closed = 1");
}

Status SqliteDb::copy_into(SqliteDb& empty) {
  sqlite3* to = empty.handle_.get();
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", handle_.get(), "main");
  if (!backup) return empty.error(sqlite3_errcode(to));
  int code = sqlite3_backup_step(backup, -1);
  for (int look = 0; (code == SQLITE_BUSY || code == SQLITE_LOCKED) && look < most_copy_looks; ++look) {
    sqlite3_sleep(copy_pause_ms);
    code = sqlite3_backup_step(backup, -1);
  }
  int finished = sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE || finished != SQLITE_OK) return empty.error(code == SQLITE_DONE ? finished : code);
  return Done{};
}

OpError SqliteDb::error(int code) const {
  const char* what = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {fmt::format("the disk is full: writing {} failed ({}); free some space", path_, what),
              true};
    case SQLITE_IOERR:
      if (is_limited(handle_.get(), path_))
        return {fmt::format("{} may not grow: the limit of file sizes is reached ({}); raise it: `prlimit --fsize`, or "
                            "`ulimit -f` in front of the command", path_, what), true};
      if (is_full(handle_.get(), code))
        return {fmt::format("the disk is full: writing {} failed ({}); free some space", path_, what), true};
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
