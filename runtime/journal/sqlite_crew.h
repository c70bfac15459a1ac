// The state in one SQLite file for a process that drives many runs: one connection for all of them. Who drives what is
// said by locks that the kernel keeps, so there is nothing to renew, and each run looks for requests by itself.
#pragma once

#include <set>

#include "runtime/effects/turns.h"
#include "runtime/journal/connection_pool.h"
#include "runtime/journal/crew_state.h"

namespace rollout::journal {

class SqliteCrewStore;

class SqliteCrew : public CrewState {
 public:
  static Result<std::unique_ptr<SqliteCrew>> open(effects::Turns& turns, const std::string& path);

  Result<std::unique_ptr<SqlStore>> store() override;
  Status tend() override { return Done{}; }
  int64_t tend_ns() const override { return 1'000'000'000; }
  Result<std::vector<std::string>> waiting() override;
  void wake_all() override;

 private:
  friend class SqliteCrewStore;
  SqliteCrew(effects::Turns& turns, std::string locks, std::unique_ptr<JournalDb> db);

  effects::Turns& turns_;
  std::string locks_;
  std::unique_ptr<JournalDb> db_;  ///< until the pool has it
  ConnectionPool pool_;
  std::set<SqliteCrewStore*> stores_;
};

}  // namespace rollout::journal
