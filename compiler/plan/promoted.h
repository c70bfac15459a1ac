// What a promotion carries through its environments: the same images in each. For `check`, which has a plan of each.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "compiler/plan/plan.h"

namespace rollout::plan {

/// The images that a plan brings, by service and place.
using Brought = std::map<std::string, std::set<std::string>>;
Brought brought_by(const Plan& plan);

/// Whether both name what one build made: the same digest, or where one of them has none the same name and tag,
/// in whatever registry it is kept.
bool is_same_build(std::string_view a, std::string_view b);

/// An image that is brought and was not tried.
struct Untried {
  std::string service, image;
  std::string tried;  ///< what was, of the same service
};
/// The first one; nothing also where nothing of a service was tried.
std::optional<Untried> first_untried(const Brought& earlier, const Brought& later);

}  // namespace rollout::plan
