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
#include "runtime/journal/common_events.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/memory_store.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"
#include "tests/sim/store_cases.h"

namespace rollout::journal {

namespace fs = std::filesystem;

TEST_CASE("the store in memory conforms") {
  MemoryStore store, other, third, fourth;
  conforms(store);
  abort_or_success(other);
  generations_grow(third);
  snapshots_conform(fourth);
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
  sql(directory.file(), "DROP TABLE file; DROP TABLE locks; DROP TABLE promotions; PRAGMA user_version=2");
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
  CHECK((*other)->read("r1")->size() == 33);
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

TEST_CASE("a file with a trigger or a view in it is refused, and neither acts") {
  for (const char* code : {"CREATE TRIGGER evil AFTER INSERT ON requests BEGIN DELETE FROM events; END",
                           "ALTER TABLE locks RENAME TO kept; CREATE VIEW locks AS SELECT * FROM kept"}) {
    Directory directory;
    REQUIRE(SqliteStore::open(directory.file()));
    sql(directory.file(), code);
    auto refused = SqliteStore::open(directory.file());
    REQUIRE(!refused);
    CHECK(refused.error().refused);
    CHECK(refused.error().message.find("that is not ours") != std::string::npos);
  }
}

TEST_CASE("a trigger that is made while the file is open does not act") {
  Directory directory;
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  Result<journal::RunInfo> info = (*store)->create(new_run("h1"));
  REQUIRE(info);
  sql(directory.file(), "CREATE TRIGGER evil AFTER INSERT ON requests BEGIN DELETE FROM events; END");
  REQUIRE((*store)->request(info->run, {}));
  CHECK((*store)->read(info->run)->size() == 1);
}

TEST_CASE("a file of format 1, which knew only aborts, is brought up to date and keeps what is in it") {
  Directory directory;
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE((*store)->create(new_run("h1")));
  }
  sql(directory.file(), "ALTER TABLE requests DROP COLUMN step; ALTER TABLE requests DROP COLUMN holder;"
                        "INSERT INTO requests (run, ask, by, reason, wall_ns) VALUES ('r1', 'abort', 'me', 'why', 7);"
                        "DROP TABLE file; DROP TABLE locks; DROP TABLE promotions; PRAGMA user_version=1");
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

/// Format 3 had a rollback journal.
void make_older(const std::string& file) {
  sql(file, "PRAGMA journal_mode=PERSIST; DROP TABLE file; PRAGMA user_version=3");
}

TEST_CASE("after a crash of an older version in a commit it is undone and the whole file looked at") {
  Directory directory, copy;
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    conforms(**store);
  }
  make_older(directory.file());
  // What a killed process leaves behind: the files as they are while a transaction spills to the disk.
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(directory.file().c_str(), &db) == SQLITE_OK);
  const char* half = "PRAGMA journal_mode=PERSIST; PRAGMA cache_size=1; BEGIN;"
                     "UPDATE events SET line = line || zeroblob(9000)";
  REQUIRE(sqlite3_exec(db, half, nullptr, nullptr, nullptr) == SQLITE_OK);
  fs::copy_file(directory.file(), copy.file());
  fs::copy_file(directory.file() + "-journal", copy.file() + "-journal");
  sqlite3_close(db);
  {
    auto store = SqliteStore::open(copy.file());
    REQUIRE(store);
    CHECK((*store)->read("r1")->size() == 33);
    CHECK(fs::exists(copy.file() + "-wal"));
  }
  make_older(copy.file());
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
  std::string other = line;
  other.replace(other.find("run_ended"), 9, "run_archived");
  Result<Event> unknown = decode(other);
  REQUIRE(!unknown);
  CHECK(unknown.error().refused);
  CHECK(unknown.error().message.find("newer rollout (event `run_archived`") != std::string::npos);
  Result<PromotionEvent> stage = decode_promotion(R"({"v":1,"event":"stage_archived","wall_ns":1})");
  REQUIRE(!stage);
  CHECK(stage.error().refused);
  CHECK(stage.error().message.find("newer rollout (event `stage_archived`") != std::string::npos);
  CHECK_FALSE(decode(R"({"v":1,"run_ns":1,"wall_ns":2})").error().refused);
  std::string odd = line;
  odd.replace(odd.find("parked"), 6, "pirked");
  CHECK(!decode(odd));
  CHECK(!decode("{\"v\":1,\"event\":\"run_ended\""));
}

