// A connection to SQLite with prepared statements, for SqliteStore only. Errors become sentences; a full disk, an
// I/O error and a busy file are retryable.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "compiler/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rollout::journal {

class SqliteDb;

/// One prepared statement: bind in order, then step. Reset when it goes out of scope.
class SqliteQuery {
 public:
  SqliteQuery(SqliteDb& db, const char* sql);
  SqliteQuery& bind(std::string_view text);
  SqliteQuery& bind(int64_t number);
  /// True: a row is there. False: no more rows.
  Result<bool> step();
  /// For statements that give no rows.
  Status run();
  std::string text(int column) const;
  int64_t number(int column) const;
  bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  SqliteDb& db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int prepared_;
  int bound_ = 0;
};

class SqliteDb {
 public:
  static Result<std::unique_ptr<SqliteDb>> open(const std::string& path);

  Status exec(const char* sql);
  OpError error(int code) const;
  sqlite3* handle() const { return handle_.get(); }
  const std::string& path() const { return path_; }
  /// Whether somebody was stopped in the middle of writing (or writes just now): a journal waits to be played back.
  bool was_unclean() const { return unclean_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  SqliteDb(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
  bool unclean_ = false;
};

/// A write transaction: rolled back unless committed.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> begin(SqliteDb& db);
  SqliteTransaction(SqliteTransaction&& other) noexcept : db_(other.db_) { other.db_ = nullptr; }
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  Status commit();

 private:
  explicit SqliteTransaction(SqliteDb& db) : db_(&db) {}
  SqliteDb* db_;
};

}  // namespace rollout::journal
