#include "runtime/journal/sqlite_schema.h"

#include <filesystem>
#include <iterator>

#include <fmt/format.h>

#include "runtime/effects/sync.h"

namespace rollout::journal {

namespace {

namespace fs = std::filesystem;

constexpr int most_copies = 100;  // of one format

constexpr const char* tables = R"sql(
CREATE TABLE plans (hash TEXT PRIMARY KEY, bytes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT UNIQUE, rollout TEXT NOT NULL, plan_hash TEXT NOT NULL UNIQUE,
  created_wall_ns INTEGER NOT NULL, events INTEGER NOT NULL DEFAULT 0, head_hash TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '');
CREATE TABLE generations (
  service TEXT NOT NULL, generation INTEGER NOT NULL, run TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (service, generation)) WITHOUT ROWID;
CREATE TABLE events (
  run TEXT NOT NULL, seq INTEGER NOT NULL, line TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, ask TEXT NOT NULL, by TEXT NOT NULL,
  reason TEXT NOT NULL, wall_ns INTEGER NOT NULL, step INTEGER NOT NULL DEFAULT -1, holder TEXT NOT NULL DEFAULT '');
CREATE INDEX requests_of_run ON requests (run, id);
CREATE TABLE promotions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, promotion TEXT NOT NULL, file TEXT NOT NULL,
  created_wall_ns INTEGER NOT NULL, events INTEGER NOT NULL DEFAULT 0, head_hash TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '', open_run TEXT NOT NULL DEFAULT '');
CREATE TABLE locks (name TEXT PRIMARY KEY, run TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE prunes (seq INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, line TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE snapshots (run TEXT PRIMARY KEY, events INTEGER NOT NULL, state TEXT NOT NULL, binding TEXT NOT NULL);
CREATE TABLE file (closed INTEGER NOT NULL);
INSERT INTO file (closed) VALUES (1);
)sql";

/// From format 1, in which only an abort could be asked for.
constexpr const char* to_format_2 = R"sql(
ALTER TABLE requests ADD COLUMN step INTEGER NOT NULL DEFAULT -1;
ALTER TABLE requests ADD COLUMN holder TEXT NOT NULL DEFAULT '';
PRAGMA user_version=2;
)sql";

/// From format 2, in which only runs had a record, and none held a lock. Events and requests of a promotion stand
/// beside those of runs.
constexpr const char* to_format_3 = R"sql(
CREATE TABLE promotions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, promotion TEXT NOT NULL, file TEXT NOT NULL,
  created_wall_ns INTEGER NOT NULL, events INTEGER NOT NULL DEFAULT 0, head_hash TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '', open_run TEXT NOT NULL DEFAULT '');
CREATE TABLE locks (name TEXT PRIMARY KEY, run TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version=3;
)sql";

/// From format 3, which had a rollback journal, so that a file without a log had everything, and every run its events.
constexpr const char* to_format_4 = R"sql(
CREATE TABLE IF NOT EXISTS prunes (
  seq INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, line TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE file (closed INTEGER NOT NULL);
INSERT INTO file (closed) VALUES (1);
PRAGMA user_version=4;
)sql";

/// From format 4, whose journals were read whole.
constexpr const char* to_format_5 = R"sql(
CREATE TABLE IF NOT EXISTS snapshots (
  run TEXT PRIMARY KEY, events INTEGER NOT NULL, state TEXT NOT NULL, binding TEXT NOT NULL);
PRAGMA user_version=5;
)sql";

Result<int64_t> pragma(SqliteDb& db, const char* sql) {
  Result<std::vector<JournalDb::Row>> rows = db.run(sql, {});
  if (!rows) return rows.error();
  return rows->empty() ? 0 : number(rows->front()[0]);
}

Status check_identity(const SqliteDb& db, int64_t id, int64_t version) {
  if (id != application_id)
    return OpError{fmt::format("the state file {} belongs to another program; use --project with another folder",
                               db.path()),
                   false, true};
  if (version > file_version)
    return OpError{fmt::format("the state file {} was written by a newer rollout (format {}, this one "
                               "reads {}); use that version",
                               db.path(), version, file_version),
                   false, true};
  return Done{};
}

/// A trigger or a view would act within our statements. We make none.
Status check_no_code(SqliteDb& db) {
  constexpr const char* sql = "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view') LIMIT 1";
  Result<std::vector<JournalDb::Row>> rows = db.run(sql, {});
  if (!rows) return rows.error();
  if (rows->empty()) return Done{};
  return OpError{fmt::format("the state file {} holds a {} that is not ours, `{}`; nothing was done: find out who made "
                             "it, then drop it or restore the file from a backup",
                             db.path(), rows->front()[0], rows->front()[1]),
                 false, true};
}

