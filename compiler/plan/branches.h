// Private to compiler/plan: the branches of one `parallel`, or the rounds of one wave.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/base/span.h"
#include "compiler/plan/undo_scope.h"

namespace rollout::plan {

struct Branches {
  struct Branch {
    Span span;
    std::vector<uint32_t> after;  ///< branches that it waits for
    std::vector<uint32_t> ends;   ///< its last steps
    bool waited_for = false;
  };
  std::vector<uint32_t> start;  ///< what the block comes after
  std::vector<Branch> list;
  llvm::StringMap<uint32_t> phases;
  std::map<uint32_t, uint32_t> last_user;  ///< by service: the last branch that changes or judges it
  std::map<std::string, uint32_t> last_lock;  ///< by its name: the last branch that takes it

  /// Where those that `branch` waits for end; they are waited for from now on.
  std::set<uint32_t> ends_before(const Branch& branch) {
    std::set<uint32_t> ends;
    for (uint32_t index : branch.after) {
      list[index].waited_for = true;
      ends.insert(list[index].ends.begin(), list[index].ends.end());
    }
    return ends;
  }

  /// Whether `later` begins only after `earlier` has ended.
  bool ordered(uint32_t earlier, uint32_t later) const {
    std::vector<uint32_t> open = {later};
    llvm::DenseSet<uint32_t> seen;
    while (!open.empty()) {
      uint32_t branch = open.back();
      open.pop_back();
      if (branch == earlier) return true;
      for (uint32_t before : list[branch].after)
        if (before >= earlier && seen.insert(before).second) open.push_back(before);
    }
    return false;
  }
};

/// By round of a loop, those that it depends on; empty: there is no order.
using RoundOrder = std::vector<std::vector<uint32_t>>;

/// The scopes of the rounds of one loop.
struct RoundScopes {
  const RoundOrder& after;
  uint32_t group = none;                    ///< the first one
  std::vector<std::vector<uint32_t>> of = {};  ///< by round: its own, or where it has nothing to do those that it needs
};

/// In which order the rounds of one wave go.
struct WaveOrder {
  size_t lanes = 1;  ///< how many at the same time
  size_t first = 0;  ///< round of the wave, in the whole loop
  const RoundOrder& after;

  /// By index in the wave; rounds of earlier waves are done anyway.
  std::vector<uint32_t> before(size_t index) const {
    std::vector<uint32_t> rounds;
    if (index >= lanes) rounds.push_back(uint32_t(index - lanes));
    if (!after.empty())
      for (uint32_t round : after[first + index])
        if (round >= first) rounds.push_back(uint32_t(round - first));
    return rounds;
  }
};

}  // namespace rollout::plan
