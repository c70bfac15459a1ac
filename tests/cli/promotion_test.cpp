// A promotion from the command line: carried out through two environments that are files, stopped in every place,
// gone on with, ended. What runs is a flag, so that nothing has to be started.
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

namespace rollout::cli_test {

namespace {

constexpr const char* program = R"(import std.backend.{flagd}

target flags: flagd { file = "dev.json" }
target flags_prod: flagd { file = "prod.json" }
team managers { members = ["anna"] }
input share: Percent example 100%

flag beta { store = flags { key = "beta" } }

environment dev {}
environment production { flags = flags_prod  approve by managers }

rollout release { beta.ramp(share) }
promotion ship = release { dev soak 1h then production }
promotion urgent = release { production then dev }
)";
constexpr const char* off = R"({"flags":{"beta":{"state":"ENABLED","variants":{"on":true,"off":false},)"
                            R"("defaultVariant":"off"}}})";
constexpr int64_t hour = 3'600'000'000'000;

struct Shop : Terminal {
  Shop() : Terminal(program) {
    for (const char* file : {"dev.json", "prod.json"}) std::ofstream(directory() / file) << off;
  }
  int ship(std::vector<std::string> more = {"--yes"}) {
    std::vector<std::string> words = {"apply", "release.rollout", "ship", "--set", "share=50%"};
    words.insert(words.end(), more.begin(), more.end());
    return type(words);
  }
  /// Anna answers the run in production as soon as it waits.
  void anna(journal::Ask ask) {
    while_asleep = [this, ask] {
      auto runs = store().list();
      if (runs && runs->size() == 2 && !(*runs)[0].outcome && !answered) {
        answered = true;
        REQUIRE(store().request("r2", {0, ask, "anna", "looked at it", 1, 0, "anna@there"}));
      }
    };
  }
  /// Ctrl-C in the soak: in the sleep of that number, or of a later one that is one of it.
  void stop_in_soak() {
    while_asleep = [this] {
      auto runs = store().list();
      if (runs && runs->size() == 1 && (*runs)[0].outcome) interrupts = 1;
    };
    CHECK(ship() == 130);
    interrupts = 0;
    while_asleep = [] {};
  }
  std::string text(const char* file) const {
    std::ostringstream out;
    out << std::ifstream(directory() / file).rdbuf();
    return out.str();
  }
  bool ramped(const char* file) const { return text(file) != off; }
  bool answered = false;
};

}  // namespace

TEST_CASE("a promotion is carried out, one environment after the other") {
  Shop shop;
  shop.anna(journal::Ask::Approve);
  CHECK(shop.ship() == 0);
  says(shop, "promotion ship  - release: dev soak 1h then production\n");
  says(shop, "\npromotion p1\n");
  says(shop, "\nrun r1 in dev\n");
  says(shop, "\ndev is left alone until ");
  says(shop, "\nrun r2 in production\n");
  says(shop, "promotion p1 of ship  - release of release.rollout: done in every environment, 1h");
  CHECK(shop.slept_ns >= hour);
  CHECK((shop.ramped("dev.json") && shop.ramped("prod.json")));
  CHECK(shop.type({"status"}) == 0);
  says(shop, "succeeded     ship            dev r1, production r2\n");
  CHECK(shop.type({"status", "p1"}) == 0);
  says(shop, "  + dev         r1  succeeded after ");
  says(shop, ", then left alone for 1h\n");
  says(shop, "  + production  r2  succeeded after ");
  CHECK(shop.type({"status", "p1", "--format", "json"}) == 0);
  says(shop, R"("outcome":"succeeded","exit_code":0)");
  // What is there already needs no run; and a promotion with nothing to do is none.
  CHECK(shop.ship() == 0);
  says(shop, "nothing to change: passed without a run\n");
  CHECK(shop.store().promotions()->size() == 1);
}

TEST_CASE("the same command goes on with a promotion where it stands") {
  Shop shop;
  shop.stop_in_soak();
  says(shop, "past dev");
  says(shop, "  next  rollout apply --resume p1   goes on where it stands\n");
  CHECK(shop.type({"status", "p1"}) == 0);
  says(shop, "left alone for 1h until ");
  says(shop, "  . production      not entered\n");
  CHECK(shop.ship({}) == 7);
  says(shop, "promotion p1 of ship has not ended, and nobody drives it; go on with it by `rollout apply --resume p1`, "
             "or end it by `rollout abort p1`\n");
  CHECK(shop.type({"apply", "release.rollout", "ship", "--set", "share=60%", "--yes"}) == 7);
  says(shop, "has other inputs and has not ended");
  shop.anna(journal::Ask::Approve);
  CHECK(shop.ship() == 0);
  says(shop, "promotion p1 goes on: past dev\n");
  CHECK(shop.store().list()->size() == 2);
  CHECK(shop.ramped("prod.json"));
  CHECK(shop.type({"apply", "--resume", "p1"}) == 7);
  says(shop, "promotion p1 has ended");
}

