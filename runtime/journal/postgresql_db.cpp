#include "runtime/journal/postgresql_db.h"

#include <fmt/format.h>

namespace rollout::journal {

namespace {

/// Keeps our names apart from those that other programs lock in the same database.
constexpr int64_t lock_space = 0x524f4c4c4f5554;  // "ROLLOUT"

std::string text_of(const JournalDb::Parameter& parameter) {
  if (const int64_t* number = std::get_if<int64_t>(&parameter)) return fmt::format("{}", *number);
  return std::string(std::get<std::string_view>(parameter));
}

}  // namespace

std::string PostgresqlDb::where() const {
  return fmt::format("database {} at {}:{}", server_.database, server_.host, server_.port);
}

Status PostgresqlDb::connect() {
  Result<std::unique_ptr<effects::SqlSession>> session = sql_->connect(server_, connect_within_ns);
  if (!session) return session.error();
  session_ = std::move(*session);
  Status right = ask_what_it_is();
  for (const std::string& channel : channels_)
    if (right) right = start_listening(channel);
  if (!right) session_.reset();
  return right;
}

/// The names are our own: of runs, and words.
Status PostgresqlDb::start_listening(const std::string& channel) {
  Result<std::vector<effects::SqlRow>> done =
      session_->run(fmt::format("LISTEN \"{}\"", channel), {}, connect_within_ns);
  return done ? Status(Done{}) : Status(done.error());
}

/// Where it fails, requests are looked for from time to time all the same.
void PostgresqlDb::listen(std::string_view channel) {
  const std::string& added = channels_.emplace_back(channel);
  if (session_) (void)start_listening(added);
}

bool PostgresqlDb::take() {
  if (!session_) return false;
  Result<bool> notified = session_->was_notified();
  // It is opened again when something is asked.
  if (!notified) session_.reset();
  return notified && *notified;
}

/// A standby answers with what was; a server that does not sync forgets what it acknowledged.
Status PostgresqlDb::ask_what_it_is() {
  Result<std::vector<effects::SqlRow>> rows = session_->run(
      "SELECT pg_is_in_recovery()::text, current_setting('fsync'), set_config('synchronous_commit', 'on', false), "
      "set_config('search_path', 'rollout', false), set_config('idle_in_transaction_session_timeout', '30s', false)",
      {}, connect_within_ns);
  if (!rows) return rows.error();
  constexpr size_t asked = 5;
  if (rows->size() != 1 || rows->front().size() != asked)
    return settled_error(fmt::format("what answers as {} is no PostgreSQL server: it does not say what it is; correct "
                                     "the address of the state",
                                     where()));
  const effects::SqlRow& row = rows->front();
  if (row[0] == "true") return OpError{fmt::format("{} is a standby; the state is kept by the primary", where()), true};
  if (row[1] != "on")
    return settled_error(fmt::format("{} runs with fsync = {}: it may forget what it has acknowledged; turn it on",
                                     where(), row[1].value_or("?")));
  return Done{};
}

Result<std::vector<JournalDb::Row>> PostgresqlDb::run(const char* sql, const std::vector<Parameter>& parameters) {
  if (!session_) {
    if (in_transaction_) return OpError{fmt::format("the connection to {} was lost", where()), true};
    if (Status connected = connect(); !connected) return connected.error();
  }
  std::vector<std::string> texts;
  for (const Parameter& parameter : parameters) texts.push_back(text_of(parameter));
  Result<std::vector<effects::SqlRow>> rows = session_->run(sql, texts, statement_within_ns);
  if (!rows) {
    if (rows.error().retryable) session_.reset();
    return rows.error();
  }
  std::vector<Row> out;
  for (effects::SqlRow& row : *rows) {
    Row& texts_of_row = out.emplace_back();
    for (std::optional<std::string>& column : row) texts_of_row.push_back(std::move(column).value_or(""));
  }
  return out;
}

Status PostgresqlDb::begin(Access access) {
  // Writers of the same run wait for each other in exclude(), and each statement behind it sees what was committed.
  const char* begin = access == Access::Write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  Result<std::vector<Row>> begun = run(begin, {});
  // A connection that broke while nobody looked is found here, before anything was asked of it.
  if (!begun && begun.error().retryable) begun = run(begin, {});
  if (!begun) return begun.error();
  in_transaction_ = true;
  return Done{};
}

Status PostgresqlDb::exclude(std::string_view name) {
  Result<std::vector<Row>> rows =
      run("SELECT txid_current()::text, pg_advisory_xact_lock(hashtextextended($1, $2))", {name, lock_space});
  if (!rows) return rows.error();
  transaction_ = first_row(*rows)[0];
  return Done{};
}

/// `table` is one of our own names.
Status PostgresqlDb::go_on_behind_ids(std::string_view table) {
  std::string set = fmt::format(
      "SELECT setval(pg_get_serial_sequence('rollout.{0}', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) FROM {0}",
      table);
  Result<std::vector<Row>> done = run(set.c_str(), {});
  return done ? Status(Done{}) : Status(done.error());
}

Status PostgresqlDb::commit() {
  Result<std::vector<Row>> done = run("COMMIT", {});
  in_transaction_ = false;
  std::string transaction = std::exchange(transaction_, {});
  if (done) return Done{};
  if (!done.error().retryable || transaction.empty()) return done.error();
  transaction_ = std::move(transaction);
  Status looked = look_after_commit(done.error());
  transaction_.clear();
  return looked;
}

/// The answer to the commit was lost; whether it happened is on the server's record.
Status PostgresqlDb::look_after_commit(const OpError& lost) {
  for (int look = 0; look < max_commit_looks; ++look) {
    Result<std::vector<Row>> rows =
        run("SELECT txid_status($1::bigint), "
            "pg_sleep(CASE txid_status($1::bigint) WHEN 'in progress' THEN 0.1 ELSE 0 END)",
            {transaction_});
    if (!rows && !rows.error().retryable) break;
    if (!rows) continue;
    const std::string& status = first_row(*rows)[0];
    if (status == "committed") return Done{};
    if (status == "aborted") return OpError{fmt::format("{}; what was to be recorded was not", lost.message), true};
    if (status != "in progress") break;
  }
  return OpError{fmt::format("{}; whether it was recorded could not be found out", lost.message), true};
}

void PostgresqlDb::roll_back() {
  if (session_ && in_transaction_ && !run("ROLLBACK", {})) session_.reset();
  in_transaction_ = false;
  transaction_.clear();
}

}  // namespace rollout::journal
