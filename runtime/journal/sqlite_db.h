// The connection of SqliteStore to its file, whose commits go to a write-ahead log with one sync each. Errors become
// sentences; a full disk, an I/O error and a busy file are retryable. Always true: whoever writes, or brings the log
// into the file, has the turn of StateLock, so no two connections of ours ever do so at once; the last one that closes
// the file leaves no log behind.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/effects/state_lock.h"
#include "runtime/journal/journal_db.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rollout::journal {

class SqliteDb : public JournalDb {
 public:
  /// Whoever may not write where the file lies opens it for reading.
  static Result<std::unique_ptr<SqliteDb>> open(const std::string& path);
  /// Without a lock, for SqliteLook: a file that nobody has open is read as it is now, and never as it is later.
  static Result<std::unique_ptr<SqliteDb>> open_to_read(const std::string& path);
  /// An empty database that ends with its connection; what it says of itself is said of `path`.
  static Result<std::unique_ptr<SqliteDb>> in_memory(const std::string& path);
  ~SqliteDb() override;

  Result<std::vector<Row>> run(const char* sql, const std::vector<Parameter>& parameters) override;
  Status begin(Access access) override;
  Status commit() override;
  void roll_back() override;
  /// Nothing to do: only one at a time writes at all.
  Status exclude(std::string_view) override { return Done{}; }

  Status exec(const char* sql);
  /// What is committed now, page by page, into a new file without a log; others may write meanwhile, and wait as long.
  Status copy_to(const std::string& path);
  Status copy_into(SqliteDb& empty);
  const std::string& path() const { return path_; }
  bool may_write() const { return lock_ != nullptr; }
  /// Read as nobody changes it: what is written from now on is not seen.
  bool is_still() const { return still_; }

  /// For sqlite_schema alone, in this order. The file is known to be ours: from now on it has a log.
  Status use_log();
  /// Its tables are there: others may come in. Refused as by check_log.
  Status go_on();
  /// Of a format that knows logs: refused when the file was not closed and its log is gone.
  Status check_log();
  /// Instead of go_on, for who will not write: others may come in.
  Status let_others_in();
  /// Whether a rollback journal, which older versions wrote, was to be played back.
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
  static Result<std::unique_ptr<SqliteDb>> connect(const std::string& path, int flags);
  OpError error(int code) const;
  Result<sqlite3_stmt*> prepared(const char* sql);
  Status take_turn();
  void end_turn();
  bool check_point();
  Result<bool> is_closed();
  bool leave();

  std::string path_;
  std::unique_ptr<effects::StateLock> lock_;  ///< null: this process can only read
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, Statement, std::less<>> statements_;  ///< by their text; ended before the connection
  effects::OwnProcess process_;
  bool unclean_ = false;
  bool still_ = false;
  bool first_ = false;   ///< nobody else had the file open
  bool had_log_ = false;
  bool ready_ = false;   ///< its tables are there
  bool marked_ = false;  ///< the file says that it is not closed
  bool turn_ = false;
  int frames_ = 0;       ///< of the log, after the last commit
  int due_ = 0;          ///< so many of them are brought into the file
};

}  // namespace rollout::journal
