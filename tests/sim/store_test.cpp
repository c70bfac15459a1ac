// Every store behaves the same; the durable one also survives what is done to its file.
#include <chrono>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/effects/service_lock.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/memory_store.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"

namespace rollout::journal {

namespace {

namespace fs = std::filesystem;

NewRun new_run(std::string hash) {
  return {"release", "{\"plan\":1}", std::move(hash), {"checkout", "search"}, "me", 5};
}

std::vector<Event> some_events() {
  Sampled sampled{
      {2, false}, false,
      17,         {0},
      {1},        {{{0, plan::Role::Canary, 990'000'000}, ReadingStatus::Ok, "d", 10, 2, 0.1}}};
  return {{1, 2, StepStarted{{0, false}, 1, "r1/g1/step0/a1"}},
          {2, 3, StepDone{{0, false}, 1, true, "found \"it\"\n"}},
          {3, 4, StepFailed{{1, true}, 2, true, true, "no"}},
          {4, 5, Reasserted{{1, false}, 2, "k", "weights lost"}},
          {5, 6, sampled},
          {6, 7, GateDecided{verification, 1, Verdict::NoEvidence, Reason::NoData, true, "x"}},
          {7, 8, WatchFired{0, "y"}},
          {8, 9, AbortRequested{3, "somebody", "because", true}},
          {9, 10, Interrupted{"me", "`deploy shop:2`: 1 of 4"}},
          {10, 11, Resumed{"you", 12}},
          {11, 12, RollbackStarted{Cause::Watch, plan::none, "z"}},
          {12, 13, VerifyStarted{1}},
          {12, 13, Approved{{1, false}, 4, "anna", "good", "anna@host, process 1"}},
          {12, 13, Rejected{{1, false}, 5, "ben", "bad", ""}},
          {12, 13, Parked{{1, false}, "timed out"}},
          {12, 13, ScopeRollbackStarted{2, Cause::GateFailed, "slow"}},
          {12, 13, GateDecided{{plan::none, true, 2}, 1, Verdict::Pass, Reason::None, false, "x"}},
          {12, 13, ScopeVerifyStarted{2, 1}},
          {12, 13, Captured{{{1e6, 2.5e5, 60, 360000, 360}, {1e8, 0, 3, 0, 0}}, {{"generation(shop)", "4", 4}}}},
          {12, 13, ScopeEnded{2, true, "slow"}},
          {12, 13, Parked{{plan::none, false, 2}, "one has gone back"}},
          {12, 13, LockTaken{1, "production/schema"}},
          {12, 13, LockReleased{1, "production/schema"}},
          {13, 14, RunEnded{Outcome::Parked, "end"}}};
}

void conforms(Store& store) {
  Result<RunInfo> first = store.create(new_run("h1"));
  REQUIRE(first);
  CHECK(first->run == "r1");
  CHECK(first->generations.at(1).number == 1);
  CHECK(store.next_generation("checkout").operator*() == 2);
  CHECK(store.next_generation("nobody").operator*() == 1);
  Result<RunInfo> again = store.create(new_run("h1"));
  REQUIRE(!again);
  CHECK(again.error().refused);
  Result<RunInfo> second = store.create(new_run("h2"));
  REQUIRE(second);
  CHECK(second->generations.at(0).number == 2);
  CHECK(*store.plan_bytes("r1") == "{\"plan\":1}");
  CHECK(!store.plan_bytes("r9"));

  Request abort{0, Ask::Abort, "somebody", "because", 7};
  Result<int64_t> id = store.request("r1", abort);
  REQUIRE(id);
  CHECK(store.requests("r1", 0)->size() == 1);
  CHECK(store.requests("r1", *id)->empty());
  CHECK(store.requests("r2", 0)->empty());
  REQUIRE(store.request("r1", {0, Ask::Reject, "anna", "no", 8, 3, "anna@host"}));
  Result<std::vector<Request>> answers = store.requests("r1", *id);
  REQUIRE(answers->size() == 1);
  CHECK(answers->at(0).ask == Ask::Reject);
  CHECK(answers->at(0).by == "anna");
  CHECK(answers->at(0).step == 3);
  CHECK(answers->at(0).holder == "anna@host");

  std::vector<Event> events = some_events();
  CHECK(store.append("r1", 1, events));
  CHECK(store.append("r1", 1, events));  // the answer to the first call was lost
  Result<Appended> stale = store.append("r1", 1, {events[0]});
  REQUIRE(!stale);
  CHECK(stale.error().refused);
  Result<std::vector<Event>> read = store.read("r1");
  REQUIRE(read);
  REQUIRE(read->size() == events.size() + 1);
  for (size_t i = 0; i < events.size(); ++i) CHECK(encode((*read)[i + 1]) == encode(events[i]));

  Result<int64_t> late = store.request("r1", abort);
  REQUIRE(!late);
  CHECK(late.error().refused);
  Result<std::vector<RunInfo>> list = store.list();
  REQUIRE(list->size() == 2);
  CHECK(list->at(0).run == "r2");
  CHECK(!list->at(0).outcome);
  CHECK(list->at(1).outcome == Outcome::Parked);
  CHECK(list->at(1).events == 25);
  CHECK(list->at(0).generations.at(1).service == "search");
}

/// Of an abort and a success the one that was first stands; the other one is told.
void abort_or_success(Store& store) {
  Request abort{0, Ask::Abort, "somebody", "because", 7};
  std::vector<Event> success = {{1, 2, StepDone{{0, false}, 1, false, ""}},
                                {1, 2, RunEnded{Outcome::Succeeded, ""}}};
  for (const char* hash : {"abort-first", "success-first"}) REQUIRE(store.create(new_run(hash)));
  REQUIRE(store.request("r1", abort));
  Result<Appended> refused = store.append("r1", 1, success);
  REQUIRE(refused);
  CHECK(*refused == Appended::AbortFirst);
  CHECK(store.read("r1")->size() == 1);
  CHECK(!store.list()->at(1).outcome);
  std::vector<Event> back = {{1, 2, AbortRequested{1, "somebody", "because"}},
                             {1, 2, RunEnded{Outcome::RolledBack, ""}}};
  Result<Appended> rolled_back = store.append("r1", 1, back);
  REQUIRE(rolled_back);
  CHECK(*rolled_back == Appended::Written);

  Result<Appended> succeeded = store.append("r2", 1, success);
  REQUIRE(succeeded);
  CHECK(*succeeded == Appended::Written);
  Result<int64_t> late = store.request("r2", abort);
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK(*store.append("r2", 1, success) == Appended::Written);  // the answer to the first call was lost
}

/// Another state folder has released since: what the backend has seen counts as much as our own record.
void generations_grow(Store& store) {
  NewRun run = new_run("h1");
  run.seen_generations = {41, 0};
  Result<RunInfo> first = store.create(run);
  REQUIRE(first);
  CHECK(first->generations.at(0).number == 42);
  CHECK(first->generations.at(1).number == 1);
  CHECK(*store.next_generation("checkout") == 43);
  run.plan_hash = "h2";
  run.seen_generations = {7, 0};
  CHECK(store.create(run)->generations.at(0).number == 43);
}

Event taken() { return {1, 2, LockTaken{0, "schema"}}; }
Event released() { return {1, 2, LockReleased{0, "schema"}}; }

std::string holder(Store& store) {
  Result<std::vector<HeldLock>> held = store.locks();
  REQUIRE(held);
  return held->empty() ? "" : held->at(0).run;
}

/// One run holds a lock, whatever the others ask; `restart` opens the store anew, as after a crash.
template <typename Restart>
void locks_exclude(Restart restart) {
  for (const char* hash : {"h1", "h2"}) REQUIRE(restart().create(new_run(hash)));
  CHECK(*restart().append("r1", 1, {taken(), {1, 2, StepDone{{0, false}, 1, false, ""}}}) == Appended::Written);
  CHECK(*restart().append("r1", 1, {taken(), {1, 2, StepDone{{0, false}, 1, false, ""}}}) == Appended::Written);
  CHECK(holder(restart()) == "r1");
  CHECK(*restart().append("r2", 1, {taken()}) == Appended::LockHeld);
  CHECK(restart().read("r2")->size() == 1);
  // Not twice by one run either, and a dead process of it can neither take nor give back.
  CHECK(*restart().append("r1", 3, {taken()}) == Appended::LockHeld);
  CHECK(!restart().append("r1", 1, {released()}));
  CHECK(!restart().append("r2", 7, {released()}));
  CHECK(holder(restart()) == "r1");
  CHECK(*restart().append("r1", 3, {released()}) == Appended::Written);
  CHECK(holder(restart()).empty());
  CHECK(*restart().append("r2", 1, {taken()}) == Appended::Written);
  CHECK(*restart().append("r1", 4, {released()}) == Appended::Written);  // what it does not hold stays with the other
  CHECK(holder(restart()) == "r2");
  CHECK(*restart().append("r2", 2, {{1, 2, RunEnded{Outcome::RolledBack, ""}}}) == Appended::Written);
  CHECK(holder(restart()).empty());
}

}  // namespace

TEST_CASE("the store in memory conforms") {
  MemoryStore store, other, third;
  conforms(store);
  abort_or_success(other);
  generations_grow(third);
}

TEST_CASE("one run at a time holds a lock, whatever crashes") {
  MemoryStore memory;
  locks_exclude([&]() -> Store& { return memory; });
  Directory directory;
  std::unique_ptr<SqliteStore> store;
  locks_exclude([&]() -> Store& {
    store.reset();
    store = std::move(*SqliteStore::open(directory.file()));
    return *store;
  });
}

TEST_CASE("a file of format 2, which knew no locks, is brought up to date") {
  Directory directory;
  { REQUIRE((*SqliteStore::open(directory.file()))->create(new_run("h1"))); }
  sql(directory.file(), "DROP TABLE locks; DROP TABLE promotions; PRAGMA user_version=2");
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  CHECK(*(*store)->append("r1", 1, {taken()}) == Appended::Written);
  CHECK(holder(**store) == "r1");
}

TEST_CASE("the store in a file knows aborts from successes, and what other folders have released") {
  Directory directory, second;
  abort_or_success(**SqliteStore::open(directory.file()));
  generations_grow(**SqliteStore::open(second.file()));
}

TEST_CASE("the store in a file conforms, also to a second process that opens it") {
  Directory directory;
  Result<std::unique_ptr<SqliteStore>> store = SqliteStore::open(directory.file());
  REQUIRE(store);
  conforms(**store);
  Result<std::unique_ptr<SqliteStore>> other = SqliteStore::open(directory.file());
  REQUIRE(other);
  CHECK((*other)->read("r1")->size() == 25);
  CHECK((*other)->append("r2", 1, {some_events()[0]}));
  CHECK(!(*store)->append("r2", 1, {some_events()[1]}));
}

TEST_CASE("a changed, lost or cut-off event quarantines its run and no other") {
  for (const char* damage :
       {"UPDATE events SET line = replace(line, 'found', 'faked') WHERE run = 'r1' AND seq = 2",
        "DELETE FROM events WHERE run = 'r1' AND seq = 3",
        "DELETE FROM events WHERE run = 'r1' AND seq >= 10"}) {
    Directory directory;
    {
      auto store = SqliteStore::open(directory.file());
      REQUIRE(store);
      conforms(**store);
    }
    sql(directory.file(), damage);
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    auto broken = (*store)->read("r1");
    REQUIRE(!broken);
    CHECK(broken.error().message.find("damaged") != std::string::npos);
    CHECK((*store)->read("r2"));
  }
}

TEST_CASE("foreign, newer and damaged files are refused and left as they are") {
  Directory directory;
  sql(directory.file(), "CREATE TABLE theirs (x)");
  auto foreign = SqliteStore::open(directory.file());
  REQUIRE(!foreign);
  CHECK(foreign.error().refused);

  Directory newer;
  REQUIRE(SqliteStore::open(newer.file()));
  sql(newer.file(), "PRAGMA user_version=99");
  auto refused = SqliteStore::open(newer.file());
  REQUIRE(!refused);
  CHECK(refused.error().refused);
  CHECK(refused.error().message.find("newer") != std::string::npos);

  Directory text;
  std::ofstream(text.file())
      << "this is not a database, and it is long enough to be read as a header of one .......";
  auto no_database = SqliteStore::open(text.file());
  REQUIRE(!no_database);
  CHECK(no_database.error().refused);

  Directory cut;
  {
    auto store = SqliteStore::open(cut.file());
    REQUIRE(store);
    conforms(**store);
  }
  fs::resize_file(cut.file(), fs::file_size(cut.file()) / 2);
  auto damaged = SqliteStore::open(cut.file());
  REQUIRE(!damaged);
  CHECK(damaged.error().message.find("damaged") != std::string::npos);
}

TEST_CASE("a file of format 1, which knew only aborts, is brought up to date and keeps what is in it") {
  Directory directory;
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE((*store)->create(new_run("h1")));
  }
  sql(directory.file(), "ALTER TABLE requests DROP COLUMN step; ALTER TABLE requests DROP COLUMN holder;"
                        "INSERT INTO requests (run, ask, by, reason, wall_ns) VALUES ('r1', 'abort', 'me', 'why', 7);"
                        "DROP TABLE locks; DROP TABLE promotions; PRAGMA user_version=1");
  for (int again : {0, 1}) {
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    Result<std::vector<Request>> requests = (*store)->requests("r1", 0);
    REQUIRE(requests);
    REQUIRE(requests->size() == size_t(1 + again));
    CHECK(requests->at(0).ask == Ask::Abort);
    CHECK(requests->at(0).reason == "why");
    CHECK(requests->at(0).step == plan::none);
    CHECK((*store)->request("r1", {0, Ask::Approve, "anna", "", 8, 0, ""}));
    CHECK((*store)->read("r1")->size() == 1);
  }
}

