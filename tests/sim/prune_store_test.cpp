// Runs whose events and plan were removed from a file: what is left, what a stop in between leaves, and the space.
#include <catch2/catch.hpp>

#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"
#include "tests/sim/store_cases.h"

namespace rollout::journal {

TEST_CASE("a pruned run keeps its row and says what became of it, also in a copy of the state") {
  Directory directory, second;
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  prunes(**store);
  auto other = SqliteStore::open(second.file());
  REQUIRE((*store)->carry_to(**other));
  CHECK((*other)->chain(prune_chain)->head == (*store)->chain(prune_chain)->head);
  CHECK((*other)->plan_bytes("r1").error().message == (*store)->plan_bytes("r1").error().message);
}

TEST_CASE("a file of format 3, in which every run had its events, is brought up to date and can be pruned") {
  Directory directory;
  { REQUIRE((*SqliteStore::open(directory.file()))->create(new_run("h1"))); }
  sql(directory.file(), "DROP TABLE file; DROP TABLE prunes; PRAGMA user_version=3");
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  CHECK((*store)->pruned()->empty());
  CHECK((*store)->read("r1")->size() == 1);
}

TEST_CASE("events that a stop in the middle of pruning has left are removed by the next one") {
  Directory directory;
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    prunes(**store);
  }
  sql(directory.file(), "INSERT INTO events SELECT 'r1', seq + 1000, line, hash FROM events WHERE run = 'r2'");
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  CHECK((*store)->read("r1").error().message.find("was pruned on") != std::string::npos);
  CHECK(*(*store)->weight("r1") > 0);
  REQUIRE((*store)->finish_prunes());
  CHECK(*(*store)->weight("r1") == 0);
  CHECK((*store)->read("r2")->size() == 2);
}

TEST_CASE("a file whose old runs are pruned does not grow with the new ones") {
  Directory directory;
  std::vector<Event> events(5000, some_events()[0]);
  events.push_back({9, 10, RunEnded{Outcome::Succeeded, "end"}});
  uintmax_t first = 0;
  for (int i = 0; i < 6; ++i) {
    std::string hash = "h" + std::to_string(i);
    {
      auto store = SqliteStore::open(directory.file());
      REQUIRE(store);
      Result<RunInfo> run = (*store)->create(new_run(hash));
      REQUIRE(run);
      REQUIRE((*store)->append(run->run, 1, events));
      Result<Chain> end = (*store)->chain_end(run->run);
      REQUIRE((*store)->prune({run->run, "release", hash, end->events, end->head, Outcome::Succeeded}));
    }
    uintmax_t size = std::filesystem::file_size(directory.path / "rollout.db");
    INFO(size << " bytes after run " << i + 1);
    if (i == 0) first = size;
    CHECK(size > 5000 * 64);
    CHECK(size < first + first / 20);
  }
}

}  // namespace rollout::journal
