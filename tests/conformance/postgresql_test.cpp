#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "runtime/backend/migration_files.h"
#include "tests/conformance/postgres_server.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Seen;

namespace {

/// A real PostgreSQL on a unix socket and a port of its own, and a project with two migrations of its database.
struct Database {
  Database() : real(nullptr), effects(real.all()), server(effects, directory, {"fsync=off"}) {
    sql("CREATE TABLE orders (id int, price_text text)");
    directory.write("V13__add_currency.sql",
                    "ALTER TABLE orders ADD COLUMN currency char(3);\nUPDATE orders SET currency = 'SEK';");
    directory.write("U13__add_currency.sql", "ALTER TABLE orders DROP COLUMN currency;");
    directory.write("V14__drop_text.sql", "ALTER TABLE orders DROP COLUMN price_text;");
    directory.write("V15__slow.sql", "SELECT pg_sleep(60);");
    directory.write("U15__slow.sql", "SELECT 1;");
    plan_it();
  }

  std::string sql(const std::string& statement) const { return server.sql(statement); }

  void plan_it() {
    plan::Service orders;
    orders.name = "orders";
    orders.subject = plan::Subject::Database;
    orders.bindings = {{"Migrator", 0, {{"directory", eval::Value::of(eval::Value::Kind::Path, std::string("."))}}}};
    plan.targets = {{"db",
                     "postgresql",
                     {{"host", test::text(directory.path)},
                      {"port", eval::Value::of(eval::Value::Kind::Int, int64_t(server.port()))},
                      {"database", test::text("postgres")},
                      {"user", test::text("shop")},
                      {"lock_timeout", eval::Value::of(eval::Value::Kind::Duration, second_ns)},
                      {"password", eval::Value::of(eval::Value::Kind::Secret, std::string("env:ROLLOUT_TEST_NONE"))}}}};
    plan.services = {orders};
    auto ready = world()->migrations();
    REQUIRE(ready);
    REQUIRE(ready->size() == 1);
    for (const plan::ObservedMigration& one : ready->front().list) {
      plan.observed.push_back({fmt::format("migration(orders, {})", one.name), test::text(one.sha256), "", {}});
      plan.observed.push_back({fmt::format("undo(orders, {})", one.name), test::text(one.undo_sha256), "", {}});
    }
  }

  std::unique_ptr<backend::LiveWorld> world() {
    auto made = backend::LiveWorld::open(plan, directory.path, effects);
    REQUIRE(made);
    return std::move(*made);
  }
  plan::Action migrate(const std::string& name, bool takes_back = false) const {
    plan::Action action;
    action.capability = "Migrator";
    action.name = "expand";
    action.service = action.target = 0;
    action.takes_back = takes_back;
    action.args = {{"migration", test::text(name)}};
    action.sets = {{plan::Variable::Schema, plan::Role::All, takes_back ? eval::Value() : test::text(name)}};
    action.text = fmt::format("{}expand orders \"{}\"", takes_back ? "undo " : "", name);
    return action;
  }
  exec::EffectKey key(int64_t generation) const { return {"r1", generation, 0, false, 1}; }
  /// Acts once and looks until it is over.
  exec::Observation carry_out(exec::World& here, const plan::Action& action, int64_t generation = 1) {
    Status acted = here.act(action, key(generation));
    INFO((acted ? "" : acted.error().message));
    REQUIRE(acted);
    exec::Observation last;
    REQUIRE(eventually(effects, 10 * second_ns, [&] {
      auto seen = here.observe(action, key(generation));
      if (!seen) return false;
      last = *seen;
      return last.seen != Seen::Underway;
    }));
    return last;
  }
  Seen look(const plan::Action& action) {
    auto seen = world()->observe(action, key(1));
    REQUIRE(seen);
    return seen->seen;
  }
  /// The same once nobody migrates: the server ends a session, and gives its lock back, after whoever had it is gone.
  Seen look_when_free(const plan::Action& action) {
    Seen seen = Seen::Underway;
    CHECK(eventually(effects, 10 * second_ns, [&] { return (seen = look(action)) != Seen::Underway; }));
    return seen;
  }
  bool has_column(const std::string& name) const {
    return sql(fmt::format("SELECT count(*) FROM information_schema.columns WHERE table_name = 'orders' AND "
                           "column_name = '{}'",
                           name)) == "1";
  }

