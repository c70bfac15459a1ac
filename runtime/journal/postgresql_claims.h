// The claims of a state on PostgreSQL: a row for each service, with a number that only grows. For PostgresqlStore.
// Kept by the server's clock; an expired claim is its holder's until another process takes it, and while it names a
// run, that run waits for somebody to drive it.
#pragma once

#include "runtime/journal/claims.h"
#include "runtime/journal/journal_db.h"

namespace rollout::journal {

/// Told when a run is left to whoever waits for one.
inline constexpr std::string_view waiting_channel = "waiting";

class PostgresqlClaims : public Claims {
 public:
  /// `db` outlives the claims.
  PostgresqlClaims(JournalDb& db, int64_t lasts_s) : db_(db), lasts_s_(lasts_s) {}

  Status take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) override;
  Status name(std::string_view run) override;
  void give_back() override;
  Result<std::optional<effects::Holder>> claimant(std::string_view service) override;
  Status renew() override;
  int64_t token() const override { return token_; }
  int64_t sure_ns() const override { return lasts_s_ * 1'000'000'000 / 6; }
  bool shared() const override { return true; }
  void hand_over() override;
  Status offer(const std::vector<std::string>& services, std::string_view run) override;
  Result<std::vector<std::string>> waiting() override;

  /// Within the transaction that writes events of `run`: refused when another process has claimed one of its services.
  Status check(std::string_view run);
  /// The same for the record of a promotion, which was claimed by `token`.
  Status check_promotion(std::string_view name, int64_t token);

 protected:
  int64_t lasts_s() const { return lasts_s_; }
  const std::vector<std::string>& services() const { return services_; }

 private:
  Status take_one(std::string_view service, std::string_view holder, std::string_view run);
  Result<Transaction> begin_taking(std::string_view run);
  OpError lost(std::string_view service);
  std::string lasting() const;
  Result<std::vector<JournalDb::Row>> held(std::string_view service);

  JournalDb& db_;
  int64_t lasts_s_;
  int64_t token_ = 0;  ///< 0: nothing is claimed
  std::vector<std::string> services_;
};

}  // namespace rollout::journal
