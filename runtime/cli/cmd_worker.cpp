// `worker`: drives the runs and promotions that nobody drives, each in a process of its own, so that a backend that
// hangs holds up one of them only.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/log_file.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/session.h"
#include "runtime/effects/children.h"

namespace rollout::cli {

namespace {

constexpr int64_t default_at_most = 16, highest_at_most = 1000;
constexpr int64_t look_ns = 1'000'000'000;
/// A worker with more to do leaves others the first grasp at what comes: so much for each run that it drives.
constexpr int64_t deference_ns = 100'000'000, most_deference_ns = 400'000'000;
constexpr size_t at_once = 4;  ///< runs that are taken before others had their chance
/// Before a run is tried again that could not be driven: doubled each time.
constexpr int64_t first_pause_ns = 1'000'000'000, longest_pause_ns = 60'000'000'000;
/// The same where another had it: that one may die.
constexpr int64_t longest_others_ns = 4'000'000'000;

class Worker {
 public:
  Worker(const Context& context, const Project& project, std::string url, journal::Store& store, size_t at_most)
      : context_(context),
        project_(project),
        url_(std::move(url)),
        store_(store),
        clock_(context.env.effects().clock),
        children_(effects::posix_children()),
        at_most_(at_most),
        name_(effects::holder_text()) {}

  int go() {
    effects::Waker* waker = store_.listen({});
    say("", "waits for runs that nobody drives");
    while (true) {
      for (const effects::ChildEnd& end : children_->ended()) note_end(end);
      if (context_.env.interrupts() > 0) {
        drain();
        if (driven_.empty()) return Ok;
      } else if (driven_.size() < at_most_) {
        look();
      }
      int64_t until_ns = clock_.monotonic_ns() + (context_.env.interrupts() > 0 ? look_ns / 10 : look_ns);
      if (waker) clock_.sleep_until(until_ns, *waker);
      else clock_.sleep_until(until_ns);
    }
  }

 private:
  struct Pause {
    int64_t until_ns = 0, next_ns = first_pause_ns;
  };

  void look() {
    if (!driven_.empty())
      clock_.sleep_until(clock_.monotonic_ns() + std::min(int64_t(driven_.size()) * deference_ns, most_deference_ns));
    Result<std::vector<std::string>> waiting = store_.claims()->waiting();
    if (!waiting) {
      if (waiting.error().message != trouble_) say_trouble(waiting.error().message);
      trouble_ = waiting.error().message;
      return;
    }
    trouble_.clear();
    // Each worker begins elsewhere, so that they seldom reach for the same run.
    size_t first = waiting->empty() ? 0 : std::hash<std::string>()(name_) % waiting->size();
    size_t taken = 0;
    for (size_t i = 0; i < waiting->size() && driven_.size() < at_most_ && taken < at_once; ++i)
      taken += take((*waiting)[(first + i) % waiting->size()]);
  }

  size_t take(const std::string& run) {
    bool here = std::any_of(driven_.begin(), driven_.end(), [&](const auto& one) { return one.second.run == run; });
    auto pause = pauses_.find(run);
    if (here || (pause != pauses_.end() && clock_.monotonic_ns() < pause->second.until_ns)) return 0;
    std::vector<std::string> words = {"apply",        "--resume", run,         "--hand-over", "--state", url_,
                                      "--project", project_.root, "--format", context_.json() ? "json" : "text"};
    if (!context_.verbose && !context_.json()) words.push_back("--quiet");
    if (context_.log) words.insert(words.end(), {"--log", context_.log->path()});
    Result<int> child = children_->start(words);
    if (!child) {
      say_trouble(child.error().message);
      return 0;
    }
    driven_[*child] = {run, clock_.monotonic_ns()};
    say(run, fmt::format("is driven by process {}", *child));
    return 1;
  }

  void note_end(const effects::ChildEnd& end) {
    auto driven = driven_.find(end.pid);
    if (driven == driven_.end()) return;
    std::string run = driven->second.run;
    // What went well for so long has earned its next try at once.
    if (clock_.monotonic_ns() - driven->second.since_ns > longest_pause_ns) pauses_.erase(run);
    driven_.erase(driven);
    bool ended = end.code == Ok || end.code == RolledBack || end.code == NeedsHand;
    if (end.code == Ok || end.code == RolledBack) pauses_.erase(run);
    else put_off(run, end.code == Refused ? longest_others_ns : longest_pause_ns);
    say(run, ended ? fmt::format("is done, code {}", end.code)
             : end.code == Refused ? "is another's"
                                   : fmt::format("is left to others, code {}", end.code));
  }

  void put_off(const std::string& run, int64_t longest_ns) {
    Pause& pause = pauses_[run];
    pause.until_ns = clock_.monotonic_ns() + pause.next_ns;
    pause.next_ns = std::min(pause.next_ns * 2, longest_ns);
  }

  /// Each of them records what is underway and leaves its run to others.
  void drain() {
    if (draining_) return;
    draining_ = true;
    say("", fmt::format("stops; {} of its runs are left to others", driven_.size()));
    for (const auto& [pid, run] : driven_) children_->ask_to_stop(pid);
  }

  void say(const std::string& run, const std::string& what) const {
    if (context_.log) context_.log->write(Level::Info, "worker", run, what);
    if (context_.quiet) return;
    if (!context_.json()) {
      std::string_view kind = journal::is_promotion(run) ? "promotion" : "run";
      context_.out(run.empty() ? fmt::format("worker {} {}\n", name_, what)
                               : fmt::format("{} {} {}\n", kind, run, what));
      return;
    }
    json::Writer json;
    json.begin_object().field("version", 1).field("type", "worker").field("at", effects::utc_text(clock_.wall_ns()));
    json.field("worker", name_).field("run", run).field("what", what).end_object();
    context_.out(json.take() + "\n");
  }
  void say_trouble(const std::string& text) const { context_.fail(Ok, text + "; it is tried again"); }

  const Context& context_;
  const Project& project_;
  std::string url_;
  journal::Store& store_;
  effects::Clock& clock_;
  std::unique_ptr<effects::Children> children_;
  size_t at_most_;
  std::string name_;
  struct Driven {
    std::string run;
    int64_t since_ns = 0;
  };
  std::map<int, Driven> driven_;  ///< by the process that drives
  std::map<std::string, Pause> pauses_;
  std::string trouble_;  ///< said last
  bool draining_ = false;
};

}  // namespace

int cmd_worker(const Context& context) {
  Result<int64_t> at_most = number_of(context.args, "--at-most", default_at_most, 1, highest_at_most);
  if (!at_most) return context.fail(Usage, at_most.error().message);
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return context.fail(Usage, project.error().message);
  const std::string url = state_url(context, *project);
  if (url.empty())
    return context.fail(Usage, "a worker drives the runs of a state that machines share: --state "
                               "postgresql://USER@HOST/DATABASE, ROLLOUT_STATE, or `state` in rollout.toml");
  (void)context.env.effects();  // from here on a signal drains
  Result<std::unique_ptr<journal::Store>> store = open_store(context, *project, true);
  if (!store) return context.fail(store.error());
  return Worker(context, *project, url, **store, size_t(*at_most)).go();
}

}  // namespace rollout::cli