TEST_CASE("a promotion can be gone on with by its name, and answered by it") {
  Shop shop;
  shop.stop_in_soak();
  CHECK(shop.type({"approve", "p1", "--as", "anna"}) == 7);
  says(shop, "no run of promotion p1 is underway");
  shop.clock_ns = 2 * hour;
  shop.while_asleep = [&] { shop.interrupts = shop.store().list()->size() == 2 ? 1 : 0; };
  CHECK(shop.type({"apply", "--resume", "p1"}) == 130);
  shop.interrupts = 0;
  CHECK(shop.type({"status", "p1"}) == 0);
  says(shop, "it waits for people: rollout approve r2 --as NAME");
  CHECK(shop.type({"approve", "p1", "--as", "anna"}) == 0);
  shop.while_asleep = [] {};
  CHECK(shop.type({"apply", "--resume", "p1"}) == 0);
  CHECK(shop.ramped("prod.json"));
}

TEST_CASE("a promotion that people say no to ends there and needs a hand") {
  Shop shop;
  shop.anna(journal::Ask::Reject);
  CHECK(shop.ship() == 5);
  says(shop, "  x production  r2  rolled back\n");
  says(shop, "why: production went back: ");
  says(shop, "  next  rollout status r2   what happened there\n");
  CHECK_FALSE(shop.ramped("prod.json"));
  CHECK(shop.store().promotions()->front().outcome == journal::PromotionOutcome::Stopped);
}

TEST_CASE("an abort ends a promotion that nobody drives") {
  Shop shop;
  shop.stop_in_soak();
  CHECK(shop.type({"abort", "p1", "--reason", "wrong share"}) == 5);
  says(shop, "nobody drives promotion p1; ending it from here\n");
  says(shop, "wrong share; production not entered; dev with what was");
  CHECK_FALSE(shop.ramped("prod.json"));
  CHECK(shop.type({"abort", "p1"}) == 7);
  says(shop, "promotion p1 has ended already (aborted)");
}

TEST_CASE("an abort takes back the run that a promotion stands in") {
  Shop shop;
  shop.while_asleep = [&] {
    if (shop.store().list()->size() == 2 && !shop.answered) {
      shop.answered = true;
      REQUIRE(shop.store().request("p1", {0, journal::Ask::Abort, "them", "wrong share", 1}));
    }
  };
  CHECK(shop.ship() == 4);
  says(shop, "aborted");
  CHECK(shop.store().list()->front().outcome == journal::Outcome::RolledBack);
  CHECK_FALSE(shop.ramped("prod.json"));
}

TEST_CASE("what would make the next environment another release is refused") {
  Shop shop;
  shop.stop_in_soak();
  shop.clock_ns = 2 * hour;
  std::ofstream(shop.directory() / "release.rollout", std::ios::app) << "\nlet other = 1\n";
  CHECK(shop.type({"apply", "--resume", "p1"}) == 7);
  says(shop, "release.rollout is not the file that p1 began with, so production was not entered");
  std::ofstream(shop.directory() / "release.rollout") << program;
  // Somebody gives dev another share: what soaked there is not what production would get.
  CHECK(shop.type({"apply", "release.rollout", "release", "--env", "dev", "--set", "share=10%", "--yes"}) == 0);
  CHECK(shop.type({"apply", "--resume", "p1"}) == 7);
  says(shop, "dev/beta was changed by run r2 since r1 had brought it there; production not entered");
  CHECK_FALSE(shop.ramped("prod.json"));
  CHECK(shop.store().promotions()->front().outcome == journal::PromotionOutcome::Superseded);
}

TEST_CASE("what is wrong with a later environment is said before the first is changed") {
  Shop shop;
  std::filesystem::remove(shop.directory() / "prod.json");
  CHECK(shop.ship() == 6);
  CHECK_FALSE(shop.ramped("dev.json"));
  CHECK(shop.store().promotions()->empty());
  CHECK(shop.ship({"--project", "/"}) == 2);
}

