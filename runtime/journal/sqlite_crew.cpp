#include "runtime/journal/sqlite_crew.h"

#include "runtime/journal/sqlite_db.h"
#include "runtime/journal/sqlite_schema.h"
#include "runtime/journal/sqlite_store.h"

namespace rollout::journal {

class SqliteCrewStore : public SqliteStore {
 public:
  SqliteCrewStore(std::unique_ptr<JournalDb> db, SqliteCrew& crew)
      : SqliteStore(std::move(db), crew.locks_), crew_(crew), bell_(crew.turns_.bell()) {
    crew_.stores_.insert(this);
  }
  ~SqliteCrewStore() override { crew_.stores_.erase(this); }

  effects::Waker* listen(std::string_view) override { return bell_.get(); }
  void wake() { bell_->ring(); }

 private:
  SqliteCrew& crew_;
  std::unique_ptr<effects::Bell> bell_;
};

SqliteCrew::SqliteCrew(effects::Turns& turns, std::string locks, std::unique_ptr<JournalDb> db)
    : turns_(turns),
      locks_(std::move(locks)),
      db_(std::move(db)),
      pool_([this] { return std::move(db_); }, 1, turns) {}

Result<std::unique_ptr<SqliteCrew>> SqliteCrew::open(effects::Turns& turns, const std::string& path) {
  Result<std::unique_ptr<SqliteDb>> db = SqliteDb::open(path);
  if (!db) return db.error();
  if (Status ready = prepare_schema(**db); !ready) return ready.error();
  return std::unique_ptr<SqliteCrew>(new SqliteCrew(turns, locks_of(path), std::move(*db)));
}

Result<std::unique_ptr<SqlStore>> SqliteCrew::store() {
  return std::unique_ptr<SqlStore>(std::make_unique<SqliteCrewStore>(pool_.share(), *this));
}

Result<std::vector<std::string>> SqliteCrew::waiting() {
  std::unique_ptr<JournalDb> db = pool_.share();
  return SqliteClaims(*db, locks_).waiting();
}

void SqliteCrew::wake_all() {
  for (SqliteCrewStore* store : stores_) store->wake();
}

}  // namespace rollout::journal
