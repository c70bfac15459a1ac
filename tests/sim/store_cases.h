// What every store does alike, as functions of a store that is empty. For the tests of the stores in memory and in a
// file, and of the one on a real server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/journal/sql_store.h"

namespace rollout::journal {

NewRun new_run(std::string hash);
/// One of each kind; the last one ends the run.
std::vector<Event> some_events();
Event taken();
Event released();
PromotionBegun begun();
/// The run that holds the only lock; empty: none.
std::string holder(Store& store);

void conforms(Store& store);
/// Of an abort and a success the one that was first stands; the other one is told.
void abort_or_success(Store& store);
/// Another state folder has released since: what the backend has seen counts as much as our own record.
void generations_grow(Store& store);
/// One run holds a lock, whatever the others ask; `restart` opens the store anew, as after a crash.
void locks_exclude(const std::function<Store&()>& restart);
/// Who goes on with a run gets its snapshot and what came later.
void snapshots_conform(Store& store);
/// Entering a stage is one commit with the run.
void promotions_conform(Store& store);
/// The abort of a promotion is one commit with that of its open run.
void promotion_aborts(Store& store);

/// What prune() leaves of a run, and what it does not touch.
void prunes(SqlStore& store);

}  // namespace rollout::journal
