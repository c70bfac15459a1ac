// JournalDb: what a store needs of a database that speaks SQL: statements and transactions, written once for all of
// them. For SqlStore. Always true: what is committed is durable; a transaction that ends without a commit changed
// nothing; of two that exclude the same name, the second one sees what the first one committed.
#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::journal {

inline constexpr size_t rows_at_once = 5000;  ///< of a statement that could give more, which has a LIMIT
/// Of what is read piece by piece: a server that always has more is not asked for ever.
inline constexpr size_t max_pieces = 400;
inline constexpr size_t max_read_bytes = size_t{1} << 30;  ///< of all lines of a run

/// Where the last of them was not the last. `what`: `requests of r7`.
inline OpError endless(std::string_view what) {
  return settled_error("the state lists " + std::string(what) +
                       " without end: no rollout wrote that; restore a backup, or name another state");
}

/// NULL reads as an empty text, and so does a column that a server leaves out.
class JournalRow {
 public:
  JournalRow() = default;
  JournalRow(std::initializer_list<std::string> columns) : columns_(columns) {}
  void push_back(std::string column) { columns_.push_back(std::move(column)); }
  size_t size() const { return columns_.size(); }
  const std::string& operator[](size_t column) const;
  /// The column, which the row no longer has then.
  std::string take(size_t column) { return column < size() ? std::move(columns_[column]) : std::string(); }
  bool operator==(const JournalRow&) const = default;

 private:
  std::vector<std::string> columns_;
};

inline const std::string& JournalRow::operator[](size_t column) const {
  static const std::string none;
  return column < size() ? columns_[column] : none;
}

/// Of a statement that always gives a row; where a server gives none, one without columns.
inline const JournalRow& first_row(const std::vector<JournalRow>& rows) {
  static const JournalRow none;
  return rows.empty() ? none : rows.front();
}

class JournalDb {
 public:
  using Parameter = std::variant<int64_t, std::string_view>;
  using Row = JournalRow;
  enum class Access { Read, Write };

  virtual ~JournalDb() = default;
  /// One statement with `$1`, `$2` …, whose first uses stand in this order.
  virtual Result<std::vector<Row>> run(const char* sql, const std::vector<Parameter>& parameters) = 0;
  virtual Status begin(Access access) = 0;
  /// An error may be one of not knowing: the connection broke and the database could not be asked what became of it.
  virtual Status commit() = 0;
  virtual void roll_back() = 0;
  /// Within a transaction: until it ends, nobody else excludes the same name.
  virtual Status exclude(std::string_view name) = 0;

  /// For rows that come from another database with their numbers: what stands in front of VALUES, and that the next
  /// number of the table is behind them.
  virtual std::string_view given_ids() const { return {}; }
  /// Whether the numbers that a table gives its rows have no gaps, whatever was taken back or crashed.
  virtual bool numbers_in_a_row() const { return true; }
  virtual Status go_on_behind_ids(std::string_view /*table*/) { return Done{}; }
};

/// What a column of numbers gives; 0 for NULL.
inline int64_t number(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Taken back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(JournalDb& db, JournalDb::Access access) {
    if (Status begun = db.begin(access); !begun) return begun.error();
    return Transaction(db);
  }
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (db_) db_->roll_back();
  }
  Status commit() {
    Status committed = db_->commit();
    if (committed) db_ = nullptr;
    return committed;
  }

 private:
  explicit Transaction(JournalDb& db) : db_(&db) {}
  JournalDb* db_;
};

}  // namespace rollout::journal
