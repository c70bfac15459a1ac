#include "runtime/journal/sqlite_store.h"

#include <algorithm>
#include <fmt/format.h>

#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/sqlite_db.h"
#include "runtime/journal/sqlite_schema.h"
#include "runtime/journal/store_errors.h"
#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

std::optional<Outcome> outcome_of(std::string_view text) {
  for (size_t i = 0; i < outcome_names.size(); ++i)
    if (outcome_names[i] == text) return Outcome(i);
  return std::nullopt;
}

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> db = SqliteDb::open(path);
  if (!db) return db.error();
  if (Status ready = prepare_schema(**db); !ready) return ready.error();
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*db)));
}

Result<SqliteStore::Head> SqliteStore::head(std::string_view run) {
  SqliteQuery query(*db_, "SELECT plan_hash, events, head_hash, outcome FROM runs WHERE run = ?");
  Result<bool> row = query.bind(run).step();
  if (!row) return row.error();
  if (!*row) return no_such_run(run);
  return Head{query.text(0), query.number(1), query.text(2), query.text(3)};
}

Result<std::vector<Generation>> SqliteStore::take_generations(const NewRun& run,
                                                              std::string_view id) {
  std::vector<Generation> out;
  for (const std::string& service : run.services) {
    Result<int64_t> next = next_generation(service);
    if (!next) return next.error();
    *next = std::max(*next, seen_generation(run, out.size()) + 1);
    SqliteQuery insert(
        *db_, "INSERT INTO generations (service, generation, run, place) VALUES (?, ?, ?, ?)");
    if (Status done = insert.bind(service).bind(*next).bind(id).bind(int64_t(out.size())).run();
        !done)
      return done.error();
    out.push_back({service, *next});
  }
  return out;
}

Result<RunInfo> SqliteStore::create(const NewRun& run) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(*db_);
  if (!transaction) return transaction.error();
  {
    SqliteQuery used(*db_, "SELECT run FROM runs WHERE plan_hash = ?");
    Result<bool> row = used.bind(run.plan_hash).step();
    if (!row) return row.error();
    if (*row) return plan_already_run(used.text(0));
  }
  SqliteQuery plan(*db_, "INSERT INTO plans (hash, bytes) VALUES (?, ?)");
  if (Status done = plan.bind(run.plan_hash).bind(run.plan_bytes).run(); !done) return done.error();
  SqliteQuery insert(*db_,
                     "INSERT INTO runs (rollout, plan_hash, created_wall_ns) VALUES (?, ?, ?)");
  if (Status done = insert.bind(run.rollout).bind(run.plan_hash).bind(run.wall_ns).run(); !done)
    return done.error();
  SqliteQuery name(*db_,
                   "UPDATE runs SET run = 'r' || id WHERE id = last_insert_rowid() RETURNING run");
  Result<bool> row = name.step();
  if (!row) return row.error();
  std::string id = name.text(0);
  if (Result<bool> end = name.step(); !end) return end.error();
  Result<std::vector<Generation>> generations = take_generations(run, id);
  if (!generations) return generations.error();
  std::vector<Event> first = {
      {0, run.wall_ns, RunStarted{run.plan_hash, run.holder, *generations, run.replaces, run.reason}}};
  Head empty{run.plan_hash, 0, chain_start(id, run.plan_hash), ""};
  if (Status written = write_events(id, empty, first); !written) return written.error();
  RunInfo info{id, run.rollout, run.plan_hash, run.wall_ns, *generations, {}, 1};
  if (run.stage)
    if (Status entered = enter(*run.stage, info); !entered) return entered.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return info;
}

Status SqliteStore::write_events(std::string_view run, Head head,
                                 const std::vector<Event>& events) {
  for (const Event& event : events) {
    std::string line = encode(event);
    head.hash = chain_next(head.hash, line);
    SqliteQuery insert(*db_, "INSERT INTO events (run, seq, line, hash) VALUES (?, ?, ?, ?)");
    if (Status done = insert.bind(run).bind(head.events++).bind(line).bind(head.hash).run(); !done)
      return done;
    if (const RunEnded* ended = std::get_if<RunEnded>(&event.what))
      head.outcome = word(outcome_names, ended->outcome);
  }
  SqliteQuery update(*db_, "UPDATE runs SET events = ?, head_hash = ?, outcome = ? WHERE run = ?");
  return update.bind(head.events).bind(head.hash).bind(head.outcome).bind(run).run();
}

