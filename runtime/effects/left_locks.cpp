#include "runtime/effects/left_locks.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace rollout::effects {

namespace {

constexpr size_t max_text = 512;

/// The inodes of all files that somebody holds a lock of, by the kernel's list.
std::set<ino_t> locked_inodes() {
  std::set<ino_t> inodes;
  std::FILE* locks = std::fopen("/proc/locks", "re");
  if (locks == nullptr) return inodes;
  std::array<char, 256> line{};
  while (std::fgets(line.data(), int(line.size()), locks) != nullptr) {
    unsigned long inode = 0;
    if (std::sscanf(line.data(), "%*s FLOCK %*s %*s %*d %*x:%*x:%lu", &inode) == 1) inodes.insert(ino_t(inode));
  }
  std::fclose(locks);
  return inodes;
}

/// `holder`, and behind it the run and the mark; empty where it is otherwise.
std::string marked_run(int directory, const char* name) {
  int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return {};
  std::array<char, max_text> bytes{};
  ssize_t size = pread(fd, bytes.data(), bytes.size(), 0);
  close(fd);
  std::string_view text(bytes.data(), size_t(size > 0 ? size : 0));
  size_t line = text.find('\n');
  if (line == std::string_view::npos || text.back() != left_mark || line + 1 >= text.size()) return {};
  return std::string(text.substr(line + 1, text.size() - line - 2));
}

}  // namespace

Result<std::vector<std::string>> left_in(const std::string& directory) {
  std::vector<std::string> runs;
  DIR* handle = opendir(directory.c_str());
  if (!handle) {
    if (errno == ENOENT) return runs;
    return OpError{fmt::format("the locks in {} cannot be looked at: {}", directory, std::strerror(errno)), true};
  }
  std::set<ino_t> locked = locked_inodes();
  while (const dirent* item = readdir(handle)) {
    if (!std::string_view(item->d_name).ends_with(".lock") || locked.contains(item->d_ino)) continue;
    if (std::string run = marked_run(dirfd(handle), item->d_name); !run.empty()) runs.push_back(std::move(run));
  }
  closedir(handle);
  return runs;
}

}  // namespace rollout::effects