TEST_CASE("a promotion that is refused at its first environment has ended, and says why") {
  Shop shop;
  shop.while_asleep = [&] { shop.interrupts = shop.store().list()->size() == 1 ? 1 : 0; };
  CHECK(shop.type({"apply", "release.rollout", "--env", "production", "--set", "share=50%", "--yes"}) == 130);
  shop.while_asleep = [] {};
  for (const char* name : {"p1", "p2"}) {
    shop.interrupts = 0;
    CHECK(shop.type({"apply", "release.rollout", "urgent", "--set", "share=50%", "--yes"}) == 7);
    says(shop, "run r1 of release has not ended, and nobody drives it; go on with it by `rollout apply --resume r1`");
    CHECK(shop.type({"status", name}) == 0);
    says(shop, "refused");
    says(shop, "why: refused: run r1 of release has not ended");
  }
  CHECK(shop.type({"status"}) == 0);
  says(shop, "refused       urgent          production -, dev -\n");
  CHECK_FALSE(shop.ramped("dev.json"));
}

TEST_CASE("who began a promotion, and what they let through, is on its record for whoever drives it") {
  Shop shop;
  shop.anna(journal::Ask::Approve);
  CHECK(shop.ship({"--yes", "--as", "ben", "--accept-held"}) == 0);
  const auto events = *shop.store().read_promotion("p1");
  const auto& begun = std::get<journal::PromotionBegun>(events[0].what);
  CHECK(begun.by == "ben");
  CHECK(begun.accept_held);
  for (const char* run : {"r1", "r2"})
    CHECK(std::get<journal::RunStarted>((*shop.store().read(run))[0].what).by == "ben");
  auto read = journal::decode_promotion(journal::encode(events[0]));
  REQUIRE(read);
  CHECK(journal::encode(*read) == journal::encode(events[0]));
}

TEST_CASE("a promotion whose record is damaged goes on by nobody, and another one may begin") {
  Shop shop;
  shop.stop_in_soak();
  journal::sql(shop.directory() / "state/rollout.db",
               "UPDATE events SET line = replace(line, 'dev', 'div') WHERE run = 'p1' AND seq = 0");
  CHECK(shop.type({"apply", "--resume", "p1", "--hand-over"}) == 5);
  says(shop, "the journal of promotion p1 is damaged (event 0 was changed after it was written); it will not be "
             "continued, and another may begin; its runs are not affected\n");
  CHECK(shop.type({"status"}) == 0);
  says(shop, "damaged       ship");
  shop.clock_ns = 2 * hour;
  shop.anna(journal::Ask::Approve);
  CHECK(shop.ship() == 0);
  says(shop, "\npromotion p2\n");
  CHECK(shop.ramped("prod.json"));
}

TEST_CASE("what somebody has written into the record of a promotion is found") {
  auto aborted = [](Shop& shop) {
    shop.stop_in_soak();
    CHECK(shop.type({"abort", "p1", "--reason", "wrong share"}) == 5);
    shop.clock_ns = 2 * hour;
    shop.anna(journal::Ask::Approve);
    CHECK(shop.ship() == 0);
    CHECK(shop.type({"audit", "--verify"}) == 0);
    says(shop, "whole: 2 runs, 2 promotions, ");
    CHECK(shop.type({"audit", "--verify", "p2"}) == 0);
  };
  struct Case {
    const char *sql, *says;
  };
  const std::string forged = "INSERT INTO requests (run, ask, by, reason, wall_ns, step, holder) VALUES ";
  const std::string forged_earlier = "INSERT INTO requests (id, run, ask, by, reason, wall_ns, step, holder) VALUES ";
  const std::string behind_success = forged + "('p2', 'abort', 'boss', 'now', 1, -1, '')";
  const std::string behind_end = forged + "('p1', 'abort', 'boss', 'now', 999999999999999999, -1, '')";
  const std::string before = forged_earlier + "(-5, 'p1', 'abort', 'boss', 'now', 1, -1, '')";
  const std::string approval = forged + "('p1', 'approve', 'boss', 'now', 1, -1, '')";
  for (const Case& one : {
           Case{"DELETE FROM events WHERE run = 'p1'; DELETE FROM promotions WHERE name = 'p1'",
                "promotion p1: the promotion is gone"},
           Case{"DELETE FROM events WHERE run = 'p2'; DELETE FROM promotions WHERE name = 'p2'",
                "promotion p2: the promotion is gone"},
           Case{"UPDATE events SET line = replace(line, '50%', '90%') WHERE run = 'p1' AND seq = 0",
                "promotion p1: event 0 was changed"},
           Case{"UPDATE events SET seq = CASE seq WHEN 1 THEN -2 ELSE -1 END WHERE run = 'p1' AND seq IN (1, 2); "
                "UPDATE events SET seq = -seq WHERE run = 'p1' AND seq < 0",
                "promotion p1: event 1 was changed, or what stood before it was removed or moved"},
           // The last event, with the count and the head made to agree.
           Case{"DELETE FROM events WHERE run = 'p2' AND seq = (SELECT events - 1 FROM promotions WHERE name = 'p2'); "
                "UPDATE promotions SET events = events - 1, outcome = '', head_hash = (SELECT hash FROM events WHERE "
                "run = 'p2' ORDER BY seq DESC LIMIT 1) WHERE name = 'p2'",
                "promotion p2: the end was cut off: "},
           Case{"UPDATE promotions SET outcome = '' WHERE name = 'p2'",
                "promotion p2: the store says not ended, and its events say succeeded"},
           Case{"UPDATE promotions SET promotion = 'urgent' WHERE name = 'p2'", "promotion p2: the store calls it"},
           Case{"UPDATE promotions SET file = 'other.rollout' WHERE name = 'p2'", "another file or other services"},
           Case{"UPDATE promotions SET created_wall_ns = 7 WHERE name = 'p2'", "another time at which it began"},
           Case{"UPDATE promotions SET open_run = 'r1' WHERE name = 'p2'", "says that it stands in run r1"},
           Case{"DELETE FROM requests WHERE run = 'p1'", "is in its events and was deleted from the store"},
           Case{"UPDATE requests SET reason = 'all is well' WHERE run = 'p1'", "was changed: its event says otherwise"},
           Case{behind_success.c_str(), "was added: the promotion succeeded, which an abort forbids"},
           Case{behind_end.c_str(), "behind the end of the promotion"},
           Case{before.c_str(), "request -5 (abort by boss) was added: a later one was heard"},
           Case{approval.c_str(), "was added: nobody asks that of a promotion"},
       }) {
    INFO(one.sql);
    Shop shop;
    aborted(shop);
    journal::sql(shop.directory() / "state/rollout.db", one.sql);
    CHECK(shop.type({"audit", "--verify"}) == 7);
    says(shop, one.says);
  }
}

