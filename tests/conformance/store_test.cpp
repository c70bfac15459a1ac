// The store on a real PostgreSQL: all that every store does, and what only a server can do to it.
#include <atomic>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "runtime/journal/postgresql_store.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/conformance/postgres_server.h"
#include "tests/sim/store_cases.h"

namespace rollout::test {

using journal::Appended;
using journal::Event;
using journal::PostgresqlStore;

namespace {

/// Says that the connection was lost once the next commit has reached the server and was answered.
struct LossyCommit : effects::Sql {
  struct Session : effects::SqlSession {
    Session(std::unique_ptr<effects::SqlSession> real, bool& lose) : real(std::move(real)), lose(lose) {}
    Result<std::vector<effects::SqlRow>> run(const std::string& statement, const std::vector<std::string>& parameters,
                                             int64_t within_ns) override {
      auto rows = real->run(statement, parameters, within_ns);
      if (statement != "COMMIT" || !lose) return rows;
      lose = false;
      return OpError{"the connection was lost", true};
    }
    Status start(const std::string& script) override { return real->start(script); }
    Result<bool> has_ended() override { return real->has_ended(); }
    void cancel() override { real->cancel(); }
    std::unique_ptr<effects::SqlSession> real;
    bool& lose;
  };

  explicit LossyCommit(bool& lose) : lose(lose) {}
  Result<std::unique_ptr<effects::SqlSession>> connect(const effects::SqlServer& server, int64_t within_ns) override {
    auto session = real->connect(server, within_ns);
    if (!session) return session;
    return std::unique_ptr<effects::SqlSession>(std::make_unique<Session>(std::move(*session), lose));
  }

  std::unique_ptr<effects::Sql> real = effects::libpq_sql();
  bool& lose;
};

struct Server15 {
  explicit Server15(std::vector<std::string> settings = {})
      : real(nullptr), effects(real.all()), server(effects, directory, std::move(settings)) {}

  effects::SqlServer new_database(const std::string& name) {
    server.sql("CREATE DATABASE " + name);
    effects::SqlServer address = server.address();
    address.database = name;
    return address;
  }
  static std::unique_ptr<PostgresqlStore> open(const effects::SqlServer& address) {
    auto store = PostgresqlStore::open(effects::libpq_sql(), address);
    INFO((store ? "" : store.error().message));
    REQUIRE(store);
    return std::move(*store);
  }

