#include "runtime/backend/postgresql_backend.h"

#include <fmt/format.h>

#include "runtime/backend/config.h"
#include "runtime/effects/secrets.h"

namespace rollout::backend {
namespace {

using effects::SqlRow;
using exec::Observation;
using exec::Seen;

constexpr int64_t connect_ns = 3'000'000'000;
constexpr int64_t answer_ns = 5'000'000'000;  // of the statements that are ours
constexpr int64_t default_lock_ns = 5'000'000'000;
constexpr int64_t default_statement_ns = 300'000'000'000;

// One for each database: PostgreSQL keeps advisory locks apart by database.
constexpr const char* take_lock = "SELECT pg_advisory_xact_lock(7260148, 0)";
constexpr const char* try_lock = "SELECT pg_try_advisory_lock(7260148, 0)";
constexpr const char* has_tables = "SELECT to_regclass('rollout_migrations') IS NOT NULL";
constexpr const char* make_migrations =
    "CREATE TABLE IF NOT EXISTS rollout_migrations (place bigserial, migration text PRIMARY KEY, sha256 text NOT NULL, "
    "run text NOT NULL, applied timestamptz NOT NULL DEFAULT now())";
constexpr const char* make_generation =
    "CREATE TABLE IF NOT EXISTS rollout_generation (one boolean PRIMARY KEY DEFAULT true CHECK (one), "
    "generation bigint NOT NULL)";
constexpr const char* read_generation = "SELECT generation FROM rollout_generation";
constexpr const char* keep_generation =
    "INSERT INTO rollout_generation (generation) VALUES ($1::bigint) ON CONFLICT (one) DO UPDATE SET generation = "
    "excluded.generation WHERE rollout_generation.generation <= excluded.generation RETURNING generation";

std::string field(const std::vector<SqlRow>& rows) {
  return rows.empty() || rows[0].empty() ? std::string() : rows[0][0].value_or("");
}

OpError too_late(int64_t generation, const std::string& latest) {
  return OpError{fmt::format("the database was migrated by a later run (generation {}, this is {}): nothing was done",
                             latest, generation),
                 false, true};
}

}  // namespace

std::string PostgresqlBackend::directory_of(const plan::Plan& plan, uint32_t database) const {
  const plan::Binding* binding = binding_of(plan.services[database], target_);
  const eval::Value* path = binding ? find(binding->config, "directory") : nullptr;
  return resolve(root_, path ? path->text : ".");
}

Result<PostgresqlBackend::Session> PostgresqlBackend::connect(const plan::Plan& plan) const {
  const plan::Target& target = plan.targets[target_];
  effects::SqlServer server;
  for (const auto& [name, text] :
       {std::pair("host", &server.host), {"database", &server.database}, {"user", &server.user}}) {
    Result<std::string> given = text_of(target.config, name, target.name);
    if (!given) return given.error();
    *text = std::move(*given);
  }
  server.port = int(number_of(target.config, "port", server.port));
  if (const eval::Value* secret = find(target.config, "password")) {
    Result<std::string> password = effects::read_secret(effects_.files, root_, secret->text);
    if (!password) return password.error();
    server.password = std::move(*password);
  }
  return effects_.sql.connect(server, connect_ns);
}

/// The file that the plan was made with: one that has changed since is another migration.
Result<MigrationFile> PostgresqlBackend::planned_file(const plan::Plan& plan, const plan::Action& action,
                                                      const std::string& migration) const {
  const std::string name = plan::service_text(plan.services[action.service]);
  const std::string what = fmt::format("{}({}, {})", action.takes_back ? "undo" : "migration", name, migration);
  std::string planned;
  for (const plan::Observed& observed : plan.observed)
    if (observed.what == what) planned = observed.value.text;
  Result<std::optional<MigrationFile>> file =
      read_migration(effects_.files, directory_of(plan, action.service), migration, action.takes_back);
  if (!file) return file.error();
  if (!*file) {
    return settled_error(fmt::format("`{}` has no file in {}; put back the one that the plan was made with",
                                     action.text, directory_of(plan, action.service)));
  }
  if ((*file)->sha256 == planned) return std::move(**file);
  return settled_error(fmt::format("{} is not the file that the plan was made with; put that one back, or make a new "
                                   "plan",
                                   (*file)->path));
}

/// A transaction of the only session that migrates the database, of a generation that may.
Result<PostgresqlBackend::Session> PostgresqlBackend::begin(const plan::Plan& plan, int64_t generation) const {
  Result<Session> session = connect(plan);
  if (!session) return session.error();
  const Config& config = plan.targets[target_].config;
  const int64_t lock_ms = number_of(config, "lock_timeout", default_lock_ns) / eval::ns_per_ms;
  const int64_t statement_ms = number_of(config, "statement_timeout", default_statement_ns) / eval::ns_per_ms;
  const std::string statements[] = {"BEGIN",
                                    fmt::format("SET LOCAL lock_timeout = {}", lock_ms),
                                    fmt::format("SET LOCAL statement_timeout = {}", statement_ms),
                                    fmt::format("SET LOCAL idle_in_transaction_session_timeout = {}", statement_ms),
                                    // The script of a process that has died is given up.
                                    "SET LOCAL client_connection_check_interval = 1000",
                                    "SET LOCAL client_min_messages = warning",
                                    take_lock,
                                    make_migrations,
                                    make_generation};
  for (const std::string& statement : statements) {
    const auto done = (*session)->run(statement, {}, answer_ns + lock_ms * eval::ns_per_ms);
    if (!done) return OpError{fmt::format("no migration can begin: {}", done.error().message), true};
  }
  const auto kept = (*session)->run(keep_generation, {std::to_string(generation)}, answer_ns);
  if (!kept) return kept.error();
  if (!kept->empty()) return session;
  const auto latest = (*session)->run(read_generation, {}, answer_ns);
  if (!latest) return latest.error();
  return too_late(generation, field(*latest));
}

/// Whether there is something to do: a migration that is recorded is there, one that is not was never begun.
Result<bool> PostgresqlBackend::needs_script(effects::SqlSession& session, const plan::Action& action,
                                             const std::string& migration, const std::string& sha256) const {
  const auto known = session.run("SELECT sha256 FROM rollout_migrations WHERE migration = $1", {migration}, answer_ns);
  if (!known) return known.error();
  if (!action.takes_back) {
    if (known->empty() || field(*known) == sha256) return known->empty();
    return settled_error(fmt::format("{} was applied before from a file with another content; give the new one a name "
                                     "of its own",
                                     migration));
  }
  if (known->empty()) return false;
  const auto later = session.run(
      "SELECT migration FROM rollout_migrations WHERE place > "
      "(SELECT place FROM rollout_migrations WHERE migration = $1) ORDER BY place DESC LIMIT 1",
      {migration}, answer_ns);
  if (!later) return later.error();
  if (later->empty()) return true;
  return settled_error(fmt::format("{} cannot be taken back: {} was applied after it", migration, field(*later)));
}

Status PostgresqlBackend::act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) {
  // Whatever this process has under way for the database is given up first: its transaction ends with its connection.
  if (auto running = running_.find(action.service); running != running_.end()) {
    running->second.session->cancel();
    running_.erase(running);
  }
  const Result<std::string> migration = text_of(action.args, "migration", action.text);
  if (!migration) return migration.error();
  const Result<MigrationFile> file = planned_file(plan, action, *migration);
  if (!file) return file.error();
  Result<Session> session = begin(plan, key.generation);
  if (!session) return session.error();
  const Result<bool> needed = needs_script(**session, action, *migration, file->sha256);
  if (!needed) return needed.error();
  const auto transaction = (*session)->run(*needed ? "SELECT pg_current_xact_id()::text" : "COMMIT", {}, answer_ns);
  if (!transaction) return transaction.error();
  if (!*needed) return Done{};
  if (Status started = (*session)->start(file->text); !started) return started;
  running_[action.service] = {std::move(*session), action.text,        *migration,
                              file->sha256,        field(*transaction), key.run,
                              action.takes_back,   effects_.clock.monotonic_ns()};
  return Done{};
}

