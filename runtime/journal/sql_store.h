// The store over a database that speaks SQL. For SqliteStore and PostgresqlStore, which open one and make its tables;
// everything that is read and written stands here once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/journal/journal_db.h"
#include "runtime/journal/prune.h"
#include "runtime/journal/store.h"

namespace rollout::journal {

/// What one store has brought to another.
struct Carried {
  int64_t runs = 0, promotions = 0, events = 0;
};

class SqlStore : public Store {
 public:
  /// Everything as it is at one moment, into a store without runs: all or nothing, every record bit for bit. Who drives
  /// what is not carried over.
  Result<Carried> carry_to(SqlStore& other);
  /// The same into a new SQLite file.
  virtual Status back_up(const std::string& path);
  /// Removes the events, the plan and the requests of a run that succeeded or has gone back, for good. Its row and its
  /// generations stay. Refused when the run is not as `what` says. Nobody waits longer than for a short transaction;
  /// what a stop in between has left is removed by finish_prunes.
  Status prune(const Pruned& what);
  Status finish_prunes();
  /// In the order in which they were pruned. Does not check the chain: chain(prune_chain) is for those who do.
  Result<std::vector<Pruned>> pruned();
  Result<std::optional<Pruned>> find_pruned(std::string_view run);
  /// About how many bytes prune() would remove.
  Result<int64_t> weight(std::string_view run);
  Result<RunInfo> create(const NewRun& run) override;
  Result<Appended> append(std::string_view run, int64_t known, const std::vector<Event>& events,
                          std::string_view snapshot = {}) override;
  Result<std::vector<Event>> read(std::string_view run) override;
  Result<Recent> read_on(std::string_view run) override;
  Result<Chain> chain(std::string_view run) override;
  Result<Chain> chain_end(std::string_view run) override;
  Result<std::string> plan_bytes(std::string_view run) override;
  Result<std::vector<RunInfo>> list() override;
  Result<std::optional<RunInfo>> info(std::string_view run) override;
  Result<int64_t> request(std::string_view run, const Request& request) override;
  Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) override;
  Result<std::vector<HeldLock>> locks() override;
  Result<int64_t> next_generation(std::string_view service) override;
  Result<std::string> begin(const PromotionBegun& begun, int64_t wall_ns) override;
  Result<Appended> append_to(std::string_view promotion, int64_t known, const PromotionEvent& event) override;
  Result<std::vector<PromotionEvent>> read_promotion(std::string_view promotion) override;
  Result<std::vector<PromotionInfo>> promotions() override;

 protected:
  explicit SqlStore(std::unique_ptr<JournalDb> db) : db_(std::move(db)) {}
  /// Within the transaction that writes events of `run`.
  virtual Status may_write(std::string_view /*run*/) { return Done{}; }
  /// The same for a promotion. `claim`: that of its driver; 0: the one of this store.
  virtual Status may_promote(std::string_view /*promotion*/, int64_t /*claim*/) { return Done{}; }
  /// Within the transaction that leaves a request in a mailbox.
  virtual Status announce(std::string_view /*mailbox*/) { return Done{}; }

  std::unique_ptr<JournalDb> db_;

 private:
  struct Head {
    std::string plan_hash;
    int64_t events = 0;
    std::string hash;
    std::string outcome;
  };
  struct PromotionHead {
    int64_t events = 0;
    std::string hash, outcome, open_run;
  };
  Result<Transaction> write(std::string_view name);
  Result<int64_t> insert_numbered(const char* table, const char* columns, const char* values,
                                  const std::vector<JournalDb::Parameter>& parameters);
  Result<Head> head(std::string_view run);
  Result<Head> write_events(std::string_view run, Head head, const std::vector<Event>& events);
  Status write_snapshot(std::string_view run, const Head& head, std::string_view text);
  Status write_locks(std::string_view run, const std::vector<Event>& events);
  Result<std::vector<Kept>> lines(std::string_view run, int64_t from);
  Result<Chain> end_of(std::string_view name);
  Result<std::vector<Event>> checked(std::string_view run, const Head& now, int64_t first, std::string hash);
  Result<std::optional<Recent>> read_behind_snapshot(std::string_view run, const Head& now);  // sql_snapshot.cpp
  Result<bool> same_events(std::string_view run, int64_t first, const std::vector<Event>& events);
  Result<bool> is_aborted(std::string_view name);
  Result<bool> is_held(const LockTaken& lock);
  Result<std::vector<Generation>> take_generations(const NewRun& run, std::string_view id);
  Result<std::map<std::string, std::vector<Generation>>> all_generations();
  Result<int64_t> write_request(std::string_view run, const Request& request);
  Result<int64_t> ask_run(std::string_view run, const Request& request);

  // sql_prune.cpp
  Result<std::vector<Kept>> prune_lines();
  Result<Chain> prunes(bool with_rows);
  OpError gone(std::string_view run, OpError otherwise);
  Status remove_events(std::string_view run);

  // sql_promotions.cpp
  Result<PromotionHead> promotion_head(std::string_view name);
  Status write_promotion(std::string_view name, PromotionHead head, const PromotionEvent& event);
  Status enter(const StageOf& stage, const RunInfo& run);
  Result<int64_t> ask_promotion(std::string_view name, const Request& request);
};

}  // namespace rollout::journal