  TempDir directory;
  effects::RealEffects real;
  effects::Effects effects;
  PostgresServer server;
};

}  // namespace

TEST_CASE("store: PostgreSQL does what every store does", "[store]") {
  Server15 here;
  journal::conforms(*here.open(here.new_database("one")));
  CHECK(here.open({"127.0.0.1", here.server.port(), "one", "shop", ""})->read("r1")->size() == 33);
  journal::abort_or_success(*here.open(here.new_database("two")));
  journal::generations_grow(*here.open(here.new_database("three")));
  journal::promotions_conform(*here.open(here.new_database("four")));
  journal::promotion_aborts(*here.open(here.new_database("five")));
  journal::snapshots_conform(*here.open(here.new_database("snapshots")));
  journal::prunes(*here.open(here.new_database("pruned")));
  effects::SqlServer six = here.new_database("six");
  std::unique_ptr<PostgresqlStore> store;
  journal::locks_exclude([&]() -> journal::Store& {
    store.reset();
    store = here.open(six);
    return *store;
  });
}

TEST_CASE("store: of many that write at once each run is made once and each event has one writer", "[store]") {
  Server15 here;
  effects::SqlServer address = here.new_database("shared");
  here.open(address);
  constexpr int writers = 8, runs_each = 10;
  std::atomic<int> made = 0, won = 0, lost = 0;
  auto write = [&](int writer) {
    auto store = PostgresqlStore::open(effects::libpq_sql(), address);
    if (!store) return;
    for (int i = 0; i < runs_each; ++i)
      made += bool((*store)->create(journal::new_run(fmt::format("h{}-{}", writer, i))));
    // All of them want to write the same event of the same run.
    std::vector<Event> mine = {{1, 2, journal::Resumed{fmt::format("writer {}", writer), 1}}};
    Result<Appended> appended = (*store)->append("r1", 1, mine);
    (appended ? won : lost) += 1;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i) threads.emplace_back(write, i);
  for (std::thread& thread : threads) thread.join();
  CHECK(made == writers * runs_each);
  CHECK(won == 1);
  CHECK(lost == writers - 1);
  auto store = here.open(address);
  std::set<int64_t> generations;
  Result<std::vector<journal::RunInfo>> runs = store->list();
  REQUIRE(runs);
  for (const journal::RunInfo& run : *runs) generations.insert(run.generations.at(0).number);
  CHECK(generations.size() == size_t(writers * runs_each));
  CHECK(*generations.rbegin() == writers * runs_each);
  CHECK(store->read("r1")->size() == 2);
}

TEST_CASE("store: a journal of any length is read whole", "[store]") {
  Server15 here;
  auto store = here.open(here.new_database("long"));
  REQUIRE(store->create(journal::new_run("h1")));
  const int64_t events = int64_t(journal::rows_at_once) * 2;
  std::vector<Event> many(size_t(events) - 1, Event{1, 2, journal::Resumed{"me", 1}});
  REQUIRE(store->append("r1", 1, many));
  CHECK(store->read("r1")->size() == size_t(events));
}

TEST_CASE("store: a commit whose answer is lost is looked up, not repeated", "[store]") {
  Server15 here;
  bool lose = false;
  auto store = PostgresqlStore::open(std::make_unique<LossyCommit>(lose), here.new_database("lossy"));
  REQUIRE(store);
  lose = true;
  Result<journal::RunInfo> run = (*store)->create(journal::new_run("h1"));
  CHECK(!lose);
  REQUIRE(run);
  CHECK(run->run == "r1");
  lose = true;
  CHECK(*(*store)->append("r1", 1, {journal::some_events()[0]}) == Appended::Written);
  CHECK(!lose);
  CHECK((*store)->read("r1")->size() == 2);
}

TEST_CASE("store: a server that dies and comes back loses nothing that it acknowledged", "[store]") {
  Server15 here;
  auto store = here.open(here.new_database("crash"));
  REQUIRE(store->create(journal::new_run("h1")));
  int64_t known = 1;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(store->append("r1", known++, {journal::some_events()[0]}));
    here.server.stop(effects::Stop::Kill);
    Result<Appended> away = store->append("r1", known, {journal::some_events()[1]});
    REQUIRE(!away);
    CHECK(away.error().retryable);
    here.server.start();
    REQUIRE(eventually(here.effects, 10 * second_ns,
                       [&] { return bool(store->append("r1", known, {journal::some_events()[1]})); }));
    ++known;
    CHECK(store->read("r1")->size() == size_t(known));
  }
  // A gap in the names would look like a run that somebody has removed.
  CHECK(store->create(journal::new_run("h2"))->run == "r2");
}

TEST_CASE("store: a server that forgets, one that only follows, and a newer format are refused", "[store]") {
  Server15 forgets({"fsync=off"});
  auto unsafe = PostgresqlStore::open(effects::libpq_sql(), forgets.server.address());
  REQUIRE(!unsafe);
  CHECK(unsafe.error().message.find("runs with fsync = off: it may forget what it has acknowledged") !=
        std::string::npos);

  Server15 here;
  here.open(here.server.address());
  here.server.sql("DROP TABLE rollout.prunes, rollout.snapshots");
  here.server.sql("UPDATE rollout.format SET version = 3");
  CHECK(here.open(here.server.address())->pruned()->empty());
  here.server.sql("DROP TABLE rollout.snapshots");
  here.server.sql("UPDATE rollout.format SET version = 4");
  auto store = here.open(here.server.address());
  REQUIRE(store->create(journal::new_run("h1")));
  CHECK(store->read_on("r1")->events.size() == 1);
  here.server.sql("UPDATE rollout.format SET version = 99");
  auto newer = PostgresqlStore::open(effects::libpq_sql(), here.server.address());
  REQUIRE(!newer);
  CHECK(newer.error().refused);
  here.server.stop(effects::Stop::Ask);
  here.directory.write("data/standby.signal", "");
  here.server.start();
  auto standby = PostgresqlStore::open(effects::libpq_sql(), here.server.address());
  REQUIRE(!standby);
  CHECK(standby.error().message.find("is a standby; the state is kept by the primary") != std::string::npos);
}