Status SqliteStore::write_locks(std::string_view run, const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (const LockTaken* taken = std::get_if<LockTaken>(&event.what)) {
      SqliteQuery insert(*db_, "INSERT INTO locks (name, run) VALUES (?, ?)");
      if (Status done = insert.bind(taken->name).bind(run).run(); !done) return done;
    } else if (const LockReleased* released = std::get_if<LockReleased>(&event.what)) {
      SqliteQuery remove(*db_, "DELETE FROM locks WHERE name = ? AND run = ?");
      if (Status done = remove.bind(released->name).bind(run).run(); !done) return done;
    } else if (std::holds_alternative<RunEnded>(event.what)) {
      SqliteQuery remove(*db_, "DELETE FROM locks WHERE run = ?");
      if (Status done = remove.bind(run).run(); !done) return done;
    }
  }
  return Done{};
}

Result<std::vector<HeldLock>> SqliteStore::locks() {
  std::vector<HeldLock> out;
  SqliteQuery query(*db_, "SELECT name, run FROM locks ORDER BY name");
  Result<bool> row = query.step();
  for (; row && *row; row = query.step()) out.push_back({query.text(0), query.text(1)});
  if (!row) return row.error();
  return out;
}

Result<bool> SqliteStore::same_events(std::string_view run, int64_t first,
                                      const std::vector<Event>& events) {
  SqliteQuery query(*db_, "SELECT line FROM events WHERE run = ? AND seq >= ? ORDER BY seq");
  query.bind(run).bind(first);
  for (const Event& event : events) {
    Result<bool> row = query.step();
    if (!row) return row.error();
    if (!*row || query.text(0) != encode(event)) return false;
  }
  return true;
}

Result<Appended> SqliteStore::append(std::string_view run, int64_t known, const std::vector<Event>& events) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(*db_);
  if (!transaction) return transaction.error();
  Result<Head> now = head(run);
  if (!now) return now.error();
  if (now->events == known + int64_t(events.size())) {
    Result<bool> same = same_events(run, known, events);
    if (!same) return same.error();
    if (*same) return Appended::Written;
  }
  if (now->events != known) return driven_by_another(run);
  if (end_well(events)) {
    Result<std::vector<Request>> aborts = requests(run, 0);
    if (!aborts) return aborts.error();
    bool aborted = std::any_of(aborts->begin(), aborts->end(),
                               [](const Request& request) { return takes_back(request.ask); });
    if (aborted) return Appended::AbortFirst;
  }
  if (const LockTaken* takes = taken_by(events)) {
    SqliteQuery held(*db_, "SELECT run FROM locks WHERE name = ?");
    Result<bool> row = held.bind(takes->name).step();
    if (!row) return row.error();
    if (*row) return Appended::LockHeld;
  }
  if (Status written = write_events(run, *now, events); !written) return written.error();
  if (Status locked = write_locks(run, events); !locked) return locked.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return Appended::Written;
}

Result<std::vector<Event>> SqliteStore::read(std::string_view run) {
  // One transaction for both queries: a driver that appends in between would look like a broken chain.
  if (Status begun = db_->exec("BEGIN"); !begun) return begun.error();
  Result<Head> now = head(run);
  std::vector<std::pair<std::string, std::string>> rows;
  SqliteQuery query(*db_, "SELECT line, hash FROM events WHERE run = ? ORDER BY seq");
  Result<bool> row = query.bind(run).step();
  for (; row && *row; row = query.step()) rows.emplace_back(query.text(0), query.text(1));
  Status ended = db_->exec("COMMIT");
  if (!now) return now.error();
  if (!row) return row.error();
  if (!ended) return ended.error();
  std::vector<Event> events;
  std::string hash = chain_start(run, now->plan_hash);
  for (const auto& [line, stored] : rows) {
    hash = chain_next(hash, line);
    if (hash != stored)
      return damaged_run(run,
                         fmt::format("event {} was changed after it was written", events.size()));
    Result<Event> event = decode(line);
    if (!event) return event.error();
    events.push_back(std::move(*event));
  }
  if (int64_t(events.size()) != now->events || hash != now->hash)
    return damaged_run(run, fmt::format("{} of {} events are there", events.size(), now->events));
  return events;
}

