// ServiceLock: at most one process acts on a service at a place. The kernel gives the lock back when its holder
// ends, however it ends, so there is never a lock to remove by hand. The file stays and names its last holder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/base/result.h"

namespace rollout::effects {

class ServiceLock {
 public:
  /// Takes the lock of `service` (plan::service_text) under `directory`, which is made if it is not there. Refused
  /// when it is held, naming the holder. Never waits.
  static Result<ServiceLock> take(const std::string& directory, std::string_view service,
                                  std::string_view holder);

  /// Who holds the lock now; nothing when nobody does. Only for people: a moment later it may be otherwise.
  static std::optional<std::string> holder_of(const std::string& directory, std::string_view service);

  ServiceLock(ServiceLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  ServiceLock& operator=(ServiceLock&&) = delete;
  ~ServiceLock();

 private:
  explicit ServiceLock(int fd) : fd_(fd) {}
  int fd_;
};

/// `user@host, process 4711`: this process, as the content of a lock and in the journal.
std::string holder_text();

}  // namespace rollout::effects