  TempDir directory;
  effects::RealEffects real;
  effects::Effects effects;
  PostgresServer server;
  plan::Plan plan;
};

}  // namespace

TEST_CASE("postgresql: a migration is applied once, recorded, and taken back by its undo file", "[postgresql]") {
  Database db;
  auto here = db.world();
  CHECK(db.look_when_free(db.migrate("V13__add_currency")) == Seen::Absent);
  CHECK(db.look_when_free(db.migrate("V13__add_currency", true)) == Seen::Present);
  CHECK(here->observe_service(0)->state == eval::Value());
  CHECK(db.carry_out(*here, db.migrate("V13__add_currency")).seen == Seen::Present);
  CHECK(db.has_column("currency"));
  CHECK(db.carry_out(*here, db.migrate("V13__add_currency")).seen == Seen::Present);
  CHECK(db.sql("SELECT count(*) FROM rollout_migrations") == "1");
  CHECK(db.sql("SELECT sha256 FROM rollout_migrations") == plan::hash_of(db.directory.read("V13__add_currency.sql")));
  CHECK(db.world()->observe_service(0)->state == text("V13__add_currency"));
  CHECK(db.carry_out(*here, db.migrate("V13__add_currency", true), 2).seen == Seen::Present);
  CHECK(!db.has_column("currency"));
  CHECK(db.world()->observe_service(0)->state == eval::Value());
  CHECK(db.world()->observe_service(0)->generation == 2);
}

TEST_CASE("postgresql: what the server refuses leaves nothing behind", "[postgresql]") {
  Database db;
  db.directory.write("V13__add_currency.sql", "ALTER TABLE orders ADD COLUMN currency char(3); SELECT 1/0;");
  db.plan.observed.clear();
  db.plan_it();
  auto here = db.world();
  exec::Observation seen = db.carry_out(*here, db.migrate("V13__add_currency"));
  CHECK(seen.seen == Seen::Failed);
  CHECK(seen.detail.find("division by zero") != std::string::npos);
  CHECK(!db.has_column("currency"));
  CHECK(db.look_when_free(db.migrate("V13__add_currency")) == Seen::Absent);
}

TEST_CASE("postgresql: a file that ends its own transaction is refused", "[postgresql]") {
  Database db;
  db.directory.write("V13__add_currency.sql", "ALTER TABLE orders ADD COLUMN currency char(3); COMMIT;");
  db.plan.observed.clear();
  db.plan_it();
  auto here = db.world();
  exec::Observation seen = db.carry_out(*here, db.migrate("V13__add_currency"));
  CHECK(seen.seen == Seen::Failed);
  CHECK(seen.detail.find("ends the transaction that it is run in") != std::string::npos);
  CHECK(db.look_when_free(db.migrate("V13__add_currency")) == Seen::Absent);
}

TEST_CASE("postgresql: only the file that the plan was made with is run", "[postgresql]") {
  Database db;
  db.directory.write("V13__add_currency.sql", "DROP TABLE orders;");
  Status acted = db.world()->act(db.migrate("V13__add_currency"), db.key(1));
  REQUIRE(!acted);
  CHECK(acted.error().settled);
  CHECK(acted.error().message.find("is not the file that the plan was made with") != std::string::npos);
  CHECK(db.has_column("price_text"));
}

