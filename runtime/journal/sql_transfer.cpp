// Bringing a whole state from one database to another, row by row: both have the same tables.
#include <fmt/format.h>

#include "runtime/journal/sqlite_store.h"

namespace rollout::journal {

namespace {

using Access = JournalDb::Access;
using Rows = std::vector<JournalDb::Row>;

constexpr size_t page_rows = 100;  ///< a plan may be long
constexpr int64_t max_carried_rows = 10'000'000;  ///< of one table: a server that always has more is not followed

struct Table {
  std::string_view name;
  std::vector<std::string_view> columns;  ///< the key first
  std::string_view key;                   ///< of each column of the key `n`, a number, or `t`, a text
};

const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      {"plans", {"hash", "bytes"}, "t"},
      {"runs", {"id", "run", "rollout", "plan_hash", "created_wall_ns", "events", "head_hash", "outcome"}, "n"},
      {"generations", {"service", "generation", "run", "place"}, "tn"},
      {"events", {"run", "seq", "line", "hash"}, "tn"},
      {"requests", {"id", "run", "ask", "by", "reason", "wall_ns", "step", "holder"}, "n"},
      {"promotions",
       {"id", "name", "promotion", "file", "created_wall_ns", "events", "head_hash", "outcome", "open_run"},
       "n"},
      {"locks", {"name", "run"}, "t"},
      {"prunes", {"seq", "run", "line", "hash"}, "n"}};
  return all;
}

std::string listed(const std::vector<std::string_view>& names, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += fmt::format("{}{}", i > 0 ? ", " : "", names[i]);
  return out;
}

/// The rows behind the last one of `before`, in the order of the key.
Result<Rows> next_page(JournalDb& from, const Table& table, const Rows& before) {
  std::vector<JournalDb::Parameter> last;
  for (size_t i = 0; i < table.key.size(); ++i) {
    if (table.key[i] == 'n') last.emplace_back(before.empty() ? int64_t(-1) : number(before.back()[i]));
    else last.emplace_back(before.empty() ? std::string_view("") : std::string_view(before.back()[i]));
  }
  std::string behind = table.key.size() == 1 ? "$1" : "($1, $2)";
  std::string key = listed(table.columns, table.key.size());
  std::string sql = fmt::format("SELECT {} FROM {} WHERE {} > {} ORDER BY {} LIMIT {}",
                                listed(table.columns, table.columns.size()), table.name,
                                table.key.size() == 1 ? key : "(" + key + ")", behind, key, page_rows);
  return from.run(sql.c_str(), last);
}

Status write_page(JournalDb& to, const Table& table, const Rows& rows) {
  std::vector<JournalDb::Parameter> values;
  std::string groups;
  for (const JournalDb::Row& row : rows) {
    groups += groups.empty() ? "(" : ", (";
    for (size_t i = 0; i < row.size(); ++i) {
      values.emplace_back(std::string_view(row[i]));
      groups += fmt::format("{}${}", i > 0 ? ", " : "", values.size());
    }
    groups += ")";
  }
  bool numbered = table.columns.front() == "id";
  std::string sql =
      fmt::format("INSERT INTO {} ({}) {}VALUES {}", table.name, listed(table.columns, table.columns.size()),
                  numbered ? to.given_ids() : std::string_view(), groups);
  Result<Rows> done = to.run(sql.c_str(), values);
  return done ? Status(Done{}) : Status(done.error());
}

Result<int64_t> carry(JournalDb& from, JournalDb& to, const Table& table) {
  int64_t count = 0;
  for (Rows page;;) {
    Result<Rows> next = next_page(from, table, page);
    if (!next) return next.error();
    page = std::move(*next);
    if (!page.empty())
      if (Status written = write_page(to, table, page); !written) return written.error();
    count += int64_t(page.size());
    if (page.size() < page_rows) break;
    if (count >= max_carried_rows)
      return settled_error(fmt::format("the state has more than {} rows of {}; prune it before it is copied (rollout "
                                       "prune)", max_carried_rows, table.name));
  }
  if (table.columns.front() == "id")
    if (Status behind = to.go_on_behind_ids(table.name); !behind) return behind.error();
  return count;
}

}  // namespace

Status SqlStore::back_up(const std::string& path) {
  Result<std::unique_ptr<SqliteStore>> copy = SqliteStore::open(path);
  if (!copy) return copy.error();
  Result<Carried> carried = carry_to(**copy);
  return carried ? Status(Done{}) : Status(carried.error());
}

Result<Carried> SqlStore::carry_to(SqlStore& other) {
  Result<Transaction> reading = Transaction::begin(*db_, Access::Read);
  if (!reading) return reading.error();
  Result<Transaction> writing = other.write("runs");
  if (!writing) return writing.error();
  Result<Rows> there = other.db_->run("SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM promotions)", {});
  if (!there) return there.error();
  if (int64_t count = number(first_row(*there)[0]); count > 0)
    return OpError{fmt::format("the state has {} runs and promotions already, and none of them is replaced; name an "
                               "empty one, or move that one away", count), false, true};
  Carried carried;
  for (const Table& table : tables()) {
    Result<int64_t> rows = carry(*db_, *other.db_, table);
    if (!rows) return rows.error();
    if (table.name == "runs") carried.runs = *rows;
    if (table.name == "promotions") carried.promotions = *rows;
    if (table.name == "events") carried.events = *rows;
  }
  if (Status done = writing->commit(); !done) return done.error();
  return carried;
}

}  // namespace rollout::journal
