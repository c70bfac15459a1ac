// `backup` and `restore`: all of a state, copied to a file and from one. What was written is read again, by the
// functions of `audit --verify`, before it counts.
#include <filesystem>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/copy_state.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/pruned.h"
#include "runtime/cli/record.h"
#include "runtime/effects/sync.h"
#include "runtime/journal/sqlite_store.h"

namespace rollout::cli {

namespace {

namespace fs = std::filesystem;

/// An error that speaks of the copy, for people who know the file.
OpError of_file(OpError error, const std::string& copy, const std::string& typed) {
  if (size_t at = error.message.find(copy); at != std::string::npos) error.message.replace(at, copy.size(), typed);
  return error;
}

/// A file that is gone with this, whatever becomes of the command.
struct Temporary {
  explicit Temporary(std::string name) : path(std::move(name)) { remove(); }
  ~Temporary() { remove(); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  void remove() const {
    std::error_code ignored;
    for (const char* end : {"", "-journal", "-wal", "-shm", "-lock"}) fs::remove(path + end, ignored);
  }
  std::string path;
};

/// What to do about a record that is not whole: in the state of this project, before and after, or in a backup.
constexpr std::string_view restore_one =
    "nothing was copied; `rollout audit --verify` says more; move the state away and restore an older backup of it";
constexpr std::string_view audit_advice = "`rollout audit --verify` says more";
constexpr std::string_view take_another = "nothing was restored; take an older backup";

/// What is there is not what was written, or cannot be read at all, and no other try mends that.
OpError damage(OpError error, std::string_view advice = {}) {
  if (error.retryable) return error;
  error.refused = true;
  if (!advice.empty()) error.message += fmt::format("; {}", advice);
  return error;
}

/// Every record of the store, recomputed.
Result<journal::Carried> checked(journal::SqlStore& store, std::string_view advice) {
  journal::Carried count;
  Result<std::vector<journal::RunInfo>> runs = store.list();
  if (!runs) return runs.error();
  auto not_whole = [&](const std::string& run, const std::string& problem) {
    return OpError{fmt::format("the record of {} is not whole: {}; {}", run, problem, advice), false, true};
  };
  for (const auto& [run, problem] : prunes_problems(store, {}, false)) return not_whole("pruned runs", problem);
  Result<PrunedRuns> pruned = pruned_runs(store);
  if (!pruned) return pruned.error();
  for (const journal::RunInfo& run : *runs) {
    ++count.runs;
    if (auto remains = pruned->find(run.run); remains != pruned->end()) {
      if (std::vector<std::string> problems = remains_problems(store, remains->second, {}); !problems.empty())
        return not_whole("run " + run.run, problems.front());
      continue;
    }
    Result<journal::Chain> chain = store.chain(run.run);
    if (!chain) return chain.error();
    Result<std::string> plan = store.plan_bytes(run.run);
    if (!plan) return plan.error();
    std::vector<std::string> problems = record_problems(*chain, run.run, *plan, {});
    if (!problems.empty()) return not_whole("run " + run.run, problems.front());
    count.events += chain->events;
  }
  Result<std::vector<journal::PromotionInfo>> promotions = store.promotions();
  if (!promotions) return promotions.error();
  for (const journal::PromotionInfo& promotion : *promotions) {
    Result<std::vector<journal::PromotionEvent>> events = store.read_promotion(promotion.name);
    if (!events) return events.error();
    count.events += int64_t(events->size());
    ++count.promotions;
  }
  return count;
}

int tell(const Context& context, std::string_view what, const std::string& from, const std::string& to,
         const journal::Carried& count) {
  if (context.json()) {
    json::Writer json;
    json.begin_object().field("version", 1).field("type", what).field("from", from).field("to", to);
    json.field("runs", count.runs).field("promotions", count.promotions).field("events", count.events).end_object();
    context.out(json.take() + "\n");
  } else if (!context.quiet) {
    context.out(fmt::format("{}: {} runs, {} promotions, {} events, from {} to {}; all records are whole\n", what,
                            count.runs, count.promotions, count.events, from, to));
  }
  return Ok;
}

Result<journal::Carried> check_file(const std::string& path, std::string_view advice) {
  Result<std::unique_ptr<journal::SqliteStore>> copy = journal::SqliteStore::look(path);
  if (!copy) return damage(copy.error(), advice);
  if (Status whole = (*copy)->check_whole(); !whole) return damage(whole.error(), advice);
  Result<journal::Carried> count = checked(**copy, advice);
  if (!count) return damage(count.error());
  return count;
}

/// This process may read the file of the state, and if it cannot be opened then that is the file's own fault.
bool is_readable(const Context& context, const Project& project) {
  return state_url(context, project).empty() && journal::is_state_file(project.database());
}

}  // namespace

std::string copy_path(const Context& context, const std::string& typed) {
  return (fs::path(context.env.directory) / typed).lexically_normal().string();
}

Status check_no_copy(const Context& context, const std::string& typed) {
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(copy_path(context, typed), failed))) return Done{};
  return OpError{fmt::format("`{}` is there already and is not replaced; name another file", typed)};
}

