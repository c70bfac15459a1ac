// MemoryView: a store in memory as one simulated process sees it; several look at the same one. What a process may not
// do, or what goes wrong, is said by the classes that are made from it.
#pragma once

#include "runtime/journal/memory_store.h"

namespace rollout::sim {

class MemoryView : public journal::Store {
 public:
  explicit MemoryView(journal::MemoryStore& memory) : memory_(memory) {}

  Result<journal::RunInfo> create(const journal::NewRun& run) override { return memory_.create(run); }
  Result<journal::Appended> append(std::string_view run, int64_t known,
                                   const std::vector<journal::Event>& events) override {
    return memory_.append(run, known, events);
  }
  Result<std::vector<journal::Event>> read(std::string_view run) override { return memory_.read(run); }
  Result<std::string> plan_bytes(std::string_view run) override { return memory_.plan_bytes(run); }
  Result<std::vector<journal::RunInfo>> list() override { return memory_.list(); }
  Result<int64_t> request(std::string_view run, const journal::Request& request) override {
    return memory_.request(run, request);
  }
  Result<std::vector<journal::Request>> requests(std::string_view run, int64_t after_id) override {
    return memory_.requests(run, after_id);
  }
  Result<std::vector<journal::HeldLock>> locks() override { return memory_.locks(); }
  Result<int64_t> next_generation(std::string_view service) override { return memory_.next_generation(service); }
  Result<std::string> begin(const journal::PromotionBegun& begun, int64_t wall_ns) override {
    return memory_.begin(begun, wall_ns);
  }
  Result<journal::Appended> append_to(std::string_view promotion, int64_t known,
                                      const journal::PromotionEvent& event) override {
    return memory_.append_to(promotion, known, event);
  }
  Result<std::vector<journal::PromotionEvent>> read_promotion(std::string_view promotion) override {
    return memory_.read_promotion(promotion);
  }
  Result<std::vector<journal::PromotionInfo>> promotions() override { return memory_.promotions(); }

 protected:
  journal::MemoryStore& memory_;
};

}  // namespace rollout::sim
