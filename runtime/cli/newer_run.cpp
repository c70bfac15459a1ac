#include "runtime/cli/newer_run.h"

#include <fmt/format.h>

#include "runtime/cli/begin_run.h"
#include "runtime/cli/outline.h"
#include "runtime/exec/fold.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

constexpr int64_t look_again_ns = 500'000'000;

std::string name_of(const journal::RunInfo& run) { return fmt::format("run {} of {}", run.run, run.rollout); }

/// Waits for one older run after the other.
class WayMaker {
 public:
  WayMaker(const Context& context, const Planned& planned, journal::Store& store)
      : context_(context), planned_(planned), store_(store), clock_(context.env.effects().clock) {}

  Way go() {
    while (!way_.exit_code) {
      Result<std::vector<journal::RunInfo>> runs = store_.list();
      if (!runs) return end(context_.fail(runs.error()));
      if (!is_taken_back(*runs)) return std::move(way_);
      std::optional<journal::RunInfo> older = unfinished_run(*runs, service_names(planned_.plan));
      if (!older) return std::move(way_);
      Result<Planned> its = planned_of(store_, *older, planned_.project);
      if (!its) return std::move(way_);  // it is refused below
      plan::OnNewer then = hotfix() ? plan::OnNewer::Replace : its->plan.newer.then;
      if (then == plan::OnNewer::Reject) return std::move(way_);
      if (older->run != older_ && !meet(*older, *its, then)) break;
      if (then == plan::OnNewer::Replace && drives_to_its_end(*older, *its)) continue;
      wait(*older);
    }
    return std::move(way_);
  }

 private:
  bool hotfix() const { return context_.args.has("--hotfix"); }
  Way end(int exit_code) {
    way_.exit_code = exit_code;
    return std::move(way_);
  }
  void say(const std::string& text) const {
    if (!context_.quiet && !context_.json()) context_.out(text + "\n");
  }

  /// A run that is seen for the first time.
  bool meet(const journal::RunInfo& older, const Planned& its, plan::OnNewer then) {
    older_ = older.run;
    way_.waited = true;
    within_ns_ = its.plan.newer.within_ns > 0 ? its.plan.newer.within_ns : plan::default_newer_ns;
    give_up_ns_ = clock_.monotonic_ns() + within_ns_;
    switch (then) {
      case plan::OnNewer::Reject: return false;
      case plan::OnNewer::Queue:
        say(fmt::format("{} has not ended; waiting for it, for at most {}; `rollout status {}` says what it does",
                        name_of(older), eval::duration_text(within_ns_), older.run));
        return true;
      case plan::OnNewer::Replace: return take_back(older, its);
    }
    return false;
  }

  bool take_back(const journal::RunInfo& older, const Planned& its) {
    Result<std::vector<journal::Event>> events = store_.read(older.run);
    if (!events) return (void)end(context_.fail(events.error())), false;
    uint32_t commit = exec::commit_passed(its.plan, exec::fold_all(its.plan, *events));
    if (commit != plan::none) {
      end(context_.fail(Refused, fmt::format("{} has passed `{}`, which nothing takes back, so it cannot be replaced; "
                                             "wait for its end: rollout status {}; nothing was changed",
                                             name_of(older), its.plan.steps[commit].text, older.run)));
      return false;
    }
    if (!may_take_back(older)) return false;
    std::string by = effects::holder_text();
    std::string why = fmt::format("replaced by a newer run of {}", planned_.plan.rollout);
    if (hotfix())
      why = fmt::format("replaced by a hot fix, {}: {}", planned_.plan.rollout, context_.args.value("--reason"));
    Result<int64_t> asked =
        store_.request(older.run, {0, journal::Ask::Replace, std::move(by), std::move(why), clock_.wall_ns()});
    if (!asked && !asked.error().refused) return (void)end(context_.fail(asked.error())), false;
    if (asked) way_.replaced = older.run;
    say(fmt::format("{} has not ended; it is taken back first, within {}", name_of(older),
                    eval::duration_text(within_ns_)));
    return true;
  }

