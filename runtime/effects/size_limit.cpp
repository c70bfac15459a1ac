#include "runtime/effects/size_limit.h"

#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>

namespace rollout::effects {

void outlive_size_limit() { std::signal(SIGXFSZ, SIG_IGN); }

bool at_size_limit(const std::string& path) {
  constexpr rlim_t largest_page = 65'536;
  rlimit limit{};
  struct stat file {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  return ::stat(path.c_str(), &file) == 0 && rlim_t(file.st_size) + largest_page > limit.rlim_cur;
}

}  // namespace rollout::effects
