#include "runtime/journal/sql_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/store_errors.h"
#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

using Access = JournalDb::Access;
using Rows = std::vector<JournalDb::Row>;

std::optional<Outcome> outcome_of(std::string_view text) {
  for (size_t i = 0; i < outcome_names.size(); ++i)
    if (outcome_names[i] == text) return Outcome(i);
  return std::nullopt;
}

/// Runs are made one after the other, so that their generations and their plans are told apart.
constexpr std::string_view making_runs = "runs";

/// The last name that is excluded in a transaction.
constexpr std::string_view asking = "requests";

std::string lock_key(std::string_view lock) { return fmt::format("lock {}", lock); }

}  // namespace

/// The transaction in which what is known by `name` is changed.
Result<Transaction> SqlStore::write(std::string_view name) {
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Write);
  if (!transaction) return transaction;
  if (Status alone = db_->exclude(name); !alone) return alone.error();
  return transaction;
}

/// A row whose number follows that of the row before: a gap would look like a record that was removed. Within a
/// transaction of the only writer of the table.
Result<int64_t> SqlStore::insert_numbered(const char* table, const char* columns, const char* values,
                                          const std::vector<JournalDb::Parameter>& parameters) {
  std::string sql = fmt::format("INSERT INTO {} ({}) VALUES ({}) RETURNING id", table, columns, values);
  if (!db_->numbers_in_a_row())
    sql = fmt::format("INSERT INTO {0} (id, {1}) {2}VALUES ((SELECT coalesce(max(id), 0) + 1 FROM {0}), {3}) "
                      "RETURNING id", table, columns, db_->given_ids(), values);
  Result<Rows> row = db_->run(sql.c_str(), parameters);
  if (!row) return row.error();
  return number(first_row(*row)[0]);
}

Result<SqlStore::Head> SqlStore::head(std::string_view run) {
  Result<Rows> rows = db_->run("SELECT plan_hash, events, head_hash, outcome FROM runs WHERE run = $1", {run});
  if (!rows) return rows.error();
  if (rows->empty()) return no_such_run(run);
  const JournalDb::Row& row = rows->front();
  return Head{row[0], number(row[1]), row[2], row[3]};
}

Result<std::vector<Generation>> SqlStore::take_generations(const NewRun& run, std::string_view id) {
  std::vector<Generation> out;
  for (const std::string& service : run.services) {
    Result<int64_t> next = next_generation(service);
    if (!next) return next.error();
    *next = std::max(*next, seen_generation(run, out.size()) + 1);
    Result<Rows> done = db_->run("INSERT INTO generations (service, generation, run, place) VALUES ($1, $2, $3, $4)",
                                 {service, *next, id, int64_t(out.size())});
    if (!done) return done.error();
    out.push_back({service, *next});
  }
  return out;
}

Result<RunInfo> SqlStore::create(const NewRun& run) {
  Result<Transaction> transaction = write(making_runs);
  if (!transaction) return transaction.error();
  Result<Rows> used = db_->run("SELECT run FROM runs WHERE plan_hash = $1", {run.plan_hash});
  if (!used) return used.error();
  if (!used->empty()) return plan_already_run(used->front()[0]);
  Result<Rows> done = db_->run("INSERT INTO plans (hash, bytes) VALUES ($1, $2)", {run.plan_hash, run.plan_bytes});
  if (!done) return done.error();
  Result<int64_t> row = insert_numbered("runs", "rollout, plan_hash, created_wall_ns", "$1, $2, $3",
                                        {run.rollout, run.plan_hash, run.wall_ns});
  if (!row) return row.error();
  std::string id = fmt::format("r{}", *row);
  if (done = db_->run("UPDATE runs SET run = $1 WHERE id = $2", {id, *row}); !done) return done.error();
  Result<std::vector<Generation>> generations = take_generations(run, id);
  if (!generations) return generations.error();
  std::vector<Event> first = {
      {0, run.wall_ns,
       RunStarted{run.plan_hash, run.holder, *generations, run.replaces, run.reason, run.accepted, run.by,
                  run.unproven, true}}};
  Head empty{run.plan_hash, 0, chain_start(id, run.plan_hash), ""};
  if (Result<Head> written = write_events(id, empty, first); !written) return written.error();
  RunInfo info{id, run.rollout, run.plan_hash, run.wall_ns, *generations, {}, 1};
  if (run.stage)
    if (Status entered = enter(*run.stage, info); !entered) return entered.error();
  if (Status committed = transaction->commit(); !committed) return committed.error();
  return info;
}

