#include "runtime/cli/crew.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/log_file.h"
#include "runtime/effects/bug_report.h"
#include "runtime/effects/children.h"
#include "runtime/effects/turns.h"
#include "runtime/journal/postgresql_crew.h"
#include "runtime/journal/sqlite_crew.h"

namespace rollout::cli {

namespace {

constexpr int64_t ns_per_ms = 1'000'000;
/// Between two looks for what waits: how long a list of it is used, and the pause where it is not done with.
constexpr int64_t list_ns = 1'000 * ns_per_ms, next_look_ns = 40 * ns_per_ms, drain_look_ns = 100 * ns_per_ms;
/// A crew with more to do leaves others the first grasp at what comes; of two alike one is first by chance.
constexpr int64_t most_deference_ns = 250 * ns_per_ms, chance_ns = 150 * ns_per_ms;
constexpr size_t at_once = 8;            ///< that are taken before others had their chance
constexpr size_t most_promotions = 16;  ///< which are processes
/// Before a run is tried again that could not be driven: doubled each time.
constexpr int64_t first_pause_ns = 1'000 * ns_per_ms, longest_pause_ns = 60'000 * ns_per_ms;
/// The same where another had it: that one may die.
constexpr int64_t longest_others_ns = 4'000 * ns_per_ms;

class Crew {
 public:
  Crew(const Context& context, const Project& project, const std::string& url, size_t at_most, effects::Turns& turns,
       journal::CrewState& state)
      : context_(context),
        env_(context.env),
        project_(project),
        url_(url),
        turns_(turns),
        state_(state),
        clock_(turns.effects().clock),
        children_(effects::posix_children()),
        at_most_(at_most),
        name_(effects::holder_text()) {
    env_.effects = [this] { return turns_.effects(); };
  }

  int go() {
    say("", fmt::format("waits for runs that nobody drives, up to {} at once", at_most_));
    while (true) {
      tend();
      note_ends();
      if (context_.env.interrupts() > 0) {
        drain();
        if (driven_.empty()) return Ok;
      } else if (driven_.size() < at_most_) {
        look();
      }
      sleep();
    }
  }

 private:
  struct Pause {
    int64_t until_ns = 0, next_ns = first_pause_ns;
  };
  struct Driven {
    int64_t since_ns = 0;
    int process = 0;  ///< 0: a task of this one
  };
  struct End {
    std::string run;
    int code = 0;
  };

  void tend() {
    if (clock_.monotonic_ns() < next_tend_ns_) return;
    note_trouble(state_.tend());
    show_presence();
    next_tend_ns_ = clock_.monotonic_ns() + state_.tend_ns();
  }

  void sleep() {
    int64_t pause_ns = context_.env.interrupts() > 0 ? drain_look_ns
                       : waiting_.empty() || driven_.size() >= at_most_ ? list_ns
                                                                        : next_look_ns;
    int64_t until_ns = std::min(clock_.monotonic_ns() + pause_ns, next_tend_ns_);
    effects::Waker* waker = state_.waker();
    if (!waker || !waiting_.empty()) {
      clock_.sleep_until(until_ns);
      return;
    }
    clock_.sleep_until(until_ns, *waker);
    if (clock_.monotonic_ns() < until_ns) next_tend_ns_ = 0;  // there is news
  }

  void look() {
    if (waiting_.empty() || clock_.monotonic_ns() > listed_ns_ + list_ns) ask_who_waits();
    // Those on their way to their claims stand in each other's way, and in that of other crews.
    size_t tasks = driven_.size() - processes();
    size_t taken = tasks - std::min(tasks, state_.claimed().value_or(tasks));
    while (!waiting_.empty() && driven_.size() < at_most_ && taken < at_once) {
      std::string next = std::move(waiting_.back());
      waiting_.pop_back();
      taken += take(next);
    }
  }

