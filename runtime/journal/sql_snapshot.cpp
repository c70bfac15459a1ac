// The snapshots of a store over SQL: one row a run, beside its events.
#include "runtime/journal/chain.h"
#include "runtime/journal/sql_store.h"

namespace rollout::journal {

using Rows = std::vector<JournalDb::Row>;

/// Within the transaction that has written the events up to `head`.
Status SqlStore::write_snapshot(std::string_view run, const Head& head, std::string_view text) {
  Result<Rows> done = Rows{};
  if (!head.outcome.empty()) {
    done = db_->run("DELETE FROM snapshots WHERE run = $1", {run});
  } else if (!text.empty()) {
    std::string binding = binding_of(run, head.plan_hash, head.hash, head.events, text);
    done = db_->run(
        "INSERT INTO snapshots (run, events, state, binding) VALUES ($1, $2, $3, $4) ON CONFLICT (run) DO UPDATE "
        "SET events = excluded.events, state = excluded.state, binding = excluded.binding",
        {run, head.events, text, binding});
  }
  return done ? Status(Done{}) : Status(done.error());
}

/// Nothing where there is no snapshot, or it does not fit: to its own number and plan, to the event at that number, and
/// that one to the event before.
Result<std::optional<Recent>> SqlStore::read_behind_snapshot(std::string_view run, const Head& now) {
  const std::optional<Recent> none;
  Result<Rows> rows = db_->run("SELECT events, state, binding FROM snapshots WHERE run = $1", {run});
  if (!rows) return rows.error();
  if (rows->empty()) return none;
  JournalDb::Row& row = rows->front();
  const int64_t events = number(row[0]);
  if (events < 2 || events > now.events) return none;
  Result<Rows> last = db_->run("SELECT line, hash FROM events WHERE run = $1 AND seq IN ($2, $3) ORDER BY seq",
                               {run, events - 2, events - 1});
  if (!last) return last.error();
  if (last->size() != 2) return none;
  const std::string& hash = last->at(1)[1];
  if (chain_next(last->at(0)[1], last->at(1)[0]) != hash) return none;
  if (binding_of(run, now.plan_hash, hash, events, row[1]) != row[2]) return none;
  Result<std::vector<Event>> behind = checked(run, now, events, hash);
  if (!behind) return behind.error();
  return std::optional(Recent{Snapshot{events, row.take(1)}, std::move(*behind)});
}

}  // namespace rollout::journal
