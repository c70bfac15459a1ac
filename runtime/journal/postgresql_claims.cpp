#include "runtime/journal/postgresql_claims.h"

#include <fmt/format.h>

namespace rollout::journal {

namespace {

using Rows = std::vector<JournalDb::Row>;

constexpr std::string_view taking_claims = "claims";
constexpr int64_t renew_below_s = claim_s * 2 / 3;

OpError claimed(std::string_view service, std::string_view holder, std::string_view run) {
  std::string advice =
      run.empty() ? "wait for it" : fmt::format("wait for it, or abort it with `rollout abort {}`", run);
  return {fmt::format("{} is being changed by {}{}; {}", service, holder,
                      run.empty() ? "" : fmt::format(", run {}", run), advice),
          false, true};
}

}  // namespace

Status PostgresqlClaims::take(const std::vector<std::string>& services, std::string_view holder,
                              std::string_view run) {
  Result<Transaction> transaction = Transaction::begin(db_, JournalDb::Access::Write);
  if (!transaction) return transaction.error();
  if (Status alone = db_.exclude(taking_claims); !alone) return alone;
  // What the former claimant of a run is writing just now is seen by whoever reads the run after this.
  if (!run.empty())
    if (Status alone = db_.exclude(run); !alone) return alone;
  Result<Rows> row = db_.run("SELECT nextval('claim_tokens')", {});
  if (!row) return row.error();
  token_ = number(row->at(0).at(0));
  for (const std::string& service : services)
    if (Status taken = take_one(service, holder, run); !taken) {
      token_ = 0;
      return taken;
    }
  return transaction->commit();
}

Status PostgresqlClaims::take_one(std::string_view service, std::string_view holder, std::string_view run) {
  Result<Rows> other = db_.run("SELECT holder, run FROM claims WHERE service = $1 AND until > now()", {service});
  if (!other) return other.error();
  if (!other->empty()) return claimed(service, other->front()[0], other->front()[1]);
  Result<Rows> done = db_.run(
      "INSERT INTO claims (service, holder, run, token, until) VALUES ($1, $2, $3, $4, now() + $5 * interval '1 s') "
      "ON CONFLICT (service) DO UPDATE SET holder = excluded.holder, run = excluded.run, token = excluded.token, "
      "until = excluded.until",
      {service, holder, run, token_, claim_s});
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

Result<std::optional<Claimant>> PostgresqlClaims::claimant(std::string_view service) {
  Result<Rows> rows = db_.run("SELECT holder, run FROM claims WHERE service = $1 AND until > now()", {service});
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<Claimant>();
  return std::optional<Claimant>({rows->front()[0], rows->front()[1]});
}

Status PostgresqlClaims::renew() {
  if (!token_) return Done{};
  Result<Rows> done = db_.run(
      "UPDATE claims SET until = now() + $1 * interval '1 s' WHERE token = $2 AND until < now() + $3 * interval '1 s'",
      {claim_s, token_, renew_below_s});
  if (!done) return done.error();
  return Done{};
}

Status PostgresqlClaims::check(std::string_view run) {
  Result<Rows> other = db_.run(
      "SELECT claims.service, claims.holder, claims.run FROM generations JOIN claims ON claims.service = "
      "generations.service WHERE generations.run = $1 AND claims.token <> $2 AND (claims.until > now() OR "
      "claims.token > $2) LIMIT 1",
      {run, token_});
  if (!other) return other.error();
  if (other->empty()) return renew();
  return OpError{fmt::format("{} was taken over by {}; this process stops without a further effect",
                             other->front()[0], other->front()[1]),
                 false, true};
}

}  // namespace rollout::journal
