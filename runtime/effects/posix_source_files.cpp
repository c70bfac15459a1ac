#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "runtime/effects/source_files.h"

namespace rollout::effects {
namespace {

struct Descriptor {
  int fd;
  explicit Descriptor(int open_fd) : fd(open_fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  /// Takes another one and closes its own.
  void become(int other) {
    if (fd >= 0) close(fd);
    fd = other;
  }
};

std::string joined(const std::string& root, const std::string& path) {
  return path.empty() ? root : root + (root.ends_with('/') ? "" : "/") + path;
}

OpError why_not(const std::string& full, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    struct stat info {};
    bool link = lstat(full.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
    return {link ? "it is a symbolic link to something that is not there" : "there is no such file"};
  }
  if (error == ELOOP) return {"its symbolic links go round in a circle"};
  if (error == EACCES) return {"it may not be opened; check the permissions of it and of its folders"};
  return {fmt::format("it cannot be opened: {}", strerror(error))};
}

OpError no_file(mode_t mode) {
  std::string_view what = S_ISDIR(mode)    ? "a folder"
                          : S_ISFIFO(mode) ? "a pipe"
                          : S_ISSOCK(mode) ? "a socket"
                          : S_ISLNK(mode)  ? "a symbolic link by now"
                                           : "a device";
  return {fmt::format("it is {}, no regular file", what)};
}

OpError changed_meanwhile() {
  return {"it or one of its folders was replaced while it was read; run the same command again", true};
}

Result<std::string> read_all(int file, size_t size) {
  std::string text(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t more = read(file, text.data() + got, size - got);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return OpError{fmt::format("reading it failed: {}", strerror(errno))};
    if (more == 0) return OpError{"it became shorter while it was read; run the same command again", true};
    got += size_t(more);
  }
  return text;
}

/// Folder by folder, through no symbolic link: `path` has none, unless somebody makes one just now.
Result<std::string> read_real(const std::string& root, const std::string& path, size_t max_bytes) {
  constexpr int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  Descriptor folder(open(root.c_str(), folder_flags));
  if (folder.fd < 0) return why_not(root, errno);
  std::string_view rest = path;
  for (size_t slash; (slash = rest.find('/')) != std::string_view::npos; rest.remove_prefix(slash + 1)) {
    const std::string part(rest.substr(0, slash));
    const int next = openat(folder.fd, part.c_str(), folder_flags | O_NOFOLLOW);
    if (next < 0) return errno == ELOOP || errno == ENOTDIR ? changed_meanwhile() : why_not(joined(root, path), errno);
    folder.become(next);
  }
  const std::string name(rest);
  struct stat info {};
  if (fstatat(folder.fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return why_not(joined(root, path), errno);
  // Not opened at all: opening a device may already do something.
  if (!S_ISREG(info.st_mode)) return no_file(info.st_mode);
  const Descriptor file(openat(folder.fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.fd < 0) return errno == ELOOP ? changed_meanwhile() : why_not(joined(root, path), errno);
  if (fstat(file.fd, &info) != 0) return OpError{fmt::format("it cannot be looked at: {}", strerror(errno))};
  if (!S_ISREG(info.st_mode)) return no_file(info.st_mode);
  const size_t size = size_t(info.st_size);
  if (size > max_bytes)
    return OpError{fmt::format("it has {} bytes, at most {} are read", size, max_bytes), false, false, false, size};
  return read_all(file.fd, size);
}

}  // namespace

Result<std::string> real_path_below(const std::string& root, const std::string& path) {
  const std::string full = joined(root, path);
  std::unique_ptr<char, decltype(&free)> resolved(realpath(full.c_str(), nullptr), &free);
  if (!resolved) return why_not(full, errno);
  std::string real = resolved.get();
  const std::string folder = joined(root, "") + (root.ends_with('/') ? "" : "/");
  if (real == root) return std::string();
  if (!real.starts_with(folder))
    return OpError{fmt::format("a link leads out of the project; it ends at {}, outside of {}: put a copy into the "
                               "project instead",
                               real, root),
                   false, true};
  return real.substr(folder.size());
}

Result<std::string> read_below(const std::string& root, const std::string& path, size_t max_bytes) {
  Result<std::string> real = real_path_below(root, path);
  return real ? read_real(root, *real, max_bytes) : real;
}

}  // namespace rollout::effects
