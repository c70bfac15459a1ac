// What stores keep of a person's hand: requests to all runs, a run that is reopened, and a record that can be checked
// from outside. Every store behaves the same.
#include <functional>

#include <catch2/catch.hpp>

#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/memory_store.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"

namespace rollout::journal {

namespace {

NewRun new_run(std::string hash) { return {"release", "{\"plan\":1}", std::move(hash), {"checkout"}, "me", 5}; }

Request pause(std::string by) { return {0, Ask::Pause, std::move(by), "an outage", 7}; }

void all_runs_read_the_line(Store& store) {
  REQUIRE(store.create(new_run("h1")));
  REQUIRE(store.request("r1", pause("anna")));
  REQUIRE(store.request(line_mailbox, pause("ben")));
  REQUIRE(store.create(new_run("h2")));
  REQUIRE(store.request("r1", {0, Ask::Resume, "anna", "it is over", 9}));
  auto first = store.requests("r1", 0);
  REQUIRE(first);
  REQUIRE(first->size() == 3);
  CHECK((*first)[0].by == "anna");
  CHECK(!(*first)[0].line);
  CHECK((*first)[1].by == "ben");
  CHECK((*first)[1].line);
  CHECK((*first)[2].ask == Ask::Resume);
  auto second = store.requests("r2", 0);
  REQUIRE(second->size() == 1);
  CHECK(second->front().line);
  CHECK(store.requests("r2", second->front().id)->empty());
  auto line = store.requests(line_mailbox, 0);
  REQUIRE(line);
  CHECK(line->size() == 1);
  CHECK(store.list()->size() == 2);
}

void a_run_is_reopened(Store& store) {
  REQUIRE(store.create(new_run("h1")));
  REQUIRE(store.append("r1", 1, {{1, 2, RunEnded{Outcome::Succeeded, ""}}}));
  CHECK(!store.request("r1", {0, Ask::Rollback, "anna", "late", 9}));
  REQUIRE(store.append("r1", 2, {{1, 3, Reopened{"anna", "orders are lost"}}}));
  CHECK(!store.list()->front().outcome);
  REQUIRE(store.request("r1", {0, Ask::Abort, "anna", "again", 9}));
  REQUIRE(store.append("r1", 3, {{2, 4, RunEnded{Outcome::RolledBack, "taken back"}}}));
  CHECK(store.list()->front().outcome == Outcome::RolledBack);
}

/// An abort asked by `rollout rollback` is one: it wins over a success that is not durable yet.
void a_rollback_wins(Store& store) {
  REQUIRE(store.create(new_run("h1")));
  REQUIRE(store.request("r1", {0, Ask::Rollback, "anna", "bad", 9}));
  auto end = store.append("r1", 1, {{1, 2, RunEnded{Outcome::Succeeded, ""}}});
  REQUIRE(end);
  CHECK(*end == Appended::AbortFirst);
}

void a_chain_can_be_checked(Store& store) {
  REQUIRE(store.create(new_run("h1")));
  REQUIRE(store.append("r1", 1, {{1, 2, Paused{1, "anna", "an outage"}}, {3, 4, Unpaused{2, "anna", ""}}}));
  auto chain = store.chain("r1");
  REQUIRE(chain);
  CHECK(chain->plan_hash == "h1");
  CHECK(chain->events == 3);
  REQUIRE(chain->rows.size() == 3);
  std::string hash = chain_start("r1", "h1");
  for (const Kept& row : chain->rows) {
    hash = chain_next(hash, row.line);
    CHECK(row.hash == hash);
    CHECK(decode(row.line));
  }
  CHECK(chain->head == hash);
  CHECK(!store.chain("r9"));
}

void conforms(const std::function<std::unique_ptr<Store>()>& fresh) {
  all_runs_read_the_line(*fresh());
  a_run_is_reopened(*fresh());
  a_rollback_wins(*fresh());
  a_chain_can_be_checked(*fresh());
}

}  // namespace

TEST_CASE("the store in memory keeps a person's hand") {
  conforms([] { return std::make_unique<MemoryStore>(); });
}

TEST_CASE("the store in a file keeps a person's hand") {
  Directory directory;
  int number = 0;
  conforms([&] {
    auto store = SqliteStore::open((directory.path / (std::to_string(++number) + ".db")).string());
    REQUIRE(store);
    return std::unique_ptr<Store>(std::move(*store));
  });
}

}  // namespace rollout::journal
