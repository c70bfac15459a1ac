// The store in one SQLite file, for one machine: `state/rollout.db`. Several processes may use it at once: a
// rollback journal with full syncing, not a write-ahead log, whose reset is unsafe with several writers in
// SQLite 3.40. A file of another program or of a newer rollout is refused, a damaged one is never started afresh.
#pragma once

#include <memory>

#include "runtime/journal/store.h"

namespace rollout::journal {

class SqliteDb;

class SqliteStore : public Store {
 public:
  /// Opens `path`, or makes it; its directory must exist.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& path);
  ~SqliteStore() override;

  Result<RunInfo> create(const NewRun& run) override;
  Result<Appended> append(std::string_view run, int64_t known, const std::vector<Event>& events) override;
  Result<std::vector<Event>> read(std::string_view run) override;
  Result<std::string> plan_bytes(std::string_view run) override;
  Result<std::vector<RunInfo>> list() override;
  Result<int64_t> request(std::string_view run, const Request& request) override;
  Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) override;
  Result<std::vector<HeldLock>> locks() override;
  Result<int64_t> next_generation(std::string_view service) override;
  Result<std::string> begin(const PromotionBegun& begun, int64_t wall_ns) override;
  Result<Appended> append_to(std::string_view promotion, int64_t known, const PromotionEvent& event) override;
  Result<std::vector<PromotionEvent>> read_promotion(std::string_view promotion) override;
  Result<std::vector<PromotionInfo>> promotions() override;

 private:
  struct Head {
    std::string plan_hash;
    int64_t events = 0;
    std::string hash;
    std::string outcome;
  };
  explicit SqliteStore(std::unique_ptr<SqliteDb> db);
  Result<Head> head(std::string_view run);
  Status write_events(std::string_view run, Head head, const std::vector<Event>& events);
  struct PromotionHead {
    int64_t events = 0;
    std::string hash, outcome, open_run;
  };
  Result<PromotionHead> promotion_head(std::string_view name);
  Status write_promotion(std::string_view name, PromotionHead head, const PromotionEvent& event);
  Status enter(const StageOf& stage, const RunInfo& run);
  Result<int64_t> write_request(std::string_view run, const Request& request);
  Result<int64_t> ask_run(std::string_view run, const Request& request);
  Result<int64_t> ask_promotion(std::string_view name, const Request& request);
  Status write_locks(std::string_view run, const std::vector<Event>& events);
  Result<bool> same_events(std::string_view run, int64_t first, const std::vector<Event>& events);
  Result<std::vector<Generation>> take_generations(const NewRun& run, std::string_view id);

  std::unique_ptr<SqliteDb> db_;
};

}  // namespace rollout::journal