/// Writes down that the script has been carried out, in its own transaction, and ends that.
Status PostgresqlBackend::record(Running& running) const {
  const auto now = running.session->run("SELECT pg_current_xact_id()::text", {}, answer_ns);
  if (!now) return now.error();
  if (field(*now) != running.transaction) {
    return settled_error(fmt::format("{} ends the transaction that it is run in: take COMMIT, ROLLBACK and BEGIN out "
                                     "of the file, and look what of it has stayed",
                                     running.migration));
  }
  const auto kept =
      running.undo
          ? running.session->run("DELETE FROM rollout_migrations WHERE migration = $1", {running.migration}, answer_ns)
          : running.session->run("INSERT INTO rollout_migrations (migration, sha256, run) VALUES ($1, $2, $3)",
                                 {running.migration, running.sha256, running.run}, answer_ns);
  if (!kept) return kept.error();
  const auto committed = running.session->run("COMMIT", {}, answer_ns);
  if (!committed) return committed.error();
  return Done{};
}

Result<std::optional<Observation>> PostgresqlBackend::finish(uint32_t database, const plan::Action& action) {
  using Maybe = std::optional<Observation>;
  const auto found = running_.find(database);
  if (found == running_.end()) return Maybe();
  Running& running = found->second;
  if (running.text != action.text)
    return Maybe(Observation{Seen::Absent, fmt::format("`{}` is under way", running.text)});
  const Result<bool> ended = running.session->has_ended();
  if (ended && !*ended) {
    const int64_t for_ns = (effects_.clock.monotonic_ns() - running.since_ns) / eval::ns_per_s * eval::ns_per_s;
    return Maybe(Observation{Seen::Underway, fmt::format("{} has been running for {}", running.migration,
                                                          eval::duration_text(for_ns))});
  }
  const Status recorded = ended ? record(running) : Status(ended.error());
  const std::string migration = running.migration;
  running_.erase(found);
  if (recorded) return Maybe();
  // What the server refused has not happened; where the connection was lost the table says what has.
  if (!recorded.error().settled) return recorded.error();
  return Maybe(Observation{Seen::Failed, fmt::format("{}: {}", migration, recorded.error().message)});
}