Result<SqlStore::Head> SqlStore::write_events(std::string_view run, Head head, const std::vector<Event>& events) {
  for (const Event& event : events) {
    std::string line = encode(event);
    head.hash = chain_next(head.hash, line);
    Result<Rows> done = db_->run("INSERT INTO events (run, seq, line, hash) VALUES ($1, $2, $3, $4)",
                                 {run, head.events++, line, head.hash});
    if (!done) return done.error();
    if (const RunEnded* ended = std::get_if<RunEnded>(&event.what)) head.outcome = word(outcome_names, ended->outcome);
    if (std::holds_alternative<Reopened>(event.what)) head.outcome.clear();
  }
  Result<Rows> done = db_->run("UPDATE runs SET events = $1, head_hash = $2, outcome = $3 WHERE run = $4",
                               {head.events, head.hash, head.outcome, run});
  if (!done) return done.error();
  return head;
}

Status SqlStore::write_locks(std::string_view run, const std::vector<Event>& events) {
  for (const Event& event : events) {
    Result<Rows> done = Rows{};
    if (const LockTaken* taken = std::get_if<LockTaken>(&event.what))
      done = db_->run("INSERT INTO locks (name, run) VALUES ($1, $2)", {taken->name, run});
    else if (const LockReleased* released = std::get_if<LockReleased>(&event.what))
      done = db_->run("DELETE FROM locks WHERE name = $1 AND run = $2", {released->name, run});
    else if (std::holds_alternative<RunEnded>(event.what))
      done = db_->run("DELETE FROM locks WHERE run = $1", {run});
    if (!done) return done.error();
  }
  return Done{};
}

Result<std::vector<HeldLock>> SqlStore::locks() {
  Result<Rows> rows = db_->run("SELECT name, run FROM locks ORDER BY name", {});
  if (!rows) return rows.error();
  std::vector<HeldLock> out;
  for (const JournalDb::Row& row : *rows) out.push_back({row[0], row[1]});
  return out;
}

/// A run or a promotion: somebody has asked to take it back.
Result<bool> SqlStore::is_aborted(std::string_view name) {
  Result<std::vector<Request>> asked = SqlStore::requests(name, 0);
  if (!asked) return asked.error();
  return std::any_of(asked->begin(), asked->end(), [](const Request& request) { return takes_back(request.ask); });
}

Result<bool> SqlStore::is_held(const LockTaken& lock) {
  if (Status alone = db_->exclude(lock_key(lock.name)); !alone) return alone.error();
  Result<Rows> held = db_->run("SELECT run FROM locks WHERE name = $1", {lock.name});
  if (!held) return held.error();
  return !held->empty();
}

/// Of a run or a promotion.
Result<std::vector<Kept>> SqlStore::lines(std::string_view run, int64_t from) {
  std::vector<Kept> out;
  size_t bytes = 0;
  for (size_t piece = 0; piece < max_pieces && bytes < max_read_bytes; ++piece) {
    Result<Rows> rows = db_->run(
        "SELECT line, hash FROM events WHERE run = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
        {run, from + int64_t(out.size()), int64_t(rows_at_once)});
    if (!rows) return rows.error();
    for (JournalDb::Row& row : *rows) {
      out.push_back({row.take(0), row.take(1)});
      bytes += out.back().line.size();
    }
    if (rows->size() < rows_at_once) return out;
  }
  return endless(fmt::format("events of {}", run));
}

Result<bool> SqlStore::same_events(std::string_view run, int64_t first, const std::vector<Event>& events) {
  Result<std::vector<Kept>> there = lines(run, first);
  if (!there) return there.error();
  return std::equal(there->begin(), there->end(), events.begin(), events.end(),
                    [](const Kept& kept, const Event& event) { return kept.line == encode(event); });
}

Result<Appended> SqlStore::append(std::string_view run, int64_t known, const std::vector<Event>& events,
                                  std::string_view snapshot) {
  Result<Transaction> transaction = write(run);
  if (!transaction) return transaction.error();
  Result<Head> now = head(run);
  if (!now) return now.error();
  if (now->events == known + int64_t(events.size())) {
    Result<bool> same = same_events(run, known, events);
    if (!same) return same.error();
    if (*same) return Appended::Written;
  }
  if (now->events != known) return driven_by_another(run);
  // Whoever opens an ended run again has read it before.
  if (!now->outcome.empty())
    if (Result<std::optional<Pruned>> pruned = find_pruned(run); !pruned || *pruned)
      return pruned ? run_was_pruned(**pruned) : pruned.error();
  if (Status allowed = may_write(run); !allowed) return allowed.error();
  if (end_well(events)) {
    Result<bool> aborted = is_aborted(run);
    if (!aborted) return aborted.error();
    if (*aborted) return Appended::AbortFirst;
  }
  if (const LockTaken* takes = taken_by(events)) {
    Result<bool> held = is_held(*takes);
    if (!held) return held.error();
    if (*held) return Appended::LockHeld;
  }
  Result<Head> behind = write_events(run, *now, events);
  if (!behind) return behind.error();
  if (Status kept = write_snapshot(run, *behind, snapshot); !kept) return kept.error();
  if (Status locked = write_locks(run, events); !locked) return locked.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return Appended::Written;
}

