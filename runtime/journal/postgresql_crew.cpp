#include "runtime/journal/postgresql_crew.h"

#include <algorithm>

#include <fmt/format.h>

namespace rollout::journal {

namespace {

using Rows = std::vector<JournalDb::Row>;

constexpr int64_t ns_per_s = 1'000'000'000;
constexpr int64_t longest_tend_ns = 1'000'000'000;
constexpr int64_t sure_parts = 6;  ///< a claim is sure for that part of its length

}  // namespace

/// Confirmed with those of all others; asked for itself only where that is too long ago.
class CrewClaims : public PostgresqlClaims {
 public:
  CrewClaims(JournalDb& db, PostgresqlCrew& crew)
      : PostgresqlClaims(db, crew.claim_s_), crew_(crew), clock_(crew.turns_.effects().clock) {
    crew_.claims_.insert(this);
  }
  ~CrewClaims() override { crew_.claims_.erase(this); }

  Status take(const std::vector<std::string>& services, std::string_view holder, std::string_view run) override {
    int64_t asked_ns = clock_.monotonic_ns();
    Status taken = PostgresqlClaims::take(services, holder, run);
    if (taken) confirmed_ns_ = asked_ns;
    return taken;
  }
  Status renew() override {
    int64_t asked_ns = clock_.monotonic_ns();
    if (token() == 0 || asked_ns < confirmed_ns_ + lasts_s() * ns_per_s / sure_parts) return Done{};
    Status kept = PostgresqlClaims::renew();
    if (kept) confirm(asked_ns);
    return kept;
  }
  /// It is asked each time, since it costs nothing.
  int64_t sure_ns() const override { return 0; }

  void confirm(int64_t asked_ns) { confirmed_ns_ = std::max(confirmed_ns_, asked_ns); }
  size_t count() const { return services().size(); }

 private:
  PostgresqlCrew& crew_;
  effects::Clock& clock_;
  int64_t confirmed_ns_ = 0;  ///< when the server was asked that said so last
};

/// Reads its mailbox when there is something new in it.
class CrewStore : public PostgresqlStore {
 public:
  CrewStore(std::unique_ptr<JournalDb> db, std::unique_ptr<PostgresqlClaims> claims, PostgresqlCrew& crew)
      : PostgresqlStore(std::move(db), std::move(claims), nullptr), crew_(crew), bell_(crew.turns_.bell()) {
    crew_.stores_.insert(this);
  }
  ~CrewStore() override { crew_.stores_.erase(this); }

  effects::Waker* listen(std::string_view run) override {
    run_ = run;
    news_ = true;
    return bell_.get();
  }
  Result<std::vector<Request>> requests(std::string_view run, int64_t after_id) override {
    if (run != run_) return PostgresqlStore::requests(run, after_id);
    if (Status kept = claims()->renew(); !kept) return kept.error();
    if (!std::exchange(news_, false)) return std::vector<Request>();
    Result<std::vector<Request>> found = SqlStore::requests(run, after_id);
    if (!found) news_ = true;
    return found;
  }

  /// Who is told of an abort wants to read it.
  Result<Appended> append(std::string_view run, int64_t known, const std::vector<Event>& events,
                          std::string_view snapshot) override {
    Result<Appended> appended = PostgresqlStore::append(run, known, events, snapshot);
    if (!appended || *appended == Appended::AbortFirst) news_ = true;
    return appended;
  }

  void tell() {
    news_ = true;
    bell_->ring();
  }
  void wake() { bell_->ring(); }
  const std::string& run() const { return run_; }