TEST_CASE("opening takes no longer with more runs in the file") {
  constexpr int runs = 1000;
  constexpr int64_t limit_ms = 500;  // the whole file would be read in more
  Directory directory;
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    NewRun run = new_run("");
    run.plan_bytes.assign(100'000, 'x');
    for (int i = 0; i < runs; ++i) {
      run.plan_hash = std::to_string(i);
      REQUIRE((*store)->create(run));
    }
  }
  auto time_of = [&] {
    auto begin = std::chrono::steady_clock::now();
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    return (std::chrono::steady_clock::now() - begin) / std::chrono::microseconds(1);
  };
  auto clean_us = time_of();
  CHECK(clean_us / 1000 < limit_ms);
  auto begin = std::chrono::steady_clock::now();
  sql(directory.file(), "PRAGMA quick_check(1)");
  auto whole_us = (std::chrono::steady_clock::now() - begin) / std::chrono::microseconds(1);
  WARN("a file of " << fs::file_size(directory.file()) / 1'000'000 << " MB with " << runs
                    << " runs opens in " << clean_us << " us; reading all of it takes " << whole_us
                    << " us");
}

TEST_CASE("after a crash in the middle of a commit the commit is undone and the whole file looked at") {
  Directory directory, copy;
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    conforms(**store);
  }
  // What a killed process leaves behind: the files as they are while a transaction spills to the disk.
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(directory.file().c_str(), &db) == SQLITE_OK);
  const char* half = "PRAGMA cache_size=1; BEGIN; UPDATE events SET line = line || zeroblob(9000)";
  REQUIRE(sqlite3_exec(db, half, nullptr, nullptr, nullptr) == SQLITE_OK);
  fs::copy_file(directory.file(), copy.file());
  fs::copy_file(directory.file() + "-journal", copy.file() + "-journal");
  sqlite3_close(db);
  {
    auto store = SqliteStore::open(copy.file());
    REQUIRE(store);
    CHECK((*store)->read("r1")->size() == 25);
  }
  // Again a journal that was not finished, and this time a page that it does not restore.
  std::fstream file(copy.file(), std::ios::in | std::ios::out | std::ios::binary);
  std::ofstream journal(copy.file() + "-journal", std::ios::binary);
  journal.write("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
  file.seekp(4096 * 2);
  file << std::string(4096, '\x7f');
  file.close();
  journal.close();
  auto damaged = SqliteStore::open(copy.file());
  REQUIRE(!damaged);
  CHECK(damaged.error().message.find("damaged") != std::string::npos);
}

