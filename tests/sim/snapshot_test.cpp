// Snapshots of the state: whoever goes on from one, and from the events behind it, knows and does what the whole
// journal would have told.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "runtime/exec/executor.h"
#include "runtime/exec/fold.h"
#include "runtime/exec/snapshot.h"
#include "runtime/exec/state_text.h"
#include "runtime/journal/event_json.h"
#include "runtime/journal/memory_store.h"
#include "tests/sim/drawn.h"
#include "tests/sim/example_plans.h"
#include "tests/sim/plans.h"
#include "tests/sim/run.h"
#include "tests/sim/seeds.h"
#include "tests/sim/worlds.h"

namespace rollout::sim_test {

using exec::State;

namespace {

std::string text_of(const State& state) {
  std::optional<std::string> text = exec::encode(state);
  REQUIRE(text);
  return *text;
}

std::vector<uint32_t> listed(const exec::StepSet& set) {
  std::vector<uint32_t> out;
  for (uint32_t step : set) out.push_back(step);
  return out;
}

/// What is worked out again, and not written.
bool same_derived(const State& a, const State& b) {
  return a.scope_of == b.scope_of && listed(a.frontier.ready()) == listed(b.frontier.ready()) &&
         listed(a.frontier.underway()) == listed(b.frontier.underway()) &&
         listed(a.frontier.failed()) == listed(b.frontier.failed());
}

std::string text_of(const std::vector<journal::Payload>& events) {
  std::string out;
  for (const journal::Payload& event : events) out += journal::encode({0, 0, event}) + "\n";
  return out;
}

struct CommandText {
  std::string operator()(const exec::Record& it) const { return "record " + text_of(it.events); }
  std::string operator()(const exec::Observe& it) const { return fmt::format("look {} {}", it.key.text(), it.confirm); }
  std::string operator()(const exec::Act& it) const { return fmt::format("act {} {}", it.key.text(), it.confirm); }
  std::string operator()(const exec::Sample& it) const {
    return fmt::format("sample {} {} {} {} {}", it.hold.step, it.prime, fmt::join(it.gates, ","),
                       fmt::join(it.watches, ","), it.terms.size());
  }
  std::string operator()(const exec::Capture&) const { return "capture"; }
  std::string operator()(const exec::Compare& it) const { return fmt::format("compare {}", it.services.size()); }
  std::string operator()(const exec::TakeLock& it) const {
    return fmt::format("lock {} {}", it.lock, text_of(it.events));
  }
  std::string operator()(const exec::Wait& it) const { return fmt::format("wait {}", it.until_ns); }
  std::string operator()(const exec::Finish& it) const { return fmt::format("finish {}", it.interrupted); }
};

/// What a process does first that takes over at this moment.
std::string next_text(const plan::Plan& plan, State state) {
  if (!state.ended) exec::fold(state, plan, {state.run_ns, state.wall_ns, journal::Resumed{"another process", 0}});
  exec::Memory memory;
  memory.wall_ns = state.wall_ns;
  return std::visit(CommandText(), exec::Executor(plan, "r1").next(state, memory, state.run_ns));
}

/// Folds the events of a run twice: once as they are, and once through a snapshot behind each of them. How many there
/// were.
int64_t check_at_every_event(const plan::Plan& plan, const sim::SimResult& result) {
  State whole = exec::initial_state(plan), through = whole;
  for (size_t i = 0; i < result.events.size(); ++i) {
    // As it is read from a journal.
    Result<journal::Event> event = journal::decode(journal::encode(result.events[i]));
    REQUIRE(event);
    exec::fold(whole, plan, result.events[i]);
    exec::fold(through, plan, *event);
    const std::string text = text_of(whole);
    INFO("event " << i << ": " << journal::encode(*event));
    REQUIRE(text_of(through) == text);
    std::optional<State> again = exec::decode_state(plan, text);
    REQUIRE(again);
    through = std::move(*again);
    REQUIRE(text_of(through) == text);
    REQUIRE(same_derived(whole, through));
    // Between the events of one commit nobody takes over.
    const bool is_commit = i + 1 == result.events.size() || result.durable_at[i] != result.durable_at[i + 1];
    if (is_commit) REQUIRE(next_text(plan, whole) == next_text(plan, through));
  }
  return int64_t(result.events.size());
}

/// Each plan made by hand, so that every construct that the engine knows is met.
std::vector<plan::Plan> all_plans() {
  return {ungated_plan(),
          canary_plan(20 * second),
          canary_plan(minute, false),
          parallel_plan(),
          approval_plan(plan::Unapproved::Park),
          asking_plan(plan::Unapproved::Rollback),
          two_approvals_plan(),
          scoped_plan(),
          watched_plan(),
          control_plan(),
          checkpoint_plan(),
          commit_plan()};
}

/// A random world in which people answer, some of them no.
sim::Scenario peopled_world(const plan::Plan& plan, uint64_t seed) {
  sim::Scenario world = random_world(plan, seed, random_span);
  for (const plan::Approval& approval : plan.approvals)
    for (size_t i = 0; i < approval.members.size(); ++i)
      world.answers.push_back({approval.members[i], int64_t(1 + (seed + i) % 5) * minute / 2, (seed + i) % 7 == 0});
  if (seed % 5 == 0) world.unreachable = {"sre"};
  return world;
}

}  // namespace

TEST_CASE("at every event of random runs a snapshot and what follows is the whole journal") {
  const std::vector<plan::Plan> plans = all_plans();
  const int64_t count = seeds().count / 10;
  int64_t events = 0, drawn = 0;
  for (int64_t seed = seeds().first; seed < seeds().first + count; ++seed) {
    INFO("seed " << seed);
    const plan::Plan& plan = plans[size_t(seed) % plans.size()];
    events += check_at_every_event(plan, run(plan, peopled_world(plan, uint64_t(seed))));
    if (seed % 10 != 0) continue;
    std::optional<plan::Plan> other = drawn_plan(uint64_t(seed));
    if (!other) continue;
    events += check_at_every_event(*other, run(*other, random_world(*other, uint64_t(seed), random_span)));
    ++drawn;
  }
  CHECK(events > count * 10);
  CHECK(drawn > 0);
  WARN(fmt::format("{} seeds, {} events", count, events));
}

TEST_CASE("at every event of the examples a snapshot and what follows is the whole journal", "[examples]") {
  int64_t events = 0;
  for (const Example& example : examples(ROLLOUT_EXAMPLES))
    for (bool good : {true, false}) {
      INFO(example.name << (good ? ", good world" : ", bad world"));
      events += check_at_every_event(
          example.plan, sim::run_simulation(example.plan, good ? good_world(example.plan) : bad_world(example.plan)));
    }
  CHECK(events > 10'000);
  WARN(fmt::format("{} events", events));
}

TEST_CASE("a run goes on from its snapshots as it does from its journal, through crashes and faults of the store") {
  const std::vector<plan::Plan> plans = all_plans();
  int64_t taken = 0;
  for (int64_t seed = seeds().first; seed < seeds().first + seeds().count / 10; ++seed) {
    INFO("seed " << seed);
    const plan::Plan& plan = plans[size_t(seed) % plans.size()];
    sim::Scenario world = peopled_world(plan, uint64_t(seed));
    world.snapshot_tail = INT64_MAX;
    const sim::SimResult whole = run(plan, world);
    CHECK(whole.witnessed.snapshots == 0);
    world.snapshot_tail = 1 + seed % 7;
    const sim::SimResult result = run(plan, world);
    REQUIRE(sim::timeline_hash(result) == sim::timeline_hash(whole));
    CHECK(result.exposure_ns == whole.exposure_ns);
    CHECK(result.ledger.size() == whole.ledger.size());
    CHECK(result.told.size() == whole.told.size());
    taken += result.witnessed.snapshots;
  }
  CHECK(taken > seeds().count / 20);
  WARN(fmt::format("{} processes went on from a snapshot", taken));
}

TEST_CASE("no damage to the text of a state does harm, and what is cut off is nothing") {
  plan::Plan plan = canary_plan();
  State state = exec::initial_state(plan);
  for (const journal::Event& event : run(plan, random_world(plan, 5, random_span)).events) {
    exec::fold(state, plan, event);
    if (state.events == 40) break;
  }
  const std::string text = text_of(state);
  for (size_t at = 0; at < text.size(); ++at) {
    CHECK(!exec::decode_state(plan, text.substr(0, at)));
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[at] = char(other[at] ^ (1 << bit));
      if (std::optional<State> read = exec::decode_state(plan, other)) (void)exec::encode(*read);
    }
  }
  CHECK(!exec::decode_state(plan, text + "0"));
  CHECK(!exec::decode_state(ungated_plan(), text));
  const std::string body = text.substr(text.find('\n'));
  CHECK(!exec::decode_state(plan, "99.0.0 1" + body));
  CHECK(!exec::decode_state(plan, fmt::format("{}{}", text.substr(0, text.find('\n') - 1), "99") + body));
}

TEST_CASE("what a journal does not give back as it is makes no snapshot") {
  State state = exec::initial_state(canary_plan());
  for (const char* plain : {"", "plain", "\n\t\"\\", "\xc3\xa4\xe2\x82\xac"}) {
    state.author = plain;
    CHECK(exec::decode_state(canary_plan(), text_of(state))->author == plain);
  }
  for (const std::string& odd : {std::string("\xff"), std::string("a\0b", 3), std::string("\xc3")}) {
    state.author = odd;
    CHECK(!exec::encode(state));
  }
  state.author = "";
  state.conditions.at(0).left_value = std::numeric_limits<double>::quiet_NaN();
  CHECK(!exec::encode(state));
}

namespace {

/// Of a step that is tried again and again.
std::vector<journal::Event> attempts(int count) {
  std::vector<journal::Event> out;
  for (int attempt = 1; attempt <= count; ++attempt) {
    out.push_back({1, 2, journal::StepStarted{{0, false}, attempt, "key"}});
    out.push_back({1, 2, journal::StepFailed{{0, false}, attempt, false, false, "not yet", false}});
  }
  return out;
}

}  // namespace

TEST_CASE("a snapshot of another version is left aside, and the journal read whole") {
  plan::Plan plan = ungated_plan();
  journal::MemoryStore store;
  REQUIRE(store.create({"release", "{}", "h", {"shop"}, "me", 5}));
  State state = exec::fold_all(plan, *store.read("r1"));
  for (const journal::Event& event : attempts(2)) exec::fold(state, plan, event);
  std::string older = text_of(state), odd = text_of(exec::initial_state(plan));
  older[0] = '?';
  int64_t known = 1;
  for (const std::string& text : {older, odd, text_of(state)}) {
    REQUIRE(store.append("r1", known, attempts(2), text));
    known += 4;
    exec::SnapshotPace pace(1);
    auto read = exec::read_run(store, plan, "r1", &pace);
    REQUIRE(read);
    CHECK(text_of(read->state) == text_of(exec::fold_all(plan, *store.read("r1"))));
    CHECK(int64_t(read->events.size()) == known);
    CHECK(!pace.due(read->state).empty());
  }
}

TEST_CASE("a snapshot is due behind a long tail that weighs as much as the one before, and never of a run that ended") {
  plan::Plan plan = ungated_plan();
  State state = exec::initial_state(plan);
  exec::SnapshotPace pace(exec::snapshot_tail);
  state.events = exec::snapshot_tail - 1;
  CHECK(pace.due(state).empty());
  ++state.events;
  CHECK(pace.due(state) == text_of(state));
  CHECK(pace.due(state).empty());
  pace.note(state.events, size_t(exec::snapshot_tail * exec::snapshot_bytes_an_event * 3));
  state.events += exec::snapshot_tail * 3 - 1;
  CHECK(pace.due(state).empty());
  ++state.events;
  state.ended = journal::RunEnded{};
  CHECK(pace.due(state).empty());
  state.ended.reset();
  CHECK(!pace.due(state).empty());
}

}  // namespace rollout::sim_test
