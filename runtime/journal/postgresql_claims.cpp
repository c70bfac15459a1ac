#include "runtime/journal/postgresql_claims.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::journal {

namespace {

using Rows = std::vector<JournalDb::Row>;

constexpr std::string_view taking_claims = "claims";

OpError claimed(std::string_view service, std::string_view holder, std::string_view run) {
  std::string advice =
      run.empty() ? "wait for it" : fmt::format("wait for it, or abort it with `rollout abort {}`", run);
  return {fmt::format("{} is being changed by {}{}; {}", service, holder,
                      run.empty() ? "" : fmt::format(", run {}", run), advice),
          false, true};
}

OpError taken_over(std::string_view service, std::string_view holder) {
  return {fmt::format("{} was taken over by {}; this process stops without a further effect", service, holder), false,
          true};
}

}  // namespace

/// What is so of a claim that lasts. Whoever had one when the server went away has it for as long again once the server
/// is back: it asks from time to time, and others may be faster. What had ended long before says nothing of anybody.
std::string PostgresqlClaims::lasting() const {
  return fmt::format(
      "(claims.until > now() OR (claims.holder <> '' AND claims.until > pg_postmaster_start_time() - interval '1 day' "
      "AND now() < pg_postmaster_start_time() + {} * interval '1 s'))",
      lasts_s_);
}

/// The transaction in which claims change hands.
Result<Transaction> PostgresqlClaims::begin_taking(std::string_view run) {
  Result<Transaction> transaction = Transaction::begin(db_, JournalDb::Access::Write);
  if (!transaction) return transaction;
  if (Status alone = db_.exclude(taking_claims); !alone) return alone.error();
  // What the former claimant of a run is writing just now is seen by whoever reads the run after this.
  if (!run.empty())
    if (Status alone = db_.exclude(run); !alone) return alone.error();
  return transaction;
}

Status PostgresqlClaims::take(const std::vector<std::string>& services, std::string_view holder,
                              std::string_view run) {
  Result<Transaction> transaction = begin_taking(run);
  if (!transaction) return transaction.error();
  Result<Rows> row = db_.run("SELECT nextval('claim_tokens')", {});
  if (!row) return row.error();
  token_ = number(first_row(*row)[0]);
  Status taken = Done{};
  for (size_t i = 0; taken && i < services.size(); ++i) taken = take_one(services[i], holder, run);
  if (taken) taken = transaction->commit();
  if (taken) services_ = services;
  else token_ = 0;
  return taken;
}

Status PostgresqlClaims::take_one(std::string_view service, std::string_view holder, std::string_view run) {
  Result<Rows> other = held(service);
  if (!other) return other.error();
  if (!other->empty()) return claimed(service, other->front()[0], other->front()[1]);
  Result<Rows> done = db_.run(
      "INSERT INTO claims (service, holder, run, token, until) VALUES ($1, $2, $3, $4, now() + $5 * interval '1 s') "
      "ON CONFLICT (service) DO UPDATE SET holder = excluded.holder, run = excluded.run, token = excluded.token, "
      "until = excluded.until",
      {service, holder, run, token_, lasts_s_});
  if (!done) return done.error();
  return Done{};
}

Status PostgresqlClaims::name(std::string_view run) {
  Result<Rows> done = db_.run("UPDATE claims SET run = $1 WHERE token = $2", {run, token_});
  if (!done) return done.error();
  return Done{};
}

/// Without it the claims end by themselves.
void PostgresqlClaims::give_back() {
  if (token_) (void)db_.run("DELETE FROM claims WHERE token = $1", {token_});
  token_ = 0;
}

/// What has ended and names its run is what `waiting` looks for.
void PostgresqlClaims::hand_over() {
  if (token_)
    (void)db_.run("WITH left_to_others AS (UPDATE claims SET until = now(), holder = '' WHERE token = $1) "
                  "SELECT pg_notify($2, '')",
                  {token_, waiting_channel});
  token_ = 0;
}

