// `worker`: drives the runs and promotions that nobody drives, in a few processes of many runs each. Here stands what
// looks after these processes; what they do is in crew.cpp.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "runtime/cli/crew.h"
#include "runtime/cli/log_file.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/planning.h"
#include "runtime/effects/bug_report.h"
#include "runtime/effects/children.h"

namespace rollout::cli {

namespace {

constexpr int64_t default_at_most = 500, highest_at_most = 10'000;
/// A process for so many runs, up to four: what one of them loses when it dies goes on 30 s later.
constexpr int64_t runs_of_one = 250, default_processes = 4, highest_processes = 16;
constexpr int64_t look_ns = 1'000'000'000;
/// Before a process that ended is replaced: doubled each time, but after one that lived for long.
constexpr int64_t first_pause_ns = 1'000'000'000, longest_pause_ns = 60'000'000'000;
/// A call that hangs may keep a process from ending in order. Its run then goes on when its claims have ended.
constexpr int64_t longest_stop_ns = 45'000'000'000;
/// As often as a bug may end a process with the same run: then nobody but a person goes on with it.
constexpr int most_bugs = 3;
constexpr size_t max_note = 64;

class Overseer {
 public:
  /// Each of `shares` is the number of runs of one process.
  Overseer(const Context& context, const Project& project, std::string url, const std::vector<int64_t>& shares)
      : context_(context),
        project_(project),
        url_(std::move(url)),
        clock_(context.env.effects().clock),
        children_(effects::posix_children()) {
    for (int64_t share : shares) crews_.push_back({share});
  }

  int go() {
    while (true) {
      for (const effects::ChildEnd& end : children_->ended()) note_end(end);
      std::erase_if(apart_, [&](const auto& one) { return set_apart(one.first, one.second); });
      if (context_.env.interrupts() > 0) {
        if (!stop()) return Ok;
      } else {
        for (Crew& crew : crews_)
          if (crew.process == 0 && clock_.monotonic_ns() >= crew.next_start_ns) start(crew);
      }
      clock_.sleep_until(clock_.monotonic_ns() + (context_.env.interrupts() > 0 ? look_ns / 20 : look_ns / 2));
    }
  }

 private:
  struct Crew {
    int64_t runs = 0;
    int process = 0;  ///< 0: there is none
    int64_t since_ns = 0, next_start_ns = 0, pause_ns = first_pause_ns;
  };

  void start(Crew& crew) {
    std::vector<std::string> words = {"worker",    "--processes", "0",        "--at-most", fmt::format("{}", crew.runs),
                                      "--project", project_.root, "--format", context_.json() ? "json" : "text"};
    if (!url_.empty()) words.insert(words.end(), {"--state", url_});
    if (context_.quiet) words.push_back("--quiet");
    if (context_.verbose) words.push_back("--verbose");
    if (context_.log) words.insert(words.end(), {"--log", context_.log->path()});
    Result<int> child = children_->start(words, effects::Heap::Tight);
    crew.since_ns = clock_.monotonic_ns();
    if (child) crew.process = *child;
    else put_off(crew);
    say_of_worker(context_, "", child ? fmt::format("has process {} for up to {} runs", *child, crew.runs)
                                      : child.error().message);
  }

  void put_off(Crew& crew) {
    if (clock_.monotonic_ns() - crew.since_ns > longest_pause_ns) crew.pause_ns = first_pause_ns;
    crew.next_start_ns = clock_.monotonic_ns() + crew.pause_ns;
    crew.pause_ns = std::min(crew.pause_ns * 2, longest_pause_ns);
  }

  void note_end(const effects::ChildEnd& end) {
    for (Crew& crew : crews_) {
      if (crew.process != end.pid) continue;
      crew.process = 0;
      if (end.code == effects::bug_exit_code) note_bug(end.pid);
      if (context_.env.interrupts() > 0) return;
      put_off(crew);
      say_of_worker(context_, "",
                    fmt::format("has lost process {}, code {}; its runs go on when their claims have ended", end.pid,
                                end.code));
    }
  }

