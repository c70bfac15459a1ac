// The write-ahead log of the store in a file: what a crash leaves, what is done to the file without it, who closes it.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/journal/sqlite_store.h"
#include "tests/sim/state_directory.h"
#include "tests/sim/store_cases.h"

namespace rollout::journal {

namespace {

namespace fs = std::filesystem;

std::string log_of(const Directory& directory) { return directory.file() + "-wal"; }

/// A process that leaves `requests` aborts for run r1 and is killed with the file open.
void killed_in_use(const Directory& directory, int requests) {
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t child = fork();
  if (child == 0) {
    auto store = SqliteStore::open(directory.file());
    bool good = bool(store);
    for (int i = 0; good && i < requests; ++i)
      good = bool((*store)->request("r1", {0, Ask::Abort, "child", "why", i}));
    ssize_t told = write(ready[1], good ? "y" : "n", 1);
    while (told == 1) pause();
  }
  char answer = 0;
  REQUIRE(read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
}

size_t requests_in(const Directory& directory) {
  auto store = SqliteStore::open(directory.file());
  REQUIRE(store);
  return (*store)->requests("r1", 0)->size();
}

void make_run(const Directory& directory) { REQUIRE((*SqliteStore::open(directory.file()))->create(new_run("h1"))); }

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// This process as somebody who may read the folders and not write there.
struct Nobody {
  static constexpr uid_t id = 65534;
  explicit Nobody(std::initializer_list<const Directory*> folders) : is_here(geteuid() == 0) {
    for (const Directory* one : folders)
      fs::permissions(one->path, fs::perms(0755));
    if (is_here) come();
    else WARN("left out: to become somebody else needs root");
  }
  ~Nobody() { go(); }
  void come() const { REQUIRE(seteuid(id) == 0); }
  void go() const {
    if (is_here) CHECK(seteuid(0) == 0);
  }
  bool is_here;
};

/// Another process, which leaves a request when it is told `w`, and closes the file when it is told `c`.
struct Writer {
  explicit Writer(const Directory& directory) {
    REQUIRE((pipe(told) == 0 && pipe(answers) == 0));
    child = fork();
    if (child != 0) return;
    close(told[1]);
    Result<std::unique_ptr<SqliteStore>> store = std::unique_ptr<SqliteStore>();
    for (char what = 0; read(told[0], &what, 1) == 1;) {
      if (what == 'c') *store = nullptr;
      else if (!*store) store = SqliteStore::open(directory.file());
      bool good = what == 'c' || (store && (*store)->request("r1", {0, Ask::Abort, "them", "why", 1}));
      if (write(answers[1], good ? "y" : "n", 1) != 1) break;
    }
    _exit(0);
  }
  ~Writer() {
    for (int end : {told[0], told[1], answers[0], answers[1]}) close(end);
    waitpid(child, nullptr, 0);
  }
  void say(char what) const {
    char answer = 0;
    REQUIRE(write(told[1], &what, 1) == 1);
    REQUIRE(read(answers[0], &answer, 1) == 1);
    CHECK(answer == 'y');
  }
  int told[2], answers[2];
  pid_t child;
};

}  // namespace

TEST_CASE("the last one that closes the file leaves no log, and the file alone has everything") {
  Directory directory, copy;
  make_run(directory);
  CHECK_FALSE(fs::exists(log_of(directory)));
  {
    auto first = SqliteStore::open(directory.file());
    REQUIRE((*first)->request("r1", {0, Ask::Abort, "me", "why", 1}));
    { auto second = SqliteStore::open(directory.file()); }
    CHECK(fs::exists(log_of(directory)));  // the first one has it open still
  }
  CHECK_FALSE(fs::exists(log_of(directory)));
  fs::copy_file(directory.file(), copy.file());
  CHECK(requests_in(copy) == 1);
}

TEST_CASE("whoever only reads does not change the file") {
  Directory directory;
  make_run(directory);
  const std::string before = bytes_of(directory.file());
  CHECK(requests_in(directory) == 0);
  CHECK(bytes_of(directory.file()) == before);
}

TEST_CASE("what a killed process was told is recorded is there, and a torn end of the log is not") {
  Directory directory;
  make_run(directory);
  killed_in_use(directory, 3);
  REQUIRE(fs::file_size(log_of(directory)) > 0);
  CHECK(requests_in(directory) == 3);
  CHECK_FALSE(fs::exists(log_of(directory)));
  killed_in_use(directory, 2);
  const std::string begun = bytes_of(log_of(directory)).substr(32, 3000);  // a commit that nobody was told of
  std::ofstream(log_of(directory), std::ios::binary | std::ios::app) << begun;
  CHECK(requests_in(directory) == 5);
}

TEST_CASE("a file whose log was deleted, or that was copied without it, is refused") {
  Directory directory, copy;
  make_run(directory);
  killed_in_use(directory, 3);
  fs::copy_file(directory.file(), copy.file());
  const std::string away = (directory.path / "away").string();
  fs::rename(log_of(directory), away);
  for (const Directory* one : {&directory, &copy}) {
    auto store = SqliteStore::open(one->file());
    REQUIRE(!store);
    CHECK(store.error().refused);
    CHECK(store.error().message.find(log_of(*one)) != std::string::npos);
  }
  fs::remove(log_of(directory));
  fs::rename(away, log_of(directory));
  CHECK(requests_in(directory) == 3);
}

TEST_CASE("a log that was cut, or whose beginning or middle was changed, is refused and stays as it is") {
  for (const char* damage : {"cut", "begin", "begin, without its index", "middle"}) {
    INFO(damage);
    Directory directory;
    make_run(directory);
    killed_in_use(directory, 5);
    const std::string log = log_of(directory), whole = bytes_of(log);
    const std::string index = bytes_of(directory.file() + "-shm");
    std::string bytes = whole;
    if (damage == std::string("cut")) bytes.resize(whole.size() / 3);
    else bytes[damage == std::string("middle") ? whole.size() / 2 : 1] ^= 1;
    std::ofstream(log, std::ios::binary) << bytes;
    if (damage == std::string("begin, without its index")) fs::remove(directory.file() + "-shm");
    for (int again : {1, 2}) {
      CAPTURE(again);
      auto store = SqliteStore::open(directory.file());
      REQUIRE(!store);
      CHECK(store.error().refused);
      CHECK(store.error().message.find(log) != std::string::npos);
    }
    CHECK(bytes_of(log) == bytes);
    std::ofstream(log, std::ios::binary) << whole;
    std::ofstream(directory.file() + "-shm", std::ios::binary) << index;
    CHECK(requests_in(directory) == 5);
  }
}

TEST_CASE("somebody who reads what is older hides only until the next commit that a file is in use") {
  Directory directory, copy;
  make_run(directory);
  auto store = SqliteStore::open(directory.file());
  sqlite3* reader = nullptr;
  REQUIRE(sqlite3_open(directory.file().c_str(), &reader) == SQLITE_OK);
  REQUIRE(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM runs", nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE((*store)->request("r1", {0, Ask::Abort, "me", "why", 1}));
  REQUIRE(sqlite3_exec(reader, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(reader);
  REQUIRE((*store)->request("r1", {0, Ask::Abort, "me", "why", 2}));
  fs::copy_file(directory.file(), copy.file());
  auto refused = SqliteStore::open(copy.file());
  REQUIRE(!refused);
  CHECK(refused.error().refused);
}

TEST_CASE("a copy of a file that is in use has no log and can be opened") {
  Directory directory, copy;
  make_run(directory);
  auto store = SqliteStore::open(directory.file());
  REQUIRE((*store)->request("r1", {0, Ask::Abort, "me", "why", 1}));
  REQUIRE((*store)->back_up(copy.file()));
  CHECK_FALSE(fs::exists(log_of(copy)));
  CHECK(requests_in(copy) == 1);
}

TEST_CASE("the log stays short, however much is written") {
  constexpr int commits = 3000;
  constexpr uintmax_t most = 8 << 20;
  Directory directory;
  make_run(directory);
  auto store = SqliteStore::open(directory.file());
  for (int i = 0; i < commits; ++i)
    REQUIRE((*store)->append("r1", 1 + i, {{i, i, Interrupted{"me", "nothing"}}}));
  CHECK(fs::file_size(log_of(directory)) < most);
  CHECK((*store)->check_whole());
}

TEST_CASE("a forked process does not touch what its parent has opened") {
  Directory directory;
  make_run(directory);
  auto store = SqliteStore::open(directory.file());
  REQUIRE((*store)->request("r1", {0, Ask::Abort, "me", "why", 1}));
  pid_t child = fork();
  if (child == 0) {
    bool refused = !(*store)->request("r1", {0, Ask::Abort, "child", "why", 2}) && !(*store)->requests("r1", 0);
    *store = nullptr;
    _exit(refused ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  REQUIRE((*store)->request("r1", {0, Ask::Abort, "me", "why", 3}));
  CHECK(fs::exists(log_of(directory)));
  CHECK(requests_in(directory) == 2);
}

TEST_CASE("where nobody may write, a file that was copied without its log is refused") {
  Directory directory, copy;
  make_run(directory);
  killed_in_use(directory, 3);
  fs::copy_file(directory.file(), copy.file());
  Nobody nobody({&directory, &copy});
  if (!nobody.is_here) return;
  auto refused = SqliteStore::open(copy.file());
  REQUIRE(!refused);
  CHECK(refused.error().refused);
  CHECK(refused.error().message.find(log_of(copy)) != std::string::npos);
  CHECK(requests_in(directory) == 3);  // its log is beside it
}

TEST_CASE("whoever may only read sees what is written later") {
  Directory directory;
  make_run(directory);
  Writer writer(directory);  // before anything is open here: a fork would take it along
  Nobody nobody({&directory});
  if (!nobody.is_here) return;
  auto watching = SqliteStore::open(directory.file());
  REQUIRE(watching);
  auto seen = [&] { return (*watching)->requests("r1", 0)->size(); };
  CHECK(seen() == 0);
  writer.say('w');
  writer.say('c');  // and nobody has it open any more
  CHECK(seen() == 1);
  writer.say('w');
  CHECK(seen() == 2);
  writer.say('c');
  CHECK(seen() == 2);
  writer.say('w');
  writer.say('w');
  writer.say('c');
  CHECK(seen() == 4);
  auto refused = (*watching)->request("r1", {0, Ask::Abort, "me", "why", 1});
  REQUIRE(!refused);
  CHECK(refused.error().message.find("cannot be written") != std::string::npos);
}

TEST_CASE("where nobody may write the state can be read, and writing it is refused") {
  Directory directory;
  if (mount("none", directory.path.c_str(), "tmpfs", 0, "size=4m") != 0) {
    WARN("left out: mounting a small file system needs root");
    return;
  }
  make_run(directory);
  REQUIRE(mount("none", directory.path.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m") == 0);
  {
    auto store = SqliteStore::open(directory.file());
    REQUIRE(store);
    CHECK((*store)->read("r1")->size() == 1);
    auto refused = (*store)->request("r1", {0, Ask::Abort, "me", "why", 1});
    REQUIRE(!refused);
    CHECK(refused.error().message.find("cannot be written") != std::string::npos);
  }
  umount2(directory.path.c_str(), MNT_DETACH);
}

}  // namespace rollout::journal
