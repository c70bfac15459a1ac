#include "runtime/journal/store.h"

namespace rollout::journal {

Result<std::optional<RunInfo>> Store::info(std::string_view run) {
  Result<std::vector<RunInfo>> all = list();
  if (!all) return all.error();
  for (RunInfo& one : *all)
    if (one.run == run) return std::optional<RunInfo>(std::move(one));
  return std::optional<RunInfo>();
}

}  // namespace rollout::journal
