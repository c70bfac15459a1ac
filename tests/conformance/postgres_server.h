// A real PostgreSQL of a test's own: its cluster in the test's directory, on a port and a unix socket of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/rig.h"

namespace rollout::test {

class PostgresServer {
 public:
  /// `settings`: `fsync=off` and the like. Started, and answering.
  PostgresServer(effects::Effects& effects, const TempDir& directory, std::vector<std::string> settings = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  void start();
  /// Kill: as after a crash; open connections break.
  void stop(effects::Stop how);
  effects::SqlServer address() const { return {"127.0.0.1", port_, "postgres", "shop", ""}; }
  int port() const { return port_; }
  /// The first column of the first row; `NULL` for that.
  std::string sql(const std::string& statement) const;

 private:
  std::vector<std::string> as_owner(std::vector<std::string> command) const;
  void run(std::vector<std::string> command);

  effects::Effects& effects_;
  const TempDir& directory_;
  std::vector<std::string> settings_;
  int port_;
  std::unique_ptr<Server> server_;
};

}  // namespace rollout::test