TEST_CASE("events of a newer version or with unknown words are not guessed at") {
  std::string line = encode({1, 2, RunEnded{Outcome::Parked, "x"}});
  REQUIRE(decode(line));
  std::string newer = line;
  newer.replace(newer.find("\"v\":1"), 5, "\"v\":2");
  CHECK(decode(newer).error().refused);
  std::string odd = line;
  odd.replace(odd.find("parked"), 6, "pirked");
  CHECK(!decode(odd));
  CHECK(!decode("{\"v\":1,\"event\":\"run_ended\""));
}

TEST_CASE("a service is locked for one holder at a time, and free when the holder is gone") {
  Directory directory;
  std::string locks = (directory.path / "locks").string();
  {
    auto mine = effects::ServiceLock::take(locks, "checkout[eu/../x]", "r1, me@here, process 1");
    REQUIRE(mine);
    auto second = effects::ServiceLock::take(locks, "checkout[eu/../x]", "r2");
    REQUIRE(!second);
    CHECK(second.error().refused);
    CHECK(second.error().message.find("me@here") != std::string::npos);
    REQUIRE(mine->name("me@here, process 1", "r1"));
    CHECK(effects::ServiceLock::holder_of(locks, "checkout[eu/../x]")->run == "r1");
    CHECK(effects::ServiceLock::holder_of(locks, "checkout[eu/../x]")->pid == getpid());
    CHECK(effects::ServiceLock::take(locks, "search", "r2"));
  }
  CHECK(effects::ServiceLock::take(locks, "checkout[eu/../x]", "r2"));
  CHECK(fs::exists(fs::path(locks) / "checkout@eu%2f%2e%2e%2fx.lock"));
}

