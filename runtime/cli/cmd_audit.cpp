// `audit RUN`: the record of a run, event by event: who, what, when and why, with the samples behind each verdict.
// `audit --verify`: whether the records are those that were written.
#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/cli/beside_events.h"
#include "runtime/cli/hand.h"
#include "runtime/cli/look.h"
#include "runtime/cli/open_state.h"
#include "runtime/cli/outline.h"
#include "runtime/cli/promotion_record.h"
#include "runtime/cli/pruned.h"
#include "runtime/cli/record.h"
#include "runtime/cli/view_during.h"
#include "runtime/cli/view_run.h"
#include "runtime/effects/signing_key.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/words.h"

namespace rollout::cli {

namespace {

/// What a person did, or who drove the engine that did it.
struct Entry {
  std::string who;
  bool person = false;
  std::string text;
  std::vector<int64_t> evidence;  ///< of a verdict: numbers of the samples that it rests on
};

/// Who answers for an event; empty: whoever drives.
std::string person_of(const journal::Payload& what) {
  if (const auto* e = std::get_if<journal::AbortRequested>(&what)) return e->by;
  if (const auto* e = std::get_if<journal::Approved>(&what)) return e->by;
  if (const auto* e = std::get_if<journal::Rejected>(&what)) return e->by;
  if (const auto* e = std::get_if<journal::Paused>(&what)) return e->by;
  if (const auto* e = std::get_if<journal::Unpaused>(&what)) return e->by;
  if (const auto* e = std::get_if<journal::LineOverridden>(&what)) return e->by;
  if (const auto* e = std::get_if<journal::RequestVoid>(&what)) return e->by;
  if (const auto* e = std::get_if<journal::Reopened>(&what)) return e->by;
  return {};
}

/// What one sample read, not what its hold has read in all.
std::string sample_text(const plan::Plan& plan, const journal::Sampled& sample) {
  if (sample.prime) return "a first look: from here on the signals are counted";
  std::vector<Seen> seen;
  for (const journal::TermReading& reading : sample.readings) {
    bool ok = reading.status == journal::ReadingStatus::Ok;
    seen.push_back({reading.term, reading.total, reading.bad, reading.value, ok ? 1 : 0, ok ? 0 : 1});
  }
  return fmt::format("sample at {} of the hold: {}", short_duration(sample.elapsed_ns),
                     join(seen_texts(plan, seen), "  "));
}

/// The samples of a hold so far that a gate, or a watch, was judged by.
struct Samples {
  std::map<journal::StepRef, std::vector<std::pair<int64_t, journal::Sampled>>> by_hold;

