// `history`: every run of the project, the newest first: who, what, how long, how it ended and why.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/plan/older_plan.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/pruned.h"
#include "runtime/cli/rollback_window.h"
#include "runtime/cli/session.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

constexpr int64_t default_listed = 20, max_listed = 100'000;

/// One run as its record tells it.
struct Past {
  journal::RunInfo run;
  std::string who;       ///< who began it
  std::string why;       ///< why it ended so; of a hot fix why it began
  std::vector<Change> changes;
  std::string damage;    ///< why its record cannot be read
  int64_t last_wall_ns = 0;
  std::optional<journal::Pruned> pruned = {};  ///< only this is left of it
};

/// The last word on why it went back, was parked or replaced another run.
std::string why_of(const std::vector<journal::Event>& events) {
  std::string why;
  for (const journal::Event& event : events) {
    if (const auto* e = std::get_if<journal::RunStarted>(&event.what)) {
      why = e->reason;
      if (!e->accepted.empty()) why += (why.empty() ? "" : "; ") + fmt::format("let through: {}", e->accepted);
    }
    if (const auto* e = std::get_if<journal::RollbackStarted>(&event.what)) why = e->detail;
    if (const auto* e = std::get_if<journal::ScopeRollbackStarted>(&event.what)) why = e->detail;
    if (const auto* e = std::get_if<journal::Parked>(&event.what)) why = e->detail;
    if (const auto* e = std::get_if<journal::RunEnded>(&event.what); e != nullptr && !e->detail.empty())
      why = e->detail;
  }
  return why;
}

Past past_of(journal::Store& store, const journal::RunInfo& run, const PrunedRuns& pruned) {
  Past past{run, {}, {}, {}, {}, run.created_wall_ns};
  Result<std::vector<journal::Event>> events = store.read(run.run);
  if (!events) {
    if (auto remains = pruned.find(run.run); remains != pruned.end()) {
      past.who = remains->second.began_by;
      past.last_wall_ns = remains->second.ended_wall_ns;
      past.pruned = remains->second;
      return past;
    }
    past.damage = events.error().message;
    return past;
  }
  if (!events->empty())
    if (const auto* started = std::get_if<journal::RunStarted>(&events->front().what)) past.who = started->holder;
  past.why = why_of(*events);
  past.last_wall_ns = run.outcome ? ended_wall_ns(*events) : events->back().wall_ns;
  Result<std::string> bytes = store.plan_bytes(run.run);
  Result<plan::Plan> plan = bytes ? plan::from_json_to_show(*bytes, run.plan_hash) : Result<plan::Plan>(bytes.error());
  if (plan) past.changes = outline_of(*plan).changes;
  return past;
}

std::string_view outcome_word(const journal::RunInfo& run) {
  return run.outcome ? journal::spoken(*run.outcome) : "not ended";
}

std::string text_of(const Past& past, const Style& style) {
  bool good = past.run.outcome == journal::Outcome::Succeeded;
  std::string word = left(outcome_word(past.run), 11);
  std::vector<std::string> changes;
  const bool went_back = past.run.outcome == journal::Outcome::RolledBack;
  for (const Change& change : past.changes) {
    if (!change.touched) continue;
    std::string back = went_back ? fmt::format(" {} {}", style.arrow(), from_text(change)) : "";
    changes.push_back(
        fmt::format("{} {} {} {}{}", change.service, from_text(change), style.arrow(), to_text(change), back));
  }
  std::string out =
      fmt::format("  {}  {}  {}  {}  {}  {}\n", style.bold(left(past.run.run, 5)),
                  effects::utc_text(past.run.created_wall_ns), good ? style.good(word) : style.warn(word),
                  right(short_duration(past.last_wall_ns - past.run.created_wall_ns), 7), left(past.run.rollout, 12),
                  join(changes, ", "));
  auto line = [&](std::string_view label, const std::string& text) {
    if (text.empty()) return;
    for (const std::string& part : wrap(fmt::format("{} {}", label, text), size_t(std::max(style.columns, 40) - 9)))
      out += fmt::format("         {}\n", style.dim(part));
  };
  line("by", past.who);
  line("why", past.why);
  line("damaged:", past.damage);
  if (past.pruned) line("", pruned_words(*past.pruned));
  return out;
}

