// The store in one SQLite file, for one machine: `state/rollout.db`, with a write-ahead log and full syncing. Several
// processes may use it at once. A file of another program or of a newer rollout, on a network file system, or without
// the log that it was left with is refused, a damaged one is never started afresh.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/journal/file_claims.h"
#include "runtime/journal/sql_store.h"

namespace rollout::journal {

class SqliteDb;
class SqliteLook;

/// Of what nobody drives, only what has not ended waits for somebody.
class SqliteClaims : public FileClaims {
 public:
  /// `db` outlives the claims.
  SqliteClaims(JournalDb& db, std::string directory) : FileClaims(std::move(directory)), db_(db) {}
  Result<std::vector<std::string>> waiting() override;

 private:
  Result<bool> waits(const std::string& name, const std::vector<std::string>& left);

  JournalDb& db_;
};

class SqliteStore : public SqlStore {
 public:
  /// Whether the state of an older format, as it is, may be brought up to date.
  using MayConvert = std::function<Status(SqliteStore& older, int64_t format)>;
  /// Opens `path`, or makes it; its directory must exist, and `locks` in it says who drives what.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& path, const MayConvert& may = {});
  /// For who changes nothing: a file of an older format stays as it is, and so does one without tables.
  static Result<std::unique_ptr<SqliteStore>> look(const std::string& path);
  ~SqliteStore() override { claims_.give_back(); }

  Claims* claims() override { return &claims_; }
  Status back_up(const std::string& path) override;
  /// Reads all of the file, which was copied or moved.
  Status check_whole();

 protected:
  SqliteStore(std::unique_ptr<JournalDb> db, std::string locks)
      : SqlStore(std::move(db)), claims_(*db_, std::move(locks)) {}

 private:
  static Result<std::unique_ptr<SqliteStore>> looking(std::unique_ptr<SqliteDb> file);
  SqliteDb& file();

  SqliteLook* look_ = nullptr;  ///< `db_`, if it only looks

  SqliteClaims claims_;
};

/// Whether the file says of itself that it is one of ours, which an empty one does not. It may be damaged still.
bool is_state_file(const std::string& path);

/// The folder of the locks of a state file.
std::string locks_of(const std::string& path);

}  // namespace rollout::journal
