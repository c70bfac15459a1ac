#include "tests/bench/decision.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "runtime/effects/clock.h"
#include "runtime/effects/unix_socket.h"
#include "runtime/exec/drive.h"
#include "runtime/journal/sqlite_store.h"
#include "runtime/journal/store_view.h"
#include "tests/bench/measure.h"

namespace rollout::bench {

namespace {

namespace fs = std::filesystem;
using eval::Value;

constexpr int decisions_in_a_run = 20;
constexpr int64_t hold_ns = 2'000'000;
constexpr int64_t patience_ns = 10'000'000'000;
constexpr int64_t ask_timeout_ns = 5'000'000'000;
constexpr size_t max_answer = 4096;

int64_t clock_ns(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}
int64_t now_ns() { return clock_ns(CLOCK_MONOTONIC); }

/// Answers every question with `ok` and says when its first byte came. One question a connection, as HAProxy does.
class FakeRouter {
 public:
  explicit FakeRouter(std::string path) : path_(std::move(path)) {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    fs::remove(path_);
    ready_ = bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
             listen(listener_, SOMAXCONN) == 0;
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeRouter() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  bool is_ready() const { return ready_; }
  const std::string& path() const { return path_; }
  int64_t first_byte_ns() const { return first_byte_ns_; }

 private:
  void serve() {
    char text[max_answer];
    while (true) {
      int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      bool asked = read(connection, text, sizeof text) > 0;
      first_byte_ns_ = now_ns();
      if (asked && write(connection, "ok\n", 3) != 3) return;
      close(connection);
    }
  }
  std::string path_;
  int listener_ = -1;
  bool ready_ = false;
  std::atomic<int64_t> first_byte_ns_{0};
  std::thread thread_;
};

/// Of one decision, in nanoseconds.
struct Times {
  std::vector<int64_t> to_look, to_act, commit, commit_cpu, cpu;
  int64_t commits = 0;
};

/// Measures each commit of the store that it hands on to.
class CommitTimer : public journal::StoreView {
 public:
  using StoreView::StoreView;
  Result<journal::Appended> append(std::string_view run, int64_t known, const std::vector<journal::Event>& events,
                                   std::string_view snapshot = {}) override {
    int64_t begin = now_ns(), begin_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    Result<journal::Appended> done = store_.append(run, known, events, snapshot);
    last_ns += now_ns() - begin;
    last_cpu_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_cpu;
    ++commits;
    return done;
  }
  int64_t last_ns = 0, last_cpu_ns = 0;  ///< since the last reading
  int commits = 0;                       ///< since the last reading
};

/// Every look and every action is one question to the router.
class TimedWorld : public exec::World {
 public:
  TimedWorld(const FakeRouter& router, CommitTimer& store, Times& times)
      : router_(router), store_(store), times_(times), socket_(effects::posix_unix_socket()) {}

  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey&) override {
    auto answer = socket_->ask(router_.path(), "show servers state", ask_timeout_ns, max_answer);
    if (!answer) return answer.error();
    if (look_ns_ == 0) look_ns_ = router_.first_byte_ns();
    bool there = action.sets.front().value == share_;
    return exec::Observation{there ? exec::Seen::Present : exec::Seen::Absent, ""};
  }
  Status act(const plan::Action& action, const exec::EffectKey&) override {
    int64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - decided_cpu_ns_;
    auto answer = socket_->ask(router_.path(), "set weight", ask_timeout_ns, max_answer);
    if (!answer) return answer.error();
    share_ = action.sets.front().value;
    if (decided_ns_ == 0) return Done{};
    times_.to_look.push_back(look_ns_ - decided_ns_);
    times_.to_act.push_back(router_.first_byte_ns() - decided_ns_);
    times_.commit.push_back(store_.last_ns);
    times_.commit_cpu.push_back(store_.last_cpu_ns);
    times_.cpu.push_back(cpu_ns - store_.last_cpu_ns);
    times_.commits += store_.commits;
    return Done{};
  }
  std::vector<exec::Reading> sample(const plan::Plan&,
                                    const std::vector<plan::Term>& terms) override {
    exec::Reading good{exec::Reading::Status::Ok, "", 1000, 1, 1e6};
    std::vector<exec::Reading> readings(terms.size(), good);
    store_.last_ns = store_.last_cpu_ns = store_.commits = 0;
    look_ns_ = 0;
    decided_cpu_ns_ = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    decided_ns_ = now_ns();
    return readings;
  }
  Result<journal::Captured> capture(const plan::Plan&) override { return journal::Captured{}; }

