// A disk that is really full: the state file lies on a small file system of its own, which a filler takes up in the
// middle of a run. Mounting one needs root; without it the test says so and is left out.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/exec/drive.h"
#include "runtime/journal/sqlite_store.h"
#include "runtime/sim/sim_world.h"
#include "tests/sim/plans.h"
#include "tests/sim/state_directory.h"

namespace rollout::sim_test {

namespace {

namespace fs = std::filesystem;

/// A file system of one megabyte, gone afterwards.
struct SmallDisk {
  fs::path path;
  bool mounted = false;
  SmallDisk() {
    std::string pattern = (fs::temp_directory_path() / "rollout-disk-XXXXXX").string();
    path = mkdtemp(pattern.data());
    mounted = mount("none", path.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (mounted) umount2(path.c_str(), MNT_DETACH);
    fs::remove(path);
  }
  fs::path filler() const { return path / "filler"; }
  /// To the last byte.
  void fill() const {
    std::ofstream out(filler(), std::ios::binary);
    std::string block(512, 'x');
    while (out << block << std::flush) {}
  }
};

/// Fills the disk when the first action is done and frees it after some failures to write.
struct Filling : exec::Listener {
  const SmallDisk& disk;
  const sim::SimWorld& world;
  std::vector<std::string> troubles;
  size_t effects_at_trouble = 0;
  bool filled = false, kept_still = true;
  Filling(const SmallDisk& d, const sim::SimWorld& w) : disk(d), world(w) {}
  void on_event(const journal::Event& event, const exec::State&) override {
    if (filled || !std::holds_alternative<journal::StepDone>(event.what)) return;
    filled = true;
    disk.fill();
  }
  void on_trouble(const std::string& text) override {
    constexpr size_t until = 5;
    if (troubles.empty()) effects_at_trouble = world.ledger().size();
    kept_still = kept_still && world.ledger().size() == effects_at_trouble;
    troubles.push_back(text);
    if (troubles.size() == until) fs::remove(disk.filler());
  }
};

bool recorded(journal::Store& store, const std::string& run, const std::string& key) {
  Result<std::vector<journal::Event>> events = store.read(run);
  REQUIRE(events);
  for (const journal::Event& event : *events) {
    const auto* started = std::get_if<journal::StepStarted>(&event.what);
    if (started != nullptr && started->key == key) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("on a full disk nothing is done that is not recorded, and the run goes on with space") {
  SmallDisk disk;
  if (!disk.mounted) {
    WARN("left out: mounting a small file system needs root");
    return;
  }
  plan::Plan plan = canary_plan();
  sim::Scenario scenario;
  sim::VirtualClock clock;
  sim::CrashSwitch crash;
  sim::SimWorld world(plan, scenario, clock, crash);
  std::string file = (disk.path / "rollout.db").string();
  auto store = journal::SqliteStore::open(file);
  REQUIRE(store);
  auto reader = journal::SqliteStore::open(file);
  REQUIRE(reader);
  journal::NewRun run{plan.rollout, "", "h", {}, "me", clock.wall_ns()};
  for (const plan::Service& service : plan.services)
    run.services.push_back(plan::service_text(service));
  auto info = (*store)->create(run);
  REQUIRE(info);
  world.require_intents(
      [&](const std::string& key) { return recorded(**reader, info->run, key); });
  Filling listener(disk, world);
  auto driven = exec::drive(plan, info->run,
                            {clock, **store, world, listener, [] { return 0; }, "me", minute});
  REQUIRE(driven);
  CHECK(driven->end == exec::DriveEnd::Ended);
  REQUIRE(driven->state.ended);
  CHECK(driven->state.ended->outcome == journal::Outcome::Succeeded);
  REQUIRE(listener.troubles.size() >= 5);
  CHECK(listener.troubles.front().find("the disk is full") != std::string::npos);
  CHECK(listener.troubles.front().find(file) != std::string::npos);
  CHECK(listener.kept_still);
  CHECK(world.violations().empty());
}

TEST_CASE("a limit of file sizes is an error of the write, and behind it the journal goes on") {
  struct Ignored {
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    ~Ignored() { signal(SIGXFSZ, before); }
  } ignored;
  journal::Directory dir;
  auto store = journal::SqliteStore::open(dir.file());
  REQUIRE(store);
  auto info = (*store)->create({"release", "", "h", {"checkout"}, "me", 1});
  REQUIRE(info);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit low{rlim_t(fs::file_size(dir.file()) + 8192), before.rlim_max};
  std::vector<journal::Event> many(200, {1, 2, journal::Resumed{std::string(500, 'x'), 1}});
  // Nothing is printed meanwhile: that is limited, too.
  setrlimit(RLIMIT_FSIZE, &low);
  Result<journal::Appended> written = (*store)->append(info->run, 1, many);
  setrlimit(RLIMIT_FSIZE, &before);
  REQUIRE(!written);
  const std::string said = written.error().message;
  INFO(said);
  CHECK(written.error().retryable);
  CHECK(said.find("may not grow: the limit of file sizes is reached") != std::string::npos);
  CHECK(said.find("ulimit -f") != std::string::npos);
  CHECK((*store)->append(info->run, 1, many));
  CHECK((*store)->read(info->run)->size() == 201);
}

}  // namespace rollout::sim_test