Status PostgresqlClaims::offer(const std::vector<std::string>& services, std::string_view run) {
  Result<Transaction> transaction = begin_taking(run);
  if (!transaction) return transaction.error();
  const std::string offered =
      "INSERT INTO claims (service, holder, run, token, until) VALUES ($1, '', $2, nextval('claim_tokens'), now()) "
      "ON CONFLICT (service) DO UPDATE SET holder = '', run = excluded.run, token = excluded.token WHERE NOT " +
      lasting();
  for (const std::string& service : services) {
    Result<Rows> done = db_.run(offered.c_str(), {service, run});
    if (!done) return done.error();
  }
  if (Result<Rows> told = db_.run("SELECT pg_notify($1, '')", {waiting_channel}); !told) return told.error();
  return transaction->commit();
}

/// A process that died before it had named its run or promotion has claims without one, and a record of one event.
Result<std::vector<std::string>> PostgresqlClaims::waiting() {
  const std::string wait_for_driver =
      "SELECT runs.run, min(claims.until) AS since, min(runs.id) AS id FROM claims "
      "JOIN generations ON generations.service = claims.service "
      "JOIN runs ON runs.run = generations.run WHERE NOT " + lasting() + " AND runs.outcome = '' AND "
      "(claims.run = runs.run OR (claims.run = '' AND runs.events = 1)) AND NOT EXISTS (SELECT FROM promotions "
      "JOIN claims AS whole ON whole.run = promotions.name WHERE promotions.open_run = runs.run) GROUP BY runs.run "
      "UNION SELECT promotions.name, claims.until, promotions.id FROM claims JOIN promotions "
      "ON claims.run = promotions.name OR (claims.run = '' AND promotions.events = 1 AND claims.service = "
      "'promotion ' || promotions.promotion || ' of ' || promotions.file) "
      "WHERE NOT " + lasting() + " AND promotions.outcome = '' ORDER BY since, id LIMIT $1";
  Result<Rows> rows = db_.run(wait_for_driver.c_str(), {int64_t(max_waiting)});
  if (!rows) return rows.error();
  std::vector<std::string> runs;
  for (JournalDb::Row& row : *rows) runs.push_back(row.take(0));
  return runs;
}

/// A row of its holder and run, if somebody has it.
Result<Rows> PostgresqlClaims::held(std::string_view service) {
  return db_.run(("SELECT holder, run FROM claims WHERE service = $1 AND " + lasting()).c_str(), {service});
}

Result<std::optional<effects::Holder>> PostgresqlClaims::claimant(std::string_view service) {
  Result<Rows> rows = held(service);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<effects::Holder>();
  return std::optional<effects::Holder>({rows->front()[0], rows->front()[1]});
}

OpError PostgresqlClaims::lost(std::string_view service) {
  Result<std::optional<effects::Holder>> holder = claimant(service);
  return taken_over(service, holder && *holder && !(*holder)->who.empty() ? (*holder)->who : "another process");
}

Status PostgresqlClaims::renew() {
  if (!token_) return Done{};
  Result<Rows> kept = db_.run(
      "WITH renewed AS (UPDATE claims SET until = now() + $1 * interval '1 s' WHERE token = $2 AND "
      "until < now() + $3 * interval '1 s') SELECT service FROM claims WHERE token = $2",
      {lasts_s_, token_, lasts_s_ * 2 / 3});
  if (!kept) return kept.error();
  for (const std::string& service : services_)
    if (std::find(kept->begin(), kept->end(), JournalDb::Row{service}) == kept->end()) return lost(service);
  return Done{};
}

Status PostgresqlClaims::check(std::string_view run) {
  Result<Rows> other = db_.run(
      "SELECT claims.service, claims.holder FROM generations JOIN claims ON claims.service = "
      "generations.service WHERE generations.run = $1 AND claims.token <> $2 AND (claims.until > now() OR "
      "claims.token > $2) LIMIT 1",
      {run, token_});
  if (!other) return other.error();
  if (other->empty()) return renew();
  return taken_over(other->front()[0], other->front()[1].empty() ? "another process" : other->front()[1]);
}

Status PostgresqlClaims::check_promotion(std::string_view name, int64_t token) {
  Result<Rows> other = db_.run(
      "SELECT service, holder FROM claims WHERE run = $1 AND token <> $2 AND (until > now() OR token > $2) LIMIT 1",
      {name, token});
  if (!other) return other.error();
  if (!other->empty())
    return taken_over(other->front()[0], other->front()[1].empty() ? "another process" : other->front()[1]);
  return token == token_ ? renew() : Status(Done{});
}

}  // namespace rollout::journal
