// `prune`: removes the events and the plans of runs that ended long ago and that nothing looks at any more. What is
// chosen here is looked at again by the store, in the transaction that removes it.
#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/plan/older_plan.h"
#include "runtime/cli/begin_run.h"
#include "runtime/cli/copy_state.h"
#include "runtime/cli/held_version.h"
#include "runtime/cli/history.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/pruned.h"
#include "runtime/cli/rollback_window.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

constexpr int64_t hour_ns = int64_t{3'600} * 1'000'000'000;
constexpr int64_t most_hours = int64_t{24} * 366 * 100;
constexpr int64_t most_kept = 1'000'000;
constexpr size_t max_listed = 20;

/// `90d`, `12h`, `8w`; nothing: it is no such time, or too long.
std::optional<int64_t> age_of(std::string_view text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, size_t(text.data() + text.size() - end));
  int64_t hours = unit == "h" ? 1 : unit == "d" ? 24 : unit == "w" ? 168 : 0;
  if (error != std::errc() || hours == 0 || number < 1 || number > most_hours / hours) return std::nullopt;
  return number * hours * hour_ns;
}

/// That of `--older-than`, where a reason is given as well.
Result<int64_t> age_meant(const Context& context) {
  const std::string typed = context.args.value("--older-than");
  std::optional<int64_t> age_ns = age_of(typed);
  if (context.args.has("--older-than") && !age_ns)
    return OpError{fmt::format("`--older-than {}` is no age: whole hours, days or weeks, at least 1h, as 12h, 90d or "
                               "8w", typed)};
  if (!age_ns || context.args.value("--reason").empty())
    return OpError{"say how old, as 12h, 90d or 8w, and why: rollout prune --older-than 90d --reason TEXT"};
  return *age_ns;
}

struct Old {
  journal::Pruned what;
  int64_t bytes = 0;  ///< about
};

struct Choice {
  std::vector<Old> runs;              ///< the oldest first
  std::vector<std::string> damaged;   ///< old ones that cannot be read, which stay
  std::vector<std::string> promotions;  ///< underway and damaged: every run since they began stays
  int64_t events() const {
    int64_t sum = 0;
    for (const Old& old : runs) sum += old.what.events;
    return sum;
  }
  int64_t bytes() const {
    int64_t sum = 0;
    for (const Old& old : runs) sum += old.bytes;
    return sum;
  }
};

class Chooser {
 public:
  Chooser(journal::SqlStore& store, int64_t age_ns, int64_t keep, int64_t now_ns)
      : store_(store), age_ns_(age_ns), keep_(keep), now_ns_(now_ns) {}

  Result<Choice> choose() {
    Result<std::vector<journal::RunInfo>> runs = store_.list();
    if (!runs) return runs.error();
    if (Status done = keep_newest(*runs); !done) return done.error();
    if (Status done = keep_promoted(); !done) return done.error();
    Result<std::vector<journal::Pruned>> before = store_.pruned();
    if (!before) return before.error();
    for (const journal::Pruned& pruned : *before) kept_.insert(pruned.run);
    std::reverse(runs->begin(), runs->end());
    for (const journal::RunInfo& run : *runs) {
      if (!run.outcome || *run.outcome == journal::Outcome::Parked || kept_.count(run.run) > 0) continue;
      if (now_ns_ - run.created_wall_ns <= age_ns_ || run.created_wall_ns >= kept_since_ns_) continue;
      if (Status looked = look_at(run); !looked) return looked.error();
    }
    return std::move(choice_);
  }

 private:
  /// What held versions, a rollback after success and a rehearsal are looked for in.
  Status keep_newest(const std::vector<journal::RunInfo>& runs) {
    std::map<std::string, int64_t> ended;
    std::set<std::string> succeeded;
    for (const journal::RunInfo& run : runs) {  // newest first
      if (!run.outcome) continue;
      for (const journal::Generation& one : run.generations) {
        bool well = *run.outcome == journal::Outcome::Succeeded && succeeded.insert(one.service).second;
        if (++ended[one.service] <= keep_ || well) kept_.insert(run.run);
      }
    }
    ProjectHistory history(store_);
    for (const auto& [service, count] : ended) {
      if (count <= keep_) continue;
      Result<std::optional<ProjectHistory::Rehearsal>> rehearsal = history.rehearsal(service);
      if (!rehearsal) return rehearsal.error();
      if (*rehearsal) kept_.insert((*rehearsal)->run);
    }
    return Done{};
  }

