#include "tests/bench/recovery.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/exec/drive.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/snapshot.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/bench/figures.h"
#include "tests/bench/http_world.h"
#include "tests/bench/measure.h"
#include "tests/bench/raw_steps.h"

namespace rollout::bench {

namespace {

namespace fs = std::filesystem;

constexpr double restate_ms = 720, of_restate = 0.05;  // its first reply after a kill: docs/performance.md
constexpr double most_first_look_ms = 1000, steps_a_second = 23'140;
constexpr int64_t ns_per_s = 1'000'000'000;

struct Quiet : exec::Listener {
  void on_event(const journal::Event&, const exec::State&) override {}
};

/// Does at once what it is asked, and remembers it.
struct Instant : exec::World {
  explicit Instant(size_t lanes) : at_once_(lanes), set_(lanes, -1) {}
  size_t at_once() const override { return at_once_; }
  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey&) override {
    if (on_look) on_look();
    bool there = set_.at(action.service) == action.sets.front().value.number;
    return exec::Observation{there ? exec::Seen::Present : exec::Seen::Absent, ""};
  }
  Status act(const plan::Action& action, const exec::EffectKey&) override {
    set_.at(action.service) = action.sets.front().value.number;
    return Done{};
  }
  std::vector<exec::Reading> sample(const plan::Plan&, const std::vector<plan::Term>&) override { return {}; }
  Result<journal::Captured> capture(const plan::Plan&) override { return journal::Captured{}; }
  std::function<void()> on_look;

 private:
  size_t at_once_;
  std::vector<int64_t> set_;
};

std::string fresh_state(const fs::path& path) {
  for (const char* end : {"", "-journal", "-wal", "-shm", "-lock"}) fs::remove(path.string() + end);
  return path.string();
}

Result<std::string> make_run(journal::Store& store, const plan::Plan& plan, std::string hash) {
  journal::NewRun made{"release", "{}", std::move(hash), {}, "bench", 0};
  for (const plan::Service& service : plan.services) made.services.push_back(service.name);
  Result<journal::RunInfo> info = store.create(made);
  return info ? Result<std::string>(info->run) : Result<std::string>(info.error());
}

/// The run as it is when `steps` of its steps are done, many in a commit, with the snapshots that its driver would have
/// made. `longest`: the steps behind them that are done, too, as long as no other snapshot is due.
Status write_past(journal::Store& store, const plan::Plan& plan, const std::string& run, int steps, bool longest) {
  constexpr size_t batch = 2'000;
  constexpr int64_t left = 30;  // events of those who take the run over, one after another
  exec::State state = exec::initial_state(plan);
  exec::fold(state, plan, store.read(run)->front());
  exec::SnapshotPace pace(exec::snapshot_tail);
  std::vector<journal::Event> events;
  int64_t known = 1;
  for (uint32_t step = 0;; ++step) {
    exec::State soon;
    soon.events = state.events + left;
    const bool is_over = int(step) >= steps && (!longest || step + 1 >= plan.steps.size() || pace.is_due(soon));
    const std::string snapshot = is_over ? "" : pace.due(state);
    if (!events.empty() && (is_over || !snapshot.empty() || events.size() >= batch)) {
      auto written = store.append(run, known, events, snapshot);
      if (!written) return written.error();
      known += int64_t(events.size());
      events.clear();
    }
    if (is_over) return Done{};
    const int64_t now = state.events * 1'000'000;
    std::string key = fmt::format("{}/g1/step{}/a1", run, step);
    events.push_back({now, now, journal::StepStarted{{step, false}, 1, key}});
    events.push_back({now, now, journal::StepDone{{step, false}, 1, false, "as it should be"}});
    exec::fold(state, plan, events.end()[-2]);
    exec::fold(state, plan, events.back());
  }
}

/// When a new process has looked at the world for its next step, and what it had computed for until then.
struct FirstLook {
  double ms = 0, cpu_ms = 0;
};

/// A process that opens the state and drives the run. Until it looks at the world for its next step, whose intent, or
/// that it has taken over, is durable then; at that moment it is killed.
Result<FirstLook> driven_until_killed(const std::string& state, const plan::Plan& plan, const std::string& run) {
  int ends[2];
  if (pipe(ends) != 0) return OpError{"no pipe"};
  int64_t begin = now_ns();
  pid_t child = fork();
  if (child == 0) {
    auto store = journal::SqliteStore::open(state);
    if (!store) _exit(1);
    Quiet quiet;
    Instant world(1);
    world.on_look = [&] {
      const int64_t at[2] = {now_ns(), clock_ns(CLOCK_PROCESS_CPUTIME_ID)};
      ssize_t told = write(ends[1], at, sizeof at);
      while (told > 0) pause();
    };
    std::unique_ptr<effects::Clock> clock = effects::real_clock(nullptr);
    (void)exec::drive(plan, run, {*clock, **store, world, quiet, [] { return 0; }, "bench"});
    _exit(1);
  }
  close(ends[1]);
  int64_t at[2] = {};
  bool told = child > 0 && read(ends[0], at, sizeof at) == ssize_t(sizeof at);
  close(ends[0]);
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  if (!told) return OpError{"the process that was to go on with the run did not"};
  return FirstLook{double(at[0] - begin) / 1e6, double(at[1]) / 1e6};
}

/// A process that makes the run, with its past, and is killed: what a log holds then is read by the next one.
Status write_and_die(const std::string& path, const plan::Plan& plan, int steps) {
  pid_t child = fork();
  if (child == 0) {
    auto store = journal::SqliteStore::open(path);
    if (!store || !make_run(**store, plan, "recovery")) _exit(1);
    if (!write_past(**store, plan, "r1", steps, true)) _exit(1);
    raise(SIGKILL);
  }
  int status = 0;
  const bool is_over = child > 0 && waitpid(child, &status, 0) == child;
  if (!is_over || !WIFSIGNALED(status)) return OpError{"the past was not written"};
  return Done{};
}

plan::Plan chain_of(int steps) {
  plan::Plan plan = regions_plan(1, 1, true, false);
  while (int(plan.steps.size()) < steps) {
    plan.steps.push_back(plan.steps.front());
    plan.steps.back().after = {uint32_t(plan.steps.size()) - 2};
  }
  return plan;
}

}  // namespace

