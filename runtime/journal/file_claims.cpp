#include "runtime/journal/file_claims.h"

#include "runtime/effects/left_locks.h"

namespace rollout::journal {

namespace {

std::string marked(std::string_view run) {
  return run.empty() ? std::string() : std::string(run) + effects::left_mark;
}

}  // namespace

Status FileClaims::take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) {
  // Before anything is written over: a mark in one of them may be all that says that a run waits.
  for (const std::string& service : services)
    if (effects::ServiceLock::holder_of(directory_, service))
      if (auto lock = effects::ServiceLock::take(directory_, service, holder, marked(run)); !lock) return lock.error();
  std::vector<effects::ServiceLock> taken;
  for (const std::string& service : services) {
    Result<effects::ServiceLock> lock = effects::ServiceLock::take(directory_, service, holder, marked(run));
    if (!lock) return lock.error();
    taken.push_back(std::move(*lock));
  }
  locks_.swap(taken);
  holder_ = holder;
  return Done{};
}

Status FileClaims::name(std::string_view run) {
  for (effects::ServiceLock& lock : locks_)
    if (Status named = lock.name(holder_, marked(run)); !named) return named;
  return Done{};
}

void FileClaims::give_back() {
  (void)name({});
  locks_.clear();
}

Status FileClaims::offer(const std::vector<std::string>& services, std::string_view run) {
  for (const std::string& service : services)
    if (auto lock = effects::ServiceLock::take(directory_, service, "", marked(run)); !lock) return lock.error();
  return Done{};
}

}  // namespace rollout::journal
