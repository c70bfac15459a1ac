// Private to compiler/verify: at which steps a watch is sure to look. A watch is sampled in the holds under it, and
// while people are asked, by one of them at a time; another branch takes it over now and then, and a sample with it.
// Always true: at the steps named here nothing else that could look, or act on what is watched, runs at the same time.
#pragma once

#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "compiler/plan/forward.h"

namespace rollout::verify {

class Looks {
 public:
  Looks(const plan::Plan& plan, const plan::Forward& forward);

  /// The holds and approvals at which the watch looks while its service may be exposed, in order.
  std::span<const uint32_t> under(uint32_t watch);
  /// Samples that the watch is sure to take there: none while people are asked, who may answer at once.
  double samples(uint32_t watch, uint32_t step) const;

 private:
  /// The first step that acts on a service, and until when it may be exposed.
  struct Acts {
    uint32_t first = plan::none, last = 0;
  };
  std::vector<uint32_t> steps_under(uint32_t first, uint32_t last, bool own) const;
  /// By watch: whether another one stands over more than its steps, so that two holds may take turns with that one.
  void find_nested();

  const plan::Plan& plan_;
  const plan::Forward& forward_;
  std::vector<Acts> acts_;    ///< by service
  std::vector<bool> nested_;  ///< by watch
  std::map<std::tuple<uint32_t, uint32_t, bool>, std::vector<uint32_t>> known_;
};

}  // namespace rollout::verify