 private:
  PostgresqlCrew& crew_;
  std::unique_ptr<effects::Bell> bell_;
  std::string run_;    ///< whose mailbox is listened to
  bool news_ = false;  ///< there may be requests that were not read
};

PostgresqlCrew::PostgresqlCrew(effects::Turns& turns, const PostgresqlAddress& address)
    : turns_(turns),
      claim_s_(address.claim_s),
      ears_(effects::shared_sql(turns), address),
      pool_([&turns, address] { return std::make_unique<PostgresqlDb>(effects::shared_sql(turns), address); },
            crew_connections, turns) {}

Result<std::unique_ptr<PostgresqlCrew>> PostgresqlCrew::open(effects::Turns& turns, const PostgresqlAddress& address) {
  std::unique_ptr<PostgresqlCrew> crew(new PostgresqlCrew(turns, address));
  if (Status ready = prepare_postgresql(crew->ears_); !ready) return ready.error();
  crew->ears_.listen(waiting_channel);
  crew->ears_.listen(asked_channel);
  return crew;
}

Result<std::unique_ptr<SqlStore>> PostgresqlCrew::store() {
  std::unique_ptr<JournalDb> db = pool_.share();
  auto claims = std::make_unique<CrewClaims>(*db, *this);
  return std::unique_ptr<SqlStore>(std::make_unique<CrewStore>(std::move(db), std::move(claims), *this));
}

int64_t PostgresqlCrew::tend_ns() const {
  return std::min(longest_tend_ns, claim_s_ * ns_per_s / sure_parts / 2);
}

std::optional<size_t> PostgresqlCrew::claimed() const {
  return size_t(std::count_if(claims_.begin(), claims_.end(), [](const CrewClaims* one) { return one->token() != 0; }));
}

Status PostgresqlCrew::tend() {
  Status kept = renew_all();
  Status looked = look_for_requests();
  return kept ? looked : kept;
}

/// Of one that is not as it was taken nothing is said here: who has it asks for itself, and is told who took it.
Status PostgresqlCrew::renew_all() {
  std::string tokens;
  for (const CrewClaims* one : claims_)
    if (one->token() != 0) tokens += fmt::format("{}{}", tokens.empty() ? "" : ",", one->token());
  if (tokens.empty()) return Done{};
  int64_t asked_ns = turns_.effects().clock.monotonic_ns();
  tokens = fmt::format("{{{}}}", tokens);
  Result<Rows> kept = ears_.run(
      "WITH renewed AS (UPDATE claims SET until = now() + $1 * interval '1 s' WHERE token = ANY($2::bigint[]) AND "
      "until < now() + $3 * interval '1 s') SELECT token, count(*) FROM claims WHERE token = ANY($2::bigint[]) "
      "GROUP BY token",
      {claim_s_, tokens, claim_s_ * 2 / 3});
  if (!kept) return kept.error();
  std::map<int64_t, size_t> rows;
  for (const JournalDb::Row& row : *kept) rows[number(row[0])] = size_t(number(row[1]));
  // Some may have come or gone meanwhile.
  for (CrewClaims* one : claims_)
    if (auto found = rows.find(one->token()); found != rows.end() && found->second == one->count())
      one->confirm(asked_ns);
  return Done{};
}

Status PostgresqlCrew::look_for_requests() {
  if (last_request_ < 0) {
    Result<Rows> last = ears_.run("SELECT coalesce(max(id), 0) FROM requests", {});
    if (!last) return last.error();
    last_request_ = number(first_row(*last)[0]);
    for (CrewStore* store : stores_) store->tell();
    return Done{};
  }
  Result<Rows> asked = ears_.run("SELECT run, max(id) FROM requests WHERE id > $1 GROUP BY run", {last_request_});
  if (!asked) return asked.error();
  std::set<std::string_view> mailboxes;
  for (const JournalDb::Row& row : *asked) {
    mailboxes.insert(row[0]);
    last_request_ = std::max(last_request_, number(row[1]));
  }
  for (CrewStore* store : stores_)
    if (mailboxes.contains(line_mailbox) || mailboxes.contains(store->run())) store->tell();
  return Done{};
}

void PostgresqlCrew::wake_all() {
  for (CrewStore* store : stores_) store->wake();
}

}  // namespace rollout::journal
