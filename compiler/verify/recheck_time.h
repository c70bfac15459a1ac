// Private to recheck: how long things take, counted without the code of the proofs: the chains of services that wait
// for each other on the way back, and all steps one after another.
#pragma once

#include <vector>

#include "compiler/verify/recheck_brief.h"

namespace rollout::verify {

/// The way back: the longest chain of services, each built upon the one before.
struct Chain {
  int64_t worst = 0, once = 0;
  int64_t lock = 0;  ///< until every lock of it is taken again
  bool acts = false;
};

/// Counts chains; what it needs by service is made once.
class Chains {
 public:
  explicit Chains(const Brief& brief) : brief_(brief), services_(brief.plan.services.size()) {}
  /// Of the steps [first, end). `running`: the worst so far, by step of the plan; null: nobody asks.
  Chain of(uint32_t first, uint32_t end, uint32_t scope, std::vector<int64_t>* running);

 private:
  struct Service {
    uint32_t begins = plan::none;
    int64_t worst = 0, once = 0;
    int64_t below = 0;  ///< in front of its first step
  };
  struct Ends {
    int64_t worst = 0, once = 0;
  };
  const Brief& brief_;
  std::vector<Service> services_;
  std::vector<uint32_t> touched_;
  std::vector<Ends> ends_;  ///< chains that end in front of each step
};

int64_t give_up(const plan::Plan& plan, uint32_t scope, const Chain& chain);

/// When a step begins and ends on the fastest way and at worst.
struct Walk {
  int64_t best_begin = 0, best_end = 0, begin = 0, end = 0;
};
struct Walked {
  std::vector<Walk> steps;
  int64_t last_begin = 0;  ///< of all steps, at worst
  int64_t over = 0;        ///< all of it, and what goes back beside
};
/// `answered`: people answer at once.
Walked walk(const Brief& brief, bool answered);

}  // namespace rollout::verify
