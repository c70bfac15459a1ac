// The state on PostgreSQL for a process that drives many runs: a few connections for all of them, and one that listens.
// Always true: a claim is sure for as long after it was confirmed as in a process that has only one, whoever asked.
#pragma once

#include <map>
#include <set>

#include "runtime/effects/turns.h"
#include "runtime/journal/connection_pool.h"
#include "runtime/journal/crew_state.h"
#include "runtime/journal/postgresql_store.h"

namespace rollout::journal {

/// Beside the one that listens.
inline constexpr size_t crew_connections = 3;

class CrewClaims;
class CrewStore;

class PostgresqlCrew : public CrewState {
 public:
  static Result<std::unique_ptr<PostgresqlCrew>> open(effects::Turns& turns, const PostgresqlAddress& address);

  Result<std::unique_ptr<SqlStore>> store() override;
  Status tend() override;
  int64_t tend_ns() const override;
  effects::Waker* waker() override { return &ears_; }
  std::optional<size_t> claimed() const override;
  Result<std::vector<std::string>> waiting() override { return PostgresqlClaims(ears_, claim_s_).waiting(); }
  void wake_all() override;

 private:
  friend class CrewClaims;
  friend class CrewStore;
  PostgresqlCrew(effects::Turns& turns, const PostgresqlAddress& address);
  Status renew_all();
  Status look_for_requests();

  effects::Turns& turns_;
  int64_t claim_s_;
  PostgresqlDb ears_;
  ConnectionPool pool_;
  std::set<CrewClaims*> claims_;
  std::set<CrewStore*> stores_;
  int64_t last_request_ = -1;  ///< that everybody was told of; negative: none was looked for
};

}  // namespace rollout::journal