  Status keep_promoted() {
    Result<std::vector<journal::PromotionInfo>> promotions = store_.promotions();
    if (!promotions) return promotions.error();
    for (const journal::PromotionInfo& promotion : *promotions) {
      if (promotion.outcome) continue;
      Result<std::vector<journal::PromotionEvent>> events = store_.read_promotion(promotion.name);
      if (!events && events.error().retryable) return events.error();
      // Nobody can tell which runs are its own; none is older than it is.
      if (!events) {
        choice_.promotions.push_back(promotion.name);
        kept_since_ns_ = std::min(kept_since_ns_, promotion.created_wall_ns);
        continue;
      }
      for (const journal::PromotionEvent& event : *events)
        if (const auto* entered = std::get_if<journal::StageEntered>(&event.what)) kept_.insert(entered->run);
    }
    return Done{};
  }

  Status look_at(const journal::RunInfo& run) {
    Result<std::vector<journal::Event>> events = store_.read(run.run);
    if (!events && events.error().retryable) return events.error();
    if (!events) return choice_.damaged.push_back(run.run), Done{};
    int64_t ended_ns = ended_wall_ns(*events);
    if (now_ns_ - ended_ns <= age_ns_) return Done{};
    Result<std::string> bytes = store_.plan_bytes(run.run);
    if (!bytes) return bytes.error();
    // One that this version cannot read has no way back either.
    Result<plan::Plan> plan = plan::from_json_to_show(*bytes, run.plan_hash);
    if (plan && now_ns_ - ended_ns <= rollback_window_ns(*plan)) return Done{};
    Result<journal::Chain> end = store_.chain_end(run.run);
    if (!end) return end.error();
    Result<int64_t> weight = store_.weight(run.run);
    if (!weight) return weight.error();
    const auto* started = std::get_if<journal::RunStarted>(&events->front().what);
    choice_.runs.push_back({{run.run, run.rollout, run.plan_hash, end->events, end->head, *run.outcome, ended_ns,
                             started == nullptr ? "" : started->holder},
                            *weight});
    return Done{};
  }

  journal::SqlStore& store_;
  int64_t age_ns_, keep_, now_ns_;
  std::set<std::string> kept_;
  int64_t kept_since_ns_ = INT64_MAX;
  Choice choice_;
};

std::string bytes_text(int64_t bytes) {
  return bytes < 1'000'000 ? fmt::format("{:.1f} kB", double(bytes) / 1e3)
                           : fmt::format("{:.1f} MB", double(bytes) / 1e6);
}

std::string totals(const Choice& choice) {
  return fmt::format("{}, {}, about {}", count_of(choice.runs.size(), "run"),
                     count_of(uint64_t(choice.events()), "event"), bytes_text(choice.bytes()));
}

void show(const Context& context, const Choice& choice) {
  for (size_t i = 0; i < choice.runs.size() && (i < max_listed || context.verbose); ++i) {
    const auto& [what, bytes] = choice.runs[i];
    context.out(fmt::format("  {}  {}  {}  {}  {}, about {}\n", context.style.bold(left(what.run, 5)),
                            effects::utc_text(what.ended_wall_ns), left(journal::spoken(what.outcome), 11),
                            left(what.rollout, 12), count_of(uint64_t(what.events), "event"), bytes_text(bytes)));
  }
  if (choice.runs.size() > max_listed && !context.verbose)
    context.out(fmt::format("  and {} more; --verbose shows them\n", choice.runs.size() - max_listed));
  for (const std::string& run : choice.damaged)
    context.out(fmt::format("  {}  its record is damaged, so it stays; `rollout audit --verify {}` says how\n",
                            left(run, 5), run));
  for (const std::string& promotion : choice.promotions)
    context.out(fmt::format("  {}  is underway and its record is damaged, so every run since it began stays; `rollout "
                            "audit --verify {}` says how\n",
                            left(promotion, 5), promotion));
}