Result<journal::Carried> copy_state(const Context& context, journal::SqlStore& store, const std::string& typed) {
  const std::string path = copy_path(context, typed);
  Temporary part(path + ".part");
  if (Status written = store.back_up(part.path); !written) {
    bool was_begun = journal::is_state_file(part.path);
    return was_begun ? of_file(damage(written.error(), restore_one), part.path, "the state") : written.error();
  }
  Result<journal::Carried> count = check_file(part.path, restore_one);
  if (!count) return of_file(count.error(), part.path, "the state");
  if (Status synced = effects::sync_path(part.path); !synced) return synced.error();
  // Unlike a rename it replaces nothing that came meanwhile.
  std::error_code failed;
  fs::create_hard_link(part.path, path, failed);
  if (failed) return OpError{fmt::format("the copy cannot be named `{}`: {}", typed, failed.message())};
  if (Status synced = effects::sync_path(fs::path(path).parent_path().string()); !synced) return synced.error();
  return *count;
}

int cmd_backup(const Context& context) {
  const std::string& typed = context.args.positional.at(0);
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return context.fail(Usage, project.error().message);
  if (Status free = check_no_copy(context, typed); !free) return context.fail(Usage, free.error().message);
  Result<std::unique_ptr<journal::SqlStore>> store = look_at_state(context, *project);
  if (!store) return context.fail(is_readable(context, *project) ? damage(store.error(), restore_one) : store.error());
  if (!*store) return context.fail(Usage, fmt::format("there is no state in {}", state_place(context, *project)));
  Result<journal::Carried> count = copy_state(context, **store, typed);
  if (!count) return context.fail(count.error());
  return tell(context, "backup", state_place(context, *project), typed, *count);
}

int cmd_restore(const Context& context) {
  const std::string& typed = context.args.positional.at(0);
  const std::string path = (fs::path(context.env.directory) / typed).lexically_normal().string();
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return context.fail(Usage, project.error().message);
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) return context.fail(Usage, fmt::format("there is no file `{}`", typed));
  if (!journal::is_state_file(path))
    return context.fail(Refused, fmt::format("`{}` is not a rollout state file, so it is no backup of one; nothing was "
                                             "restored", typed));
  // An older format is brought up to date as it is read, and the backup stays as it is.
  fs::create_directories(project->state(), failed);
  Temporary copy(project->state() + "/restore.part");
  if (!fs::copy_file(path, copy.path, failed))
    return context.fail(Environment,
                        fmt::format("`{}` cannot be copied to {}: {}", typed, copy.path, failed.message()));
  Result<journal::Carried> there = check_file(copy.path, take_another);
  if (!there) return context.fail(of_file(there.error(), copy.path, typed));
  Result<std::unique_ptr<journal::SqliteStore>> from = journal::SqliteStore::look(copy.path);
  if (!from) return context.fail(from.error());
  Result<std::unique_ptr<journal::SqlStore>> to = open_to_restore(context, *project);
  if (!to) return context.fail(to.error());
  if (Result<journal::Carried> carried = (*from)->carry_to(**to); !carried) return context.fail(carried.error());
  Result<journal::Carried> now = checked(**to, audit_advice);
  if (!now) return context.fail(now.error());
  if (now->runs != there->runs || now->events != there->events || now->promotions != there->promotions)
    return context.fail(NeedsHand,
                        fmt::format("{} has not what `{}` has: somebody writes to it; look at `rollout history`",
                                    state_place(context, *project), typed));
  return tell(context, "restore", typed, state_place(context, *project), *now);
}

}  // namespace rollout::cli