TEST_CASE("store: a service has one claimant, and who has lost it writes nothing more", "[store]") {
  Server15 here;
  effects::SqlServer address = here.new_database("claims");
  auto first = here.open(address), second = here.open(address), looking = here.open(address);
  REQUIRE(first->claims()->take({"checkout", "search"}, "anna@a, process 1", ""));
  REQUIRE(first->create(journal::new_run("h1")));
  REQUIRE(first->claims()->name("r1"));
  Status taken = second->claims()->take({"search"}, "ben@b, process 1", "");
  REQUIRE(!taken);
  CHECK(taken.error().refused);
  CHECK(taken.error().message.find("search is being changed by anna@a, process 1, run r1") == 0);
  CHECK(looking->claims()->claimant("search").operator*()->run == "r1");
  CHECK(!*looking->claims()->claimant("else"));
  REQUIRE(second->claims()->take({"else"}, "ben@b, process 1", ""));  // what failed has taken nothing
  CHECK(first->append("r1", 1, {journal::some_events()[0]}));
  CHECK(!looking->append("r1", 2, {journal::some_events()[1]}));  // it has claimed nothing

  // The first one is stopped for longer than its claim lasts; nobody else wants it, and it goes on.
  auto expire = [&] {
    auto session = here.effects.sql.connect(address, second_ns);
    REQUIRE((*session)->run("UPDATE rollout.claims SET until = now() - interval '2 days'", {}, second_ns));
  };
  expire();
  CHECK(!*looking->claims()->claimant("search"));
  CHECK(first->requests("r1", 0));
  CHECK(*looking->claims()->claimant("search"));
  // Once more, and the second one takes its place: what the first one wakes up with is refused.
  expire();
  second->claims()->give_back();
  REQUIRE(second->claims()->take({"checkout", "search"}, "ben@b, process 1", "r1"));
  Result<Appended> late = first->append("r1", 2, {journal::some_events()[1]});
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK(late.error().message.find("was taken over by ben@b, process 1") != std::string::npos);
  CHECK(first->requests("r1", 0).error().message == late.error().message);  // renews nothing that it has lost
  CHECK(second->append("r1", 2, {journal::some_events()[1]}));
  expire();
  CHECK(!first->append("r1", 3, {journal::some_events()[2]}));
  second->claims()->give_back();
  CHECK(!*looking->claims()->claimant("search"));
}

TEST_CASE("store: a server that comes back leaves claims to their holders for as long as one lasts", "[store]") {
  Server15 here;
  effects::SqlServer address = here.new_database("away");
  constexpr int64_t lasts_s = 3;
  auto open = [&] { return std::move(*PostgresqlStore::open(effects::libpq_sql(), address, lasts_s)); };
  auto first = open();
  REQUIRE(first->claims()->take({"checkout"}, "anna@a, process 1", ""));
  REQUIRE(first->create(journal::new_run("h1")));
  REQUIRE(first->claims()->name("r1"));
  here.server.stop(effects::Stop::Kill);
  effects::Clock& clock = here.effects.clock;
  clock.sleep_until(clock.monotonic_ns() + (lasts_s + 1) * second_ns);
  here.server.start();
  // Its claim is over by the clock of the server, and somebody else is faster than its driver.
  auto second = open();
  CHECK(second->claims()->claimant("checkout").operator*()->run == "r1");
  CHECK(second->claims()->waiting()->empty());
  CHECK(second->claims()->offer({"checkout"}, "r1"));
  CHECK(!second->claims()->take({"checkout"}, "ben@b, process 1", "r1"));
  REQUIRE(eventually(here.effects, 10 * second_ns, [&] { return bool(first->claims()->renew()); }));
  CHECK(first->append("r1", 1, {journal::some_events()[0]}));
  // Who does not come back has it no longer than that.
  clock.sleep_until(clock.monotonic_ns() + (lasts_s + 1) * second_ns);
  CHECK(*second->claims()->waiting() == std::vector<std::string>{"r1"});
  CHECK(second->claims()->take({"checkout"}, "ben@b, process 1", "r1"));
}