std::string choice_json(const Choice& choice, const std::string& exported, bool done) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "prune").field("done", done);
  json.field("events", choice.events()).field("bytes", choice.bytes()).field("export", exported);
  json.key("runs").begin_array();
  for (const auto& [what, bytes] : choice.runs)
    json.begin_object().field("run", what.run).field("rollout", what.rollout)
        .field("outcome", journal::word(journal::outcome_names, what.outcome))
        .field("ended", effects::utc_text(what.ended_wall_ns)).field("events", what.events).field("bytes", bytes)
        .end_object();
  json.end_array().key("damaged").begin_array();
  for (const std::string& run : choice.damaged) json.value(run);
  json.end_array().key("damaged_promotions").begin_array();
  for (const std::string& promotion : choice.promotions) json.value(promotion);
  return json.end_array().end_object().take() + "\n";
}

/// One after the other; what is refused was taken up by somebody meanwhile, and stays. What was removed stands in
/// `removed` also when the last one failed.
Status remove(const Context& context, journal::SqlStore& store, const Choice& choice, Choice& removed) {
  if (Status finished = store.finish_prunes(); !finished) return finished;
  std::string exported = context.args.value("--export");
  for (const Old& old : choice.runs) {
    if (context.env.interrupts() > 0) break;
    journal::Pruned what = old.what;
    what.wall_ns = context.env.effects().clock.wall_ns();
    what.by = effects::holder_text();
    what.reason = context.args.value("--reason");
    if (!exported.empty()) what.exported = copy_path(context, exported);
    Status done = store.prune(what);
    if (!done && !done.error().refused) return done;
    if (done) removed.runs.push_back(old);
    else context.fail(0, done.error().message);
  }
  return Done{};
}

int carry_out(const Context& context, const Project& project, journal::SqlStore& store, const Choice& choice) {
  std::string exported = context.args.value("--export");
  if (!exported.empty() && !choice.runs.empty())
    if (Result<journal::Carried> copied = copy_state(context, store, exported); !copied)
      return context.fail(copied.error());
  Choice removed;
  Status done = remove(context, store, choice, removed);
  const std::string chain(journal::prune_chain);
  if (Result<journal::Chain> end = store.chain_end(chain); end && end->events > 0)
    note_head(context, project, store, chain);
  removed.damaged = choice.damaged;
  removed.promotions = choice.promotions;
  if (context.json()) context.out(choice_json(removed, exported, true));
  else if (!context.quiet) context.out(fmt::format("pruned: {}\n", totals(removed)));
  if (!done) return context.fail(done.error(), NeedsHand);
  return context.env.interrupts() > 0 ? context.env.interrupt_code() : int(Ok);
}

}  // namespace

int cmd_prune(const Context& context) {
  Result<int64_t> age_ns = age_meant(context);
  if (!age_ns) return context.fail(Usage, age_ns.error().message);
  Result<int64_t> keep = number_of(context.args, "--keep", held_look_back, held_look_back, most_kept);
  if (!keep) return context.fail(Usage, keep.error().message);
  std::string exported = context.args.value("--export");
  if (!exported.empty())
    if (Status free = check_no_copy(context, exported); !free) return context.fail(Usage, free.error().message);
  Result<Project> project = project_for(context, project_of(context.env.directory, "."));
  if (!project) return context.fail(Usage, project.error().message);
  Result<std::unique_ptr<journal::SqlStore>> store = open_state(context, *project, false);
  if (!store) return context.fail(store.error());
  if (!*store) return context.fail(Usage, fmt::format("there is no state in {}", state_place(context, *project)));
  Result<Choice> choice = Chooser(**store, *age_ns, *keep, context.env.effects().clock.wall_ns()).choose();
  if (!choice) return context.fail(choice.error());
  bool go = context.args.has("--yes");
  if (!context.json() && !context.quiet) {
    show(context, *choice);
    if (!go) context.out(fmt::format("would be removed: {}\n", totals(*choice)));
  }
  if (!go && !choice->runs.empty() && somebody_is_there(context)) {
    if (!ask(context, "remove their events and plans for good?")) return context.fail(Usage, "nothing was removed");
    go = true;
  }
  if (go) return carry_out(context, *project, **store, *choice);
  if (context.json()) context.out(choice_json(*choice, "", false));
  else if (!context.quiet) context.out("nothing was removed; `--yes` does it\n");
  return Ok;
}

}  // namespace rollout::cli
