// The connection of SqliteStore to its file. Errors become sentences; a full disk, an I/O error and a busy file are
// retryable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/journal/journal_db.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rollout::journal {

class SqliteDb : public JournalDb {
 public:
  static Result<std::unique_ptr<SqliteDb>> open(const std::string& path);

  Result<std::vector<Row>> run(const char* sql, const std::vector<Parameter>& parameters) override;
  Status begin(Access access) override;
  Status commit() override;
  void roll_back() override;
  /// Nothing to do: only one at a time writes at all.
  Status exclude(std::string_view) override { return Done{}; }

  Status exec(const char* sql);
  /// What is committed now, page by page, into a new file; others may write meanwhile, and wait as long.
  Status copy_to(const std::string& path);
  const std::string& path() const { return path_; }
  /// Whether somebody was stopped in the middle of writing (or writes just now): a journal waits to be played back.
  bool was_unclean() const { return unclean_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  SqliteDb(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  OpError error(int code) const;
  Result<sqlite3_stmt*> prepared(const char* sql);

  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, Statement, std::less<>> statements_;  ///< by their text; ended before the connection
  bool unclean_ = false;
};

}  // namespace rollout::journal