namespace {

/// A run that is left to others, or whose process died, waits for one of them.
void waits_for_a_driver(Server15& here) {
  effects::SqlServer address = here.new_database("waiting");
  auto first = here.open(address), second = here.open(address);
  effects::Waker* waker = second->listen({});
  REQUIRE(waker);
  auto expire = [&] {
    auto session = here.effects.sql.connect(address, second_ns);
    REQUIRE((*session)->run("UPDATE rollout.claims SET until = now() - interval '2 days'", {}, second_ns));
  };
  auto waiting = [&] { return *second->claims()->waiting(); };
  REQUIRE(first->claims()->take({"checkout"}, "anna@a, process 1", ""));
  REQUIRE(first->create(journal::new_run("h1")));
  CHECK(waiting().empty());
  expire();  // it died before it could say which run it drives
  CHECK(waiting() == std::vector<std::string>{"r1"});
  REQUIRE(first->claims()->renew());
  REQUIRE(first->claims()->name("r1"));
  CHECK(waiting().empty());
  CHECK(!waker->take());
  first->claims()->hand_over();
  here.effects.clock.sleep_until(here.effects.clock.monotonic_ns() + 5 * second_ns, *waker);
  CHECK(waiting() == std::vector<std::string>{"r1"});
  REQUIRE(second->claims()->take({"checkout"}, "ben@b, process 1", "r1"));
  CHECK(waiting().empty());
  CHECK(!first->append("r1", 1, {journal::some_events()[0]}));
  REQUIRE(second->append("r1", 1, {journal::some_events()[0]}));
  second->claims()->give_back();
  CHECK(waiting().empty());  // it was stopped by a person, or needs a hand
  REQUIRE(first->claims()->offer({"checkout"}, "r1"));
  CHECK(waiting() == std::vector<std::string>{"r1"});
  CHECK(!*first->claims()->claimant("checkout"));
}

/// What is asked of a run is heard at once, also on a connection that was opened again.
void is_heard(Server15& here) {
  effects::SqlServer address = here.new_database("heard");
  auto driver = here.open(address), person = here.open(address);
  REQUIRE(driver->create(journal::new_run("h1")));
  effects::Waker* waker = driver->listen("r1");
  REQUIRE(waker);
  auto heard_within = [&](int64_t within_ns) {
    int64_t began_ns = here.effects.clock.monotonic_ns();
    here.effects.clock.sleep_until(began_ns + within_ns, *waker);
    return here.effects.clock.monotonic_ns() - began_ns < within_ns;
  };
  CHECK(!heard_within(second_ns / 10));
  REQUIRE(person->request("r1", {0, journal::Ask::Approve, "anna", "", 1}));
  CHECK(heard_within(10 * second_ns));
  REQUIRE(person->request(journal::line_mailbox, {0, journal::Ask::Pause, "anna", "why", 1}));
  CHECK(heard_within(10 * second_ns));
  here.server.stop(effects::Stop::Kill);
  CHECK(!heard_within(second_ns / 10));  // a lost connection is no news, and costs no time
  here.server.start();
  REQUIRE(eventually(here.effects, 10 * second_ns, [&] { return bool(driver->requests("r1", 0)); }));
  REQUIRE(eventually(here.effects, 10 * second_ns,
                     [&] { return bool(person->request("r1", {0, journal::Ask::Approve, "ben", "", 1})); }));
  CHECK(heard_within(10 * second_ns));
}

/// A whole state is carried from a file to a server and back, bit for bit.
void is_carried(Server15& here) {
  auto file = journal::SqliteStore::open(here.directory.path + "/one.db");
  REQUIRE(file);
  journal::conforms(**file);
  auto server = here.open(here.new_database("carried"));
  Result<journal::Carried> there = (*file)->carry_to(*server);
  INFO((there ? "" : there.error().message));
  REQUIRE(there);
  auto again = journal::SqliteStore::open(here.directory.path + "/two.db");
  REQUIRE(again);
  REQUIRE(server->carry_to(**again));
  Result<std::vector<journal::RunInfo>> runs = (*file)->list();
  REQUIRE(runs);
  CHECK(int64_t(runs->size()) == there->runs);
  for (const journal::RunInfo& run : *runs)
    for (journal::SqlStore* copy : std::initializer_list<journal::SqlStore*>{server.get(), again->get()}) {
      CHECK(copy->chain(run.run)->head == (*file)->chain(run.run)->head);
      CHECK(copy->read(run.run)->size() == size_t(run.events));
      CHECK(*copy->plan_bytes(run.run) == *(*file)->plan_bytes(run.run));
      CHECK(copy->requests(run.run, 0)->size() == (*file)->requests(run.run, 0)->size());
    }
  // Numbers go on behind those that came, and nothing that is there is replaced.
  Result<journal::RunInfo> next = server->create(journal::new_run("another"));
  REQUIRE(next);
  CHECK(next->run == fmt::format("r{}", there->runs + 1));
  Result<journal::Carried> twice = (*file)->carry_to(*server);
  REQUIRE(!twice);
  CHECK(twice.error().refused);
  CHECK(server->list()->size() == runs->size() + 1);
}

}  // namespace

