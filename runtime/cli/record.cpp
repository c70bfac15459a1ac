#include "runtime/cli/record.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>

#include "compiler/base/json.h"
#include "compiler/plan/older_plan.h"
#include "compiler/plan/plan_json.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/planning.h"
#include "runtime/cli/settings.h"
#include "runtime/effects/signature.h"
#include "runtime/effects/signing_key.h"
#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/words.h"

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

/// What is signed: the line without its signature, which comes last.
constexpr std::string_view signature_field = ",\"signature\":\"";

Status sign(std::string& line, const std::string& key_file) {
  Result<effects::SigningKey> key = effects::SigningKey::read(key_file);
  if (!key) return key.error();
  line.pop_back();
  line += fmt::format(",\"key\":\"{}\"}}", effects::name_of_key(key->public_der()));
  Result<std::string> signature = key->sign(line);
  if (!signature) return signature.error();
  line.pop_back();
  line += fmt::format("{}{}\"}}", signature_field, llvm::toHex(*signature, /*LowerCase=*/true));
  return Done{};
}

/// Whether the key has signed the line; nothing: nobody has.
std::optional<Result<bool>> signed_by(const std::string& public_der, std::string_view line) {
  size_t at = line.rfind(signature_field);
  if (at == std::string_view::npos || !line.ends_with("\"}")) return std::nullopt;
  std::string_view digits = line.substr(at + signature_field.size());
  digits.remove_suffix(2);
  std::string signature;
  if (!llvm::tryGetFromHex(llvm::StringRef(digits.data(), digits.size()), signature)) return Result<bool>(false);
  return effects::has_signed(public_der, std::string(line.substr(0, at)) + "}", signature);
}

struct HeadPlaces {
  std::string file, copy, key_file;  ///< the last two may be empty
};

Status write_head(effects::Files& files, const HeadPlaces& places, const journal::Chain& chain, const std::string& run,
                  int64_t wall_ns) {
  Result<std::unique_ptr<effects::FileLock>> lock = files.lock(places.file + ".lock", lock_wait_ns);
  if (!lock) return lock.error();
  std::string before = last_line(files.tail(places.file, max_line_bytes));
  json::Writer json;
  json.begin_object().field("v", 1).field("algorithm", heads_algorithm).field("run", run);
  json.field("events", chain.events).field("head", chain.head).field("at", effects::utc_text(wall_ns));
  json.field("previous", before.empty() ? "" : hash_of_line(before)).end_object();
  std::string line = json.take();
  Status is_signed = places.key_file.empty() ? Status(Done{}) : sign(line, places.key_file);
  // Without a signature it still says more than nothing.
  if (Status added = files.append(places.file, line + "\n"); !added) return added;
  if (!places.copy.empty())
    if (Status added = files.append(places.copy, line + "\n"); !added) return added;
  return is_signed;
}

HeadPlaces places_of(const Context& context, const Project& project) {
  CliSettings settings = settings_of(project);
  auto below = [&](const std::string& path) { return path.empty() ? path : absolute_path(project.root, path); };
  return {heads_file(context, project), below(settings.heads_copy), below(settings.sign_key)};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
    lines.push_back(text.substr(0, end));
  if (!text.empty()) lines.push_back(text);
  return lines;
}

/// What a copy that was kept elsewhere shows of the file here. The copy may be older; the file may not.
void compare_copy(std::string_view text, const std::string& copy, NotedHeads& noted) {
  std::vector<std::string_view> here = lines_of(text), there = lines_of(copy);
  for (size_t i = 0; i < there.size(); ++i) {
    if (i < here.size() && here[i] == there[i]) continue;
    noted.problems.push_back(
        i < here.size() ? fmt::format("line {} of the noted heads is not that of the copy", i + 1)
                        : fmt::format("the end of the noted heads was cut off: the copy has {} lines, {} are there",
                                      there.size(), here.size()));
    break;
  }
}

/// Counts a line that the key has signed, and says what is wrong with another one.
Status check_signature(std::string_view line, size_t number, const HeadsCheck& check, NotedHeads& noted) {
  std::optional<Result<bool>> found = signed_by(check.public_der, line);
  if (found && !*found) return found->error();
  if (found && **found) {
    ++noted.signed_lines;
  } else if (found) {
    noted.problems.push_back(
        fmt::format("line {} of the noted heads was not signed by the key {}", number, noted.key));
  } else if (noted.signed_lines > 0) {
    noted.problems.push_back(fmt::format("line {} of the noted heads is not signed, and one before it is", number));
  }
  return Done{};
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
  Result<journal::Chain> chain = store.chain_end(run);
  Status noted = chain ? effects.files.make_directory(project.state()) : Status(chain.error());
  if (noted) noted = write_head(effects.files, places_of(context, project), *chain, run, effects.clock.wall_ns());
  if (!noted)
    context.fail(
        0, fmt::format("the head of {} {} could not be noted or signed in {}, so `rollout audit --verify` will know "
                       "less of it: {}",
                       journal::is_promotion(run) ? "promotion" : "run", run, heads_file(context, project),
                       noted.error().message));
}

