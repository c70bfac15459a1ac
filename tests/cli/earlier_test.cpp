// States that earlier versions have left, and runs that this one cannot go on with: they are shown, nothing is lost by
// looking, and a person finds a way out.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/cli/one_service.h"
#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

namespace rollout::cli_test {

namespace {

namespace fs = std::filesystem;

/// Beside the project of the terminal one whose state is of the first day: r1 to r5 have ended, r6 has not.
struct Old {
  Terminal terminal{one_service};
  fs::path file = terminal.directory() / "old/state/rollout.db";
  std::string before;
  Old() {
    fs::create_directories(file.parent_path());
    journal::sql(file.string(), bytes_of(ROLLOUT_JOURNALS "/2026-11-21.sql").c_str());
    before = bytes_of(file);
  }
  int type(std::vector<std::string> words) {
    words.insert(words.end(), {"--project", "old"});
    return terminal.type(words);
  }
};

}  // namespace

TEST_CASE("looking at a state of an earlier version shows its runs and leaves it as it is") {
  Old old;
  CHECK(old.type({"status"}) == 0);
  says(old.terminal, "r6 ");
  CHECK(old.type({"history"}) == 0);
  says(old.terminal, "r4     2026-01-05T00:00:00Z  parked          2m6s  release_checkout4");
  CHECK(old.type({"metrics"}) == 0);
  says(old.terminal, R"(rollout_run_open{run="r6")");
  CHECK(old.terminal.said.find("rollout_run_damaged{") == std::string::npos);
  CHECK(old.type({"audit", "--verify"}) == 0);
  says(old.terminal, "whole: 6 runs, ");
  for (const char* run : {"r1", "r2", "r3", "r4", "r5", "r6"}) {
    CHECK(old.type({"status", run}) == 0);
    CHECK(old.type({"status", run, "--events"}) == 0);
    CHECK(old.type({"explain", run}) == 0);
    CHECK(old.type({"audit", run}) == 0);
    says(old.terminal, "the record is whole: ");
  }
  CHECK(old.type({"status", "r3"}) == 0);
  says(old.terminal, "succeeded");
  CHECK(old.type({"backup", "kept.backup"}) == 0);
  CHECK(bytes_of(old.file) == old.before);
}

TEST_CASE("a run that an earlier version began says who can end it, and nothing takes that way from it") {
  Old old;
  CHECK(old.type({"status", "r6"}) == 0);
  says(old.terminal, "next      an earlier rollout made its plan: that version ends it; or give it up: `rollout");
  CHECK(old.terminal.said.find("apply --resume") == std::string::npos);
  CHECK(old.type({"explain", "r6"}) == 0);
  says(old.terminal, "rollout abort r6 --give-up --reason TEXT");
  for (std::vector<std::string> changing :
       {std::vector<std::string>{"abort", "r6"}, {"apply", "--resume", "r6"}, {"stop-the-line", "--reason", "why"}}) {
    CHECK(old.type(changing) == 7);
    says(old.terminal, "has the older format 1, and run r6 in it, which has not ended, was begun by an earlier");
    says(old.terminal, "rollout abort r6 --give-up --reason TEXT");
    CHECK(bytes_of(old.file) == old.before);
  }
}

TEST_CASE("a person gives up a run that an earlier version began, and the state goes on") {
  Old old;
  CHECK(old.type({"abort", "r6", "--give-up"}) == 2);
  CHECK(bytes_of(old.file) == old.before);
  CHECK(old.type({"abort", "r6", "--give-up", "--reason", "that program is gone"}) == 5);
  says(old.terminal, "as it was, it stays in " + old.file.string() + ".format-1");
  says(old.terminal, "run r6 is given up: ");
  CHECK(fs::exists(old.file.string() + ".format-1"));
  CHECK(old.type({"status", "r6"}) == 0);
  says(old.terminal, "that program is gone");
  CHECK(old.type({"audit", "r6"}) == 0);
  says(old.terminal, "the run ended: parked, given up by ");
  CHECK(old.type({"audit", "--verify"}) == 0);
  CHECK(old.type({"stop-the-line", "--reason", "why"}) == 0);
  CHECK(old.type({"abort", "r6", "--give-up", "--reason", "again"}) == 7);
  says(old.terminal, "has ended already");
}

TEST_CASE("a run that can be taken back, or is driven, is not given up") {
  Terminal terminal(one_service);
  std::string run = terminal.begin("release");
  CHECK(terminal.type({"abort", run, "--give-up", "--reason", "why"}) == 7);
  says(terminal, "can be taken back, so it is not given up");
  CHECK(terminal.store().requests(run, 0)->empty());
  journal::sql((terminal.directory() / "state/rollout.db").string(),
               "UPDATE events SET line = replace(line, 'somebody', 'anybody') WHERE run = 'r1'");
  {
    effects::ServiceLock driven = terminal.lock("checkout");
    CHECK(terminal.type({"abort", run, "--give-up", "--reason", "why"}) == 7);
    says(terminal, "them@there, process 1");
  }
  CHECK(terminal.store().requests(run, 0)->empty());
}

TEST_CASE("a run whose record is damaged stands in no one's way once it is given up") {
  Terminal terminal(one_service);
  std::string run = terminal.begin("release");
  journal::sql((terminal.directory() / "state/rollout.db").string(),
               "UPDATE events SET line = replace(line, 'somebody', 'anybody') WHERE run = 'r1'");
  for (std::vector<std::string> words : {std::vector<std::string>{"abort", run}, {"apply", "--resume", run}}) {
    CHECK(terminal.type(words) == 5);
    says(terminal, "rollout abort r1 --give-up --reason TEXT");
  }
  CHECK(terminal.type({"apply", "release.rollout", "--yes"}) == 7);
  says(terminal, "run r1 of release has not ended, and nobody drives it; the journal of run r1 is damaged");
  says(terminal, "rollout abort r1 --give-up --reason TEXT");
  CHECK(terminal.type({"abort", run, "--give-up", "--reason", "the disk lost it"}) == 5);
  CHECK(terminal.store().info(run)->value().outcome == journal::Outcome::Parked);
  terminal.type({"apply", "release.rollout", "--yes"});  // there is no program that it could start
  CHECK(terminal.said.find("has not ended") == std::string::npos);
  CHECK(terminal.type({"audit", "--verify"}) == 7);  // it is damaged still
}

TEST_CASE("a state whose file is empty or gone is not begun afresh while its heads are noted") {
  Terminal terminal(one_service);
  terminal.begin("release");
  CHECK(terminal.type({"backup", "one.backup"}) == 0);
  const fs::path state = terminal.directory() / "lost/state";
  fs::create_directories(state);
  std::ofstream(state / "heads.jsonl") << "{\"v\":1}\n";
  for (bool there : {false, true}) {
    if (there) std::ofstream(state / "rollout.db").close();
    for (std::vector<std::string> words :
         {std::vector<std::string>{"status"}, {"history"}, {"stop-the-line", "--reason", "why"}}) {
      words.insert(words.end(), {"--project", "lost"});
      CHECK(terminal.type(words) == 7);
      says(terminal, there ? "rollout.db is empty, and " : "rollout.db is not there, and ");
      says(terminal, "says that runs were recorded in it");
    }
  }
  CHECK(fs::file_size(state / "rollout.db") == 0);
  CHECK(terminal.type({"restore", "one.backup", "--project", "lost"}) == 0);
  CHECK(terminal.type({"status", "--project", "lost"}) == 0);
  says(terminal, "r1 ");
}

}  // namespace rollout::cli_test