TEST_CASE("store: runs wait for a driver, requests are heard, and a whole state is carried over", "[store]") {
  Server15 here;
  waits_for_a_driver(here);
  is_carried(here);
  is_heard(here);
}

TEST_CASE("store: the address of a state says where it is, and holds no password", "[store]") {
  auto server = journal::postgresql_server("postgresql://rollout@db.internal:5433/releases");
  REQUIRE(server);
  CHECK(server->user == "rollout");
  CHECK(server->host == "db.internal");
  CHECK(server->port == 5433);
  CHECK(server->database == "releases");
  CHECK(journal::postgresql_server("postgres://localhost/releases")->port == 5432);
  for (const char* bad :
       {"", "mysql://h/d", "postgresql://", "postgresql://h", "postgresql://h/", "postgresql:///d",
        "postgresql://h:0/d", "postgresql://h:70000/d", "postgresql://h:5x/d", "postgresql://h/d?a=b"})
    CHECK_FALSE(journal::postgresql_server(bad));
  for (const char* secret : {"postgresql://anna:hunter2@h/d", "postgresql://anna:hun@ter2@h/d", "pg://anna:hunter2@h/d",
                             "postgresql://h/d?password=hunter2", "postgresql://h/d?sslpassword=hunter2"}) {
    auto refused = journal::postgresql_server(secret);
    REQUIRE(!refused);
    CHECK(refused.error().message.find("ter2") == std::string::npos);
  }
  auto socket = journal::postgresql_server("postgresql:///releases?host=/run/postgresql&claim=10");
  REQUIRE(socket);
  CHECK(socket->host == "/run/postgresql");
  CHECK(socket->claim_s == 10);
  CHECK(journal::postgresql_server("postgresql://h/d?sslmode=verify-ca")->sslmode == "verify-ca");
  auto files = journal::postgresql_server("postgresql://h/d?sslrootcert=/a.pem&sslcert=/b.pem&sslkey=/b.key");
  REQUIRE(files);
  CHECK(files->sslrootcert == "/a.pem");
  CHECK(files->sslcert == "/b.pem");
  CHECK(files->sslkey == "/b.key");
  for (const char* weak : {"postgresql://h/d?sslmode=disable", "postgresql://h/d?sslmode=prefer",
                           "postgresql://h/d?sslkey=b.key", "postgresql://h/d?claim=1",
                           "postgresql://h/d?claim=10s", "postgresql://h/d?host=h"})
    CHECK_FALSE(journal::postgresql_server(weak));
}

}  // namespace rollout::test
