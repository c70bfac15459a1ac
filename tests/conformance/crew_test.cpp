// A process that drives many runs on one PostgreSQL: its stores share a few connections and do what every store does;
// what they claimed is kept for all of them at once, and a request is read by the run that it is for.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "runtime/journal/postgresql_crew.h"
#include "tests/conformance/postgres_server.h"
#include "tests/sim/store_cases.h"

namespace rollout::test {

using journal::PostgresqlCrew;
using journal::PostgresqlStore;

namespace {

constexpr int64_t ns_per_s = 1'000'000'000, short_claim_s = 2;

struct Crowd {
  Crowd() : real(nullptr), effects(real.all()), server(effects, directory), turns(effects::take_turns(effects)) {
    auto opened = PostgresqlCrew::open(*turns, {server.address(), short_claim_s});
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    crew = std::move(*opened);
  }
  std::unique_ptr<journal::SqlStore> store() { return std::move(*crew->store()); }
  std::unique_ptr<PostgresqlStore> another() {
    return std::move(*PostgresqlStore::open(effects::libpq_sql(), server.address(), short_claim_s));
  }
  void sleep_s(int64_t seconds) { clock.sleep_until(clock.monotonic_ns() + seconds * ns_per_s); }

  TempDir directory;
  effects::RealEffects real;
  effects::Effects effects;
  PostgresServer server;
  std::unique_ptr<effects::Turns> turns;
  effects::Clock& clock = turns->effects().clock;
  std::unique_ptr<PostgresqlCrew> crew;
};

}  // namespace

TEST_CASE("store: of a crew each does what every store does", "[store]") {
  journal::conforms(*Crowd().store());
  journal::abort_or_success(*Crowd().store());
  journal::promotion_aborts(*Crowd().store());
}

TEST_CASE("store: two hundred runs at once write over four connections", "[store]") {
  Crowd here;
  constexpr int runs = 200, events_each = 5;
  constexpr const char* connections =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rollout' AND pid <> pg_backend_pid()";
  int ended = 0, well = 0, most = 0;
  for (int i = 0; i < runs; ++i)
    here.turns->begin([&, i] {
      std::unique_ptr<journal::SqlStore> store = here.store();
      bool good = bool(store->claims()->take({fmt::format("s{}", i)}, "me", ""));
      journal::NewRun run = journal::new_run(fmt::format("h{}", i));
      run.services = {fmt::format("s{}", i)};
      Result<journal::RunInfo> made = store->create(run);
      good = good && made;
      for (int n = 1; good && n <= events_each; ++n)
        good = bool(store->append(made->run, n, {{n, n, journal::Resumed{"me", n}}}));
      Result<std::vector<journal::Event>> events = Result<std::vector<journal::Event>>(OpError{"no run"});
      if (good) events = store->read(made->run);
      if (events && events->size() == size_t(events_each) + 1) ++well;
      store.reset();
      ++ended;
    });
  int64_t end_ns = here.clock.monotonic_ns() + 120 * ns_per_s;
  while (ended < runs && here.clock.monotonic_ns() < end_ns) {
    REQUIRE(here.crew->tend());
    here.clock.sleep_until(here.clock.monotonic_ns() + here.crew->tend_ns());
    most = std::max(most, std::stoi(here.server.sql(connections)));
  }
  CHECK(well == runs);
  CHECK(most <= int(journal::crew_connections) + 1);
  CHECK(here.server.sql("SELECT count(*) FROM rollout.claims") == "0");
}

TEST_CASE("store: what a crew has claimed lasts while it is tended, and what was lost is noticed", "[store]") {
  Crowd here;
  std::unique_ptr<journal::SqlStore> kept = here.store(), lost = here.store();
  std::unique_ptr<PostgresqlStore> another = here.another();
  REQUIRE(kept->claims()->take({"a", "b"}, "we", "r1"));
  REQUIRE(lost->claims()->take({"c"}, "we", "r2"));
  for (int i = 0; i < 20; ++i) {
    REQUIRE(here.crew->tend());
    here.clock.sleep_until(here.clock.monotonic_ns() + here.crew->tend_ns());
  }
  CHECK(!another->claims()->take({"a"}, "they", "r1"));
  CHECK(kept->claims()->renew());
  // As when the process was stopped.
  here.sleep_s(short_claim_s + 1);
  REQUIRE(another->claims()->take({"c"}, "they", "r2"));
  REQUIRE(here.crew->tend());
  CHECK(kept->claims()->renew());
  Status renewed = lost->claims()->renew();
  REQUIRE(!renewed);
  CHECK(renewed.error().refused);
  CHECK(renewed.error().message.find("they") != std::string::npos);
}

TEST_CASE("store: a request to a crew is read by the run that it is for", "[store]") {
  Crowd here;
  std::unique_ptr<journal::SqlStore> mine = here.store(), other = here.store();
  std::unique_ptr<PostgresqlStore> person = here.another();
  for (int i = 1; i <= 2; ++i) {
    journal::NewRun run = journal::new_run(fmt::format("h{}", i));
    run.services = {fmt::format("s{}", i)};
    REQUIRE(mine->create(run));
  }
  effects::Waker* bell = mine->listen("r1");
  effects::Waker* others = other->listen("r2");
  REQUIRE(bell);
  CHECK(mine->requests("r1", 0)->empty());
  CHECK(other->requests("r2", 0)->empty());
  REQUIRE(here.crew->tend());
  (void)bell->take(), (void)others->take();
  REQUIRE(person->request("r1", {0, journal::Ask::Pause, "anna", "wait", 1}));
  // The server says so, before anybody looks.
  here.clock.sleep_until(here.clock.monotonic_ns() + 5 * ns_per_s, *here.crew->waker());
  REQUIRE(here.crew->tend());
  CHECK(bell->take());
  CHECK(!others->take());
  CHECK(mine->requests("r1", 0)->size() == 1);
  // An abort that came since is found by who would end the run well, and read.
  REQUIRE(person->request("r1", {0, journal::Ask::Abort, "anna", "no", 2}));
  Result<journal::Appended> end = mine->append("r1", 1, {{1, 2, journal::RunEnded{journal::Outcome::Succeeded, ""}}});
  REQUIRE(end);
  CHECK(*end == journal::Appended::AbortFirst);
  CHECK(mine->requests("r1", 1)->size() == 1);
}

}  // namespace rollout::test