  std::vector<int64_t> of_gate(const journal::StepRef& hold, uint32_t gate) const {
    std::vector<int64_t> out;
    if (auto found = by_hold.find(hold); found != by_hold.end())
      for (const auto& [number, sample] : found->second)
        if (std::count(sample.gates.begin(), sample.gates.end(), gate) > 0) out.push_back(number);
    return out;
  }
  std::vector<int64_t> of_watch(uint32_t watch) const {
    std::vector<int64_t> out;
    for (const auto& [hold, samples] : by_hold)
      for (const auto& [number, sample] : samples)
        if (std::count(sample.watches.begin(), sample.watches.end(), watch) > 0) out.push_back(number);
    std::sort(out.begin(), out.end());
    return out;
  }
};

std::vector<Entry> entries_of(const RunInHand& held) {
  const plan::Plan& plan = held.planned.plan;
  RunLog log(plan);
  Samples samples;
  std::string driver;
  std::vector<Entry> out;
  for (size_t i = 0; i < held.events.size(); ++i) {
    const journal::Event& event = held.events[i];
    log.add(event);
    if (const auto* e = std::get_if<journal::RunStarted>(&event.what)) driver = e->holder;
    if (const auto* e = std::get_if<journal::Resumed>(&event.what)) driver = e->holder;
    Entry entry{person_of(event.what), true, record_text(plan, event, log), {}};
    if (entry.who.empty()) entry.who = driver, entry.person = false;
    if (const auto* e = std::get_if<journal::Sampled>(&event.what)) {
      entry.text = sample_text(plan, *e);
      if (!e->prime) samples.by_hold[e->hold].emplace_back(int64_t(i), *e);
    }
    if (const auto* e = std::get_if<journal::GateDecided>(&event.what))
      entry.evidence = samples.of_gate(e->hold, e->gate);
    if (const auto* e = std::get_if<journal::GateAsked>(&event.what))
      entry.evidence = samples.of_gate(e->hold, e->gate);
    if (const auto* e = std::get_if<journal::WatchFired>(&event.what)) entry.evidence = samples.of_watch(e->watch);
    out.push_back(std::move(entry));
  }
  return out;
}

/// `12-31, 33`
std::string numbers_text(const std::vector<int64_t>& numbers) {
  std::string out;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i;
    while (end + 1 < numbers.size() && numbers[end + 1] == numbers[end] + 1) ++end;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", numbers[i]);
    if (end > i) out += fmt::format("-{}", numbers[end]);
    i = end + 1;
  }
  return out;
}

/// What was asked and is in no event: it did not count, or nobody has seen it yet.
std::vector<journal::Request> without_event(const RunInHand& held, const std::vector<journal::Request>& requests) {
  std::set<int64_t> counted;
  for (const journal::Event& event : held.events) {
    auto take = [&](const auto* e) {
      if (e != nullptr) counted.insert(e->request);
    };
    take(std::get_if<journal::AbortRequested>(&event.what));
    take(std::get_if<journal::Approved>(&event.what));
    take(std::get_if<journal::Rejected>(&event.what));
    take(std::get_if<journal::Paused>(&event.what));
    take(std::get_if<journal::Unpaused>(&event.what));
    take(std::get_if<journal::LineOverridden>(&event.what));
    take(std::get_if<journal::RequestVoid>(&event.what));
  }
  std::vector<journal::Request> out;
  for (const journal::Request& request : requests)
    if (!request.line && counted.count(request.id) == 0) out.push_back(request);
  return out;
}

/// What is wrong with a record, and the hash that it ends in.
struct Checked {
  std::vector<std::string> problems;
  std::string head;
};

std::string audit_text(const RunInHand& held, const std::vector<Entry>& entries,
                       const std::vector<journal::Request>& idle, const Checked& checked, const Style& style) {
  std::string out = fmt::format("{} of {}, plan {}\n\n", style.bold("run " + held.run()), held.named.run.rollout,
                                held.named.run.plan_hash);
  for (const plan::PolicyException& exception : held.planned.plan.exceptions)
    out += exception_text(exception) + "\n\n";
  std::string who;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (entry.who != who) out += fmt::format("      {}\n", style.name(one_line(entry.who)));
    who = entry.who;
    out += fmt::format("{}  {}  {}\n", right(std::to_string(i), 4),
                       style.dim(effects::utc_text(held.events[i].wall_ns)), one_line(entry.text));
    if (!entry.evidence.empty())
      out += fmt::format("      rests on {}: {}\n", count_of(entry.evidence.size(), "sample"),
                         numbers_text(entry.evidence));
  }
  const auto* started = std::get_if<journal::RunStarted>(&held.events.front().what);
  bool says_void = started != nullptr && started->says_void;
  for (const journal::Request& request : idle)
    out += fmt::format("   -  {}  {} asked by {}: {}; {}\n", effects::utc_text(request.wall_ns),
                       journal::word(journal::ask_names, request.ask), request.by, one_line(request.reason),
                       says_void ? "nobody has seen it" : "it came to nothing, or nobody has seen it yet");
  if (checked.problems.empty())
    return out + fmt::format("\nthe record is whole: {}, head {}\n", count_of(entries.size(), "event"),
                             short_hash(checked.head));
  for (const std::string& problem : checked.problems)
    out += fmt::format("\n{} {}", style.bad("the record is not whole:"), problem);
  return out + "\n";
}

void write_entry(json::Writer& json, int64_t number, const Entry& entry, const journal::Event& event) {
  json.begin_object().field("number", number).field("at", effects::utc_text(event.wall_ns)).field("who", entry.who);
  json.field("person", entry.person).field("text", entry.text);
  if (!entry.evidence.empty()) {
    json.key("evidence").begin_array();
    for (int64_t sample : entry.evidence) json.value(sample);
    json.end_array();
  }
  json.key("event").raw(journal::encode(event)).end_object();
}

