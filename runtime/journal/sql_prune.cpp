// Removing old runs from a store: first the line that says so, with the plan, in one commit; then the events, in many.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/effects/clock.h"
#include "runtime/journal/chain.h"
#include "runtime/journal/prune.h"
#include "runtime/journal/sql_store.h"
#include "runtime/journal/store_errors.h"
#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

using Rows = std::vector<JournalDb::Row>;

constexpr int64_t prune_format = 1;
constexpr int64_t events_at_once = 1000;  ///< a driver waits as long as it takes to remove so many

OpError has_gone_on(std::string_view run) {
  return {fmt::format("run {} has gone on or was pruned since it was looked at; nothing of it was removed", run), false,
          true};
}

}  // namespace

std::string encode(const Pruned& pruned) {
  json::Writer out;
  out.begin_object().field("v", prune_format).field("run", pruned.run).field("rollout", pruned.rollout);
  out.field("plan_hash", pruned.plan_hash).field("events", pruned.events).field("head", pruned.head);
  out.field("outcome", word(outcome_names, pruned.outcome)).field("ended_ns", pruned.ended_wall_ns);
  out.field("began_by", pruned.began_by).field("wall_ns", pruned.wall_ns).field("by", pruned.by);
  out.field("reason", pruned.reason).field("exported", pruned.exported).end_object();
  return out.take();
}

Result<Pruned> decode_pruned(std::string_view line) {
  Result<json::Node> node = json::parse(line);
  if (!node) return OpError{"what was noted of a pruned run is not JSON: " + node.error().message};
  if ((*node)["v"].as_int() != prune_format)
    return OpError{"a run was pruned by a newer rollout; use that version", false, true};
  auto text = [&](std::string_view name) { return std::string((*node)[name].as_string()); };
  auto outcome = std::find(outcome_names.begin(), outcome_names.end(), text("outcome"));
  if (outcome == outcome_names.end())
    return OpError{fmt::format("what was noted of pruned run {} cannot be read: it has no outcome", text("run"))};
  return Pruned{text("run"), text("rollout"), text("plan_hash"), (*node)["events"].as_int(), text("head"),
                Outcome(outcome - outcome_names.begin()), (*node)["ended_ns"].as_int(), text("began_by"),
                (*node)["wall_ns"].as_int(), text("by"), text("reason"), text("exported")};
}

std::string pruned_text(const Pruned& pruned) {
  return fmt::format("run {} was pruned on {} by {}: {}; {}", pruned.run, effects::utc_text(pruned.wall_ns), pruned.by,
                     pruned.reason,
                     pruned.exported.empty() ? "it was not exported" : "a copy is in the backup " + pruned.exported);
}

/// Also rows whose number is none that we have given: whoever checks them finds them in the chain.
Result<std::vector<Kept>> SqlStore::prune_lines() {
  std::vector<Kept> out;
  int64_t from = INT64_MIN;
  for (size_t piece = 0; piece < max_pieces; ++piece) {
    Result<Rows> rows = db_->run("SELECT line, hash, seq FROM prunes WHERE seq >= $1 ORDER BY seq LIMIT $2",
                                 {from, int64_t(rows_at_once)});
    if (!rows) return rows.error();
    for (JournalDb::Row& row : *rows) out.push_back({row.take(0), row.take(1)});
    int64_t last = rows->empty() ? INT64_MAX : number(rows->back()[2]);
    if (rows->size() < rows_at_once || last == INT64_MAX) return out;
    from = last + 1;
  }
  return endless("what was pruned");
}

Result<Chain> SqlStore::prunes(bool with_rows) {
  Result<Rows> last = db_->run("SELECT seq, hash FROM prunes ORDER BY seq DESC LIMIT 1", {});
  if (!last) return last.error();
  Chain chain{"", 0, chain_start(prune_chain, ""), {}};
  // Nobody has given a number below 0, and behind the last one there is none to count with.
  if (!last->empty()) {
    chain.events = std::clamp<int64_t>(number(last->front()[0]), -1, INT64_MAX - 1) + 1;
    chain.head = last->front()[1];
  }
  if (!with_rows) return chain;
  Result<std::vector<Kept>> rows = prune_lines();
  if (!rows) return rows.error();
  chain.rows = std::move(*rows);
  return chain;
}

