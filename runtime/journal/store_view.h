// StoreView: a store as somebody sees it who adds something to it: what goes wrong in a simulation, or a stop watch.
// The classes that are made from it say what; everything else goes through. The store outlives the view.
#pragma once

#include "runtime/journal/store.h"

namespace rollout::journal {

class StoreView : public Store {
 public:
  explicit StoreView(Store& store) : store_(store) {}

  Result<RunInfo> create(const NewRun& run) override { return store_.create(run); }
  Result<Appended> append(std::string_view run, int64_t known, const std::vector<Event>& events,
                          std::string_view snapshot = {}) override {
    return store_.append(run, known, events, snapshot);
  }
  Result<std::vector<Event>> read(std::string_view run) override { return store_.read(run); }
  Result<Recent> read_on(std::string_view run) override { return store_.read_on(run); }
  Result<Chain> chain(std::string_view run) override { return store_.chain(run); }
  Result<Chain> chain_end(std::string_view run) override { return store_.chain_end(run); }
  Result<std::string> plan_bytes(std::string_view run) override { return store_.plan_bytes(run); }
  Result<std::vector<RunInfo>> list() override { return store_.list(); }
  Result<int64_t> request(std::string_view run, const Request& request) override {
    return store_.request(run, request);
  }
  Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) override {
    return store_.requests(run, after_id);
  }
  Result<std::vector<HeldLock>> locks() override { return store_.locks(); }
  Claims* claims() override { return store_.claims(); }
  effects::Waker* listen(std::string_view run) override { return store_.listen(run); }
  Result<int64_t> next_generation(std::string_view service) override { return store_.next_generation(service); }
  Result<std::string> begin(const PromotionBegun& begun, int64_t wall_ns) override {
    return store_.begin(begun, wall_ns);
  }
  Result<Appended> append_to(std::string_view promotion, int64_t known,
                                      const PromotionEvent& event) override {
    return store_.append_to(promotion, known, event);
  }
  Result<std::vector<PromotionEvent>> read_promotion(std::string_view promotion) override {
    return store_.read_promotion(promotion);
  }
  Result<std::vector<PromotionInfo>> promotions() override { return store_.promotions(); }

 protected:
  Store& store_;
};

}  // namespace rollout::journal
