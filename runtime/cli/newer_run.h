// make_way: what `apply` does about a run of the same services that has not ended, by the rule of that run's rollout or
// because this one is a hot fix. Always true: a newer run begins only after the older one has ended.
#pragma once

#include <optional>
#include <string>

#include "runtime/cli/session.h"

namespace rollout::cli {

struct Way {
  std::optional<int> exit_code;  ///< the command ends; why has been said
  bool waited = false;           ///< the world is another one than the plan was made for
  std::string replaced;          ///< the run that was taken back
};

/// Waits for the older run, takes it back, or does nothing where it is to be refused.
Way make_way(const Context& context, const Planned& planned);

}  // namespace rollout::cli
