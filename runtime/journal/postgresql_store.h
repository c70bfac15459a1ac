// The store in a PostgreSQL database, for many processes on many machines. Its tables stand in the schema `rollout`
// and are made when it is opened first. A schema of a newer rollout is refused.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/effects/sql.h"
#include "runtime/journal/postgresql_claims.h"
#include "runtime/journal/sql_store.h"

namespace rollout::journal {

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

  ~PostgresqlStore() override { claims_.give_back(); }

  Claims* claims() override { return &claims_; }
  effects::Waker* listen(std::string_view run) override;
  /// Asked for from time to time while a run is driven, and so what keeps its claims. Refused when one of them was
  /// lost.
  Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) override;

 private:
  PostgresqlStore(std::unique_ptr<PostgresqlDb> db, int64_t claim_lasts_s)
      : SqlStore(std::move(db)), claims_(connection(), claim_lasts_s) {}
  PostgresqlDb& connection() { return static_cast<PostgresqlDb&>(*db_); }
  Status may_write(std::string_view run) override { return claims_.check(run); }
  Status may_promote(std::string_view promotion, int64_t claim) override {
    return claims_.check_promotion(promotion, claim ? claim : claims_.token());
  }
  Status announce(std::string_view mailbox) override;

  PostgresqlClaims claims_;
};

}  // namespace rollout::journal
