#include "tests/sim/store_cases.h"

#include <catch2/catch.hpp>

#include "runtime/journal/chain.h"
#include "runtime/journal/event_json.h"

namespace rollout::journal {

PromotionBegun begun() {
  return {"ship", "release", "shop.rollout", {{"dev", 0}, {"production", 60}}, {{"image", "shop:\"1\""}}, {{"a", "h"}},
          "me", "", false, "dev/shop"};
}

namespace {

std::vector<PromotionEvent> promotion_events() {
  return {{2, PromotionResumed{"you"}},
          {3, StageEnded{0, Outcome::RolledBack, 77, "it went\nback"}},
          {4, PromotionAborted{3, "anna", "because"}},
          {5, PromotionEnded{PromotionOutcome::Superseded, "x"}}};
}

NewRun stage_run(std::string hash, int64_t known, uint32_t stage) {
  NewRun run{"release", "{}", std::move(hash), {"dev/shop"}, "me", 5};
  run.stage = StageOf{"p1", known, stage, {{"ghcr.io/shop:1", "sha256:aa"}}};
  return run;
}

}  // namespace

NewRun new_run(std::string hash) {
  NewRun run{"release", "{\"plan\":1}", std::move(hash), {"checkout", "search"}, "me", 5};
  run.unproven = {{1, "search:4", true, "held since r0: \"slow\""}};
  return run;
}

std::vector<Event> some_events() {
  Sampled sampled{
      {2, false}, false,
      17,         {0},
      {1},        {{{0, plan::Role::Canary, 990'000'000}, ReadingStatus::Ok, "d", 10, 2, 0.1}}};
  return {{1, 2, StepStarted{{0, false}, 1, "r1/g1/step0/a1"}},
          {2, 3, StepDone{{0, false}, 1, true, "found \"it\"\n"}},
          {3, 4, StepFailed{{1, true}, 2, true, true, "no"}},
          {4, 5, Reasserted{{1, false}, 2, "k", "weights lost"}},
          {5, 6, sampled},
          {6, 7, GateDecided{verification, 1, Verdict::NoEvidence, Reason::NoData, true, "x"}},
          {7, 8, WatchFired{0, "y"}},
          {8, 9, AbortRequested{3, "somebody", "because", true}},
          {9, 10, Interrupted{"me", "`deploy shop:2`: 1 of 4"}},
          {10, 11, Resumed{"you", 12}},
          {11, 12, RollbackStarted{Cause::Watch, plan::none, "z"}},
          {12, 13, VerifyStarted{1}},
          {12, 13, Approved{{1, false}, 4, "anna", "good", "anna@host, process 1"}},
          {12, 13, Rejected{{1, false}, 5, "ben", "bad", ""}},
          {12, 13, Parked{{1, false}, "timed out"}},
          {12, 13, ScopeRollbackStarted{2, Cause::GateFailed, "slow"}},
          {12, 13, GateDecided{{plan::none, true, 2}, 1, Verdict::Pass, Reason::None, false, "x"}},
          {12, 13, ScopeVerifyStarted{2, 1}},
          {12, 13, Captured{{{1e6, 2.5e5, 60, 360000, 360}, {1e8, 0, 3, 0, 0}}, {{"generation(shop)", "4", 4}}}},
          {12, 13, ScopeEnded{2, true, "slow"}},
          {12, 13, Parked{{plan::none, false, 2}, "one has gone back"}},
          {12, 13, LockTaken{1, "production/schema"}},
          {12, 13, LockReleased{1, "production/schema"}},
          {12, 13, Paused{6, "anna", "an outage", true}},
          {12, 13, Unpaused{7, "anna", "it is over", true}},
          {12, 13, EndpointAway{"web-1 of fleet", "no route to host"}},
          {12, 13, EndpointBack{"web-1 of fleet", 30}},
          {12, 13, LineOverridden{8, "anna", "a security fix", 99}},
          {12, 13, OverrideEnded{}},
          {12, 13, RequestVoid{9, Ask::Reject, "anna", "no", "step 1 waits for no approval"}},
          {12, 13, RollbackWithheld{Cause::Watch, "slow"}},
          {13, 14, RunEnded{Outcome::Parked, "end"}}};
}

void conforms(Store& store) {
  Result<RunInfo> first = store.create(new_run("h1"));
  REQUIRE(first);
  CHECK(first->run == "r1");
  CHECK(first->generations.at(1).number == 1);
  CHECK(store.next_generation("checkout").operator*() == 2);
  CHECK(store.next_generation("nobody").operator*() == 1);
  Result<RunInfo> again = store.create(new_run("h1"));
  REQUIRE(!again);
  CHECK(again.error().refused);
  Result<RunInfo> second = store.create(new_run("h2"));
  REQUIRE(second);
  CHECK(second->generations.at(0).number == 2);
  CHECK(store.info("r2")->value().plan_hash == "h2");
  CHECK(store.info("r2")->value().generations.at(1).service == "search");
  CHECK(!*store.info("r9"));
  CHECK(*store.plan_bytes("r1") == "{\"plan\":1}");
  CHECK(!store.plan_bytes("r9"));

  Request abort{0, Ask::Abort, "somebody", "because", 7};
  Result<int64_t> id = store.request("r1", abort);
  REQUIRE(id);
  CHECK(store.requests("r1", 0)->size() == 1);
  CHECK(store.requests("r1", *id)->empty());
  CHECK(store.requests("r2", 0)->empty());
  REQUIRE(store.request("r1", {0, Ask::Reject, "anna", "no", 8, 3, "anna@host"}));
  Result<std::vector<Request>> answers = store.requests("r1", *id);
  REQUIRE(answers->size() == 1);
  CHECK(answers->at(0).ask == Ask::Reject);
  CHECK(answers->at(0).by == "anna");
  CHECK(answers->at(0).step == 3);
  CHECK(answers->at(0).holder == "anna@host");

  std::vector<Event> events = some_events();
  CHECK(store.append("r1", 1, events));
  CHECK(store.append("r1", 1, events));  // the answer to the first call was lost
  Result<Appended> stale = store.append("r1", 1, {events[0]});
  REQUIRE(!stale);
  CHECK(stale.error().refused);
  Result<std::vector<Event>> read = store.read("r1");
  REQUIRE(read);
  REQUIRE(read->size() == events.size() + 1);
  for (size_t i = 0; i < events.size(); ++i) CHECK(encode((*read)[i + 1]) == encode(events[i]));
  const std::vector<BackTo> unproven = std::get<RunStarted>(read->front().what).unproven;
  REQUIRE(unproven.size() == 1);
  CHECK((unproven[0].service == 1 && unproven[0].held && unproven[0].version == "search:4"));
  CHECK(unproven[0].why == "held since r0: \"slow\"");

  Result<int64_t> late = store.request("r1", abort);
  REQUIRE(!late);
  CHECK(late.error().refused);
  Result<std::vector<RunInfo>> list = store.list();
  REQUIRE(list->size() == 2);
  CHECK(list->at(0).run == "r2");
  CHECK(!list->at(0).outcome);
  CHECK(list->at(1).outcome == Outcome::Parked);
  CHECK(list->at(1).events == 33);
  CHECK(list->at(0).generations.at(1).service == "search");
}

void abort_or_success(Store& store) {
  Request abort{0, Ask::Abort, "somebody", "because", 7};
  std::vector<Event> success = {{1, 2, StepDone{{0, false}, 1, false, ""}},
                                {1, 2, RunEnded{Outcome::Succeeded, ""}}};
  for (const char* hash : {"abort-first", "success-first"}) REQUIRE(store.create(new_run(hash)));
  REQUIRE(store.request("r1", abort));
  Result<Appended> refused = store.append("r1", 1, success);
  REQUIRE(refused);
  CHECK(*refused == Appended::AbortFirst);
  CHECK(store.read("r1")->size() == 1);
  CHECK(!store.list()->at(1).outcome);
  std::vector<Event> back = {{1, 2, AbortRequested{1, "somebody", "because"}},
                             {1, 2, RunEnded{Outcome::RolledBack, ""}}};
  Result<Appended> rolled_back = store.append("r1", 1, back);
  REQUIRE(rolled_back);
  CHECK(*rolled_back == Appended::Written);

  Result<Appended> succeeded = store.append("r2", 1, success);
  REQUIRE(succeeded);
  CHECK(*succeeded == Appended::Written);
  Result<int64_t> late = store.request("r2", abort);
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK(*store.append("r2", 1, success) == Appended::Written);  // the answer to the first call was lost
}

void generations_grow(Store& store) {
  NewRun run = new_run("h1");
  run.seen_generations = {41, 0};
  Result<RunInfo> first = store.create(run);
  REQUIRE(first);
  CHECK(first->generations.at(0).number == 42);
  CHECK(first->generations.at(1).number == 1);
  CHECK(*store.next_generation("checkout") == 43);
  run.plan_hash = "h2";
  run.seen_generations = {7, 0};
  CHECK(store.create(run)->generations.at(0).number == 43);
}

Event taken() { return {1, 2, LockTaken{0, "schema"}}; }
Event released() { return {1, 2, LockReleased{0, "schema"}}; }

std::string holder(Store& store) {
  Result<std::vector<HeldLock>> held = store.locks();
  REQUIRE(held);
  return held->empty() ? "" : held->at(0).run;
}

namespace {

std::vector<std::string> lines_of(const std::vector<Event>& events) {
  std::vector<std::string> out;
  for (const Event& event : events) out.push_back(encode(event));
  return out;
}

/// Nothing is missing and nothing comes twice.
void check_recent(Store& store, std::string_view run, int64_t events, std::string_view text) {
  Result<Recent> recent = store.read_on(run);
  REQUIRE(recent);
  CHECK((recent->snapshot ? recent->snapshot->events : 0) == events);
  CHECK((recent->snapshot ? recent->snapshot->text : "") == text);
  std::vector<std::string> all = lines_of(*store.read(run));
  REQUIRE(int64_t(all.size()) >= events);
  CHECK(lines_of(recent->events) == std::vector<std::string>(all.begin() + events, all.end()));
}

}  // namespace

void snapshots_conform(Store& store) {
  for (const char* hash : {"h1", "h2"}) REQUIRE(store.create(new_run(hash)));
  const Event step = some_events()[0], success{1, 2, RunEnded{Outcome::Succeeded, ""}};
  const std::string first = "the \"state\"\n'of' it: \xc3\xa4", second(30'000, 's');
  check_recent(store, "r1", 0, "");
  CHECK(!store.read_on("r9"));
  REQUIRE(store.append("r1", 1, {step, step}, first));
  REQUIRE(store.append("r1", 1, {step, step}, first));  // the answer to the first call was lost
  check_recent(store, "r1", 3, first);
  check_recent(store, "r2", 0, "");
  REQUIRE(store.append("r1", 3, {step}));
  check_recent(store, "r1", 3, first);
  // Who is late leaves nothing.
  CHECK(!store.append("r1", 3, {some_events()[1], step}, second));
  check_recent(store, "r1", 3, first);
  REQUIRE(store.append("r1", 4, {step, step}, second));
  check_recent(store, "r1", 6, second);
  // Nor does what is not written.
  REQUIRE(*store.append("r2", 1, {taken()}) == Appended::Written);
  CHECK(*store.append("r1", 6, {taken()}, first) == Appended::LockHeld);
  REQUIRE(store.request("r1", {0, Ask::Abort, "somebody", "because", 7}));
  CHECK(*store.append("r1", 6, {success}, first) == Appended::AbortFirst);
  check_recent(store, "r1", 6, second);
  // A run that has ended has none, and one that is opened again may.
  CHECK(*store.append("r2", 2, {step}, first) == Appended::Written);
  CHECK(*store.append("r2", 3, {success}, first) == Appended::Written);
  check_recent(store, "r2", 0, "");
  CHECK(*store.append("r2", 4, {{1, 2, Reopened{"me", "bad"}}}, second) == Appended::Written);
  check_recent(store, "r2", 5, second);
}

void locks_exclude(const std::function<Store&()>& restart) {
  for (const char* hash : {"h1", "h2"}) REQUIRE(restart().create(new_run(hash)));
  CHECK(*restart().append("r1", 1, {taken(), {1, 2, StepDone{{0, false}, 1, false, ""}}}) == Appended::Written);
  CHECK(*restart().append("r1", 1, {taken(), {1, 2, StepDone{{0, false}, 1, false, ""}}}) == Appended::Written);
  CHECK(holder(restart()) == "r1");
  CHECK(*restart().append("r2", 1, {taken()}) == Appended::LockHeld);
  CHECK(restart().read("r2")->size() == 1);
  // Not twice by one run either, and a dead process of it can neither take nor give back.
  CHECK(*restart().append("r1", 3, {taken()}) == Appended::LockHeld);
  CHECK(!restart().append("r1", 1, {released()}));
  CHECK(!restart().append("r2", 7, {released()}));
  CHECK(holder(restart()) == "r1");
  CHECK(*restart().append("r1", 3, {released()}) == Appended::Written);
  CHECK(holder(restart()).empty());
  CHECK(*restart().append("r2", 1, {taken()}) == Appended::Written);
  CHECK(*restart().append("r1", 4, {released()}) == Appended::Written);  // what it does not hold stays with the other
  CHECK(holder(restart()) == "r2");
  CHECK(*restart().append("r2", 2, {{1, 2, RunEnded{Outcome::RolledBack, ""}}}) == Appended::Written);
  CHECK(holder(restart()).empty());
}

void promotions_conform(Store& store) {
  Result<std::string> name = store.begin(begun(), 1);
  REQUIRE(name);
  CHECK(*name == "p1");
  CHECK(is_promotion(*name));
  Result<RunInfo> run = store.create(stage_run("h1", 1, 0));
  REQUIRE(run);
  // Somebody else has driven it meanwhile: no run, and no event.
  Result<RunInfo> stale = store.create(stage_run("h2", 1, 1));
  REQUIRE(!stale);
  CHECK(stale.error().refused);
  CHECK(store.list()->size() == 1);
  CHECK(*store.next_generation("dev/shop") == 2);
  std::vector<PromotionEvent> events = promotion_events();
  for (size_t i = 0; i < events.size(); ++i) {
    CHECK(*store.append_to("p1", int64_t(i) + 2, events[i]) == Appended::Written);
    CHECK(*store.append_to("p1", int64_t(i) + 2, events[i]) == Appended::Written);  // the answer was lost
  }
  CHECK_FALSE(store.append_to("p1", 2, events[3]));
  Result<std::vector<PromotionEvent>> read = store.read_promotion("p1");
  REQUIRE(read);
  REQUIRE(read->size() == 6);
  CHECK(encode((*read)[0]) == encode({1, begun()}));
  CHECK(encode((*read)[1]) == encode({5, StageEntered{0, run->run, "h1", {{"ghcr.io/shop:1", "sha256:aa"}}}}));
  for (size_t i = 0; i < events.size(); ++i) CHECK(encode((*read)[i + 2]) == encode(events[i]));
  CHECK(store.promotions()->at(0).outcome == PromotionOutcome::Superseded);
  Result<int64_t> late = store.request("p1", {0, Ask::Abort, "me", "late", 9});
  REQUIRE(!late);
  CHECK(late.error().refused);
  CHECK_FALSE(store.read_promotion("p7"));
}

void promotion_aborts(Store& store) {
  REQUIRE(store.begin(begun(), 1));
  // The line was stopped and started again: that takes nothing back.
  REQUIRE(store.request(line_mailbox, {0, Ask::Pause, "ben", "an outage", 8}));
  REQUIRE(store.request(line_mailbox, {0, Ask::Resume, "ben", "it is over", 8}));
  REQUIRE(store.create(stage_run("h1", 1, 0)));
  REQUIRE(store.request("p1", {0, Ask::Abort, "anna", "wrong", 9}));
  // The run that is underway has it as well, and does not succeed any more.
  Result<std::vector<Request>> asked = store.requests("r1", 0);
  REQUIRE(asked->size() == 3);
  CHECK(asked->back().reason == "wrong");
  CHECK(*store.append("r1", 1, {{1, 2, RunEnded{Outcome::Succeeded, "", false}}}) == Appended::AbortFirst);
  CHECK(*store.append("r1", 1, {{1, 2, RunEnded{Outcome::RolledBack, "", false}}}) == Appended::Written);
  CHECK_FALSE(store.create(stage_run("h2", 2, 1)));
  CHECK(store.list()->size() == 1);
  CHECK(*store.append_to("p1", 2, {3, PromotionEnded{PromotionOutcome::Succeeded, ""}}) == Appended::AbortFirst);
  // A second abort asks only the promotion: its run has ended.
  REQUIRE(store.request("p1", {0, Ask::Abort, "anna", "again", 9}));
  CHECK(store.requests("r1", 0)->size() == 3);
  CHECK(store.requests("p1", 0)->size() == 4);
}

namespace {

/// A run with `events` more events, the last of which ends it.
Pruned ended_run(Store& store, const std::string& hash, int64_t events, Outcome outcome) {
  Result<RunInfo> run = store.create(new_run(hash));
  REQUIRE(run);
  std::vector<Event> list(size_t(events - 1), some_events()[0]);
  list.push_back({9, 10, RunEnded{outcome, "end"}});
  REQUIRE(store.append(run->run, 1, list));
  Result<Chain> chain = store.chain_end(run->run);
  return {run->run, "release", hash, chain->events, chain->head, outcome, 10, "me", 99, "anna", "old", "/a.backup"};
}

void is_refused(SqlStore& store, Pruned what) {
  Status done = store.prune(what);
  REQUIRE(!done);
  CHECK(done.error().refused);
}

}  // namespace

void prunes(SqlStore& store) {
  Pruned old = ended_run(store, "h1", 2500, Outcome::Succeeded);
  Pruned parked = ended_run(store, "h2", 1, Outcome::Parked);
  Pruned back = ended_run(store, "h3", 2, Outcome::RolledBack);
  Result<RunInfo> open = store.create(new_run("h4"));
  CHECK(*store.weight("r1") > 2500 * 64);
  is_refused(store, parked);
  is_refused(store, {"r4", "release", "h4", 1, store.chain_end("r4")->head, Outcome::Succeeded});
  Pruned other = old;
  --other.events;
  is_refused(store, other);

  REQUIRE(store.prune(old));
  is_refused(store, old);
  REQUIRE(store.prune(back));
  for (const OpError& gone : {store.read("r1").error(), store.plan_bytes("r1").error(),
                              store.append("r1", old.events, {{1, 2, Reopened{"me", "bad"}}}).error()}) {
    CHECK(gone.refused);
    CHECK(gone.message.find("run r1 was pruned on") != std::string::npos);
    CHECK(gone.message.find("by anna: old; a copy is in the backup /a.backup") != std::string::npos);
  }
  CHECK(*store.weight("r1") == 0);
  // Its row, its number and its plan's hash stay.
  CHECK(store.chain_end("r1")->head == old.head);
  CHECK(store.list()->size() == 4);
  CHECK(store.list()->at(3).events == old.events);
  CHECK(store.list()->at(3).generations.size() == 2);
  CHECK(!store.create(new_run("h1")));
  CHECK(*store.next_generation("checkout") == 5);
  CHECK(store.read("r2")->size() == 2);
  REQUIRE(store.append("r4", 1, {some_events()[0]}));

  Result<std::vector<Pruned>> pruned = store.pruned();
  REQUIRE(pruned->size() == 2);
  CHECK(encode(pruned->at(0)) == encode(old));
  CHECK(encode(pruned->at(1)) == encode(back));
  Result<Chain> chain = store.chain(prune_chain);
  REQUIRE(chain->rows.size() == 2);
  CHECK(chain->events == 2);
  CHECK(chain->head == chain->rows[1].hash);
  CHECK(chain->rows[1].hash == chain_next(chain->rows[0].hash, encode(back)));
  CHECK(chain->rows[0].hash == chain_next(chain_start(prune_chain, ""), encode(old)));
  CHECK(store.chain_end(prune_chain)->head == chain->head);
}

}  // namespace rollout::journal
