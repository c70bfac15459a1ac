// Private to compiler/verify: whether what is asked at once, of values that are compared with numbers and with each
// other, can be so at once. For decisions.cpp, which knows each comparison by itself.
#pragma once

#include <vector>

#include "compiler/plan/plan.h"

namespace rollout::verify {

/// What a signal can be.
struct Ends {
  double low = 0, high = 0;  ///< infinite where it has none
};

/// That a condition lets its gate pass or, of a watch, that it does not fire.
struct Asks {
  uint32_t condition = plan::none;
  uint32_t gate = plan::none;
  uint32_t watch = plan::none;
  auto operator<=>(const Asks&) const = default;
};

/// The versions of a service that have traffic; what all of it shows lies between what they show.
struct Mixed {
  uint32_t service = plan::none;
  std::vector<plan::Role> roles;
};

/// Of `all` those that no values meet together; empty: none were found. What is proven is left out, as it is about the
/// truth and not about a sample, and so is what is compared with the past. What is compared with a multiple counts by
/// the bounds that it gives together with one other comparison. `ends`: by signal.
std::vector<Asks> exclusive(const plan::Plan& plan, const std::vector<Asks>& all, const std::vector<Ends>& ends,
                            const std::vector<Mixed>& mixed);

}  // namespace rollout::verify
