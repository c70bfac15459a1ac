// The connection of PostgresqlStore to its server, opened again when it was lost. Always true: only a primary that
// writes durably is used; when the answer to a commit is lost, the server is asked what became of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/effects/sql.h"
#include "runtime/journal/journal_db.h"

namespace rollout::journal {

inline constexpr int64_t connect_within_ns = 5'000'000'000;
inline constexpr int64_t statement_within_ns = 20'000'000'000;  ///< with a wait for who writes the same run
inline constexpr int max_commit_looks = 50;  ///< of 100 ms each, at a transaction whose commit was not answered

class PostgresqlDb : public JournalDb, public effects::Waker {
 public:
  /// The state stands in the schema `rollout` of the server's database.
  PostgresqlDb(std::unique_ptr<effects::Sql> sql, effects::SqlServer server)
      : sql_(std::move(sql)), server_(std::move(server)) {}

  Result<std::vector<Row>> run(const char* sql, const std::vector<Parameter>& parameters) override;
  Status begin(Access access) override;
  Status commit() override;
  void roll_back() override;
  Status exclude(std::string_view name) override;
  std::string_view given_ids() const override { return "OVERRIDING SYSTEM VALUE "; }
  bool numbers_in_a_row() const override { return false; }
  Status go_on_behind_ids(std::string_view table) override;

  /// From now on there is news when somebody notifies `channel`, also on a connection that is opened again.
  void listen(std::string_view channel);
  int fd() override { return session_ ? session_->socket() : -1; }
  bool take() override;

  /// For people: `database rollout at db.example.com:5432`.
  std::string where() const;

 private:
  Status connect();
  Status ask_what_it_is();
  Status start_listening(const std::string& channel);
  Status look_after_commit(const OpError& lost);

  std::unique_ptr<effects::Sql> sql_;
  effects::SqlServer server_;
  std::vector<std::string> channels_;
  std::unique_ptr<effects::SqlSession> session_;  ///< null: there is none, or it was lost
  bool in_transaction_ = false;
  std::string transaction_;  ///< its number on the server, once something was excluded in it
};

}  // namespace rollout::journal