TEST_CASE("postgresql: a script that runs is seen, given up for its undo, and leaves nothing", "[postgresql]") {
  Database db;
  auto here = db.world();
  REQUIRE(here->act(db.migrate("V15__slow"), db.key(1)));
  auto seen = here->observe(db.migrate("V15__slow"), db.key(1));
  REQUIRE(seen);
  CHECK(seen->seen == Seen::Underway);
  // Another process sees that somebody is at it, and begins nothing.
  CHECK(db.look(db.migrate("V15__slow")) == Seen::Underway);
  Status second = db.world()->act(db.migrate("V15__slow"), db.key(1));
  REQUIRE(!second);
  CHECK(second.error().retryable);
  CHECK(here->observe(db.migrate("V15__slow", true), db.key(1))->seen == Seen::Absent);
  CHECK(db.carry_out(*here, db.migrate("V15__slow", true)).seen == Seen::Present);
  CHECK(db.look_when_free(db.migrate("V15__slow")) == Seen::Absent);
}

TEST_CASE("postgresql: a process that dies in the middle has applied nothing", "[postgresql]") {
  Database db;
  auto here = db.world();
  REQUIRE(here->act(db.migrate("V15__slow"), db.key(1)));
  here.reset();
  CHECK(eventually(db.effects, 10 * second_ns, [&] {
    return db.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0";
  }));
  CHECK(eventually(db.effects, 10 * second_ns, [&] { return db.look(db.migrate("V15__slow")) == Seen::Absent; }));
}

TEST_CASE("postgresql: a lost answer to COMMIT is resolved by looking", "[postgresql]") {
  Database db;
  auto here = db.world();
  REQUIRE(db.carry_out(*here, db.migrate("V13__add_currency")).seen == Seen::Present);
  REQUIRE(here->act(db.migrate("V15__slow"), db.key(1)));
  db.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'");
  bool blind = false;
  REQUIRE(eventually(db.effects, 10 * second_ns, [&] {
    auto seen = here->observe(db.migrate("V15__slow"), db.key(1));
    blind |= !seen || seen->seen == Seen::Failed;
    return seen && seen->seen == Seen::Absent;
  }));
  CHECK(blind);
  CHECK(db.look_when_free(db.migrate("V13__add_currency")) == Seen::Present);
}

TEST_CASE("postgresql: an earlier run and an undo out of order change nothing", "[postgresql]") {
  Database db;
  auto here = db.world();
  REQUIRE(db.carry_out(*here, db.migrate("V13__add_currency"), 5).seen == Seen::Present);
  REQUIRE(db.carry_out(*here, db.migrate("V14__drop_text"), 5).seen == Seen::Present);
  Status late = here->act(db.migrate("V13__add_currency", true), db.key(4));
  REQUIRE(!late);
  CHECK(late.error().refused);
  Status order = here->act(db.migrate("V13__add_currency", true), db.key(5));
  REQUIRE(!order);
  CHECK(order.error().message == "V13__add_currency cannot be taken back: V14__drop_text was applied after it");
  CHECK(db.has_column("currency"));
}

TEST_CASE("postgresql: a server that does not answer is named", "[postgresql]") {
  Database db;
  db.server.stop(effects::Stop::Ask);
  auto seen = db.world()->observe(db.migrate("V13__add_currency"), db.key(1));
  REQUIRE(!seen);
  CHECK(seen.error().retryable);
  CHECK(seen.error().message.find("cannot connect to database postgres at " + db.directory.path) != std::string::npos);
}

TEST_CASE("postgresql: a server that is not this machine must speak TLS", "[postgresql]") {
  Database db;
  effects::SqlServer elsewhere = db.server.address();
  elsewhere.host = "127.0.0.2";  // the same server, by an address that nobody vouches for
  auto session = db.effects.sql.connect(elsewhere, 5 * second_ns);
  REQUIRE(!session);
  CHECK(session.error().message.find("server does not support SSL, but SSL was required") != std::string::npos);
}

TEST_CASE("postgresql: names of migrations lead to no other file", "[postgresql]") {
  TempDir directory;
  effects::RealEffects real(nullptr);
  for (const char* name : {"V1__../../x", "V__x", "13__x", "V1_x", "V1__", "V1__a b"})
    CHECK(!backend::read_migration(real.all().files, directory.path, name, false));
}

}  // namespace rollout::test
