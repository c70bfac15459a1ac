// The `postgresql` backend: migrations of a database as SQL files, each in one transaction, recorded in the table
// `rollout_migrations` of that database in the same transaction.
// Always true: the file that runs is the one whose hash is in the plan; what is not recorded has not happened, and what
// is recorded has; one session at a time migrates a database, and none behind a later generation.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "runtime/backend/backend.h"
#include "runtime/backend/migration_files.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

class PostgresqlBackend : public Backend {
 public:
  /// `target`: index into Plan::targets. `root`: the project root, absolute.
  PostgresqlBackend(uint32_t target, std::string root, const effects::Effects& effects, Neighbours&)
      : target_(target), root_(std::move(root)), effects_(effects) {}

  Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) override;
  Status admit(const plan::Plan& plan, uint32_t database, int64_t generation) override;
  Result<ServiceState> state(const plan::Plan& plan, uint32_t database) override;
  Result<std::optional<std::vector<plan::ObservedMigration>>> migrations(const plan::Plan& plan,
                                                                         uint32_t database) override;

 private:
  using Session = std::unique_ptr<effects::SqlSession>;
  /// A script that this process has started and not seen the end of.
  struct Running {
    Session session;
    std::string text;  ///< of its action
    std::string migration;
    std::string sha256;
    std::string transaction;
    std::string run;
    bool undo = false;
    int64_t since_ns = 0;
  };

  Result<Session> connect(const plan::Plan& plan) const;
  std::string directory_of(const plan::Plan& plan, uint32_t database) const;
  Result<MigrationFile> planned_file(const plan::Plan& plan, const plan::Action& action,
                                     const std::string& migration) const;
  Result<Session> begin(const plan::Plan& plan, int64_t generation) const;
  Result<bool> needs_script(effects::SqlSession& session, const plan::Action& action, const std::string& migration,
                            const std::string& sha256) const;
  /// Nothing: it has ended and is recorded, or there is none.
  Result<std::optional<exec::Observation>> finish(uint32_t database, const plan::Action& action);
  Status record(Running& running) const;

  uint32_t target_;
  std::string root_;
  effects::Effects effects_;
  std::map<uint32_t, Running> running_;  ///< by database
};

}  // namespace rollout::backend
