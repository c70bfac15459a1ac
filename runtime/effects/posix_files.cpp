#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "runtime/effects/files.h"

namespace rollout::effects {
namespace {

constexpr std::string_view temporary_ending = ".tmp~";
constexpr size_t max_holder = 64;
constexpr long lock_pause_ns = 5'000'000;

OpError failed(std::string_view what, const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  const bool limited = error == EFBIG;
  return OpError{fmt::format("cannot {} {}: {}{}", what, path, strerror(error),
                             full      ? "; make room and run the same command again"
                             : limited ? "; raise the limit of file sizes (`ulimit -f`) and run the same command again"
                                       : ""),
                 full || limited || error == EINTR || error == EAGAIN};
}

/// Closes on every way out.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int open_fd) : fd(open_fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

constexpr int reader_wait_ms = 100;  // for the reader of a full pipe, and for a terminal that was stopped

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) {
      pollfd one{fd, POLLOUT, 0};
      if (poll(&one, 1, reader_wait_ms) > 0 && (one.revents & POLLOUT) != 0) continue;
      errno = EAGAIN;
    }
    if (wrote <= 0) return false;
    bytes.remove_prefix(size_t(wrote));
  }
  return true;
}

Status sync_directory(const std::string& path) {
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd < 0) return failed("open the directory", path, errno);
  if (fsync(directory.fd) != 0) return failed("sync the directory", path, errno);
  return Done{};
}

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// The text of a lock file: who holds it, for people.
std::string holder_in(int fd) {
  char text[max_holder];
  const ssize_t got = pread(fd, text, sizeof text, 0);
  return got > 0 ? std::string(text, size_t(got)) : std::string("another process");
}

class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(int fd) : file_(fd) {}

 private:
  Descriptor file_;
};

/// Own to this thread, never an existing file and never through a link: two writers in one directory do not meet.
int create_temporary(const std::string& path) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const int fd = open(path.c_str(), flags, 0644);
  if (fd >= 0 || errno != EEXIST) return fd;
  // Left behind by a crash of a process that had our number.
  unlink(path.c_str());
  return open(path.c_str(), flags, 0644);
}

class PosixFiles : public Files {
 public:
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, int64_t wait_ns) override {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return failed("open the lock", path, errno);
    std::unique_ptr<FileLock> lock = std::make_unique<PosixFileLock>(fd);
    const int64_t give_up_ns = monotonic_ns() + wait_ns;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) return failed("lock", path, errno);
      if (monotonic_ns() >= give_up_ns) {
        return OpError{
            fmt::format("cannot lock {}: {} has held it for more than {}s; see what it does, end it if it hangs, and "
                        "give the same command again",
                        path, holder_in(fd), wait_ns / 1'000'000'000),
            true};
      }
      const timespec pause{0, lock_pause_ns};
      nanosleep(&pause, nullptr);
    }
    const std::string holder = fmt::format("process {}", getpid());
    // Only for people; the lock holds without it. Who takes it three times a second does not write each time.
    if (holder_in(fd) != holder && ftruncate(fd, 0) == 0) (void)!pwrite(fd, holder.data(), holder.size(), 0);
    return lock;
  }

  Status append(const std::string& path, std::string_view text) override {
    // It may be a terminal, or a pipe that somebody reads; nobody is waited for who might open its other end.
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640));
    if (file.fd < 0 && errno == ENXIO)
      return settled_error(fmt::format("cannot open {}: it is a pipe that nobody reads; name a file", path));
    if (file.fd < 0) return failed("open", path, errno);
    if (write_all(file.fd, text)) return Done{};
    if (errno == EAGAIN) return OpError{fmt::format("cannot write {}: its reader takes nothing; name a file", path)};
    return failed("write", path, errno);
  }

  Result<std::optional<std::string>> read(const std::string& path, size_t max_bytes) override {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.fd < 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
      return failed("open", path, errno);
    }
    // Who writes into a pipe, or sits at a terminal, may never do so. Of a folder the reading fails.
    if (struct stat info {}; fstat(file.fd, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
      return settled_error(fmt::format("cannot read {}: it is a {}, no regular file; put a file in its place", path,
                                       S_ISFIFO(info.st_mode) ? "pipe" : "device"));
    }
    std::string text;
    char buffer[16384];
    while (true) {
      const ssize_t got = ::read(file.fd, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("read", path, errno);
      if (got == 0) return std::optional<std::string>(std::move(text));
      text.append(buffer, size_t(got));
      if (text.size() > max_bytes) {
        return OpError{fmt::format(
            "{} is longer than {} bytes: it is not a file that rollout wrote", path, max_bytes)};
      }
    }
  }

  std::string tail(const std::string& path, size_t max_bytes) override {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.fd < 0) return {};
    const off_t length = lseek(file.fd, 0, SEEK_END);
    const off_t from = std::max<off_t>(0, length - off_t(max_bytes));
    std::string text(size_t(std::max<off_t>(0, length - from)), '\0');
    const ssize_t got = pread(file.fd, text.data(), text.size(), from);
    text.resize(size_t(std::max<ssize_t>(0, got)));
    return text;
  }

  Status write(const std::string& path, std::string_view bytes) override {
    struct stat before {};
    const bool is_there = lstat(path.c_str(), &before) == 0;
    if (is_there && S_ISREG(before.st_mode) && access(path.c_str(), W_OK) != 0) return failed("write", path, errno);
    const std::string temporary = fmt::format("{}.{}{}", path, gettid(), temporary_ending);
    {
      const Descriptor file(create_temporary(temporary));
      if (file.fd < 0) return failed("create", temporary, errno);
      // Who may read it stays as it was.
      const bool as_before = !is_there || !S_ISREG(before.st_mode) || fchmod(file.fd, before.st_mode & 07777) == 0;
      if (!as_before || !write_all(file.fd, bytes) || fsync(file.fd) != 0) {
        const int error = errno;
        unlink(temporary.c_str());
        return failed("write", temporary, error);
      }
    }
    if (rename(temporary.c_str(), path.c_str()) != 0) {
      const int error = errno;
      unlink(temporary.c_str());
      return failed("rename a file to", path, error);
    }
    return sync_directory(parent_of(path));
  }

  Status make_directory(const std::string& path) override {
    if (mkdir(path.c_str(), 0755) == 0) return sync_directory(parent_of(path));
    if (errno == EEXIST) {
      struct stat info {};
      if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return Done{};
      return OpError{fmt::format("{} is there already and is not a directory", path)};
    }
    const std::string parent = parent_of(path);
    if (errno != ENOENT || parent == path) return failed("make the directory", path, errno);
    if (Status made = make_directory(parent); !made) return made;
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
      return failed("make the directory", path, errno);
    return sync_directory(parent);
  }

  Status remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path, errno);
    return Done{};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    DIR* handle = opendir(directory.c_str());
    if (!handle) {
      if (errno == ENOENT) return names;
      return failed("list", directory, errno);
    }
    while (const dirent* item = readdir(handle)) {
      const std::string_view name = item->d_name;
      if (name != "." && name != ".." && !name.ends_with(temporary_ending))
        names.emplace_back(name);
    }
    closedir(handle);
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace

std::unique_ptr<Files> posix_files() {
  return std::make_unique<PosixFiles>();
}

}  // namespace rollout::effects