Result<std::vector<Pruned>> SqlStore::pruned() {
  Result<std::vector<Kept>> lines = prune_lines();
  if (!lines) return lines.error();
  std::vector<Pruned> out;
  for (const Kept& kept : *lines) {
    Result<Pruned> one = decode_pruned(kept.line);
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

Result<std::optional<Pruned>> SqlStore::find_pruned(std::string_view run) {
  Result<Rows> rows = db_->run("SELECT line FROM prunes WHERE run = $1", {run});
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<Pruned>();
  Result<Pruned> pruned = decode_pruned(rows->front()[0]);
  if (!pruned) return pruned.error();
  if (pruned->run != run) return OpError{fmt::format("what was noted of pruned run {} is about another one", run)};
  return std::optional(std::move(*pruned));
}

/// Why something of the run is not there.
OpError SqlStore::gone(std::string_view run, OpError otherwise) {
  Result<std::optional<Pruned>> pruned = find_pruned(run);
  if (!pruned) return pruned.error();
  return *pruned ? run_was_pruned(**pruned) : std::move(otherwise);
}

Result<int64_t> SqlStore::weight(std::string_view run) {
  int64_t bytes = 0;
  for (const char* sql :
       {"SELECT sum(length(line) + length(hash)) FROM events WHERE run = $1",
        "SELECT sum(length(reason) + length(by)) FROM requests WHERE run = $1",
        "SELECT sum(length(bytes)) FROM plans JOIN runs ON plans.hash = runs.plan_hash WHERE runs.run = $1"}) {
    Result<Rows> rows = db_->run(sql, {run});
    if (!rows) return rows.error();
    bytes += number(first_row(*rows)[0]);
  }
  return bytes;
}

Status SqlStore::prune(const Pruned& what) {
  Result<Transaction> transaction = write(what.run);
  if (!transaction) return transaction.error();
  if (Status alone = db_->exclude(prune_chain); !alone) return alone;
  Result<Head> now = head(what.run);
  if (!now) return now.error();
  Result<std::optional<Pruned>> before = find_pruned(what.run);
  if (!before) return before.error();
  bool same = now->plan_hash == what.plan_hash && now->events == what.events && now->hash == what.head &&
              now->outcome == word(outcome_names, what.outcome);
  if (*before || !same || what.outcome == Outcome::Parked) return has_gone_on(what.run);
  Result<Chain> chain = prunes(false);
  if (!chain) return chain.error();
  if (chain->events == INT64_MAX)
    return OpError{"what was noted of pruned runs is damaged; `rollout audit --verify` says more, nothing was removed",
                   false, true};
  std::string line = encode(what);
  Result<Rows> done = db_->run("INSERT INTO prunes (seq, run, line, hash) VALUES ($1, $2, $3, $4)",
                               {chain->events, what.run, line, chain_next(chain->head, line)});
  if (done) done = db_->run("DELETE FROM plans WHERE hash = $1", {what.plan_hash});
  if (done) done = db_->run("DELETE FROM requests WHERE run = $1", {what.run});
  if (done) done = db_->run("DELETE FROM snapshots WHERE run = $1", {what.run});
  if (!done) return done.error();
  if (Status committed = transaction->commit(); !committed) return committed;
  return remove_events(what.run);
}

/// Of a run that is pruned already.
Status SqlStore::remove_events(std::string_view run) {
  for (size_t piece = 0; piece < max_pieces * rows_at_once / events_at_once; ++piece) {
    Result<Transaction> transaction = write(run);
    if (!transaction) return transaction.error();
    Result<Rows> first = db_->run("SELECT seq FROM events WHERE run = $1 ORDER BY seq LIMIT 1", {run});
    if (!first) return first.error();
    if (first->empty()) return Done{};
    int64_t last = std::min(number(first_row(*first)[0]), INT64_MAX - events_at_once) + events_at_once - 1;
    Result<Rows> done = db_->run("DELETE FROM events WHERE run = $1 AND seq <= $2", {run, last});
    if (!done) return done.error();
    if (Status committed = transaction->commit(); !committed) return committed;
  }
  return endless(fmt::format("events of {}", run));
}

Status SqlStore::finish_prunes() {
  Result<Rows> rows =
      db_->run("SELECT run FROM prunes WHERE EXISTS (SELECT 1 FROM events WHERE events.run = prunes.run)", {});
  if (!rows) return rows.error();
  for (const JournalDb::Row& row : *rows)
    if (Status removed = remove_events(row[0]); !removed) return removed;
  return Done{};
}

}  // namespace rollout::journal