TEST_CASE("the record of a promotion that was taken back, or goes on, is whole") {
  Shop shop;
  shop.stop_in_soak();
  CHECK(shop.type({"audit", "--verify"}) == 0);
  shop.clock_ns = 2 * hour;
  shop.anna(journal::Ask::Approve);
  CHECK(shop.type({"apply", "--resume", "p1"}) == 0);
  CHECK(shop.type({"rollback", "p1", "--yes", "--reason", "orders are lost"}) == 4);
  CHECK(shop.type({"audit", "--verify", "--format", "json"}) == 0);
  says(shop, R"("whole":true,"runs":2,"pruned":0,"promotions":1,)");
}

TEST_CASE("one process at a time drives the promotions of a name and file") {
  Shop shop;
  effects::ServiceLock lock = shop.lock("promotion ship of release.rollout on dev/beta");
  CHECK(shop.ship() == 7);
  says(shop, "them@there, process 1");
  CHECK(shop.store().promotions()->empty());
}

TEST_CASE("another project's promotion of the same name and file, in the same state, is another one") {
  Shop shop;
  journal::PromotionBegun theirs{"ship", "release", "release.rollout", {{"dev", 0}, {"production", 0}}, {}, {}, "them"};
  theirs.acts_on = "dev/alpha";
  REQUIRE(*shop.store().begin(theirs, 1) == "p1");
  effects::ServiceLock lock = shop.lock("promotion ship of release.rollout on dev/alpha");
  shop.anna(journal::Ask::Approve);
  CHECK(shop.ship() == 0);
  says(shop, "\npromotion p2\n");
  CHECK(shop.ramped("prod.json"));
  std::vector<journal::PromotionInfo> all = *shop.store().promotions();
  REQUIRE(all.size() == 2);
  CHECK(all[0].acts_on == "dev/beta");
  CHECK(all[0].file == "release.rollout");
  CHECK(!all[1].outcome);
}

TEST_CASE("a promotion that an earlier version began is gone on with") {
  Shop shop;
  shop.stop_in_soak();
  journal::sql(shop.directory() / "state/rollout.db", "UPDATE promotions SET file = 'release.rollout'");
  effects::ServiceLock lock = shop.lock("promotion ship of release.rollout on dev/beta");
  CHECK(shop.ship() == 7);
  CHECK(shop.store().promotions()->size() == 1);
}

TEST_CASE("what many services are called does not make a claim longer") {
  CHECK(journal::acts_on_text({"b", "a"}) == "a, b");
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("production/service" + std::to_string(i));
  std::string text = journal::acts_on_text(many);
  CHECK(text.size() < 60);
  CHECK(text.starts_with("100 services ("));
  many.back() += "0";
  CHECK(journal::acts_on_text(many) != text);
}

}  // namespace rollout::cli_test