  /// A person, or `--yes`, has to want it.
  bool may_take_back(const journal::RunInfo& older) {
    if (context_.args.has("--yes")) return true;
    const effects::Terminals& there = context_.env.terminals;
    if (!there.input || !there.output || context_.json()) {
      end(context_.fail(Usage, fmt::format("{} has not ended, and nobody can be asked here; say `--yes` to take it "
                                           "back for this one", name_of(older))));
      return false;
    }
    context_.out(fmt::format("\n{} has not ended; take it back, for this one to begin? [y/N] ", name_of(older)));
    std::string answer = context_.env.read_line().value_or("");
    bool yes = answer == "y" || answer == "Y" || answer == "yes";
    if (!yes) end(context_.fail(Usage, "nothing was changed"));
    return yes;
  }

  /// Whoever drives it sees the request; when nobody does, this process takes it back.
  bool drives_to_its_end(const journal::RunInfo& older, const Planned& its) {
    Result<Session> session = open_session(context_, its, older.run);
    if (!session) {
      if (!session.error().refused) end(context_.fail(session.error(), NeedsHand));
      return false;
    }
    say(fmt::format("nobody drives {}; taking it back from here", name_of(older)));
    int code = drive_run(*session, older.run);
    Result<std::vector<journal::RunInfo>> runs = store_.list();
    Result<journal::RunInfo> now = runs ? find_run(*runs, older.run) : Result<journal::RunInfo>(runs.error());
    if (!now || !now->outcome) end(code);
    return true;
  }

  /// What was to be taken back has gone back, or goes still; what it left behind needs a hand first.
  bool is_taken_back(const std::vector<journal::RunInfo>& runs) {
    if (way_.replaced.empty()) return true;
    Result<journal::RunInfo> run = find_run(runs, way_.replaced);
    if (!run || run->outcome != journal::Outcome::Parked) return true;
    end(context_.fail(NeedsHand, fmt::format("{} could not be taken back completely, so this one does not begin; "
                                             "`rollout status {}` says what to do",
                                             name_of(*run), run->run)));
    return false;
  }

  void wait(const journal::RunInfo& older) {
    if (way_.exit_code) return;
    if (context_.env.interrupts() > 0) {
      end(context_.fail(context_.env.interrupt_code(),
                        fmt::format("no longer waiting for {}; this run has not begun", name_of(older))));
    } else if (clock_.monotonic_ns() >= give_up_ns_) {
      std::optional<effects::Holder> driver = driver_of(store_, planned_.plan);
      std::string who = driver ? fmt::format("{} drives it", driver->who)
                               : fmt::format("nobody drives it: go on with it by `rollout apply --resume {0}`, or take "
                                             "it back by `rollout abort {0}`", older.run);
      end(context_.fail(Refused, fmt::format("{} has not ended within {}; {}; this run has not begun", name_of(older),
                                             eval::duration_text(within_ns_), who)));
    } else {
      clock_.sleep_until(std::min(clock_.monotonic_ns() + look_again_ns, give_up_ns_));
    }
  }

  const Context& context_;
  const Planned& planned_;
  journal::Store& store_;
  effects::Clock& clock_;
  Way way_;
  std::string older_;  ///< the run that is waited for
  int64_t within_ns_ = 0, give_up_ns_ = 0;
};

}  // namespace

Way make_way(const Context& context, const Planned& planned) {
  Way way;
  if (context.args.has("--hotfix") && context.args.value("--reason").empty()) {
    way.exit_code = context.fail(Usage, "a hot fix needs a reason, for the record: `--hotfix --reason \"…\"`");
    return way;
  }
  if (!outline_of(planned.plan).has_changes) return way;
  Result<std::unique_ptr<journal::Store>> store = open_store(context, planned.project, false);
  if (!store) {
    way.exit_code = fail_unchanged(context, store.error());
    return way;
  }
  return *store ? WayMaker(context, planned, **store).go() : way;
}

}  // namespace rollout::cli
