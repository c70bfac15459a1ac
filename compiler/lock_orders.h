// Lock orders: which locks the rollouts of a project hold while they wait for others, forward and on the way back, and
// whether these orders make a circle. For Neighbours.
// Always true: a circle needs two rollouts. One run does not wait for itself, and no two runs of one rollout on the
// same subjects are there at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"
#include "compiler/plan/plan.h"

namespace rollout {

class LockOrders {
 public:
  /// Reports each circle that this plan closes, once, as the shortest one.
  void look(const plan::Plan& plan, const SourceMap& sources, Diagnostics& diagnostics);

 private:
  /// How a rollout comes to wait for a lock while it holds another one.
  struct Wait {
    std::string place;    ///< `release.rollout:12`, where the lock is taken that is waited for
    std::string rollout;
    bool back = false;    ///< on the way back
  };
  /// A lock that is held, and one that is waited for meanwhile.
  using Order = std::pair<std::string, std::string>;

  void look_forward(const plan::Plan& plan, std::vector<Order>& fresh);
  void look_back(const plan::Plan& plan, std::vector<Order>& fresh);
  void add(const plan::Plan& plan, const plan::Lock& held, const plan::Lock& wanted, bool back,
           std::vector<Order>& fresh);
  const Wait& wait_of(const Order& order, const std::string& other_than) const;
  std::vector<std::string> way(const Order& closing, const std::string& rollout) const;
  void report_circle(const Order& closing, const std::string& rollout, const SourceMap& sources,
                     Diagnostics& diagnostics);

  std::map<std::string, std::map<std::string, std::vector<Wait>>> waits_;  ///< held → wanted; of at most two rollouts
  std::set<std::set<std::string>> reported_;
};

}  // namespace rollout