Result<bool> print_recovery(const Setting& setting) {
  const int rounds = setting.quick ? 1 : 5, records = setting.quick ? 2'000 : 100'000;
  std::string path = fresh_state(setting.scratch / "recovery.db");
  plan::Plan plan = chain_of(records / 2 * 11 / 10 + 600);  // so many more as the longest tail takes
  const std::string run = "r1";
  if (Status past = write_and_die(path, plan, records / 2); !past) return past.error();
  int64_t tail = 0;
  std::vector<double> all_ms, cpu_ms, on_ms, read_ms, fold_ms;
  for (int round = 0; round < rounds; ++round) {
    Result<FirstLook> one = driven_until_killed(path, plan, run);
    if (!one) return one.error();
    all_ms.push_back(one->ms);
    cpu_ms.push_back(one->cpu_ms);
  }
  for (int round = 0; round < rounds; ++round) {
    int64_t begin = now_ns();
    auto store = journal::SqliteStore::open(path);
    if (!store) return store.error();
    auto past = exec::read_run(**store, plan, run);
    if (!past) return past.error();
    on_ms.push_back(double(now_ns() - begin) / 1e6);
    tail = int64_t(past->events.size());
  }
  for (int round = 0; round < rounds; ++round) {
    int64_t begin = now_ns();
    auto store = journal::SqliteStore::open(path);
    if (!store) return store.error();
    auto events = (*store)->read(run);
    if (!events) return events.error();
    int64_t read = now_ns();
    exec::State state = exec::fold_all(plan, *events);
    read_ms.push_back(double(read - begin) / 1e6);
    fold_ms.push_back(double(now_ns() - read) / 1e6);
    ROLLOUT_CHECK(state.events == int64_t(events->size()), "every event is folded");
  }
  std::string of = fmt::format("kill -9 behind {} records: ", records);
  return print_figures({alone(of + "new process to next step", "ms", median(all_ms), restate_ms * of_restate),
                        alone("  of that computed, by the process itself", "ms", median(cpu_ms)),
                        alone(fmt::format("  opened, snapshot and {} events read and folded", tail), "ms",
                              median(on_ms)),
                        alone("  beside it: opened and all read, each record's hash and text checked", "ms",
                              median(read_ms)),
                        alone("  beside it: fold of all", "ms", median(fold_ms))});
}