 private:
  const FakeRouter& router_;
  CommitTimer& store_;
  Times& times_;
  std::unique_ptr<effects::UnixSocket> socket_;
  Value share_;
  int64_t decided_ns_ = 0, decided_cpu_ns_ = 0, look_ns_ = 0;
};

plan::Step shift(uint32_t number) {
  plan::Step step;
  step.action.capability = "TrafficRouter";
  step.action.name = "shift";
  step.action.service = 0;
  Value share = Value::of(Value::Kind::Percent, int64_t(number + 1) * 10'000'000);
  step.action.sets = {{plan::Variable::Share, plan::Role::Canary, share}};
  step.text = step.action.text = fmt::format("shift checkout to {}%", number + 1);
  return step;
}

/// Shift, hold, shift, hold …: every hold is judged against the stable version, by proof.
plan::Plan graduated() {
  plan::Plan plan;
  plan.rollout = "release";
  plan.services = {{"checkout", "", {}, 0, 0}};
  plan.signals = {{0, "error_rate", plan::none, "ratio", {}, plan::Evidence::Counts}};
  plan::Condition worse{plan::ConditionKind::Reject, {0, plan::Role::Canary}};
  worse.comparison = plan::Comparison::Greater;
  worse.right = plan::Term{0, plan::Role::Stable};
  worse.offset = 10'000'000;
  worse.proven_ppb = 990'000'000;
  worse.text = "canary.error_rate > stable.error_rate + 1% proven 99%";
  plan.conditions = {worse};
  plan::Gate gate{"healthy(checkout)", hold_ns, 100, {0}};
  // On a machine that stalls for a moment the hold is extended; the measured time begins with the last readings.
  gate.no_data = gate.undecided = {patience_ns, plan::Fallback::Fail};
  plan.gates = {gate};
  for (uint32_t i = 0; i <= decisions_in_a_run; ++i) {
    plan.steps.push_back(shift(i));
    plan::Step hold;
    hold.kind = plan::StepKind::Hold;
    hold.hold_ns = hold_ns;
    hold.gates = {0};
    hold.text = "hold";
    if (i < decisions_in_a_run) plan.steps.push_back(hold);
  }
  for (uint32_t i = 1; i < plan.steps.size(); ++i) plan.steps[i].after = {i - 1};
  return plan;
}

Status one_run(const plan::Plan& plan, journal::Store& sqlite, const FakeRouter& router, int number,
               Times& times) {
  struct Quiet : exec::Listener {
    void on_event(const journal::Event&, const exec::State&) override {}
  } quiet;
  std::unique_ptr<effects::Clock> clock = effects::real_clock(nullptr);
  CommitTimer store(sqlite);
  TimedWorld world(router, store, times);
  journal::NewRun run{"release", "{}", fmt::format("h{}", number), {"checkout"}, "bench", 0};
  Result<journal::RunInfo> info = store.create(run);
  if (!info) return info.error();
  Result<exec::DriveResult> driven =
      exec::drive(plan, info->run, {*clock, store, world, quiet, [] { return 0; }, "bench"});
  if (!driven) return driven.error();
  bool arrived = driven->state.ended && driven->state.ended->outcome == journal::Outcome::Succeeded;
  if (!arrived) return OpError{"the measured run did not succeed: " + driven->state.cause_detail};
  return Done{};
}

int64_t quantile(std::vector<int64_t> values, double at) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[size_t(at * double(values.size() - 1))];
}

void print(const char* what, const std::vector<int64_t>& values) {
  fmt::print("{:<54} {:>9.3f} {:>9.3f}\n", what, double(quantile(values, 0.5)) / 1e6,
             double(quantile(values, 0.99)) / 1e6);
}

/// What no engine can be faster than: one durable record, one question over the socket.
Status measure_floor(const fs::path& scratch, const FakeRouter& router, std::vector<int64_t>& sync,
                     std::vector<int64_t>& ask) {
  constexpr size_t record_bytes = 512;
  std::string path = scratch / "decision.floor";
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return OpError{"cannot create " + path};
  std::string record(record_bytes, 'x');
  std::unique_ptr<effects::UnixSocket> socket = effects::posix_unix_socket();
  int64_t begin = now_ns();
  bool written = write(file, record.data(), record.size()) == ssize_t(record.size());
  written = written && fdatasync(file) == 0;
  sync.push_back(now_ns() - begin);
  close(file);
  begin = now_ns();
  auto answer = socket->ask(router.path(), "set weight", ask_timeout_ns, max_answer);
  ask.push_back(router.first_byte_ns() - begin);
  if (!answer) return answer.error();
  return written ? Status(Done{}) : Status(OpError{"cannot write " + path});
}

}  // namespace

Status measure_decisions(const fs::path& scratch, int decisions) {
  fs::create_directories(scratch);
  fs::path state = scratch / "decision.db";
  for (const char* ending : {"", "-journal", "-wal", "-shm", "-lock"}) fs::remove(state.string() + ending);
  auto store = journal::SqliteStore::open(state.string());
  if (!store) return store.error();
  FakeRouter router((scratch / "decision.sock").string());
  if (!router.is_ready()) return OpError{"cannot listen on " + router.path()};
  plan::Plan plan = graduated();
  Times times;
  std::vector<int64_t> sync, ask;
  for (int run = 0; run < (decisions + decisions_in_a_run - 1) / decisions_in_a_run; ++run) {
    if (Status done = one_run(plan, **store, router, run, times); !done) return done;
    for (int i = 0; i < decisions_in_a_run; ++i)  // in turn, so that a busy machine slows both
      if (Status done = measure_floor(scratch, router, sync, ask); !done) return done;
  }
  std::vector<int64_t> engine;
  for (size_t i = 0; i < times.to_look.size(); ++i)
    engine.push_back(times.to_look[i] - times.commit[i]);
  fmt::print("{}\n\n{:<54} {:>9} {:>9}\n",
             machine() + fmt::format(", load {:.2f}, {} decisions", load_now(), times.to_act.size()),
             "from the deciding readings to", "p50 ms", "p99 ms");
  print("the first byte at the router (the look before)", times.to_look);
  print("the first byte of the action's command", times.to_act);
  print("of that: the store's commit (verdict and intent)", times.commit);
  print("of the look: all but the commit (engine, socket, waking)", engine);
  print("CPU time of the engine (and of asking the router once)", times.cpu);
  print("CPU time of the store's commit", times.commit_cpu);
  fmt::print("commits for each decision: {:.2f}\n",
             double(times.commits) / double(std::max<size_t>(1, times.to_act.size())));
  print("floor: append 512 bytes and fdatasync", sync);
  print("floor: one command to the socket's first byte", ask);
  return Done{};
}

}  // namespace rollout::bench