Result<HeadsCheck> heads_check(const Context& context, const Project& project) {
  HeadsCheck check;
  std::string key = context.args.value("--key"), copy = context.args.value("--copy");
  std::string own = places_of(context, project).key_file;
  if (!key.empty()) key = absolute_path(context.env.directory, key);
  else if (!own.empty()) key = own + ".pub";
  if (!key.empty()) {
    Result<std::string> der = effects::read_public_key(key);
    if (!der) return der.error();
    check.public_der = std::move(*der);
  }
  if (copy.empty()) return check;
  copy = absolute_path(context.env.directory, copy);
  Result<std::optional<std::string>> text = context.env.effects().files.read(copy, max_heads_bytes);
  if (!text) return text.error();
  if (!*text) return settled_error(fmt::format("there is no copy of the noted heads at {}", copy));
  check.copy = std::move(*text);
  return check;
}

Result<NotedHeads> read_heads(const Context& context, const Project& project, const HeadsCheck& check) {
  NotedHeads noted;
  if (!check.public_der.empty()) noted.key = effects::name_of_key(check.public_der);
  effects::Files& files = context.env.effects().files;
  Result<std::optional<std::string>> text = files.read(heads_file(context, project), max_heads_bytes);
  if (!text) return text.error();
  std::string_view rest = *text ? std::string_view(**text) : std::string_view();
  if (check.copy) compare_copy(rest, *check.copy, noted);
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
    if (!check.public_der.empty())
      if (Status looked = check_signature(line, number, check, noted); !looked) return looked.error();
    previous = hash_of_line(line);
  }
  if (!check.public_der.empty() && noted.signed_lines == 0 && !noted.heads.empty())
    noted.problems.push_back(fmt::format("no noted head is signed by the key {}", noted.key));
  return noted;
}

namespace {

std::vector<std::string> problems_of(const journal::Chain& chain, const std::string& run,
                                     const std::string* plan_bytes, const std::vector<NotedHead>& heads) {
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
  if (plan_bytes != nullptr && plan::hash_of(*plan_bytes) != chain.plan_hash)
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

}  // namespace

std::vector<std::string> record_problems(const journal::Chain& chain, const std::string& run,
                                         const std::string& plan_bytes, const std::vector<NotedHead>& heads) {
  return problems_of(chain, run, &plan_bytes, heads);
}

std::vector<std::string> row_problems(const journal::Chain& chain, const journal::RunInfo& row,
                                      const std::string& plan_bytes) {
  std::vector<std::string> problems;
  // It went on since the list was read.
  if (chain.rows.empty() || row.events != chain.events) return problems;
  Result<journal::Event> first = journal::decode(chain.rows[0].line);
  const auto* started = first ? std::get_if<journal::RunStarted>(&first->what) : nullptr;
  if (started == nullptr) return problems;
  // A plan of another format cannot be read, and says nothing.
  Result<plan::Plan> plan = plan::from_json_to_show(plan_bytes, row.plan_hash);
  if (plan && plan->rollout != row.rollout)
    problems.push_back(fmt::format("the store calls its rollout `{}`, and its plan `{}`", row.rollout, plan->rollout));
  if (first->wall_ns != row.created_wall_ns) problems.push_back("the store says another time at which it began");
  auto same = [](const journal::Generation& a, const journal::Generation& b) {
    return a.service == b.service && a.number == b.number;
  };
  if (!std::equal(started->generations.begin(), started->generations.end(), row.generations.begin(),
                  row.generations.end(), same))
    problems.push_back("the store says other generations of its services than its first event");
  std::optional<journal::Outcome> outcome;
  for (size_t i = chain.rows.size(); i-- > 0;) {  // behind the end stand only messages
    Result<journal::Event> event = journal::decode(chain.rows[i].line);
    if (!event) return problems;
    const auto* ended = std::get_if<journal::RunEnded>(&event->what);
    if (ended != nullptr) outcome = ended->outcome;
    if (ended != nullptr || std::holds_alternative<journal::Reopened>(event->what)) break;
  }
  auto word = [](const std::optional<journal::Outcome>& one) { return one ? journal::spoken(*one) : "not ended"; };
  if (outcome != row.outcome)
    problems.push_back(fmt::format("the store says {}, and its events say {}", word(row.outcome), word(outcome)));
  return problems;
}

std::vector<std::string> chain_problems(const journal::Chain& chain, const std::string& name,
                                        const std::vector<NotedHead>& heads) {
  return problems_of(chain, name, nullptr, heads);
}

}  // namespace rollout::cli