Result<std::vector<Event>> SqlStore::read(std::string_view run) {
  // One transaction for both: a driver that appends in between would look like a broken chain.
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Read);
  if (!transaction) return transaction.error();
  Result<Head> now = head(run);
  if (!now) return now.error();
  return checked(run, *now, 0, chain_start(run, now->plan_hash));
}

/// The events from `first` on; `hash` is that of the one before.
Result<std::vector<Event>> SqlStore::checked(std::string_view run, const Head& now, int64_t first, std::string hash) {
  Result<std::vector<Kept>> there = lines(run, first);
  if (!there) return there.error();
  std::vector<Event> events;
  int64_t seq = first;
  for (const auto& [line, stored] : *there) {
    hash = chain_next(hash, line);
    if (hash != stored)
      return gone(run, damaged_run(run, fmt::format("event {} was changed after it was written", seq)));
    Result<Event> event = decode(line);
    if (!event) return event.error();
    events.push_back(std::move(*event));
    ++seq;
  }
  if (seq != now.events || hash != now.hash)
    return gone(run, damaged_run(run, fmt::format("{} of {} events are there", seq, now.events)));
  return events;
}

Result<Recent> SqlStore::read_on(std::string_view run) {
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Read);
  if (!transaction) return transaction.error();
  Result<Head> now = head(run);
  if (!now) return now.error();
  Result<std::optional<Recent>> recent = read_behind_snapshot(run, *now);
  if (!recent || *recent) return recent ? Result<Recent>(std::move(**recent)) : recent.error();
  Result<std::vector<Event>> events = checked(run, *now, 0, chain_start(run, now->plan_hash));
  if (!events) return events.error();
  return Recent{{}, std::move(*events)};
}

Result<Chain> SqlStore::chain(std::string_view run) {
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Read);
  if (!transaction) return transaction.error();
  if (run == prune_chain) return prunes(true);
  Result<Chain> chain = end_of(run);
  if (!chain) return chain;
  Result<std::vector<Kept>> there = lines(run, 0);
  if (!there) return there.error();
  chain->rows = std::move(*there);
  return chain;
}

Result<Chain> SqlStore::chain_end(std::string_view run) {
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Read);
  if (!transaction) return transaction.error();
  return run == prune_chain ? prunes(false) : end_of(run);
}

Result<Chain> SqlStore::end_of(std::string_view name) {
  if (is_promotion(name)) {
    Result<PromotionHead> now = promotion_head(name);
    if (!now) return now.error();
    return Chain{"", now->events, now->hash, {}};
  }
  Result<Head> now = head(name);
  if (!now) return now.error();
  return Chain{now->plan_hash, now->events, now->hash, {}};
}

Result<std::string> SqlStore::plan_bytes(std::string_view run) {
  Result<Rows> rows = db_->run(
      "SELECT plans.bytes FROM runs JOIN plans ON plans.hash = runs.plan_hash WHERE runs.run = $1", {run});
  if (!rows) return rows.error();
  if (rows->empty()) return gone(run, no_such_run(run));
  return rows->front().take(0);
}

Result<std::vector<RunInfo>> SqlStore::list() {
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Read);
  if (!transaction) return transaction.error();
  Result<std::map<std::string, std::vector<Generation>>> generations = all_generations();
  if (!generations) return generations.error();
  std::vector<RunInfo> out;
  int64_t below = INT64_MAX;
  for (size_t piece = 0; piece < max_pieces; ++piece) {
    Result<Rows> rows = db_->run(
        "SELECT run, rollout, plan_hash, created_wall_ns, events, outcome, id FROM runs WHERE id < $1 "
        "ORDER BY id DESC LIMIT $2",
        {below, int64_t(rows_at_once)});
    if (!rows) return rows.error();
    for (JournalDb::Row& row : *rows)
      out.push_back({row[0], row[1], row[2], number(row[3]), std::move((*generations)[row[0]]), outcome_of(row[5]),
                     number(row[4])});
    if (rows->size() < rows_at_once) return out;
    below = number(rows->back()[6]);
  }
  return endless("runs");
}

