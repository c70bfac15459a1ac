// Copies of this process that work side by side, each on its share, and hand back text. For what only computes: a copy
// writes nothing, holds nothing that others wait for, and ends with us. Always true: of all copies either every text
// is given, whole, or an error.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace rollout::effects {

inline constexpr size_t max_copies = 256;

/// How many of them this machine runs at once.
size_t processors();

/// What `work` gave in each of `count` copies, in their order. One copy is this process itself.
Result<std::vector<std::string>> in_copies(size_t count, const std::function<std::string(size_t copy)>& work);

}  // namespace rollout::effects