std::string audit_json(const RunInHand& held, const std::vector<Entry>& entries,
                       const std::vector<journal::Request>& idle, const std::vector<std::string>& problems) {
  json::Writer json;
  json.begin_object().field("version", 1).field("type", "audit").field("run", held.run());
  json.field("rollout", held.named.run.rollout).field("plan_hash", held.named.run.plan_hash);
  if (!held.planned.plan.exceptions.empty()) {
    json.key("exceptions").begin_array();
    for (const plan::PolicyException& exception : held.planned.plan.exceptions)
      json.begin_object().field("policy", exception.policy).field("reason", exception.reason)
          .field("asked", exception.asked).field("approved", exception.approved).field("team", exception.team)
          .field("until", exception.until).end_object();
    json.end_array();
  }
  json.field("whole", problems.empty()).key("entries").begin_array();
  for (size_t i = 0; i < entries.size(); ++i) write_entry(json, int64_t(i), entries[i], held.events[i]);
  json.end_array().key("without_effect").begin_array();
  for (const journal::Request& request : idle)
    json.begin_object().field("ask", journal::word(journal::ask_names, request.ask)).field("by", request.by)
        .field("reason", request.reason).field("at", effects::utc_text(request.wall_ns)).end_object();
  json.end_array().key("problems").begin_array();
  for (const std::string& problem : problems) json.value(problem);
  json.end_array().end_object();
  return json.take() + "\n";
}

Result<Checked> check_record(journal::Store& store, const journal::RunInfo& run,
                             const std::vector<NotedHead>& heads) {
  Result<journal::Chain> chain = store.chain(run.run);
  if (!chain) return chain.error();
  Result<std::string> bytes = store.plan_bytes(run.run);
  if (!bytes && bytes.error().retryable) return bytes.error();
  // A plan that is gone is none that fits.
  std::vector<std::string> problems = record_problems(*chain, run.run, bytes ? *bytes : "", heads);
  // Where the events are not what they were, nothing is held against them.
  if (problems.empty()) {
    problems = row_problems(*chain, run, bytes ? *bytes : "");
    // Also those whose number is none that we have given: no driver reads them.
    Result<std::vector<journal::Request>> requests = store.requests(run.run, INT64_MIN);
    if (!requests) return requests.error();
    for (std::string& problem : request_problems(*chain, *requests)) problems.push_back(std::move(problem));
  }
  return Checked{std::move(problems), chain->head};
}

int audit_run(const Context& context, const std::string& name) {
  if (std::optional<int> pruned = audit_pruned(context, name)) return *pruned;
  int exit_code = Ok;
  std::optional<RunInHand> held = look_into(context, name, exit_code);
  if (!held && exit_code == Refused && journal::is_promotion(name))
    context.env.err(fmt::format("  `rollout audit --verify {}` checks the record of the promotion itself\n", name));
  if (!held) return exit_code;
  Result<NotedHeads> heads = read_heads(context, held->named.project);
  if (!heads) return context.fail(heads.error());
  Result<Checked> checked = check_record(*held->named.store, held->named.run, heads->heads);
  if (!checked) return context.fail(checked.error());
  Result<std::vector<journal::Request>> requests = held->named.store->requests(held->run(), 0);
  if (!requests) return context.fail(requests.error());
  std::vector<journal::Request> idle = without_event(*held, *requests);
  std::vector<Entry> entries = entries_of(*held);
  context.out(context.json() ? audit_json(*held, entries, idle, checked->problems)
                             : audit_text(*held, entries, idle, *checked, context.style));
  return checked->problems.empty() ? int(Ok) : int(Refused);
}

/// What was checked, and what is wrong, each with the run that it is about.
struct Verified {
  int64_t runs = 0, pruned = 0, promotions = 0, events = 0, heads = 0;
  std::vector<std::pair<std::string, std::string>> problems;  ///< run or promotion, empty: of none; and what
};

constexpr size_t most_named = 100;  ///< of a wider gap between two numbers only the ends are said