TEST_CASE("events that are read without a tree are those that the tree gives, and nothing else is read so") {
  std::vector<Event> events = some_events();
  events.push_back({1, 2, StepStarted{{0, true, 3}, 12, "r1/g1/step0/a1"}});
  events.push_back({1, 2, StepDone{{7, false}, 1, false, "as it should be"}});
  events.push_back({5, 6, Sampled{{2, false}, true, 17, {}, {}, {}}});
  TermReading quiet{{1, plan::Role::All, 0}, ReadingStatus::NoData, "", 0, 0, -2.5e-7};
  events.push_back({5, 6, Sampled{{2, false}, false, 17, {0, 1}, {}, {quiet, quiet}}});
  size_t read = 0;
  for (const Event& event : events) {
    const std::string line = encode(event);
    std::vector<std::string> lines = {line};
    for (size_t at = 0; at < line.size(); ++at)
      for (const char* other : {"", "0", "-", ".", " ", "\"", "\\", "e", ",", "}", "\xc3"})
        lines.push_back(line.substr(0, at) + other + line.substr(at + 1));
    for (const std::string& one : lines) {
      std::optional<Event> common = decode_common(one);
      if (!common) continue;
      CAPTURE(one);
      Result<Event> any = decode_any(one);
      REQUIRE(any);
      REQUIRE(encode(*common) == encode(*any));
    }
    if (decode_common(line)) ++read;
  }
  CHECK(read == 6);
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

TEST_CASE("a run in a file waits for a worker when its driver died or left it, and for a person otherwise") {
  Directory directory;
  auto store = std::move(*SqliteStore::open(directory.file()));
  for (std::string hash : {"h1", "h2"}) REQUIRE(store->create(new_run(hash)));
  using Names = std::vector<std::string>;
  Claims& claims = *store->claims();
  CHECK(claims.waiting()->empty());
  REQUIRE(claims.take({"checkout", "search"}, "me", ""));
  REQUIRE(claims.name("r2"));
  CHECK(claims.waiting()->empty());
  claims.hand_over();
  CHECK(*claims.waiting() == Names{"r2"});
  REQUIRE(claims.take({"checkout", "search"}, "me", "r2"));
  claims.give_back();
  CHECK(claims.waiting()->empty());
  REQUIRE(claims.offer({"checkout", "search"}, "r2"));
  CHECK(*claims.waiting() == Names{"r2"});
  // Who finds one of the services taken has changed nothing.
  auto other = std::move(*SqliteStore::open(directory.file()));
  REQUIRE(other->claims()->take({"search"}, "she", "r1"));
  CHECK(!claims.take({"checkout", "search"}, "me", "r2"));
  other->claims()->give_back();
  CHECK(*claims.waiting() == Names{"r2"});
  pid_t child = fork();
  if (child == 0) _exit(FileClaims((directory.path / "locks").string()).take({"billing"}, "the child", "r1") ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(*claims.waiting() == Names{"r1", "r2"});
  REQUIRE(store->append("r1", 1, {{1, 2, RunEnded{Outcome::Succeeded, ""}}}));
  CHECK(*claims.waiting() == Names{"r2"});
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
  const std::string reason(60'000, 'y');  // so that the log is brought into the file again and again
  Directory directory;
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  REQUIRE((*store)->create(new_run("h1")));
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    pid_t child = fork();
    if (child == 0) {
      int written = 0;
      {
        auto own = SqliteStore::open(directory.file());
        for (int n = 0; own && n < requests; ++n)
          written += (*own)->request("r1", {0, Ask::Abort, "child", reason, n}) ? 1 : 0;
      }
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
  CHECK((*store)->check_whole());
}

}  // namespace rollout::journal
