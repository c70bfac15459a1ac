// The record of promotions in every store: entering is one commit with the run, an abort one with that of the open
// run; and a file of the format before promotions.
#include <catch2/catch.hpp>

#include "runtime/journal/memory_store.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"

namespace rollout::journal {

namespace {

PromotionBegun begun() {
  return {"ship", "release", "shop.rollout", {{"dev", 0}, {"production", 60}}, {{"image", "shop:\"1\""}}, {{"a", "h"}},
          "me"};
}

std::vector<PromotionEvent> some_events() {
  return {{2, PromotionResumed{"you"}},
          {3, StageEnded{0, Outcome::RolledBack, 77, "it went\nback"}},
          {4, PromotionAborted{3, "anna", "because"}},
          {5, PromotionEnded{PromotionOutcome::Superseded, "x"}}};
}

NewRun stage_run(std::string hash, int64_t known, uint32_t stage) {
  NewRun run{"release", "{}", std::move(hash), {"dev/shop"}, "me", 5};
  run.stage = StageOf{"p1", known, stage, {{"ghcr.io/shop:1", "sha256:aa"}}};
  return run;
}

void conforms(Store& store) {
  Result<std::string> name = store.begin(begun(), 1);
  REQUIRE(name);
  CHECK(*name == "p1");
  CHECK(is_promotion(*name));
  Result<RunInfo> run = store.create(stage_run("h1", 1, 0));
  REQUIRE(run);
  // Somebody else has driven it meanwhile: no run, and no event.
  Result<RunInfo> stale = store.create(stage_run("h2", 1, 1));
  REQUIRE(!stale);
  CHECK(stale.error().refused);
  CHECK(store.list()->size() == 1);
  CHECK(*store.next_generation("dev/shop") == 2);
  std::vector<PromotionEvent> events = some_events();
  for (size_t i = 0; i < events.size(); ++i) {
    CHECK(*store.append_to("p1", int64_t(i) + 2, events[i]) == Appended::Written);
    CHECK(*store.append_to("p1", int64_t(i) + 2, events[i]) == Appended::Written);  // the answer was lost
  }
  CHECK_FALSE(store.append_to("p1", 2, events[3]));
  Result<std::vector<PromotionEvent>> read = store.read_promotion("p1");
  REQUIRE(read);
  REQUIRE(read->size() == 6);
  CHECK(encode((*read)[0]) == encode({1, begun()}));
  CHECK(encode((*read)[1]) == encode({5, StageEntered{0, run->run, "h1", {{"ghcr.io/shop:1", "sha256:aa"}}}}));
  for (size_t i = 0; i < events.size(); ++i) CHECK(encode((*read)[i + 2]) == encode(events[i]));
  CHECK(store.promotions()->at(0).outcome == PromotionOutcome::Superseded);
  Result<int64_t> late = store.request("p1", {0, Ask::Abort, "me", "late", 9});
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK_FALSE(store.read_promotion("p7"));
}

void aborts(Store& store) {
  REQUIRE(store.begin(begun(), 1));
  REQUIRE(store.create(stage_run("h1", 1, 0)));
  REQUIRE(store.request("p1", {0, Ask::Abort, "anna", "wrong", 9}));
  // The run that is underway has it as well, and does not succeed any more.
  Result<std::vector<Request>> asked = store.requests("r1", 0);
  REQUIRE(asked->size() == 1);
  CHECK(asked->front().reason == "wrong");
  CHECK(*store.append("r1", 1, {{1, 2, RunEnded{Outcome::Succeeded, "", false}}}) == Appended::AbortFirst);
  CHECK(*store.append("r1", 1, {{1, 2, RunEnded{Outcome::RolledBack, "", false}}}) == Appended::Written);
  CHECK_FALSE(store.create(stage_run("h2", 2, 1)));
  CHECK(store.list()->size() == 1);
  CHECK(*store.append_to("p1", 2, {3, PromotionEnded{PromotionOutcome::Succeeded, ""}}) == Appended::AbortFirst);
  // A second abort asks only the promotion: its run has ended.
  REQUIRE(store.request("p1", {0, Ask::Abort, "anna", "again", 9}));
  CHECK(store.requests("r1", 0)->size() == 1);
  CHECK(store.requests("p1", 0)->size() == 2);
}

}  // namespace

TEST_CASE("every store keeps promotions") {
  MemoryStore memory, other;
  conforms(memory);
  aborts(other);
  Directory first, second;
  conforms(**SqliteStore::open(first.file()));
  aborts(**SqliteStore::open(second.file()));
  CHECK((*SqliteStore::open(first.file()))->read_promotion("p1")->size() == 6);
}

TEST_CASE("a changed event of a promotion is found, and its runs are not affected") {
  Directory directory;
  conforms(**SqliteStore::open(directory.file()));
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
  sql(directory.file(), "DROP TABLE locks; DROP TABLE promotions; PRAGMA user_version=2");
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