/// Runs are numbered without a gap, promotions too, and those whose head was noted are there.
void verify_all_there(const std::set<std::string>& there, bool promotions, const NotedHeads& heads, Verified& out) {
  std::set<uint64_t> numbers;
  for (const std::string& name : there) {
    uint64_t number = 0;
    std::from_chars(name.data() + 1, name.data() + name.size(), number);
    if (number > 0) numbers.insert(number);
  }
  auto named = [&](uint64_t number) { return fmt::format("{}{}", promotions ? 'p' : 'r', number); };
  std::set<std::string> gone;
  uint64_t next = 1;
  for (uint64_t number : numbers) {
    if (number - next > most_named)
      out.problems.emplace_back("", fmt::format("{} to {} are gone", named(next), named(number - 1)));
    else
      while (next < number) gone.insert(named(next++));
    next = number + 1;
  }
  for (const NotedHead& head : heads.heads)
    if (journal::is_promotion(head.run) == promotions && head.run != journal::prune_chain &&
        there.count(head.run) == 0)
      gone.insert(head.run);
  std::string_view what = promotions ? "the promotion is gone" : "the run is gone";
  for (const std::string& name : gone) out.problems.emplace_back(name, what);
}

Status verify_promotions(journal::Store& store, const NotedHeads& heads, const std::optional<std::string>& only,
                         Verified& out) {
  Result<std::vector<journal::PromotionInfo>> all = store.promotions();
  if (!all) return all.error();
  std::set<std::string> there;
  for (const journal::PromotionInfo& info : *all) there.insert(info.name);
  if (!only) verify_all_there(there, true, heads, out);
  for (const journal::PromotionInfo& info : *all) {
    if (only && info.name != *only) continue;
    ++out.promotions;
    out.events += info.events;
    for (const NotedHead& head : heads.heads) out.heads += head.run == info.name;
    Result<std::vector<std::string>> problems = promotion_problems(store, info, heads.heads);
    if (!problems) problems = std::vector{problems.error().message};
    for (std::string& problem : *problems) out.problems.emplace_back(info.name, std::move(problem));
  }
  return Done{};
}

/// One run, whether all of it is there or only what pruning leaves.
void verify_run(journal::Store& store, const journal::RunInfo& run, const PrunedRuns& pruned, const NotedHeads& heads,
                Verified& out) {
  ++out.runs;
  for (const NotedHead& head : heads.heads) out.heads += head.run == run.run;
  std::vector<std::string> problems;
  if (auto remains = pruned.find(run.run); remains != pruned.end()) {
    ++out.pruned;
    problems = remains_problems(store, remains->second, heads.heads);
  } else {
    out.events += run.events;
    Result<Checked> checked = check_record(store, run, heads.heads);
    problems = checked ? std::move(checked->problems) : std::vector{checked.error().message};
  }
  for (std::string& problem : problems) out.problems.emplace_back(run.run, std::move(problem));
}

constexpr int lock_looks = 3;
constexpr int64_t lock_look_ns = 200'000'000;

/// What is so each time that it is looked at: runs take locks and give them back meanwhile.
Problems lasting_lock_problems(const Context& context, journal::Store& store) {
  Problems lasting;
  for (int look = 0; look < lock_looks && (look == 0 || !lasting.empty()); ++look) {
    effects::Clock& clock = context.env.effects().clock;
    if (look > 0) clock.sleep_until(clock.monotonic_ns() + lock_look_ns);
    Result<std::vector<journal::RunInfo>> runs = store.list();
    Result<Problems> now = runs ? lock_problems(store, *runs) : Result<Problems>(runs.error());
    if (!now) return {{"", fmt::format("locks could not be checked: {}", now.error().message)}};
    if (look == 0) lasting = std::move(*now);
    else std::erase_if(lasting, [&](const auto& one) { return std::count(now->begin(), now->end(), one) == 0; });
  }
  return lasting;
}

