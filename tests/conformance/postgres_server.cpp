#include "tests/conformance/postgres_server.h"

#include <unistd.h>

#include <catch2/catch.hpp>

namespace rollout::test {

namespace {
constexpr const char* binaries = "/usr/lib/postgresql/15/bin";
}

PostgresServer::PostgresServer(effects::Effects& effects, const TempDir& directory, std::vector<std::string> settings)
    : effects_(effects), directory_(directory), settings_(std::move(settings)), port_(free_ports()) {
  if (geteuid() == 0) run({"/usr/bin/chown", "postgres", directory.path});
  run(as_owner({std::string(binaries) + "/initdb", "-D", directory.path + "/data", "-A", "trust", "-U", "shop",
                "--no-sync"}));
  start();
}

PostgresServer::~PostgresServer() { stop(effects::Stop::Ask); }

void PostgresServer::start() {
  std::vector<std::string> command = {std::string(binaries) + "/postgres", "-D", directory_.path + "/data", "-p",
                                      std::to_string(port_), "-c", "unix_socket_directories=" + directory_.path, "-c",
                                      "listen_addresses=127.0.0.1,127.0.0.2"};
  for (const std::string& setting : settings_) command.insert(command.end(), {"-c", setting});
  server_ = std::make_unique<Server>(effects_, as_owner(std::move(command)), directory_);
  REQUIRE(eventually(effects_, 20 * second_ns, [&] { return bool(effects_.sql.connect(address(), second_ns)); }));
}

void PostgresServer::stop(effects::Stop how) {
  if (!server_) return;
  (void)effects_.processes.stop(server_->process, how);
  eventually(effects_, 10 * second_ns, [&] { return !effects_.processes.look(server_->process).alive; });
  server_.reset();
}

std::string PostgresServer::sql(const std::string& statement) const {
  auto session = effects_.sql.connect(address(), 5 * second_ns);
  REQUIRE(session);
  auto rows = (*session)->run(statement, {}, 5 * second_ns);
  INFO(statement << (rows ? "" : rows.error().message));
  REQUIRE(rows);
  return rows->empty() || (*rows)[0].empty() ? "" : (*rows)[0][0].value_or("NULL");
}

/// PostgreSQL refuses to run as root.
std::vector<std::string> PostgresServer::as_owner(std::vector<std::string> command) const {
  if (geteuid() != 0) return command;
  std::vector<std::string> whole = {"/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

void PostgresServer::run(std::vector<std::string> command) {
  Server once(effects_, std::move(command), directory_);
  REQUIRE(eventually(effects_, 30 * second_ns, [&] { return !effects_.processes.look(once.process).alive; }));
}

}  // namespace rollout::test
