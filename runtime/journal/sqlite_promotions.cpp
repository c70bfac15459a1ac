// The promotions of SqliteStore: a row each; their events stand in the table of events under the promotion's name,
// chained by hashes as those of runs.
#include <fmt/format.h>

#include "runtime/journal/chain.h"
#include "runtime/journal/sqlite_db.h"
#include "runtime/journal/sqlite_store.h"
#include "runtime/journal/store_errors.h"
#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

std::optional<PromotionOutcome> outcome_of(std::string_view text) {
  for (PromotionOutcome outcome : {PromotionOutcome::Succeeded, PromotionOutcome::Stopped, PromotionOutcome::Aborted,
                                   PromotionOutcome::Superseded})
    if (word(outcome) == text) return outcome;
  return std::nullopt;
}

}  // namespace

Result<SqliteStore::PromotionHead> SqliteStore::promotion_head(std::string_view name) {
  SqliteQuery query(*db_, "SELECT events, head_hash, outcome, open_run FROM promotions WHERE name = ?");
  Result<bool> row = query.bind(name).step();
  if (!row) return row.error();
  if (!*row) return no_such_promotion(name);
  return PromotionHead{query.number(0), query.text(1), query.text(2), query.text(3)};
}

Result<std::string> SqliteStore::begin(const PromotionBegun& begun, int64_t wall_ns) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(*db_);
  if (!transaction) return transaction.error();
  SqliteQuery insert(*db_, "INSERT INTO promotions (promotion, file, created_wall_ns) VALUES (?, ?, ?)");
  if (Status done = insert.bind(begun.promotion).bind(begun.file).bind(wall_ns).run(); !done) return done.error();
  SqliteQuery given(*db_, "UPDATE promotions SET name = 'p' || id WHERE id = last_insert_rowid() RETURNING name");
  Result<bool> row = given.step();
  if (!row) return row.error();
  std::string name = given.text(0);
  if (Result<bool> end = given.step(); !end) return end.error();
  if (Status written = write_promotion(name, {0, chain_start(name, ""), "", ""}, {wall_ns, begun}); !written)
    return written.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return name;
}

Status SqliteStore::write_promotion(std::string_view name, PromotionHead head, const PromotionEvent& event) {
  std::string line = encode(event);
  head.hash = chain_next(head.hash, line);
  SqliteQuery insert(*db_, "INSERT INTO events (run, seq, line, hash) VALUES (?, ?, ?, ?)");
  if (Status done = insert.bind(name).bind(head.events).bind(line).bind(head.hash).run(); !done) return done;
  if (const StageEntered* entered = std::get_if<StageEntered>(&event.what)) head.open_run = entered->run;
  if (const PromotionEnded* ended = std::get_if<PromotionEnded>(&event.what)) head.outcome = word(ended->outcome);
  SqliteQuery update(*db_,
                     "UPDATE promotions SET events = ?, head_hash = ?, outcome = ?, open_run = ? WHERE name = ?");
  return update.bind(head.events + 1).bind(head.hash).bind(head.outcome).bind(head.open_run).bind(name).run();
}

/// Within the transaction that makes the run.
Status SqliteStore::enter(const StageOf& stage, const RunInfo& run) {
  Result<PromotionHead> head = promotion_head(stage.promotion);
  if (!head) return head.error();
  Result<std::vector<Request>> aborts = requests(stage.promotion, 0);
  if (!aborts) return aborts.error();
  if (!aborts->empty()) return promotion_aborted(stage.promotion);
  if (head->events != stage.known) return driven_by_another(stage.promotion);
  StageEntered entered{stage.stage, run.run, run.plan_hash, stage.digests};
  return write_promotion(stage.promotion, *head, {run.created_wall_ns, std::move(entered)});
}

Result<Appended> SqliteStore::append_to(std::string_view name, int64_t known, const PromotionEvent& event) {
  Result<SqliteTransaction> transaction = SqliteTransaction::begin(*db_);
  if (!transaction) return transaction.error();
  Result<PromotionHead> head = promotion_head(name);
  if (!head) return head.error();
  if (head->events == known + 1) {
    SqliteQuery last(*db_, "SELECT line FROM events WHERE run = ? AND seq = ?");
    Result<bool> row = last.bind(name).bind(known).step();
    if (!row) return row.error();
    if (*row && last.text(0) == encode(event)) return Appended::Written;
  }
  if (head->events != known) return driven_by_another(name);
  if (ends_well(event)) {
    Result<std::vector<Request>> aborts = requests(name, 0);
    if (!aborts) return aborts.error();
    if (!aborts->empty()) return Appended::AbortFirst;
  }
  if (Status written = write_promotion(name, *head, event); !written) return written.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return Appended::Written;
}

Result<std::vector<PromotionEvent>> SqliteStore::read_promotion(std::string_view name) {
  if (Status begun = db_->exec("BEGIN"); !begun) return begun.error();
  Result<PromotionHead> head = promotion_head(name);
  std::vector<std::pair<std::string, std::string>> rows;
  SqliteQuery query(*db_, "SELECT line, hash FROM events WHERE run = ? ORDER BY seq");
  Result<bool> row = query.bind(name).step();
  for (; row && *row; row = query.step()) rows.emplace_back(query.text(0), query.text(1));
  Status ended = db_->exec("COMMIT");
  if (!head) return head.error();
  if (!row) return row.error();
  if (!ended) return ended.error();
  std::vector<PromotionEvent> events;
  std::string hash = chain_start(name, "");
  for (const auto& [line, stored] : rows) {
    hash = chain_next(hash, line);
    if (hash != stored)
      return damaged_promotion(name, fmt::format("event {} was changed after it was written", events.size()));
    Result<PromotionEvent> event = decode_promotion(line);
    if (!event) return event.error();
    events.push_back(std::move(*event));
  }
  if (int64_t(events.size()) != head->events || hash != head->hash)
    return damaged_promotion(name, fmt::format("{} of {} events are there", events.size(), head->events));
  return events;
}

Result<std::vector<PromotionInfo>> SqliteStore::promotions() {
  std::vector<PromotionInfo> out;
  SqliteQuery query(*db_, "SELECT name, promotion, file, created_wall_ns, outcome FROM promotions ORDER BY id DESC");
  Result<bool> row = query.step();
  for (; row && *row; row = query.step())
    out.push_back({query.text(0), query.text(1), query.text(2), query.number(3), outcome_of(query.text(4))});
  if (!row) return row.error();
  return out;
}

/// Within a transaction: the abort of the run that it stands in is durable with its own.
Result<int64_t> SqliteStore::ask_promotion(std::string_view name, const Request& request) {
  Result<PromotionHead> head = promotion_head(name);
  if (!head) return head.error();
  if (std::optional<PromotionOutcome> outcome = outcome_of(head->outcome)) return promotion_has_ended(name, *outcome);
  if (!head->open_run.empty()) {
    Result<Head> run = this->head(head->open_run);
    if (!run) return run.error();
    if (run->outcome.empty())
      if (Result<int64_t> asked = write_request(head->open_run, request); !asked) return asked.error();
  }
  return write_request(name, request);
}

}  // namespace rollout::journal
