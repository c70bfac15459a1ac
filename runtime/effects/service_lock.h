// ServiceLock: at most one process acts on a service at a place. The kernel gives the lock back when its holder
// ends, however it ends, so there is never a lock to remove by hand. The file stays and names its last holder and,
// in a second line, the run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/base/result.h"

namespace rollout::effects {

/// Who acts on a service. For people: a moment later it may be otherwise.
struct Holder {
  std::string who;       ///< `user@host, process 4711`
  std::string run;       ///< that it drives; empty before it has begun one
  int pid = 0;           ///< as the kernel knows it; 0: not known
  bool stopped = false;  ///< by a signal (SIGSTOP, Ctrl-Z): it does nothing until SIGCONT
};

class ServiceLock {
 public:
  /// Takes the lock of `service` (plan::service_text) under `directory`, which is made if it is not there. Refused
  /// when it is held, naming the holder. Never waits.
  static Result<ServiceLock> take(const std::string& directory, std::string_view service, std::string_view holder,
                                  std::string_view run = {});

  /// Who holds the lock now; nothing when nobody does.
  static std::optional<Holder> holder_of(const std::string& directory, std::string_view service);

  /// Says in the lock which run `holder` drives, for those who find it held.
  Status name(std::string_view holder, std::string_view run);

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
