#include "runtime/journal/postgresql_store.h"

#include <fmt/format.h>

#include "runtime/journal/postgresql_db.h"
#include "runtime/journal/sqlite_schema.h"

namespace rollout::journal {

namespace {

constexpr const char* prunes =
    "CREATE TABLE prunes (seq bigint PRIMARY KEY, run text NOT NULL UNIQUE, line text NOT NULL, hash text NOT NULL)";

/// Of a text that is read whole and replaced soon, nothing is gained by packing it.
constexpr const char* snapshots =
    "CREATE TABLE snapshots (run text PRIMARY KEY, events bigint NOT NULL, state text NOT NULL, binding text NOT NULL)";
constexpr const char* snapshots_unpacked = "ALTER TABLE snapshots ALTER COLUMN state SET STORAGE EXTERNAL";

constexpr const char* tables[] = {
    "CREATE SCHEMA IF NOT EXISTS rollout",
    "CREATE TABLE plans (hash text PRIMARY KEY, bytes text NOT NULL)",
    "CREATE TABLE runs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run text UNIQUE, rollout text NOT NULL, "
    "plan_hash text NOT NULL UNIQUE, created_wall_ns bigint NOT NULL, events bigint NOT NULL DEFAULT 0, "
    "head_hash text NOT NULL DEFAULT '', outcome text NOT NULL DEFAULT '')",
    "CREATE TABLE generations (service text NOT NULL, generation bigint NOT NULL, run text NOT NULL, "
    "place bigint NOT NULL, PRIMARY KEY (service, generation))",
    "CREATE INDEX generations_of_run ON generations (run, place)",
    "CREATE TABLE events (run text NOT NULL, seq bigint NOT NULL, line text NOT NULL, hash text NOT NULL, "
    "PRIMARY KEY (run, seq))",
    "CREATE TABLE requests (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run text NOT NULL, ask text NOT NULL, "
    "by text NOT NULL, reason text NOT NULL, wall_ns bigint NOT NULL, step bigint NOT NULL, holder text NOT NULL)",
    "CREATE INDEX requests_of_run ON requests (run, id)",
    "CREATE TABLE promotions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, "
    "promotion text NOT NULL, file text NOT NULL, created_wall_ns bigint NOT NULL, events bigint NOT NULL DEFAULT 0, "
    "head_hash text NOT NULL DEFAULT '', outcome text NOT NULL DEFAULT '', open_run text NOT NULL DEFAULT '')",
    "CREATE TABLE claims (service text PRIMARY KEY, holder text NOT NULL, run text NOT NULL, token bigint NOT NULL, "
    "until timestamptz NOT NULL)",
    "CREATE SEQUENCE claim_tokens",
    "CREATE TABLE locks (name text PRIMARY KEY, run text NOT NULL)",
    prunes,
    snapshots,
    snapshots_unpacked,
    "CREATE TABLE format (version bigint NOT NULL)",
};

Status make_tables(PostgresqlDb& db) {
  for (const char* table : tables)
    if (Result<std::vector<JournalDb::Row>> made = db.run(table, {}); !made) return made.error();
  Result<std::vector<JournalDb::Row>> marked = db.run("INSERT INTO format (version) VALUES ($1)", {schema_version});
  if (!marked) return marked.error();
  return Done{};
}

/// From format 3, in which every run had its events, and 4, whose journals were read whole. A process of format 3 that
/// is still connected reads a pruned run as damaged, and goes on with the others; one of format 4 goes on as before.
Status bring_up_to_date(PostgresqlDb& db, int64_t version) {
  Result<std::vector<JournalDb::Row>> made = std::vector<JournalDb::Row>();
  if (version == 3) made = db.run(prunes, {});
  if (made) made = db.run(snapshots, {});
  if (made) made = db.run(snapshots_unpacked, {});
  if (made) made = db.run("UPDATE format SET version = $1", {schema_version});
  return made ? Status(Done{}) : Status(made.error());
}

}  // namespace

Status prepare_postgresql(PostgresqlDb& db) {
  Result<Transaction> transaction = Transaction::begin(db, JournalDb::Access::Write);
  if (!transaction) return transaction.error();
  // Two processes may come here at once; the second one finds the first one's tables.
  if (Status alone = db.exclude("tables"); !alone) return alone;
  Result<std::vector<JournalDb::Row>> there = db.run("SELECT to_regclass('rollout.format')::text", {});
  if (!there) return there.error();
  if (first_row(*there)[0].empty()) {
    if (Status made = make_tables(db); !made) return made;
    return transaction->commit();
  }
  Result<std::vector<JournalDb::Row>> format = db.run("SELECT version FROM format", {});
  if (!format) return format.error();
  int64_t version = format->empty() ? 0 : number(first_row(*format)[0]);
  if (version == schema_version) return Done{};
  if (version == 3 || version == 4) {
    if (Status done = bring_up_to_date(db, version); !done) return done;
    return transaction->commit();
  }
  return OpError{fmt::format("the state in {} has format {}, this rollout reads {}; use that version", db.where(),
                             version, schema_version),
                 false, true};
}

Result<std::unique_ptr<PostgresqlStore>> PostgresqlStore::open(std::unique_ptr<effects::Sql> sql,
                                                               effects::SqlServer server,
                                                               int64_t claim_lasts_s) {
  auto db = std::make_unique<PostgresqlDb>(std::move(sql), std::move(server));
  if (Status ready = prepare_postgresql(*db); !ready) return ready.error();
  PostgresqlDb& hears = *db;
  auto claims = std::make_unique<PostgresqlClaims>(hears, claim_lasts_s);
  return std::unique_ptr<PostgresqlStore>(new PostgresqlStore(std::move(db), std::move(claims), &hears));
}

Result<std::vector<Request>> PostgresqlStore::requests(std::string_view run, int64_t after_id) {
  if (Status kept = claims_->renew(); !kept) return kept.error();
  return SqlStore::requests(run, after_id);
}

effects::Waker* PostgresqlStore::listen(std::string_view run) {
  if (!hears_) return nullptr;
  if (run.empty()) {
    hears_->listen(waiting_channel);
  } else {
    hears_->listen(run);
    hears_->listen(line_mailbox);
  }
  return hears_;
}

Status PostgresqlStore::announce(std::string_view mailbox) {
  Result<std::vector<JournalDb::Row>> told =
      db_->run("SELECT pg_notify($1, ''), pg_notify($2, '')", {mailbox, asked_channel});
  return told ? Status(Done{}) : Status(told.error());
}

}  // namespace rollout::journal
