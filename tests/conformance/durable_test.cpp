// What is acknowledged is on the disk. A kill of the process shows nothing of it, only a loss of power would: so the
// calls themselves are watched. This program's fsync and fdatasync stand in front of the system's, for SQLite's too.
#include <sys/syscall.h>
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

}  // namespace
}  // namespace rollout::test

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
  CHECK(was_synced("/rollout.db"));
  CHECK(was_synced("/rollout.db-journal"));
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
