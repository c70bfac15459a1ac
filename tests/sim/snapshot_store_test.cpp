// Snapshots in a file: whatever is done to one, or to the events that it stands for, nobody goes on from what does not
// fit.
#include <functional>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/journal/event_json.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"
#include "tests/sim/store_cases.h"

namespace rollout::journal {

namespace {

/// A run of nine events with a snapshot of the first seven.
constexpr int64_t behind = 7, all = 9;
const std::string text = "the state of the run behind seven events";

std::unique_ptr<SqliteStore> with_snapshot(const Directory& directory) {
  auto store = std::move(*SqliteStore::open(directory.file()));
  REQUIRE(store->create(new_run("h1")));
  REQUIRE(store->append("r1", 1, std::vector<Event>(size_t(behind) - 1, some_events()[0]), text));
  REQUIRE(store->append("r1", behind, {some_events()[1], some_events()[2]}));
  return store;
}

void check_whole(SqliteStore& store) {
  Result<Recent> recent = store.read_on("r1");
  REQUIRE(recent);
  CHECK(!recent->snapshot);
  CHECK(int64_t(recent->events.size()) == all);
}

}  // namespace

TEST_CASE("the store in a file keeps snapshots") {
  Directory directory;
  snapshots_conform(**SqliteStore::open(directory.file()));
}

TEST_CASE("a snapshot of which any byte was changed or cut off is left aside") {
  Directory directory;
  std::unique_ptr<SqliteStore> store = with_snapshot(directory);
  REQUIRE(store->read_on("r1")->snapshot);
  sql(directory.file(), "CREATE TABLE good AS SELECT * FROM snapshots");
  auto damage = [&](const std::string& how) {
    INFO(how);
    sql(directory.file(), ("UPDATE snapshots SET " + how).c_str());
    check_whole(*store);
    sql(directory.file(), "DELETE FROM snapshots; INSERT INTO snapshots SELECT * FROM good");
  };
  for (size_t at = 1; at <= text.size(); ++at) {
    damage(fmt::format("state = substr(state, 1, {0} - 1) || '#' || substr(state, {0} + 1)", at));
    damage(fmt::format("state = substr(state, 1, {} - 1)", at));
  }
  for (int at = 1; at <= 64; at += 3)
    damage(fmt::format("binding = substr(binding, 1, {0} - 1) || 'x' || substr(binding, {0} + 1)", at));
  for (const char* events : {"-1", "0", "1", "6", "8", "9", "10", "9223372036854775807", "'many'"})
    damage(fmt::format("events = {}", events));
  for (const char* how : {"state = ''", "binding = ''", "state = zeroblob(40)", "run = 'r2'"}) damage(how);
  CHECK(store->read_on("r1")->snapshot);
}

TEST_CASE("a snapshot of another run, another plan or another past is left aside") {
  for (const char* how : {"INSERT INTO snapshots SELECT 'r2', events, state, binding FROM snapshots",
                          "INSERT INTO plans VALUES ('h9', '{}'); UPDATE runs SET plan_hash = 'h9' WHERE run = 'r1'",
                          "UPDATE events SET line = replace(line, 'a1', 'a2') WHERE run = 'r1' AND seq = 6",
                          "UPDATE events SET hash = replace(hash, 'a', 'b') WHERE run = 'r1' AND seq = 6",
                          "UPDATE events SET hash = replace(hash, 'a', 'b') WHERE run = 'r1' AND seq = 5",
                          "DELETE FROM events WHERE run = 'r1' AND seq = 5",
                          "DELETE FROM events WHERE run = 'r1' AND seq = 6"}) {
    INFO(how);
    Directory directory;
    std::unique_ptr<SqliteStore> store = with_snapshot(directory);
    REQUIRE(store->create(new_run("h2")));
    REQUIRE(store->append("r2", 1, std::vector<Event>(size_t(all), some_events()[0])));
    sql(directory.file(), how);
    for (const char* run : {"r1", "r2"}) {
      Result<Recent> recent = store->read_on(run);
      Result<std::vector<Event>> read = store->read(run);
      bool is_meant = std::string_view(run) == (std::string_view(how).starts_with("INSERT INTO snap") ? "r2" : "r1");
      if (!is_meant) continue;
      // Where its record is damaged, nobody goes on at all.
      REQUIRE(bool(recent) == bool(read));
      if (recent) CHECK(!recent->snapshot);
      if (!read) CHECK(recent.error().message == read.error().message);
    }
  }
}

TEST_CASE("behind a snapshot each event is checked, before it none is, and who checks the record looks at all") {
  for (int64_t seq = 1; seq < all; ++seq) {
    Directory directory;
    std::unique_ptr<SqliteStore> store = with_snapshot(directory);
    sql(directory.file(), fmt::format("UPDATE events SET line = line || ' ' WHERE seq = {}", seq).c_str());
    INFO(seq);
    CHECK(!store->read("r1"));
    CHECK(bool(store->read_on("r1")) == (seq < behind - 1));
  }
  for (const char* lost : {"seq = 8", "seq = 7", "seq = 6"}) {
    Directory directory;
    std::unique_ptr<SqliteStore> store = with_snapshot(directory);
    sql(directory.file(), fmt::format("DELETE FROM events WHERE {}", lost).c_str());
    CHECK(!store->read_on("r1"));
  }
}

TEST_CASE("a file of format 4, which knew no snapshots, is brought up to date; a copy needs none") {
  Directory directory, second;
  { with_snapshot(directory); }
  sql(directory.file(), "DROP TABLE snapshots; PRAGMA user_version=4");
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  check_whole(**store);
  REQUIRE((*store)->append("r1", all, {some_events()[3]}, text));
  CHECK((*store)->read_on("r1")->snapshot);
  auto other = SqliteStore::open(second.file());
  REQUIRE((*store)->carry_to(**other));
  CHECK(!(*other)->read_on("r1")->snapshot);
  CHECK(int64_t((*other)->read_on("r1")->events.size()) == all + 1);
}

TEST_CASE("what is pruned has no snapshot left, even where an older version has ended the run") {
  Directory directory;
  std::unique_ptr<SqliteStore> store = with_snapshot(directory);
  sql(directory.file(), "CREATE TABLE kept AS SELECT * FROM snapshots");
  REQUIRE(store->append("r1", all, {{1, 2, RunEnded{Outcome::Succeeded, "end"}}}));
  sql(directory.file(), "INSERT INTO snapshots SELECT * FROM kept");
  Result<Chain> end = store->chain_end("r1");
  REQUIRE(store->prune({"r1", "release", "h1", end->events, end->head, Outcome::Succeeded}));
  sql(directory.file(), "CREATE TABLE none (run TEXT CHECK (run IS NULL)); INSERT INTO none SELECT run FROM snapshots");
}

}  // namespace rollout::journal
