// Private to compiler/plan: the branches of one `parallel`, or the rounds of one wave.
#pragma once

#include <map>
#include <vector>

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/base/span.h"

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

}  // namespace rollout::plan
