// The store in a PostgreSQL database, for many processes on many machines. Its tables stand in the schema `rollout`
// and are made when it is opened first. A schema of a newer rollout is refused.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/effects/sql.h"
#include "runtime/journal/postgresql_claims.h"
#include "runtime/journal/postgresql_db.h"
#include "runtime/journal/sql_store.h"

namespace rollout::journal {

/// Told of each request, whatever mailbox it was left in.
inline constexpr std::string_view asked_channel = "asked";

/// A server, and how long a claim on it lasts.
struct PostgresqlAddress : effects::SqlServer {
  int64_t claim_s = journal::claim_s;
};

/// `postgresql://USER@HOST:PORT/DATABASE`, or `postgres://…`, and behind a `?` `sslmode=`, `sslrootcert=`, `sslcert=`
/// and `sslkey=` (files), `host=` (the folder of a unix socket) and `claim=` (seconds). A password in it is refused,
/// since lists of processes show it. libpq finds one by PGPASSFILE, PGSERVICE, PGPASSWORD or in ~/.pgpass.
Result<PostgresqlAddress> postgresql_server(std::string_view url);

class PostgresqlStore : public SqlStore {
 public:
  static Result<std::unique_ptr<PostgresqlStore>> open(std::unique_ptr<effects::Sql> sql, effects::SqlServer server,
                                                       int64_t claim_lasts_s = claim_s);

  ~PostgresqlStore() override { claims_->give_back(); }

  Claims* claims() override { return claims_.get(); }
  effects::Waker* listen(std::string_view run) override;
  /// Asked for from time to time while a run is driven, and so what keeps its claims. Refused when one of them was
  /// lost.
  Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) override;

 protected:
  /// `claims` are kept by `db`, or by another way to the same database. `hears`: null where nobody listens.
  PostgresqlStore(std::unique_ptr<JournalDb> db, std::unique_ptr<PostgresqlClaims> claims, PostgresqlDb* hears)
      : SqlStore(std::move(db)), hears_(hears), claims_(std::move(claims)) {}
  Status announce(std::string_view mailbox) override;

 private:
  Status may_write(std::string_view run) override { return claims_->check(run); }
  Status may_promote(std::string_view promotion, int64_t claim) override {
    return claims_->check_promotion(promotion, claim ? claim : claims_->token());
  }

  PostgresqlDb* hears_;
  std::unique_ptr<PostgresqlClaims> claims_;
};

/// Makes the tables, or brings them up to date.
Status prepare_postgresql(PostgresqlDb& db);

}  // namespace rollout::journal
