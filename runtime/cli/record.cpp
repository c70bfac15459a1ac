#include "runtime/cli/record.h"

#include <cctype>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "compiler/plan/plan_json.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/planning.h"
#include "runtime/journal/chain.h"

namespace rollout::cli {

namespace {

constexpr int64_t lock_wait_ns = 5'000'000'000;
constexpr size_t max_line_bytes = 4096;

std::string hash_of_line(std::string_view line) { return journal::chain_next("", line); }

/// The last line that was written whole; empty: there is none.
std::string last_line(std::string_view tail) {
  size_t end = tail.rfind('\n');
  if (end == std::string_view::npos) return {};
  size_t begin = end == 0 ? std::string_view::npos : tail.rfind('\n', end - 1);
  return std::string(tail.substr(begin == std::string_view::npos ? 0 : begin + 1,
                                 end - (begin == std::string_view::npos ? 0 : begin + 1)));
}

Status write_head(effects::Files& files, const std::string& path, const journal::Chain& chain, const std::string& run,
                  int64_t wall_ns) {
  Result<std::unique_ptr<effects::FileLock>> lock = files.lock(path + ".lock", lock_wait_ns);
  if (!lock) return lock.error();
  std::string before = last_line(files.tail(path, max_line_bytes));
  json::Writer json;
  json.begin_object().field("v", 1).field("algorithm", heads_algorithm).field("run", run);
  json.field("events", chain.events).field("head", chain.head).field("at", effects::utc_text(wall_ns));
  json.field("previous", before.empty() ? "" : hash_of_line(before)).end_object();
  return files.append(path, json.take() + "\n");
}

}  // namespace

std::string heads_file(const Context& context, const Project& project) {
  if (state_url(context, project).empty()) return project.state() + "/heads.jsonl";
  std::string place;
  for (char c : state_place(context, project)) place += std::isalnum(static_cast<unsigned char>(c)) ? c : '-';
  return fmt::format("{}/heads-{}.jsonl", project.state(), place);
}

void note_head(const Context& context, const Project& project, journal::Store& store, const std::string& run) {
  effects::Effects effects = context.env.effects();
  Result<journal::Chain> chain = store.chain(run);
  Status noted = chain ? effects.files.make_directory(project.state()) : Status(chain.error());
  if (noted) noted = write_head(effects.files, heads_file(context, project), *chain, run, effects.clock.wall_ns());
  if (!noted)
    context.fail(
        0, fmt::format("the head of run {} could not be noted in {}, so `rollout audit --verify` will know less "
                       "of it: {}",
                       run, heads_file(context, project), noted.error().message));
}

Result<NotedHeads> read_heads(const Context& context, const Project& project) {
  NotedHeads noted;
  effects::Files& files = context.env.effects().files;
  Result<std::optional<std::string>> text = files.read(heads_file(context, project), max_heads_bytes);
  if (!text) return text.error();
  if (!*text) return noted;
  std::string_view rest = **text;
  std::string previous;
  for (size_t number = 1; !rest.empty(); ++number) {
    size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      noted.problems.push_back(fmt::format("line {} of the noted heads is cut off", number));
      break;
    }
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    Result<json::Node> node = json::parse(line);
    bool known = node && (*node)["algorithm"].as_string() == heads_algorithm;
    if (!known) {
      noted.problems.push_back(fmt::format("line {} of the noted heads cannot be read", number));
    } else {
      if ((*node)["previous"].as_string() != previous)
        noted.problems.push_back(fmt::format("line {} of the noted heads was changed, or one in front of it is gone",
                                             previous.empty() ? number : number - 1));
      noted.heads.push_back({std::string((*node)["run"].as_string()), (*node)["events"].as_int(),
                             std::string((*node)["head"].as_string())});
    }
    previous = hash_of_line(line);
  }
  return noted;
}

std::vector<std::string> record_problems(const journal::Chain& chain, const std::string& run,
                                         const std::string& plan_bytes, const std::vector<NotedHead>& heads) {
  std::vector<std::string> problems;
  std::vector<std::string> hashes;
  std::string hash = journal::chain_start(run, chain.plan_hash);
  for (const journal::Kept& row : chain.rows) {
    hash = journal::chain_next(hash, row.line);
    if (hash != row.hash && problems.empty())
      problems.push_back(
          fmt::format("event {} was changed, or what stood before it was removed or moved", hashes.size()));
    hashes.push_back(hash);
  }
  bool cut = int64_t(chain.rows.size()) != chain.events;
  if (cut) problems.push_back(fmt::format("{} of {} events are there", chain.rows.size(), chain.events));
  else if (problems.empty() && hash != chain.head)
    problems.push_back("the last event is not the one that the store noted as the head");
  if (plan::hash_of(plan_bytes) != chain.plan_hash)
    problems.push_back("the plan is not the one that the run was made from");
  for (const NotedHead& noted : heads) {
    if (noted.run != run) continue;
    if (noted.events > int64_t(hashes.size()))
      problems.push_back(
          fmt::format("the end was cut off: {} events were noted, {} are there", noted.events, hashes.size()));
    else if (noted.events > 0 && hashes[size_t(noted.events) - 1] != noted.head)
      problems.push_back(fmt::format(
          "the record was written anew: its first {} events are not those whose head was noted", noted.events));
    if (!problems.empty()) break;
  }
  return problems;
}

}  // namespace rollout::cli