  /// A bug of ours: where the process has left which run it met it with, that is counted.
  void note_bug(int pid) {
    effects::Files& files = context_.env.effects().files;
    std::string path = bug_note(project_, pid);
    Result<std::optional<std::string>> note = files.read(path, max_note);
    (void)files.remove(path);
    if (!note || !*note) return;
    int count = ++bugs_[**note];
    say_of_worker(context_, **note,
                  fmt::format("was driven when a bug ended process {}, {} of {}", pid, count, most_bugs));
    if (count < most_bugs) return;
    bugs_.erase(**note);
    apart_[**note] = pid;
  }

  /// Parked, and left to nobody: its claims are taken, which is possible once those of the process have ended, and
  /// given back. Nothing of its record is read, which may be what breaks us. Whether that is done with.
  bool set_apart(const std::string& name, int pid) {
    Result<std::unique_ptr<journal::Store>> store = open_store(context_, project_, false);
    if (!store || !*store) return false;
    Result<std::optional<journal::RunInfo>> run = (*store)->info(name);
    if (!run) return false;
    if (!*run || (*run)->outcome) return true;
    std::vector<std::string> services;
    for (const journal::Generation& one : (*run)->generations) services.push_back(one.service);
    std::sort(services.begin(), services.end());
    Result<journal::Claimed> claims =
        journal::Claimed::take(*(*store)->claims(), services, effects::holder_text(), name);
    if (!claims) return false;
    if (run = (*store)->info(name); !run || !*run || (*run)->outcome) return false;
    std::string detail = fmt::format(
        "{} processes of a worker that drove it have ended by a bug of rollout, the last one as process {}; no worker "
        "takes it again. Report the bug, with rollout-bug-{}.txt from the folder of the worker; `rollout resume {}` "
        "goes on, `rollout abort {}` takes it back, with another version of rollout if they meet it, too",
        most_bugs, pid, pid, name, name);
    journal::Event parked{0, clock_.wall_ns(), journal::Parked{{}, detail}};
    if (!(*store)->append(name, (*run)->events, {std::move(parked)})) return false;
    say_of_worker(context_, name, "is set apart: " + detail);
    return true;
  }

  /// Whether there is still something to wait for.
  bool stop() {
    bool any = false;
    for (const Crew& crew : crews_) {
      if (crew.process && !stopping_) children_->ask_to_stop(crew.process);
      if (crew.process && stopping_ && clock_.monotonic_ns() > give_up_ns_) children_->end(crew.process);
      any = any || crew.process;
    }
    if (!stopping_) give_up_ns_ = clock_.monotonic_ns() + longest_stop_ns;
    stopping_ = true;
    return any;
  }

  const Context& context_;
  const Project& project_;
  std::string url_;
  effects::Clock& clock_;
  std::unique_ptr<effects::Children> children_;
  std::vector<Crew> crews_;
  std::map<std::string, int> bugs_;   ///< by run: how often one ended the process that drove it
  std::map<std::string, int> apart_;  ///< runs to be set apart, and the process that ended last
  bool stopping_ = false;
  int64_t give_up_ns_ = 0;
};

/// As even as can be.
std::vector<int64_t> shares_of(int64_t runs, int64_t processes) {
  std::vector<int64_t> shares;
  for (int64_t i = 0; i < processes; ++i) shares.push_back(runs / processes + (i < runs % processes));
  return shares;
}

}  // namespace

int cmd_worker(const Context& context) {
  Result<int64_t> at_most = number_of(context.args, "--at-most", default_at_most, 1, highest_at_most);
  if (!at_most) return context.fail(Usage, at_most.error().message);
  int64_t wanted = std::min((*at_most + runs_of_one - 1) / runs_of_one, default_processes);
  Result<int64_t> processes = number_of(context.args, "--processes", wanted, 0, highest_processes);
  if (!processes) return context.fail(Usage, processes.error().message);
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return context.fail(Usage, project.error().message);
  const std::string url = state_url(context, *project);
  (void)context.env.effects();  // from here on a signal drains
  if (*processes == 0) return drive_as_crew(context, *project, url, size_t(*at_most));
  // What is wrong with the state is said at once; a server that is away is waited for.
  Result<std::unique_ptr<journal::Store>> store = open_store(context, *project, true);
  if (!store && !store.error().retryable) return context.fail(store.error());
  if (store) store->reset();
  return Overseer(context, *project, url, shares_of(*at_most, std::min(*processes, *at_most))).go();
}

}  // namespace rollout::cli