void write(json::Writer& json, const Past& past) {
  json.begin_object().field("run", past.run.run).field("rollout", past.run.rollout);
  json.field("plan_hash", past.run.plan_hash).field("created", effects::utc_text(past.run.created_wall_ns));
  json.key("outcome");
  if (past.run.outcome) json.value(journal::word(journal::outcome_names, *past.run.outcome));
  else json.null();
  json.field("duration_ns", past.last_wall_ns - past.run.created_wall_ns).field("by", past.who).field("why", past.why);
  if (!past.damage.empty()) json.field("damage", past.damage);
  if (past.pruned) write_pruned(json, *past.pruned);
  json.key("changes").begin_array();
  for (const Change& change : past.changes)
    if (change.touched)
      json.begin_object()
          .field("service", change.service)
          .field("from", change.from)
          .field("to", change.to)
          .end_object();
  json.end_array().key("services").begin_array();
  for (const journal::Generation& generation : past.run.generations)
    json.begin_object().field("service", generation.service).field("generation", generation.number).end_object();
  json.end_array().end_object();
}

/// `production/checkout` is also meant by `checkout`.
bool is_meant(const journal::RunInfo& run, const std::string& service, const std::string& rollout) {
  if (!rollout.empty() && run.rollout != rollout) return false;
  return service.empty() || std::any_of(run.generations.begin(), run.generations.end(), [&](const auto& one) {
           return one.service == service || one.service.ends_with("/" + service);
         });
}

/// A name that no run has is one that was mistyped; empty: some run has it, or there are no runs.
std::string unknown_name(const std::vector<journal::RunInfo>& runs, const std::string& service,
                         const std::string& rollout) {
  auto problem = [](std::string_view kind, const std::string& name, const std::set<std::string>& known) {
    std::vector<std::string_view> names(known.begin(), known.end());
    std::string_view near = nearest(name, names);
    return fmt::format("no run is of a {} `{}`; {}", kind, name,
                       near.empty() ? "there are " + list_of(names) : fmt::format("did you mean `{}`?", near));
  };
  std::set<std::string> services, rollouts;
  bool has_service = service.empty(), has_rollout = rollout.empty();
  for (const journal::RunInfo& run : runs) {
    rollouts.insert(run.rollout);
    has_service |= is_meant(run, service, "");
    has_rollout |= is_meant(run, "", rollout);
    for (const journal::Generation& one : run.generations) {
      services.insert(one.service);
      // `checkout` of `production/checkout`
      services.insert(one.service.substr(one.service.rfind('/') + 1));
    }
  }
  if (runs.empty()) return {};
  if (!has_service && !services.empty()) return problem("service", service, services);
  return has_rollout ? "" : problem("rollout", rollout, rollouts);
}

}  // namespace

int cmd_history(const Context& context) {
  Result<int64_t> limit = number_of(context.args, "--limit", default_listed, 1, max_listed);
  if (!limit) return context.fail(Usage, limit.error().message);
  AllRunsOrExit all = open_runs(context);
  if (!all.found) return all.exit_code;
  auto& [project, store, runs] = *all.found;
  std::string unknown = unknown_name(runs, context.args.value("--service"), context.args.value("--rollout"));
  if (!unknown.empty()) return context.fail(Usage, unknown);
  std::erase_if(runs, [&](const journal::RunInfo& run) {
    return !is_meant(run, context.args.value("--service"), context.args.value("--rollout"));
  });
  size_t shown = std::min(runs.size(), size_t(*limit));
  Result<PrunedRuns> pruned = store ? pruned_runs(*store) : PrunedRuns();
  if (!pruned) return context.fail(pruned.error());
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "history").field("total", int64_t(runs.size()));
  json.key("runs").begin_array();
  for (size_t i = 0; i < shown; ++i) {
    Past past = past_of(*store, runs[i], *pruned);
    if (context.json()) write(json, past);
    else context.out(text_of(past, context.style));
  }
  json.end_array().end_object();
  if (context.json()) context.out(json.take() + "\n");
  else if (runs.empty()) context.out(fmt::format("no runs in {}\n", state_place(context, project)));
  else if (shown < runs.size())
    context.out(fmt::format("  {} of {} runs; --limit N shows more\n", shown, runs.size()));
  return Ok;
}

}  // namespace rollout::cli