  void ask_who_waits() {
    int64_t chance = int64_t(std::hash<std::string>()(fmt::format("{} {}", name_, looks_++)) % chance_ns);
    int64_t deference_ns = most_deference_ns * int64_t(driven_.size()) / int64_t(at_most_);
    clock_.sleep_until(clock_.monotonic_ns() + chance + deference_ns);
    Result<std::vector<std::string>> waiting = state_.waiting();
    note_trouble(waiting ? Status(Done{}) : Status(waiting.error()));
    waiting_.clear();
    listed_ns_ = clock_.monotonic_ns();
    if (!waiting || waiting->empty()) return;
    // Each begins elsewhere, so that they seldom reach for the same run.
    size_t first = std::hash<std::string>()(name_) % waiting->size();
    std::rotate(waiting->begin(), waiting->begin() + long(first), waiting->end());
    waiting_.assign(waiting->rbegin(), waiting->rend());
    std::erase_if(pauses_, [&](const auto& one) { return listed_ns_ > one.second.until_ns + longest_pause_ns; });
  }

  size_t take(const std::string& run) {
    auto pause = pauses_.find(run);
    if (driven_.contains(run) || (pause != pauses_.end() && clock_.monotonic_ns() < pause->second.until_ns)) return 0;
    if (journal::is_promotion(run)) return start_promotion(run);
    driven_[run] = {clock_.monotonic_ns(), 0};
    note_work();
    say(run, "is driven");
    turns_.begin([this, run] {
      effects::work_on(run);
      ended_.push_back({run, drive(run)});
      effects::work_on({});
    });
    return 1;
  }

  /// A task: as if it were the only command of its process.
  int drive(const std::string& run) {
    Arguments arguments{{}, {{"--resume", run}, {"--hand-over", ""}, {"--project", project_.root}}};
    Context mine{env_,          arguments, context_.style, context_.error_style, context_.format,
                 context_.quiet || (!context_.verbose && !context_.json()),
                 context_.verbose, context_.log, context_.state, &state_};
    return cmd_apply(mine);
  }

  /// With one run alone, a signal that meets another thread says as much.
  void note_work() const {
    effects::work_on_alone(driven_.size() == 1 && processes() == 0 ? driven_.begin()->first : "");
  }

  /// A file has no list of those who wait for its runs: one of its crews holds this, for whoever leaves a run to them.
  void show_presence() {
    if (!url_.empty() || (sign_ && present_)) return;
    if (!sign_)
      if (Result<std::unique_ptr<journal::SqlStore>> store = state_.store(); store) sign_ = std::move(*store);
    present_ = sign_ && sign_->claims()->take({std::string(crew_claim)}, name_, {});
  }

  size_t processes() const {
    return size_t(
        std::count_if(driven_.begin(), driven_.end(), [](const auto& one) { return one.second.process != 0; }));
  }

  /// It plans, and looks after runs of its own.
  size_t start_promotion(const std::string& promotion) {
    if (processes() >= most_promotions) return 0;
    std::vector<std::string> words = {"apply",       "--resume", promotion, "--hand-over", "--project",
                                      project_.root, "--format", context_.json() ? "json" : "text"};
    if (!url_.empty()) words.insert(words.end(), {"--state", url_});
    if (!context_.verbose && !context_.json()) words.push_back("--quiet");
    if (context_.log) words.insert(words.end(), {"--log", context_.log->path()});
    Result<int> child = children_->start(words);
    if (!child) {
      note_trouble(child.error());
      return 0;
    }
    driven_[promotion] = {clock_.monotonic_ns(), *child};
    say(promotion, fmt::format("is driven by process {}", *child));
    return 1;
  }

  void note_ends() {
    for (const effects::ChildEnd& end : children_->ended())
      for (const auto& [name, driven] : driven_)
        if (driven.process == end.pid) ended_.push_back({name, end.code});
    for (const End& end : std::exchange(ended_, {})) note_end(end.run, end.code);
  }

  void note_end(const std::string& run, int code) {
    // What went well for so long has earned its next try at once.
    if (clock_.monotonic_ns() - driven_[run].since_ns > longest_pause_ns) pauses_.erase(run);
    driven_.erase(run);
    note_work();
    bool ended = code == Ok || code == RolledBack || code == NeedsHand;
    if (code == Ok || code == RolledBack) pauses_.erase(run);
    else put_off(run, code == Refused ? longest_others_ns : longest_pause_ns);
    say(run, ended ? fmt::format("is done, code {}", code)
             : code == Refused ? "is another's"
                               : fmt::format("is left to others, code {}", code));
  }

