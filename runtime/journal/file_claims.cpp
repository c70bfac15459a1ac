#include "runtime/journal/file_claims.h"

namespace rollout::journal {

Status FileClaims::take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) {
  std::vector<effects::ServiceLock> taken;
  for (const std::string& service : services) {
    Result<effects::ServiceLock> lock = effects::ServiceLock::take(directory_, service, holder, run);
    if (!lock) return lock.error();
    taken.push_back(std::move(*lock));
  }
  locks_.swap(taken);
  holder_ = holder;
  return Done{};
}

Status FileClaims::name(std::string_view run) {
  for (effects::ServiceLock& lock : locks_)
    if (Status named = lock.name(holder_, run); !named) return named;
  return Done{};
}

}  // namespace rollout::journal
