#include "runtime/cli/open_state.h"

#include <filesystem>

#include <fmt/format.h>

#include "runtime/cli/planning.h"
#include "runtime/cli/settings.h"
#include "runtime/journal/crew_state.h"
#include "runtime/journal/postgresql_store.h"
#include "runtime/journal/sqlite_store.h"

namespace rollout::cli {

namespace {

Result<std::unique_ptr<journal::SqlStore>> open_shared(const std::string& url) {
  Result<journal::PostgresqlAddress> address = journal::postgresql_server(url);
  if (!address) return address.error();
  Result<std::unique_ptr<journal::PostgresqlStore>> store =
      journal::PostgresqlStore::open(effects::libpq_sql(), *address, address->claim_s);
  if (!store) return store.error();
  return std::unique_ptr<journal::SqlStore>(std::move(*store));
}

}  // namespace

std::string state_url(const Context& context, const Project& project) {
  return context.state.empty() ? settings_of(project).state : context.state;
}

std::string state_place(const Context& context, const Project& project) {
  std::string url = state_url(context, project);
  if (url.empty()) return project.state();
  Result<journal::PostgresqlAddress> address = journal::postgresql_server(url);
  if (!address) return "an address that cannot be read";  // it may hold a secret
  return fmt::format("database {} at {}:{}", address->database, address->host, address->port);
}

Result<std::unique_ptr<journal::SqlStore>> open_state(const Context& context, const Project& project, bool create) {
  if (context.crew) return context.crew->store();
  // Runs of another state would be taken for all that there are.
  if (std::string trouble = context.state.empty() ? state_trouble(project) : ""; !trouble.empty())
    return OpError{fmt::format("nobody knows where the state is: {}; mend it, or say where by `--state`", trouble)};
  if (std::string url = state_url(context, project); !url.empty()) return open_shared(url);
  std::error_code failed;
  if (!create && !std::filesystem::exists(project.database(), failed)) return std::unique_ptr<journal::SqlStore>();
  std::filesystem::create_directories(project.state(), failed);
  if (failed)
    return OpError{fmt::format("the state folder {} cannot be made: {}; make it, or use --project",
                               project.state(), failed.message())};
  Result<std::unique_ptr<journal::SqliteStore>> store = journal::SqliteStore::open(project.database());
  if (!store) return store.error();
  return std::unique_ptr<journal::SqlStore>(std::move(*store));
}

}  // namespace rollout::cli