Result<std::optional<RunInfo>> SqlStore::info(std::string_view run) {
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Read);
  if (!transaction) return transaction.error();
  Result<Rows> rows =
      db_->run("SELECT rollout, plan_hash, created_wall_ns, events, outcome FROM runs WHERE run = $1", {run});
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<RunInfo>();
  const JournalDb::Row& row = rows->front();
  Result<Rows> generations =
      db_->run("SELECT service, generation FROM generations WHERE run = $1 ORDER BY place", {run});
  if (!generations) return generations.error();
  RunInfo info{std::string(run), row[0], row[1], number(row[2]), {}, outcome_of(row[4]), number(row[3])};
  for (const JournalDb::Row& one : *generations) info.generations.push_back({one[0], number(one[1])});
  return std::optional<RunInfo>(std::move(info));
}

/// Of each run, in the order of its services.
Result<std::map<std::string, std::vector<Generation>>> SqlStore::all_generations() {
  std::map<std::string, std::vector<Generation>> out;
  std::string run;
  int64_t place = -1;
  for (size_t piece = 0; piece < max_pieces; ++piece) {
    Result<Rows> rows = db_->run(
        "SELECT run, place, service, generation FROM generations WHERE (run, place) > ($1, $2) "
        "ORDER BY run, place LIMIT $3",
        {run, place, int64_t(rows_at_once)});
    if (!rows) return rows.error();
    for (JournalDb::Row& row : *rows) out[row[0]].push_back({row.take(2), number(row[3])});
    if (rows->size() < rows_at_once) return out;
    run = rows->back()[0];
    place = number(rows->back()[1]);
  }
  return endless("generations");
}

Result<int64_t> SqlStore::request(std::string_view run, const Request& request) {
  Result<Transaction> transaction = write(run);
  if (!transaction) return transaction.error();
  // Numbers become visible in the order in which they are given: a reader asks for what is behind the last one.
  if (Status alone = db_->exclude(asking); !alone) return alone.error();
  Result<int64_t> id = is_promotion(run)     ? ask_promotion(run, request)
                       : run == line_mailbox ? write_request(run, request)
                                             : ask_run(run, request);
  if (!id) return id.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return *id;
}

Result<int64_t> SqlStore::ask_run(std::string_view run, const Request& request) {
  Result<Head> now = head(run);
  if (!now) return now.error();
  if (std::optional<Outcome> outcome = outcome_of(now->outcome)) return run_has_ended(run, *outcome);
  return write_request(run, request);
}

Result<int64_t> SqlStore::write_request(std::string_view run, const Request& request) {
  // The column holds what the kind of request needs: a step, or how long an override lasts.
  int64_t step = request.ask == Ask::Override    ? request.minutes
                 : request.step == plan::none ? -1
                                              : int64_t(request.step);
  Result<Rows> rows = db_->run(
      "INSERT INTO requests (run, ask, by, reason, wall_ns, step, holder) VALUES ($1, $2, $3, $4, $5, $6, $7) "
      "RETURNING id",
      {run, word(ask_names, request.ask), request.by, request.reason, request.wall_ns, step, request.holder});
  if (!rows) return rows.error();
  if (Status told = announce(run); !told) return told.error();
  return number(first_row(*rows)[0]);
}

Result<std::vector<Request>> SqlStore::requests(std::string_view run, int64_t after_id) {
  std::vector<Request> out;
  for (size_t piece = 0; piece < max_pieces; ++piece) {
    // Two ways along the index, merged: what `IN` finds is sorted in a table made for it. `run` may be the mailbox.
    Result<Rows> rows = db_->run(
        "SELECT id, ask, by, reason, wall_ns, step, holder, run FROM requests WHERE run = $1 AND id > $2 UNION "
        "SELECT id, ask, by, reason, wall_ns, step, holder, run FROM requests WHERE run = $3 AND id > $2 "
        "ORDER BY id LIMIT $4",
        {run, after_id, line_mailbox, int64_t(rows_at_once)});
    if (!rows) return rows.error();
    for (const JournalDb::Row& row : *rows) {
      auto ask = std::find(ask_names.begin(), ask_names.end(), row[1]);
      if (ask == ask_names.end()) continue;
      Ask kind = Ask(ask - ask_names.begin());
      int64_t value = number(row[5]);
      uint32_t step = value < 0 || kind == Ask::Override ? plan::none : uint32_t(value);
      out.push_back({number(row[0]), kind, row[2], row[3], number(row[4]), step, row[6], row[7] == line_mailbox,
                     kind == Ask::Override ? value : 0});
    }
    if (rows->size() < rows_at_once) return out;
    after_id = number(rows->back()[0]);
  }
  return endless(fmt::format("requests of {}", run));
}

Result<int64_t> SqlStore::next_generation(std::string_view service) {
  Result<Rows> rows =
      db_->run("SELECT coalesce(max(generation), 0) + 1 FROM generations WHERE service = $1", {service});
  if (!rows) return rows.error();
  return number(first_row(*rows)[0]);
}

}  // namespace rollout::journal