void show_verified(const Context& context, const Verified& out, const NotedHeads& heads) {
  if (context.json()) {
    json::Writer json;
    json.begin_object().field("version", 1).field("type", "audit_verify").field("whole", out.problems.empty());
    json.field("runs", out.runs).field("pruned", out.pruned).field("promotions", out.promotions);
    json.field("events", out.events).field("heads", out.heads);
    json.field("algorithm", heads_algorithm).field("key", heads.key).field("signed", heads.signed_lines);
    json.key("problems").begin_array();
    for (const auto& [run, what] : out.problems)
      json.begin_object().field("run", run).field("what", what).end_object();
    json.end_array().end_object();
    context.out(json.take() + "\n");
    return;
  }
  for (const auto& [run, what] : out.problems) {
    std::string_view kind = journal::is_promotion(run) ? "promotion" : "run";
    context.out(fmt::format("{} {}{}\n", context.style.bad("not whole:"),
                            run.empty() ? "" : fmt::format("{} {}: ", kind, run), what));
  }
  std::string keys = heads.key.empty() ? "" : fmt::format(", {} signed by {}", heads.signed_lines, heads.key);
  std::string fewer = out.pruned == 0 ? "" : fmt::format(" ({} pruned)", out.pruned);
  std::string promotions = out.promotions == 0 ? "" : ", " + count_of(uint64_t(out.promotions), "promotion");
  context.out(fmt::format("{}: {}{}{}, {}, {} compared ({}{})\n",
                          out.problems.empty() ? context.style.good("whole") : context.style.bad("checked"),
                          count_of(uint64_t(out.runs), "run"), fewer, promotions,
                          count_of(uint64_t(out.events), "event"), count_of(uint64_t(out.heads), "noted head"),
                          heads_algorithm, keys));
}

int verify(const Context& context, const std::optional<std::string>& only) {
  AllRunsOrExit all = open_runs(context);
  if (!all.found) return all.exit_code;
  auto& [project, store, runs] = *all.found;
  if (!store) return context.fail(Usage, fmt::format("there are no runs in {}", state_place(context, project)));
  Result<HeadsCheck> check = heads_check(context, project);
  if (!check) return context.fail(check.error());
  Result<NotedHeads> heads = read_heads(context, project, *check);
  if (!heads) return context.fail(heads.error());
  Verified out;
  for (const std::string& problem : heads->problems) out.problems.emplace_back("", problem);
  std::set<std::string> there;
  for (const journal::RunInfo& run : runs) there.insert(run.run);
  if (!only) verify_all_there(there, false, *heads, out);
  Result<PrunedRuns> pruned = pruned_runs(*store);
  if (!pruned) return context.fail(pruned.error());
  for (const journal::RunInfo& run : runs)
    if (!only || run.run == *only) verify_run(*store, run, *pruned, *heads, out);
  for (auto& [run, problem] : prunes_problems(*store, heads->heads, state_url(context, project).empty()))
    if (!only || run.empty() || run == *only) out.problems.emplace_back(run, std::move(problem));
  for (auto& [run, problem] : lasting_lock_problems(context, *store))
    if (!only || run.empty() || run == *only) out.problems.emplace_back(run, std::move(problem));
  if (Status checked = verify_promotions(*store, *heads, only, out); !checked) return context.fail(checked.error());
  if (only && out.runs + out.promotions == 0 && out.problems.empty())
    return context.fail(Usage, find_run(runs, *only).error().message);
  show_verified(context, out, *heads);
  return out.problems.empty() ? int(Ok) : int(Refused);
}

}  // namespace

namespace {

int new_key(const Context& context) {
  std::string path = absolute_path(context.env.directory, context.args.value("--new-key"));
  if (Status made = effects::make_signing_key(path); !made) return context.fail(made.error());
  if (!context.quiet)
    context.out(fmt::format("{0} signs and is for nobody else, {0}.pub checks; `sign_key = \"{0}\"` in `[cli]` of "
                            "rollout.toml signs each noted head. Keep {0}.pub where who writes here cannot\n", path));
  return Ok;
}

}  // namespace

int cmd_audit(const Context& context) {
  if (!context.args.value("--new-key").empty()) return new_key(context);
  std::optional<std::string> name;
  if (!context.args.positional.empty()) name = context.args.positional[0];
  if (context.args.has("--verify")) return verify(context, name);
  if (!name) return context.fail(Usage, "`rollout audit` needs RUN, or --verify");
  return audit_run(context, *name);
}

}  // namespace rollout::cli