  void put_off(const std::string& run, int64_t longest_ns) {
    Pause& pause = pauses_[run];
    pause.until_ns = clock_.monotonic_ns() + pause.next_ns;
    pause.next_ns = std::min(pause.next_ns * 2, longest_ns);
  }

  /// Each of them records what is underway and leaves its run to others.
  void drain() {
    if (!draining_) {
      say("", fmt::format("stops; {} of its runs are left to others", driven_.size()));
      for (const auto& [name, driven] : driven_)
        if (driven.process) children_->ask_to_stop(driven.process);
    }
    draining_ = true;
    state_.wake_all();
  }

  void note_trouble(const Status& status) {
    std::string text = status ? "" : status.error().message;
    if (text == trouble_) return;
    trouble_ = text;
    if (!text.empty()) context_.fail(Ok, text + "; it is tried again");
  }
  void say(const std::string& run, const std::string& what) const { say_of_worker(context_, run, what); }

  const Context& context_;
  Env env_;  ///< of the runs: their effects hand the turn on
  const Project& project_;
  const std::string& url_;
  effects::Turns& turns_;
  journal::CrewState& state_;
  effects::Clock& clock_;
  std::unique_ptr<effects::Children> children_;
  size_t at_most_;
  std::string name_;
  std::map<std::string, Driven> driven_;
  std::vector<End> ended_;  ///< that were not noted yet
  std::vector<std::string> waiting_;  ///< as they were listed, the next one last
  int64_t listed_ns_ = 0, next_tend_ns_ = 0, looks_ = 0;
  std::map<std::string, Pause> pauses_;
  std::string trouble_;  ///< said last
  std::unique_ptr<journal::SqlStore> sign_;  ///< holds crew_claim
  bool present_ = false;
  bool draining_ = false;
};

}  // namespace

namespace {

std::string bug_notes(const Project& project) { return project.state() + "/bug-of-"; }

}  // namespace

std::string bug_note(const Project& project, int process) {
  return fmt::format("{}{}", bug_notes(project), process);
}

void say_of_worker(const Context& context, const std::string& run, const std::string& what) {
  if (context.log) context.log->write(Level::Info, "worker", run, what);
  if (context.quiet) return;
  std::string name = effects::holder_text();
  if (!context.json()) {
    std::string_view kind = journal::is_promotion(run) ? "promotion" : "run";
    return context.out(run.empty() ? fmt::format("worker {} {}\n", name, what)
                                   : fmt::format("{} {} {}\n", kind, run, what));
  }
  int64_t now_ns = context.env.effects().clock.wall_ns();
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "worker").field("at", effects::utc_text(now_ns));
  json.field("worker", name).field("run", run).field("what", what).end_object();
  context.out(json.take() + "\n");
}

namespace {

Result<std::unique_ptr<journal::CrewState>> open_together(const Project& project, const std::string& url,
                                                          effects::Turns& turns) {
  auto held = [](auto state) -> Result<std::unique_ptr<journal::CrewState>> {
    if (!state) return state.error();
    return std::unique_ptr<journal::CrewState>(std::move(*state));
  };
  if (url.empty()) return held(journal::SqliteCrew::open(turns, project.database()));
  Result<journal::PostgresqlAddress> address = journal::postgresql_server(url);
  if (!address) return address.error();
  return held(journal::PostgresqlCrew::open(turns, *address));
}

}  // namespace

int drive_as_crew(const Context& context, const Project& project, const std::string& url, size_t at_most) {
  effects::allow_many_files();
  effects::keep_heap_setting();
  // Without it nobody learns which run it was.
  if (context.env.effects().files.make_directory(project.state()))
    effects::note_bugs_in(bug_notes(project));
  std::unique_ptr<effects::Turns> turns = effects::take_turns(context.env.effects());
  Result<std::unique_ptr<journal::CrewState>> state = open_together(project, url, *turns);
  if (!state) return context.fail(state.error());
  return Crew(context, project, url, at_most, *turns, **state).go();
}

}  // namespace rollout::cli
