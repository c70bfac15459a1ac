// A state file as those see it who change nothing: nobody has to be able to write it, and one of an older format stays
// as it is and is read through a copy of today's format in memory. For SqliteStore. Always true: each look shows what
// was committed when it began.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/journal/sqlite_db.h"

namespace rollout::journal {

class SqliteLook : public JournalDb {
 public:
  /// `file`: as it was opened. Refused as by prepare_schema.
  static Result<std::unique_ptr<SqliteLook>> open(std::unique_ptr<SqliteDb> file);

  Result<std::vector<Row>> run(const char* sql, const std::vector<Parameter>& parameters) override;
  Status begin(Access access) override;
  Status commit() override;
  void roll_back() override;
  Status exclude(std::string_view) override { return Done{}; }

  /// The file itself, in the format that it has.
  SqliteDb& file() { return *file_; }

 private:
  explicit SqliteLook(std::unique_ptr<SqliteDb> file) : file_(std::move(file)) {}
  Status look_anew();
  Status check_still() const;
  SqliteDb& seen() { return copy_ ? *copy_ : *file_; }

  std::unique_ptr<SqliteDb> file_;
  std::unique_ptr<SqliteDb> copy_;  ///< null: the file has the format of today
  std::string version_;             ///< of what `file_` shows, as SQLite counts; empty: nothing was read yet
  std::string stamp_;               ///< of a file that is read as nobody changes it, when it was opened
  bool within_ = false;             ///< a transaction
};

}  // namespace rollout::journal
