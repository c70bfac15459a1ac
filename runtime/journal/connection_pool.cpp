#include "runtime/journal/connection_pool.h"

#include <fmt/format.h>

namespace rollout::journal {

/// Holds a connection of the pool from the begin of a transaction to its end; outside of one, for a statement.
class SharedConnection : public JournalDb {
 public:
  explicit SharedConnection(ConnectionPool& pool) : pool_(pool) {}
  ~SharedConnection() override { give_back(); }

  Result<std::vector<Row>> run(const char* sql, const std::vector<Parameter>& parameters) override {
    if (held_) return held_->run(sql, parameters);
    if (Status taken = take(); !taken) return taken.error();
    Result<std::vector<Row>> rows = held_->run(sql, parameters);
    give_back();
    return rows;
  }
  Status begin(Access access) override {
    if (Status taken = take(); !taken) return taken;
    Status begun = held_->begin(access);
    if (!begun) give_back();
    return begun;
  }
  /// One that failed is taken back by whoever began it.
  Status commit() override {
    Status committed = held_->commit();
    if (committed) give_back();
    return committed;
  }
  void roll_back() override {
    if (held_) held_->roll_back();
    give_back();
  }
  Status exclude(std::string_view name) override { return held_->exclude(name); }
  std::string_view given_ids() const override { return held_ ? held_->given_ids() : std::string_view(); }
  bool numbers_in_a_row() const override { return held_ && held_->numbers_in_a_row(); }
  Status go_on_behind_ids(std::string_view table) override { return held_->go_on_behind_ids(table); }

 private:
  Status take() {
    Result<JournalDb*> taken = pool_.take();
    if (!taken) return taken.error();
    held_ = *taken;
    return Done{};
  }
  void give_back() {
    if (JournalDb* db = std::exchange(held_, nullptr)) pool_.give_back(db);
  }

  ConnectionPool& pool_;
  JournalDb* held_ = nullptr;
};

std::unique_ptr<JournalDb> ConnectionPool::share() { return std::make_unique<SharedConnection>(*this); }

Result<JournalDb*> ConnectionPool::take() {
  if (!idle_.empty()) {
    JournalDb* db = idle_.back();
    idle_.pop_back();
    return db;
  }
  if (all_.size() < most_) return all_.emplace_back(make_()).get();
  std::unique_ptr<effects::Bell> bell = turns_.bell();
  Waiter me{bell.get()};
  waiters_.push_back(&me);
  effects::Clock& clock = turns_.effects().clock;
  int64_t until_ns = clock.monotonic_ns() + connection_within_ns;
  while (!me.given && clock.monotonic_ns() < until_ns) clock.sleep_until(until_ns, *bell);
  if (me.given) return me.given;
  std::erase(waiters_, &me);
  return OpError{fmt::format("all {} connections to the state are in use", all_.size()), true};
}

void ConnectionPool::give_back(JournalDb* db) {
  if (waiters_.empty()) return idle_.push_back(db);
  Waiter* next = waiters_.front();
  waiters_.pop_front();
  next->given = db;
  next->bell->ring();
}

}  // namespace rollout::journal
