// The record of promotions in every store: entering is one commit with the run, an abort one with that of the open
// run; and a file of the format before promotions.
#include <catch2/catch.hpp>

#include "runtime/journal/memory_store.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"
#include "tests/sim/store_cases.h"

namespace rollout::journal {

TEST_CASE("every store keeps promotions") {
  MemoryStore memory, other;
  promotions_conform(memory);
  promotion_aborts(other);
  Directory first, second;
  promotions_conform(**SqliteStore::open(first.file()));
  promotion_aborts(**SqliteStore::open(second.file()));
  CHECK((*SqliteStore::open(first.file()))->read_promotion("p1")->size() == 6);
}

TEST_CASE("a changed event of a promotion is found, and its runs are not affected") {
  Directory directory;
  promotions_conform(**SqliteStore::open(directory.file()));
  sql(directory.file(), "UPDATE events SET line = replace(line, 'anna', 'mallory') WHERE run = 'p1'");
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  Result<std::vector<PromotionEvent>> read = (*store)->read_promotion("p1");
  REQUIRE(!read);
  CHECK(read.error().message.find("the journal of promotion p1 is damaged (event 4 was changed") == 0);
  CHECK((*store)->read("r1"));
}

TEST_CASE("a file of format 2, which knew no promotions, is brought up to date and keeps what is in it") {
  Directory directory;
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE((*store)->create({"release", "{}", "h1", {"shop"}, "me", 5}));
  }
  sql(directory.file(), "DROP TABLE file; DROP TABLE locks; DROP TABLE promotions; PRAGMA user_version=2");
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  CHECK((*store)->list()->size() == 1);
  CHECK(*(*store)->begin(begun(), 1) == "p1");
}

TEST_CASE("events of a promotion that a newer version wrote are not guessed at") {
  std::string line = encode({4, PromotionAborted{3, "anna", "because"}});
  CHECK(decode_promotion(line));
  for (auto [what, other] : {std::pair("\"v\":1", "\"v\":2"), {"promotion_aborted", "promotion_moved"}}) {
    std::string changed = line;
    changed.replace(changed.find(what), std::string(what).size(), other);
    CHECK_FALSE(decode_promotion(changed));
  }
  CHECK_FALSE(decode_promotion(R"({"v":1,"event":"promotion_ended","wall_ns":1,"outcome":"lost","detail":""})"));
}

}  // namespace rollout::journal