TEST_CASE("the lock of a killed process is free at once") {
  Directory directory;
  std::string locks = (directory.path / "locks").string();
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t child = fork();
  if (child == 0) {
    auto lock = effects::ServiceLock::take(locks, "checkout", "the child");
    ssize_t told = write(ready[1], lock ? "y" : "n", 1);
    while (told == 1) pause();
    _exit(1);
  }
  char answer = 0;
  REQUIRE(read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  auto held = effects::ServiceLock::take(locks, "checkout", "me");
  REQUIRE(!held);
  CHECK(held.error().message.find("the child") != std::string::npos);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(effects::ServiceLock::take(locks, "checkout", "me"));
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("several processes write to one file, and nothing is lost") {
  constexpr int processes = 4;
  constexpr int requests = 25;
  Directory directory;
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  REQUIRE((*store)->create(new_run("h1")));
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    pid_t child = fork();
    if (child == 0) {
      auto own = SqliteStore::open(directory.file());
      int written = 0;
      for (int n = 0; own && n < requests; ++n)
        written += (*own)->request("r1", {0, Ask::Abort, "child", "why", n}) ? 1 : 0;
      _exit(written == requests ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK((*store)->requests("r1", 0)->size() == size_t(processes * requests));
}

}  // namespace rollout::journal