Result<Observation> PostgresqlBackend::observe(const plan::Plan& plan, const plan::Action& action,
                                               const exec::EffectKey&) {
  Result<std::optional<Observation>> underway = finish(action.service, action);
  if (!underway) return underway.error();
  if (*underway) return std::move(**underway);
  const Result<std::string> migration = text_of(action.args, "migration", action.text);
  if (!migration) return migration.error();
  const Result<Session> session = connect(plan);
  if (!session) return session.error();
  const auto free = (*session)->run(try_lock, {}, answer_ns);
  if (!free) return free.error();
  if (field(*free) != "t") return Observation{Seen::Underway, "another session migrates the database"};
  const auto tables = (*session)->run(has_tables, {}, answer_ns);
  if (!tables) return tables.error();
  bool applied = false;
  if (field(*tables) == "t") {
    const auto row = (*session)->run("SELECT 1 FROM rollout_migrations WHERE migration = $1", {*migration}, answer_ns);
    if (!row) return row.error();
    applied = !row->empty();
  }
  const bool present = applied != action.takes_back;
  return Observation{present ? Seen::Present : Seen::Absent,
                     fmt::format("{} is {}", *migration, applied ? "applied" : "not applied")};
}

Status PostgresqlBackend::admit(const plan::Plan& plan, uint32_t database, int64_t generation) {
  const Result<ServiceState> now = state(plan, database);
  if (!now) return now.error();
  if (now->generation > generation) return too_late(generation, std::to_string(now->generation));
  return Done{};
}

Result<ServiceState> PostgresqlBackend::state(const plan::Plan& plan, uint32_t) {
  const Result<Session> session = connect(plan);
  if (!session) return session.error();
  ServiceState state;
  const auto tables = (*session)->run(has_tables, {}, answer_ns);
  if (!tables) return tables.error();
  if (field(*tables) != "t") return state;
  const auto generation = (*session)->run(read_generation, {}, answer_ns);
  if (!generation) return generation.error();
  const auto last =
      (*session)->run("SELECT migration FROM rollout_migrations ORDER BY place DESC LIMIT 1", {}, answer_ns);
  if (!last) return last.error();
  if (!generation->empty()) state.generation = std::stoll("0" + field(*generation));
  if (!last->empty()) state.state = eval::Value::of(eval::Value::Kind::String, field(*last));
  return state;
}

Result<std::optional<std::vector<plan::ObservedMigration>>> PostgresqlBackend::migrations(const plan::Plan& plan,
                                                                                          uint32_t database) {
  Result<std::vector<plan::ObservedMigration>> list = list_migrations(effects_.files, directory_of(plan, database));
  if (!list) return list.error();
  return std::optional(std::move(*list));
}

}  // namespace rollout::backend
