// The claims of a state on PostgreSQL: a row for each service, with a number that only grows. For PostgresqlStore.
// Kept by the server's clock; an expired claim is its holder's until another process takes it.
#pragma once

#include "runtime/journal/claims.h"
#include "runtime/journal/postgresql_db.h"

namespace rollout::journal {

class PostgresqlClaims : public Claims {
 public:
  /// `db` outlives the claims.
  explicit PostgresqlClaims(PostgresqlDb& db) : db_(db) {}

  Status take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) override;
  Status name(std::string_view run) override;
  void give_back() override;
  Result<std::optional<Claimant>> claimant(std::string_view service) override;

  /// Puts the end of the claims off; asked often, it writes seldom.
  Status renew();
  /// Within the transaction that writes events of `run`: refused when another process has claimed one of its services.
  Status check(std::string_view run);

 private:
  Status take_one(std::string_view service, std::string_view holder, std::string_view run);

  PostgresqlDb& db_;
  int64_t token_ = 0;  ///< 0: nothing is claimed
};

}  // namespace rollout::journal
