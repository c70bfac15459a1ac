#include "runtime/effects/sync.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace rollout::effects {

Status sync_path(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  int done = file < 0 ? -1 : ::fsync(file);
  int error = errno;
  if (file >= 0) ::close(file);
  if (done == 0) return Done{};
  return OpError{fmt::format("{} cannot be made durable: {}; check the disk", path, std::strerror(error)), true};
}

}  // namespace rollout::effects
