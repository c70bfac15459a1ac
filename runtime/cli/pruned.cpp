#include "runtime/cli/pruned.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/cli/open_state.h"
#include "runtime/cli/session.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

Result<PrunedRuns> pruned_runs(journal::Store& store) {
  Result<journal::Chain> chain = store.chain(journal::prune_chain);
  if (!chain) return chain.error();
  PrunedRuns out;
  for (const journal::Kept& kept : chain->rows) {
    Result<journal::Pruned> pruned = journal::decode_pruned(kept.line);
    if (!pruned) continue;
    std::string run = pruned->run;
    out.emplace(std::move(run), std::move(*pruned));
  }
  return out;
}

bool is_pruned(journal::Store& store, const std::string& run) {
  Result<PrunedRuns> pruned = pruned_runs(store);
  return pruned && pruned->count(run) > 0;
}

std::vector<std::string> remains_problems(journal::Store& store, const journal::Pruned& pruned,
                                          const std::vector<NotedHead>& heads) {
  Result<journal::Chain> end = store.chain_end(pruned.run);
  if (!end) return {end.error().message};
  std::vector<std::string> problems;
  if (end->events != pruned.events || end->head != pruned.head || end->plan_hash != pruned.plan_hash)
    problems.push_back("it was pruned, and what was noted of it then is not what its row says");
  if (Result<std::string> plan = store.plan_bytes(pruned.run); plan || !plan.error().refused)
    problems.push_back("it is noted as pruned, and the store has its plan or does not know of it");
  for (const NotedHead& noted : heads) {
    if (noted.run != pruned.run || !problems.empty()) continue;
    if (noted.events > pruned.events)
      problems.push_back(fmt::format("it was pruned with {} events, and {} were noted before", pruned.events,
                                     noted.events));
    else if (noted.events == pruned.events && noted.head != pruned.head)
      problems.push_back("it was pruned, and its last event is not the one whose head was noted");
  }
  return problems;
}

std::vector<std::pair<std::string, std::string>> prunes_problems(journal::Store& store,
                                                                 const std::vector<NotedHead>& heads,
                                                                 bool noted_here) {
  std::vector<std::pair<std::string, std::string>> problems;
  const std::string name(journal::prune_chain);
  Result<journal::Chain> chain = store.chain(name);
  if (!chain) return {{"", chain.error().message}};
  for (const std::string& problem : chain_problems(*chain, name, heads))
    problems.emplace_back("", fmt::format("what was noted of pruned runs: {}", problem));
  int64_t noted = 0;
  for (const NotedHead& head : heads)
    if (head.run == name) noted = std::max(noted, head.events);
  for (size_t i = 0; i < chain->rows.size(); ++i) {
    Result<journal::Pruned> pruned = journal::decode_pruned(chain->rows[i].line);
    if (!pruned) {
      problems.emplace_back("", fmt::format("line {} of what was noted of pruned runs cannot be read: {}", i,
                                            pruned.error().message));
      continue;
    }
    if (Result<journal::Chain> end = store.chain_end(pruned->run); !end)
      problems.emplace_back(pruned->run, "it is noted as pruned, and " + end.error().message);
    if (!noted_here || int64_t(i) < noted) continue;
    if (std::any_of(heads.begin(), heads.end(), [&](const NotedHead& head) { return head.run == pruned->run; }))
      problems.emplace_back(pruned->run, fmt::format("{}, and that was not noted beside the store: if it was you, "
                                                     "`rollout prune` notes it again",
                                                     pruned_words(*pruned)));
  }
  return problems;
}

std::string pruned_words(const journal::Pruned& pruned) {
  return journal::pruned_text(pruned).substr(std::string_view("run  was ").size() + pruned.run.size());
}

void write_pruned(json::Writer& json, const journal::Pruned& pruned) {
  json.key("pruned").begin_object().field("at", effects::utc_text(pruned.wall_ns)).field("by", pruned.by);
  json.field("reason", pruned.reason).field("exported", pruned.exported).end_object();
}

namespace {

std::string remains_text(const journal::Pruned& pruned, const std::vector<std::string>& problems, const Style& style) {
  std::string out = fmt::format("{} of {}, plan {}\n\n", style.bold("run " + pruned.run), pruned.rollout,
                                pruned.plan_hash);
  out += fmt::format("  {}\n", pruned_words(pruned));
  out += fmt::format("  begun by {}, {} on {}\n", pruned.began_by, journal::spoken(pruned.outcome),
                     effects::utc_text(pruned.ended_wall_ns));
  out += fmt::format("  of its {} only the head is left: {}\n", count_of(uint64_t(pruned.events), "event"),
                     pruned.head);
  for (const std::string& problem : problems)
    out += fmt::format("\n{} {}\n", style.bad("the record is not whole:"), problem);
  return out;
}

std::string remains_json(const journal::Pruned& pruned, const std::vector<std::string>& problems) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "audit").field("run", pruned.run);
  json.field("rollout", pruned.rollout).field("plan_hash", pruned.plan_hash);
  json.field("whole", problems.empty()).key("entries").begin_array().end_array();
  json.key("without_effect").begin_array().end_array().key("problems").begin_array();
  for (const std::string& problem : problems) json.value(problem);
  json.end_array();
  write_pruned(json, pruned);
  return json.end_object().take() + "\n";
}

}  // namespace

std::optional<int> audit_pruned(const Context& context, const std::string& name) {
  if (name.empty()) return std::nullopt;
  AllRunsOrExit all = open_runs(context);
  if (!all.found) return all.exit_code;
  auto& [project, store, runs] = *all.found;
  if (!store || !find_run(runs, name)) return std::nullopt;
  Result<PrunedRuns> all_pruned = pruned_runs(*store);
  if (!all_pruned) return context.fail(all_pruned.error());
  auto found = all_pruned->find(name);
  if (found == all_pruned->end()) return std::nullopt;
  const journal::Pruned& pruned = found->second;
  Result<NotedHeads> heads = read_heads(context, project);
  if (!heads) return context.fail(heads.error());
  std::vector<std::string> problems = remains_problems(*store, pruned, heads->heads);
  for (const auto& [run, problem] : prunes_problems(*store, heads->heads, state_url(context, project).empty()))
    if (run.empty() || run == name) problems.push_back(problem);
  context.out(context.json() ? remains_json(pruned, problems) : remains_text(pruned, problems, context.style));
  return problems.empty() ? int(Ok) : int(Refused);
}

}  // namespace rollout::cli
