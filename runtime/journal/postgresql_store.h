// The store in a PostgreSQL database, for many processes on many machines. Its tables stand in the schema `rollout`
// and are made when it is opened first. A schema of a newer rollout is refused.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/effects/sql.h"
#include "runtime/journal/postgresql_claims.h"
#include "runtime/journal/sql_store.h"

namespace rollout::journal {

/// `postgresql://USER@HOST:PORT/DATABASE`, or `postgres://…`. A password in it is refused: it would be seen in lists of
/// processes; PGPASSWORD and ~/.pgpass are read.
Result<effects::SqlServer> postgresql_server(std::string_view url);

class PostgresqlStore : public SqlStore {
 public:
  static Result<std::unique_ptr<PostgresqlStore>> open(std::unique_ptr<effects::Sql> sql, effects::SqlServer server);

  Claims* claims() override { return &claims_; }
  /// Asked for every half second while a run is driven, and so what keeps its claims.
  Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) override;

 private:
  explicit PostgresqlStore(std::unique_ptr<PostgresqlDb> db)
      : SqlStore(std::move(db)), claims_(static_cast<PostgresqlDb&>(*db_)) {}
  Status may_write(std::string_view run) override { return claims_.check(run); }

  PostgresqlClaims claims_;
};

}  // namespace rollout::journal
