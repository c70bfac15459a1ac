// The store of simulations and tests: in memory, with the behaviour of the durable ones.
#pragma once

#include <map>

#include "runtime/journal/store.h"

namespace rollout::journal {

class MemoryStore : public Store {
 public:
  Result<RunInfo> create(const NewRun& run) override;
  Result<Appended> append(std::string_view run, int64_t known, const std::vector<Event>& events,
                          std::string_view snapshot = {}) override;
  Result<std::vector<Event>> read(std::string_view run) override;
  Result<Recent> read_on(std::string_view run) override;
  Result<Chain> chain(std::string_view run) override;
  Result<Chain> chain_end(std::string_view run) override;
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
  struct Row {
    RunInfo info;
    std::string plan_bytes;
    std::vector<Event> events;
    std::vector<Request> requests;
    std::optional<Snapshot> snapshot = {};
  };
  struct Promotion {
    PromotionInfo info;
    std::vector<PromotionEvent> events;
    std::vector<Request> requests;
    std::string open_run;  ///< of the stage that it stands in
  };
  Row* find(std::string_view run);
  Promotion* find_promotion(std::string_view name);
  Status enter(const StageOf& stage, const RunInfo& run, int64_t wall_ns);
  Result<int64_t> ask(Promotion& promotion, const Request& request);

  std::vector<Row> rows_;
  std::vector<Promotion> promotions_;
  std::map<std::string, int64_t, std::less<>> generations_;
  std::vector<HeldLock> locks_;
  std::vector<Request> line_requests_;
  int64_t last_request_ = 0;
};

}  // namespace rollout::journal
