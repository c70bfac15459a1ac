// The promotions of SqlStore: a row each; their events stand in the table of events under the promotion's name,
// chained by hashes as those of runs.
#include <fmt/format.h>

#include "runtime/journal/chain.h"
#include "runtime/journal/sql_store.h"
#include "runtime/journal/store_errors.h"
#include "runtime/journal/words.h"

namespace rollout::journal {

namespace {

using Access = JournalDb::Access;
using Rows = std::vector<JournalDb::Row>;

std::optional<PromotionOutcome> outcome_of(std::string_view text) {
  for (PromotionOutcome outcome : {PromotionOutcome::Succeeded, PromotionOutcome::Stopped, PromotionOutcome::Aborted,
                                   PromotionOutcome::Superseded, PromotionOutcome::RolledBack})
    if (word(outcome) == text) return outcome;
  return std::nullopt;
}

}  // namespace

Result<SqlStore::PromotionHead> SqlStore::promotion_head(std::string_view name) {
  Result<Rows> rows = db_->run("SELECT events, head_hash, outcome, open_run FROM promotions WHERE name = $1", {name});
  if (!rows) return rows.error();
  if (rows->empty()) return no_such_promotion(name);
  const JournalDb::Row& row = rows->front();
  return PromotionHead{number(row[0]), row[1], row[2], row[3]};
}

Result<std::string> SqlStore::begin(const PromotionBegun& begun, int64_t wall_ns) {
  Result<Transaction> transaction = write("promotions");
  if (!transaction) return transaction.error();
  Result<int64_t> row = insert_numbered("promotions", "promotion, file, created_wall_ns", "$1, $2, $3",
                                        {begun.promotion, file_cell(begun), wall_ns});
  if (!row) return row.error();
  std::string name = fmt::format("p{}", *row);
  Result<Rows> named = db_->run("UPDATE promotions SET name = $1 WHERE id = $2", {name, *row});
  if (!named) return named.error();
  if (Status written = write_promotion(name, {0, chain_start(name, ""), "", ""}, {wall_ns, begun}); !written)
    return written.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return name;
}

Status SqlStore::write_promotion(std::string_view name, PromotionHead head, const PromotionEvent& event) {
  std::string line = encode(event);
  head.hash = chain_next(head.hash, line);
  Result<Rows> done = db_->run("INSERT INTO events (run, seq, line, hash) VALUES ($1, $2, $3, $4)",
                               {name, head.events, line, head.hash});
  if (!done) return done.error();
  if (const StageEntered* entered = std::get_if<StageEntered>(&event.what)) head.open_run = entered->run;
  if (const PromotionEnded* ended = std::get_if<PromotionEnded>(&event.what)) head.outcome = word(ended->outcome);
  if (std::holds_alternative<PromotionReopened>(event.what)) head.outcome.clear(), head.open_run.clear();
  done = db_->run("UPDATE promotions SET events = $1, head_hash = $2, outcome = $3, open_run = $4 WHERE name = $5",
                  {head.events + 1, head.hash, head.outcome, head.open_run, name});
  if (!done) return done.error();
  return Done{};
}

/// Within the transaction that makes the run.
Status SqlStore::enter(const StageOf& stage, const RunInfo& run) {
  if (Status alone = db_->exclude(stage.promotion); !alone) return alone;
  if (Status ours = may_promote(stage.promotion, stage.claim); !ours) return ours;
  Result<PromotionHead> head = promotion_head(stage.promotion);
  if (!head) return head.error();
  Result<bool> aborted = is_aborted(stage.promotion);
  if (!aborted) return aborted.error();
  if (*aborted) return promotion_aborted(stage.promotion);
  if (head->events != stage.known) return driven_by_another(stage.promotion);
  StageEntered entered{stage.stage, run.run, run.plan_hash, stage.digests};
  return write_promotion(stage.promotion, *head, {run.created_wall_ns, std::move(entered)});
}

Result<Appended> SqlStore::append_to(std::string_view name, int64_t known, const PromotionEvent& event) {
  Result<Transaction> transaction = write(name);
  if (!transaction) return transaction.error();
  Result<PromotionHead> head = promotion_head(name);
  if (!head) return head.error();
  if (head->events == known + 1) {
    Result<std::vector<Kept>> last = lines(name, known);
    if (!last) return last.error();
    if (last->size() == 1 && last->front().line == encode(event)) return Appended::Written;
  }
  if (Status ours = may_promote(name, 0); !ours) return ours.error();
  if (head->events != known) return driven_by_another(name);
  if (ends_well(event)) {
    Result<bool> aborted = is_aborted(name);
    if (!aborted) return aborted.error();
    if (*aborted) return Appended::AbortFirst;
  }
  if (Status written = write_promotion(name, *head, event); !written) return written.error();
  if (Status done = transaction->commit(); !done) return done.error();
  return Appended::Written;
}

Result<std::vector<PromotionEvent>> SqlStore::read_promotion(std::string_view name) {
  Result<Transaction> transaction = Transaction::begin(*db_, Access::Read);
  if (!transaction) return transaction.error();
  Result<PromotionHead> head = promotion_head(name);
  if (!head) return head.error();
  Result<std::vector<Kept>> there = lines(name, 0);
  if (!there) return there.error();
  std::vector<PromotionEvent> events;
  std::string hash = chain_start(name, "");
  for (const auto& [line, stored] : *there) {
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

Result<std::vector<PromotionInfo>> SqlStore::promotions() {
  std::vector<PromotionInfo> out;
  int64_t below = INT64_MAX;
  for (size_t piece = 0; piece < max_pieces; ++piece) {
    Result<Rows> rows = db_->run(
        "SELECT name, promotion, file, created_wall_ns, outcome, events, open_run, id FROM promotions WHERE id < $1 "
        "ORDER BY id DESC LIMIT $2",
        {below, int64_t(rows_at_once)});
    if (!rows) return rows.error();
    for (const JournalDb::Row& row : *rows) {
      out.push_back({row[0], row[1], {}, number(row[3]), outcome_of(row[4]), {}, number(row[5]), row[6]});
      read_file_cell(row[2], out.back());
    }
    if (rows->size() < rows_at_once) return out;
    below = number(rows->back()[7]);
  }
  return endless("promotions");
}

/// Within a transaction: the abort of the run that it stands in is durable with its own.
Result<int64_t> SqlStore::ask_promotion(std::string_view name, const Request& request) {
  Result<PromotionHead> head = promotion_head(name);
  if (!head) return head.error();
  if (std::optional<PromotionOutcome> outcome = outcome_of(head->outcome)) return promotion_has_ended(name, *outcome);
  if (!head->open_run.empty()) {
    if (Status alone = db_->exclude(head->open_run); !alone) return alone.error();
    Result<Head> run = this->head(head->open_run);
    if (!run) return run.error();
    if (run->outcome.empty())
      if (Result<int64_t> asked = write_request(head->open_run, request); !asked) return asked.error();
  }
  return write_request(name, request);
}

}  // namespace rollout::journal
