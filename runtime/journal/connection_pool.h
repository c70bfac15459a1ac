// ConnectionPool: a few connections for many stores. For a process that drives many runs, whose stores wait for one.
// Always true: a connection is one store's for a statement, or for a whole transaction; who waits longest is next.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/effects/turns.h"
#include "runtime/journal/journal_db.h"

namespace rollout::journal {

inline constexpr int64_t connection_within_ns = 20'000'000'000;

class ConnectionPool {
 public:
  /// `make` gives a connection that is opened when it is first used. No more than `most` are made.
  ConnectionPool(std::function<std::unique_ptr<JournalDb>()> make, size_t most, effects::Turns& turns)
      : make_(std::move(make)), most_(most), turns_(turns) {}

  /// As one connection, for one store. The pool outlives it.
  std::unique_ptr<JournalDb> share();

 private:
  friend class SharedConnection;
  struct Waiter {
    effects::Bell* bell = nullptr;
    JournalDb* given = nullptr;
  };
  /// An error may pass: all of them are in use for too long.
  Result<JournalDb*> take();
  void give_back(JournalDb* db);

  std::function<std::unique_ptr<JournalDb>()> make_;
  size_t most_;
  effects::Turns& turns_;
  std::vector<std::unique_ptr<JournalDb>> all_;
  std::vector<JournalDb*> idle_;
  std::deque<Waiter*> waiters_;
};

}  // namespace rollout::journal