Result<bool> print_active(const Setting& setting) {
  const int runs = setting.quick ? 20 : 500, done = 20;
  std::string path = fresh_state(setting.scratch / "active.db");
  plan::Plan plan = chain_of(2 * done);
  std::vector<std::string> names;
  {
    auto store = journal::SqliteStore::open(path);
    if (!store) return store.error();
    for (int i = 0; i < runs; ++i) {
      Result<std::string> made = make_run(**store, plan, fmt::format("active{}", i));
      if (!made) return made.error();
      if (Status written = write_past(**store, plan, *made, done, false); !written) return written.error();
      names.push_back(*made);
    }
  }
  // One of them dies by kill -9, and with it the process that drove them all.
  if (Result<FirstLook> killed = driven_until_killed(path, plan, names.front()); !killed) return killed.error();
  std::vector<double> ms;
  int64_t begin = now_ns();
  auto store = journal::SqliteStore::open(path);
  if (!store) return store.error();
  for (const std::string& run : names) {
    Quiet quiet;
    Instant world(1);
    bool looked = false;
    world.on_look = [&] {
      if (!std::exchange(looked, true)) ms.push_back(double(now_ns() - begin) / 1e6);
    };
    std::unique_ptr<effects::Clock> clock = effects::real_clock(nullptr);
    auto driven = exec::drive(plan, run, {*clock, **store, world, quiet, [&] { return looked ? 1 : 0; }, "bench"});
    if (!driven) return driven.error();
    if (!looked) return OpError{"a run was taken over, and nothing was looked at"};
  }
  return print_figures({alone(fmt::format("kill -9, {} active runs: first look, p99", runs), "ms", quantile(ms, 0.99),
                              most_first_look_ms),
                        alone("  p50", "ms", quantile(ms, 0.5))},
                       "one process, one run after another");
}

namespace {

/// As `rollout prune` does with a run that nobody needs any more.
Status prune(journal::SqliteStore& store, const std::string& run) {
  Result<journal::Chain> end = store.chain_end(run);
  if (!end) return end.error();
  journal::Pruned pruned{run, "release", end->plan_hash, end->events, end->head, journal::Outcome::Succeeded};
  pruned.by = "bench";
  pruned.reason = "it was measured";
  return store.prune(pruned);
}

}  // namespace

Result<bool> print_sustained(const Setting& setting) {
  const int waves = 100;
  const int64_t lasts_ns = setting.quick ? ns_per_s / 2 : 60 * ns_per_s;
  std::string path = fresh_state(setting.scratch / "sustained.db");
  auto store = journal::SqliteStore::open(path);
  if (!store) return store.error();
  RawJournal raw(setting.scratch / "sustained.raw");
  plan::Plan plan = regions_plan(lane_count, waves, true, false);
  std::vector<double> ours, floor;
  uintmax_t longest_log = 0, first_size = 0;
  int64_t spent_ns = 0, steps = 0;
  std::string before;
  while (spent_ns < lasts_ns) {
    Result<std::string> run = make_run(**store, plan, fmt::format("sustained{}", ours.size()));
    if (!run) return run.error();
    Quiet quiet;
    Instant world(lane_count);
    std::unique_ptr<effects::Clock> clock = effects::real_clock(nullptr);
    int64_t begin = now_ns();
    auto driven = exec::drive(plan, *run, {*clock, **store, world, quiet, [] { return 0; }, "bench"});
    if (!driven) return driven.error();
    if (!driven->state.ended) return OpError{"a measured run did not end"};
    if (!before.empty())
      if (Status gone = prune(**store, before); !gone) return gone.error();
    before = *run;
    int64_t took_ns = now_ns() - begin;
    spent_ns += took_ns;
    steps += lane_count * waves;
    ours.push_back(double(lane_count * waves) * 1e9 / double(took_ns));
    longest_log = std::max(longest_log, fs::file_size(path + "-wal"));
    if (spent_ns > lasts_ns / 10 && first_size == 0) first_size = fs::file_size(path);
    begin = now_ns();
    for (int wave = 0; wave < waves; ++wave)
      if (!raw.commit(2 * lane_count)) return OpError{"the raw loop could not write"};
    floor.push_back(double(lane_count * waves) * 1e9 / double(now_ns() - begin));
  }
  const double mib = 1 << 20;
  return print_figures({compared("durable steps without HTTP, 20 lanes, old runs pruned", "steps/s", ours,
                                 "a raw commit a wave", floor),
                        alone(fmt::format("  over {} s of ours", spent_ns / ns_per_s), "steps/s",
                              double(steps) * 1e9 / double(spent_ns), steps_a_second, true),
                        alone("  the log at its longest", "MiB", double(longest_log) / mib),
                        alone("  the file after a tenth of that time", "MiB", double(first_size) / mib),
                        alone("  the file at the end", "MiB", double(fs::file_size(path)) / mib)});
}

}  // namespace rollout::bench