/// What an older version can read, as it could: whoever changes the state takes that from it. Replaces nothing.
Status keep_copy(SqliteDb& db, int64_t format) {
  const std::string name = fmt::format("{}.format-{}", db.path(), format), part = name + ".part";
  std::error_code failed;
  fs::remove(part, failed);
  if (Status copied = db.copy_to(part); !copied) return copied;
  if (Status synced = effects::sync_path(part); !synced) return synced;
  fs::create_hard_link(part, name, failed);
  for (int more = 2; failed == std::errc::file_exists && more < most_copies; ++more)
    fs::create_hard_link(part, fmt::format("{}-{}", name, more), failed);
  if (failed)
    return OpError{fmt::format("the state file as it is cannot be kept as {}: {}", name, failed.message())};
  fs::remove(part, failed);
  return effects::sync_path(fs::path(name).parent_path().string());
}

/// Two processes may come here at once; the second one finds it done.
Status bring_up_to_date(SqliteDb& db) {
  Result<Transaction> transaction = Transaction::begin(db, JournalDb::Access::Write);
  if (!transaction) return transaction.error();
  Result<int64_t> version = pragma(db, "PRAGMA user_version");
  if (!version) return version.error();
  if (Status current = make_current(db, *version); !current) return current;
  return transaction->commit();
}

Status quick_check(SqliteDb& db) {
  Result<std::vector<JournalDb::Row>> rows = db.run("PRAGMA quick_check(1)", {});
  if (!rows) return rows.error();
  std::string found = rows->empty() ? "" : rows->front()[0];
  if (found == "ok") return Done{};
  return OpError{fmt::format(
      "the state file {} is damaged ({}); restore it from a backup, it will not be started afresh", db.path(), found)};
}

/// Two processes may come here at once; the second one finds the first one's tables.
Status make_tables(SqliteDb& db) {
  Result<Transaction> transaction = Transaction::begin(db, JournalDb::Access::Write);
  if (!transaction) return transaction.error();
  Result<int64_t> now = pragma(db, "PRAGMA user_version");
  if (!now) return now.error();
  if (*now == file_version) return transaction->commit();
  Result<int64_t> foreign = pragma(db, "SELECT count(*) FROM sqlite_schema");
  if (!foreign) return foreign.error();
  if (*foreign != 0) return check_identity(db, 0, 0);
  if (Status made = make_current(db, 0); !made) return made;
  return transaction->commit();
}

}  // namespace

Status make_current(SqliteDb& db, int64_t format) {
  if (format == 0) {
    std::string mark = fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", application_id, file_version);
    Status made = db.exec(tables);
    return made ? db.exec(mark.c_str()) : made;
  }
  const char* ways[] = {to_format_2, to_format_3, to_format_4, to_format_5};
  static_assert(std::size(ways) == file_version - 1);
  for (; format < file_version; ++format)
    if (Status done = db.exec(ways[format - 1]); !done) return done;
  return Done{};
}

Result<int64_t> format_of(SqliteDb& db) {
  for (const char* sql :
       {"PRAGMA trusted_schema=OFF", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON"})
    if (Status done = db.exec(sql); !done) return done.error();
  Result<int64_t> version = pragma(db, "PRAGMA user_version");
  if (!version) return version;
  Result<int64_t> id = pragma(db, "PRAGMA application_id");
  if (!id) return id;
  if (*id == 0 && *version == 0) {
    Result<int64_t> foreign = pragma(db, "SELECT count(*) FROM sqlite_schema");
    if (!foreign) return foreign;
    if (*foreign == 0) return 0;
  }
  if (Status known = check_identity(db, *id, *version); !known) return known.error();
  if (Status pure = check_no_code(db); !pure) return pure.error();
  return version;
}

Status prepare_schema(SqliteDb& db) {
  Result<int64_t> format = format_of(db);
  if (!format) return format.error();
  const bool is_new = *format == 0, is_older = !is_new && *format < file_version;
  if (is_older && db.may_write())
    if (Status kept = keep_copy(db, *format); !kept) return kept;
  if (Status log = db.use_log(); !log) return log;
  // Reading all of a file at every start would cost more with every run in it. What a log brings back is checked frame
  // by frame; a truncated file is found by its header, a changed event by its run's chain, a broken page when it is
  // read.
  if (!is_new && db.was_unclean())
    if (Status whole = quick_check(db); !whole) return whole;
  Status ready = is_new ? make_tables(db) : is_older ? bring_up_to_date(db) : Status(Done{});
  return ready ? db.go_on() : ready;
}

}  // namespace rollout::journal
