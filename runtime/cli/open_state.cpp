#include "runtime/cli/open_state.h"

#include <filesystem>

#include <fmt/format.h>

#include "compiler/plan/plan_json.h"
#include "runtime/cli/give_up.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/record.h"
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

/// Runs were recorded here, and nothing of them is there.
Status check_not_lost(const Context& context, const Project& project) {
  std::error_code failed;
  if (auto size = std::filesystem::file_size(project.database(), failed); !failed && size > 0) return Done{};
  const std::string heads = heads_file(context, project);
  const char* how = failed ? "is not there" : "is empty";
  if (auto noted = std::filesystem::file_size(heads, failed); failed || noted == 0) return Done{};
  return OpError{fmt::format("{0} {1}, and {2} says that runs were recorded in it; bring them back by `rollout restore "
                             "FILE`, or, to begin afresh, move {2} away, too",
                             project.database(), how, heads),
                 false, true};
}

/// The older version could not read the file afterwards, and this one cannot drive the run.
Status check_nothing_underway(journal::Store& older, const std::string& path, int64_t format) {
  Result<std::vector<journal::RunInfo>> runs = older.list();
  if (!runs) return runs.error();
  for (const journal::RunInfo& run : *runs) {
    if (run.outcome) continue;
    Result<std::string> bytes = older.plan_bytes(run.run);
    if (!bytes) continue;
    Result<plan::Plan> plan = plan::from_json(*bytes);
    if (!plan && plan.error().refused)
      return OpError{fmt::format("{} has the older format {}, and run {} in it, which has not ended, was begun by an "
                                 "earlier rollout; nothing was changed, and that version can end it. Or {}",
                                 path, format, run.run, give_up_text(run.run)),
                     false, true};
  }
  return Done{};
}

Result<std::unique_ptr<journal::SqlStore>> as_state(Result<std::unique_ptr<journal::SqliteStore>> store) {
  if (!store) return store.error();
  return std::unique_ptr<journal::SqlStore>(std::move(*store));
}

Result<std::unique_ptr<journal::SqlStore>> open_file(const Context& context, const Project& project) {
  std::error_code failed;
  std::filesystem::create_directories(project.state(), failed);
  if (failed)
    return OpError{fmt::format("the state folder {} cannot be made: {}; make it, or use --project",
                               project.state(), failed.message())};
  const std::string path = project.database();
  int64_t was = 0;
  auto may_convert = [&](journal::SqliteStore& older, int64_t format) {
    was = format;
    return context.args.has("--give-up") ? Status(Done{}) : check_nothing_underway(older, path, format);
  };
  Result<std::unique_ptr<journal::SqlStore>> store = as_state(journal::SqliteStore::open(path, may_convert));
  if (store && was > 0 && !context.quiet)
    context.fail(Ok, fmt::format("{0} was brought from format {1} to that of this version; as it was, it stays in "
                                 "{0}.format-{1}", path, was));
  return store;
}

enum class Opens { ToLook, IfThere, Always };

Result<std::unique_ptr<journal::SqlStore>> open_as(const Context& context, const Project& project, Opens opens) {
  if (context.crew) return context.crew->store();
  // Runs of another state would be taken for all that there are.
  if (std::string trouble = context.state.empty() ? state_trouble(project) : ""; !trouble.empty())
    return OpError{fmt::format("nobody knows where the state is: {}; mend it, or say where by `--state`", trouble)};
  if (std::string url = state_url(context, project); !url.empty()) return open_shared(url);
  if (Status there = check_not_lost(context, project); !there) return there.error();
  std::error_code failed;
  if (opens != Opens::Always && !std::filesystem::exists(project.database(), failed))
    return std::unique_ptr<journal::SqlStore>();
  if (opens == Opens::ToLook) return as_state(journal::SqliteStore::look(project.database()));
  return open_file(context, project);
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
  return open_as(context, project, create ? Opens::Always : Opens::IfThere);
}

Result<std::unique_ptr<journal::SqlStore>> look_at_state(const Context& context, const Project& project) {
  return open_as(context, project, Opens::ToLook);
}

Result<std::unique_ptr<journal::SqlStore>> open_to_restore(const Context& context, const Project& project) {
  const bool in_file = state_url(context, project).empty() && state_trouble(project).empty();
  return in_file ? open_file(context, project) : open_state(context, project, true);
}

}  // namespace rollout::cli
