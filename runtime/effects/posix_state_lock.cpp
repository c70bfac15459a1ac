#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include <fmt/format.h>

#include "runtime/effects/state_lock.h"

namespace rollout::effects {

namespace {

// Places of the two locks in the file, which stays empty.
constexpr int turn = 0, users = 1;
constexpr int64_t longest_wait_ns = 5'000'000'000;
constexpr int64_t first_pause_ns = 50'000, longest_pause_ns = 5'000'000;

struct NetworkFileSystem {
  unsigned long magic;
  std::string_view name;
};
constexpr NetworkFileSystem network_file_systems[] = {
    {NFS_SUPER_MAGIC, "NFS"}, {SMB_SUPER_MAGIC, "SMB"}, {CIFS_SUPER_MAGIC, "CIFS"}, {SMB2_SUPER_MAGIC, "SMB"},
    {AFS_SUPER_MAGIC, "AFS"}, {AFS_FS_MAGIC, "AFS"},    {CEPH_SUPER_MAGIC, "Ceph"}, {CODA_SUPER_MAGIC, "Coda"},
    {NCP_SUPER_MAGIC, "NCP"}, {0x0bd00bd0, "Lustre"},   {0x47504653, "GPFS"},       {0x01161970, "GFS2"},
    {OCFS2_SUPER_MAGIC, "OCFS2"}};

/// How many forks lie between the first process and this one.
std::atomic<int> forks = 0;

bool may_not_write(int error) { return error == EACCES || error == EPERM || error == EROFS; }

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::optional<std::string_view> network_file_system(const std::string& directory) {
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) return std::nullopt;
  const unsigned long magic = static_cast<unsigned long>(info.f_type) & 0xffffffffUL;
  for (const NetworkFileSystem& one : network_file_systems)
    if (one.magic == magic) return one.name;
  return std::nullopt;
}

Result<std::unique_ptr<StateLock>> StateLock::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd >= 0) return std::unique_ptr<StateLock>(new StateLock(fd, path));
  if (may_not_write(errno)) return std::unique_ptr<StateLock>();
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return OpError{fmt::format("the lock {} cannot be opened: {}{}", path, strerror(errno),
                             full ? "; the disk is full, free some space" : "; check the state directory"),
                 full};
}

/// False: somebody else has it.
Result<bool> StateLock::lock(short kind, int at) const {
  struct flock wanted {};
  wanted.l_type = kind;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = at;
  wanted.l_len = 1;
  while (fcntl(fd_, F_OFD_SETLK, &wanted) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno != EINTR)
      return OpError{fmt::format("{} cannot be locked: {}; keep the state on a local file system", path_,
                                 strerror(errno))};
  }
  return true;
}

/// Those who write hold the lock for less than a millisecond, so the first looks follow each other closely.
Status StateLock::wait_for(short kind, int at) const {
  const int64_t give_up_ns = monotonic_ns() + longest_wait_ns;
  for (int64_t pause_ns = first_pause_ns;; pause_ns = std::min(2 * pause_ns, longest_pause_ns)) {
    Result<bool> locked = lock(kind, at);
    if (!locked) return locked.error();
    if (*locked) return Done{};
    if (monotonic_ns() >= give_up_ns)
      return OpError{fmt::format("{} is held by another process for more than {} s; see what it does, and end it if it "
                                 "hangs",
                                 path_, longest_wait_ns / 1'000'000'000),
                     true};
    const timespec pause{0, long(pause_ns)};
    nanosleep(&pause, nullptr);
  }
}

Result<bool> StateLock::be_alone() { return lock(F_WRLCK, users); }
Status StateLock::let_in() { return wait_for(F_RDLCK, users); }
Status StateLock::take_turn() { return wait_for(F_WRLCK, turn); }
void StateLock::end_turn() { (void)lock(F_UNLCK, turn); }

StateLock::~StateLock() { close(fd_); }

OwnProcess::OwnProcess() {
  // Asked often: a number that changes is cheaper to read than the process's own.
  static const int noted = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  ROLLOUT_CHECK(noted == 0, "there is memory for one handler");
  forks_ = forks;
}
bool OwnProcess::is_this() const { return forks == forks_; }

}  // namespace rollout::effects