Result<std::string> SqliteStore::plan_bytes(std::string_view run) {
  SqliteQuery query(
      *db_,
      "SELECT plans.bytes FROM runs JOIN plans ON plans.hash = runs.plan_hash WHERE runs.run = ?");
  Result<bool> row = query.bind(run).step();
  if (!row) return row.error();
  if (!*row) return no_such_run(run);
  return query.text(0);
}

Result<std::vector<RunInfo>> SqliteStore::list() {
  std::vector<RunInfo> out;
  SqliteQuery query(*db_,
                    "SELECT run, rollout, plan_hash, created_wall_ns, events, outcome FROM runs "
                    "ORDER BY id DESC");
  Result<bool> row = query.step();
  for (; row && *row; row = query.step()) {
    out.push_back({query.text(0),
                   query.text(1),
                   query.text(2),
                   query.number(3),
                   {},
                   outcome_of(query.text(5)),
                   query.number(4)});
  }
  if (!row) return row.error();
  for (RunInfo& info : out) {
    SqliteQuery inner(*db_,
                      "SELECT service, generation FROM generations WHERE run = ? ORDER BY place");
    Result<bool> next = inner.bind(info.run).step();
    for (; next && *next; next = inner.step())
      info.generations.push_back({inner.text(0), inner.number(1)});
    if (!next) return next.error();
  }
  return out;
}

Result<int64_t> SqliteStore::request(std::string_view run, const Request& request) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(*db_);
  if (!transaction) return transaction.error();
  Result<int64_t> id = is_promotion(run) ? ask_promotion(run, request) : ask_run(run, request);
  if (!id) return id.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return *id;
}

Result<int64_t> SqliteStore::ask_run(std::string_view run, const Request& request) {
  Result<Head> now = head(run);
  if (!now) return now.error();
  if (std::optional<Outcome> outcome = outcome_of(now->outcome)) return run_has_ended(run, *outcome);
  return write_request(run, request);
}

Result<int64_t> SqliteStore::write_request(std::string_view run, const Request& request) {
  SqliteQuery insert(*db_,
                     "INSERT INTO requests (run, ask, by, reason, wall_ns, step, holder) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id");
  insert.bind(run).bind(word(ask_names, request.ask)).bind(request.by).bind(request.reason).bind(request.wall_ns);
  insert.bind(request.step == plan::none ? int64_t{-1} : int64_t(request.step)).bind(request.holder);
  Result<bool> row = insert.step();
  if (!row) return row.error();
  int64_t id = insert.number(0);
  if (Result<bool> end = insert.step(); !end) return end.error();
  return id;
}

Result<std::vector<Request>> SqliteStore::requests(std::string_view run, int64_t after_id) {
  std::vector<Request> out;
  SqliteQuery query(*db_,
                    "SELECT id, ask, by, reason, wall_ns, step, holder FROM requests "
                    "WHERE run = ? AND id > ? ORDER BY id");
  Result<bool> row = query.bind(run).bind(after_id).step();
  for (; row && *row; row = query.step()) {
    auto ask = std::find(ask_names.begin(), ask_names.end(), query.text(1));
    if (ask == ask_names.end()) continue;
    uint32_t step = query.number(5) < 0 ? plan::none : uint32_t(query.number(5));
    out.push_back({query.number(0), Ask(ask - ask_names.begin()), query.text(2), query.text(3), query.number(4), step,
                   query.text(6)});
  }
  if (!row) return row.error();
  return out;
}

Result<int64_t> SqliteStore::next_generation(std::string_view service) {
  SqliteQuery query(*db_,
                    "SELECT coalesce(max(generation), 0) + 1 FROM generations WHERE service = ?");
  Result<bool> row = query.bind(service).step();
  if (!row) return row.error();
  return query.number(0);
}

}  // namespace rollout::journal
