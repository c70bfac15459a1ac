// State files of earlier formats, as those see them who change nothing, and what becomes of them when somebody writes.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"
#include "tests/sim/store_cases.h"

namespace rollout::journal {

namespace {

namespace fs = std::filesystem;

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int format_in(const std::string& file) {
  sqlite3* db = nullptr;
  sqlite3_stmt* asked = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &asked, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_step(asked) == SQLITE_ROW);
  int format = sqlite3_column_int(asked, 0);
  sqlite3_finalize(asked);
  sqlite3_close(db);
  return format;
}

/// The state of the first day, of format 1.
std::string first_day(const Directory& directory) {
  sql(directory.file(), bytes_of(ROLLOUT_JOURNALS "/2026-11-21.sql").c_str());
  return bytes_of(directory.file());
}

}  // namespace

TEST_CASE("looking at a file of an earlier format changes nothing, and shows what its own version writes meanwhile") {
  Directory directory;
  const std::string before = first_day(directory);
  auto store = SqliteStore::look(directory.file());
  REQUIRE(store);
  CHECK((*store)->list()->size() == 6);
  CHECK((*store)->read("r6")->size() == 10);
  CHECK((*store)->requests("r6", 0)->empty());
  CHECK((*store)->promotions()->empty());
  CHECK(!(*store)->request("r6", {0, Ask::Abort, "me", "why", 1}));
  CHECK((*store)->check_whole());
  CHECK(bytes_of(directory.file()) == before);
  CHECK(format_in(directory.file()) == 1);
  // As the earlier version does, for which there is no lock of ours.
  sql(directory.file(), "INSERT INTO requests (run, ask, by, reason, wall_ns) VALUES ('r6', 'abort', 'me', 'why', 7)");
  CHECK((*store)->requests("r6", 0)->size() == 1);
}

TEST_CASE("a file of format 4 is looked at with what is in its log") {
  Directory directory;
  { REQUIRE((*SqliteStore::open(directory.file()))->create(new_run("h1"))); }
  sql(directory.file(), "DROP TABLE snapshots; PRAGMA user_version=4");
  sqlite3* older = nullptr;
  REQUIRE(sqlite3_open(directory.file().c_str(), &older) == SQLITE_OK);
  auto ask = [&] {
    const char* text = "INSERT INTO requests (run, ask, by, reason, wall_ns) VALUES ('r1', 'abort', 'me', 'why', 7)";
    REQUIRE(sqlite3_exec(older, text, nullptr, nullptr, nullptr) == SQLITE_OK);
  };
  ask();
  REQUIRE(fs::file_size(directory.file() + "-wal") > 0);
  const std::string before = bytes_of(directory.file());
  auto store = SqliteStore::look(directory.file());
  REQUIRE(store);
  CHECK((*store)->requests("r1", 0)->size() == 1);
  CHECK((*store)->read_on("r1")->events.size() == 1);  // looks for a snapshot, which that format has not
  ask();
  CHECK((*store)->requests("r1", 0)->size() == 2);
  store->reset();
  CHECK(bytes_of(directory.file()) == before);
  sqlite3_close(older);
  CHECK(format_in(directory.file()) == 4);
}

TEST_CASE("an empty file stays empty while somebody looks at it") {
  Directory directory;
  std::ofstream(directory.file()).close();
  auto store = SqliteStore::look(directory.file());
  REQUIRE(store);
  CHECK((*store)->list()->empty());
  CHECK(fs::file_size(directory.file()) == 0);
}

TEST_CASE("whoever writes to a file of an earlier format leaves it beside as it was, and those who look go on") {
  Directory directory;
  first_day(directory);
  auto looking = SqliteStore::look(directory.file());
  REQUIRE((*looking)->list()->size() == 6);
  for (const char* kept : {"/rollout.db.format-1", "/rollout.db.format-1-2"}) {
    const std::string copy = directory.path.string() + kept;
    CHECK_FALSE(fs::exists(copy));
    {
      auto store = SqliteStore::open(directory.file());
      REQUIRE(store);
      REQUIRE((*store)->request("r6", {0, Ask::Abort, "me", "why", 1}));
      CHECK((*looking)->requests("r6", 0)->size() == 1);
    }
    CHECK(format_in(directory.file()) == 5);
    REQUIRE(format_in(copy) == 1);
    auto then = SqliteStore::look(copy);
    REQUIRE(then);
    CHECK((*then)->read("r6")->size() == 10);
    CHECK((*then)->requests("r6", 0)->empty());
    then->reset(), looking->reset();
    // Somebody puts the earlier one back.
    for (const char* beside : {"-wal", "-shm"}) fs::remove(directory.file() + beside);
    fs::copy_file(copy, directory.file(), fs::copy_options::overwrite_existing);
    looking = SqliteStore::look(directory.file());
  }
  for (const fs::directory_entry& left : fs::directory_iterator(directory.path))
    CHECK(left.path().extension() != ".part");
}

}  // namespace rollout::journal
