// What is acknowledged is on the disk. A kill of the process shows nothing of it, only a loss of power would: so the
// calls themselves are watched. This program's fsync and fdatasync stand in front of the system's, for SQLite's too; so
// does statfs, for a network file system, which a test cannot mount everywhere.
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/journal/sqlite_store.h"
#include "tests/conformance/rig.h"

namespace rollout::test {
namespace {

/// The files and folders that were synced since it was cleared last.
std::vector<std::string>& synced() {
  static std::vector<std::string> paths;
  return paths;
}

void note(int fd) {
  char path[PATH_MAX];
  const std::string link = fmt::format("/proc/self/fd/{}", fd);
  const ssize_t size = readlink(link.c_str(), path, sizeof path);
  synced().emplace_back(path, size_t(std::max<ssize_t>(size, 0)));
}

bool was_synced(const std::string& ending) {
  return std::any_of(synced().begin(), synced().end(),
                     [&](const std::string& path) { return path.ends_with(ending); });
}

/// Not 0: what every file lies on, as the system would say it.
unsigned long& file_system() {
  static unsigned long magic = 0;
  return magic;
}

}  // namespace
}  // namespace rollout::test

extern "C" int statfs(const char* path, struct statfs* info) noexcept {
  const long code = syscall(SYS_statfs, path, info);
  if (code == 0 && rollout::test::file_system() != 0) info->f_type = long(rollout::test::file_system());
  return int(code);
}

extern "C" int fsync(int fd) {
  rollout::test::note(fd);
  return int(syscall(SYS_fsync, fd));
}

extern "C" int fdatasync(int fd) {
  rollout::test::note(fd);
  return int(syscall(SYS_fdatasync, fd));
}

namespace rollout::test {

TEST_CASE("an event is on the disk before anybody is told that it is recorded", "[effects]") {
  const TempDir directory;
  const auto store = journal::SqliteStore::open(directory.path + "/rollout.db");
  REQUIRE(store);
  const auto run = (*store)->create({"release", "", "h", {"checkout"}, "me", 0});
  REQUIRE(run);
  synced().clear();
  const auto written = (*store)->append(run->run, 1, {{1, 1, journal::Interrupted{"me", "nothing"}}});
  REQUIRE(written);
  REQUIRE(synced().size() == 1);  // one commit, one sync
  CHECK(was_synced("/rollout.db-wal"));
}

TEST_CASE("a state on a network file system is refused", "[effects]") {
  const TempDir directory;
  file_system() = NFS_SUPER_MAGIC;
  const auto refused = journal::SqliteStore::open(directory.path + "/rollout.db");
  file_system() = 0;
  REQUIRE(!refused);
  CHECK(refused.error().refused);
  CHECK(refused.error().message.find("NFS") != std::string::npos);
  CHECK(journal::SqliteStore::open(directory.path + "/rollout.db"));
}

TEST_CASE("a file is on the disk, under its name, before anybody is told that it is written", "[effects]") {
  const TempDir directory;
  effects::RealEffects real(nullptr);
  synced().clear();
  REQUIRE(real.all().files.write(directory.path + "/instances.json", "{}"));
  REQUIRE(synced().size() == 2);
  CHECK(synced().front().find("/instances.json.") != std::string::npos);  // before it gets its name
  CHECK(was_synced(directory.path));
}

}  // namespace rollout::test
