// A damaged state: `backup` copies nothing of it and says so with the code of what is refused; one forged line of what
// was pruned is a finding of `audit`.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/cli/one_service.h"
#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

namespace rollout::cli_test {

namespace fs = std::filesystem;

namespace {

constexpr size_t page_bytes = 4096;

/// Writes over a part of one page of the state, as a broken disk would.
void overwrite(const fs::path& file, size_t page) {
  REQUIRE(fs::file_size(file) > (page + 1) * page_bytes);
  std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
  bytes.seekp(std::streamoff(page * page_bytes));
  bytes << std::string(page_bytes / 2, '\xA5');
  REQUIRE(bytes.flush());
}

void is_not_copied(Terminal& terminal) {
  CHECK(terminal.type({"backup", "new.backup"}) == 7);
  says(terminal, "nothing was copied; `rollout audit --verify` says more; move the state away and restore an older");
  CHECK(terminal.said.find(".part") == std::string::npos);
  for (const fs::directory_entry& left : fs::recursive_directory_iterator(terminal.directory()))
    CHECK(left.path().filename().string().find("new.backup") == std::string::npos);
}

}  // namespace

TEST_CASE("damage: a state of which an event was changed, or a row is gone, is not copied") {
  for (const char* change :
       {"UPDATE events SET line = replace(line, 'somebody', 'nobody')", "DELETE FROM events",
        "UPDATE runs SET head_hash = 'x'", "UPDATE plans SET bytes = 'x'", "UPDATE runs SET events = 9",
        "INSERT INTO prunes (seq, run, line, hash) VALUES (9223372036854775807, 'r9', 'nonsense', 'x')"}) {
    Terminal terminal(one_service);
    terminal.begin("release");
    journal::sql(terminal.directory() / "state/rollout.db", change);
    INFO(change);
    is_not_copied(terminal);
  }
}

TEST_CASE("damage: a state with a broken page is not copied, whichever page it is") {
  size_t pages = 2;
  for (size_t page = 1; page < pages; ++page) {
    Terminal terminal(one_service);
    terminal.begin("release");
    const fs::path file = terminal.directory() / "state/rollout.db";
    journal::sql(file, "PRAGMA wal_checkpoint(TRUNCATE)");
    pages = fs::file_size(file) / page_bytes - 1;
    overwrite(file, page);
    INFO("page " << page);
    is_not_copied(terminal);
  }
  CHECK(pages > 8);
}

TEST_CASE("damage: one forged line of what was pruned is a finding, whatever its number") {
  const std::string line = R"({"v":1,"run":"r9","rollout":"release","plan_hash":"x","events":9223372036854775807,)"
                           R"("head":"x","outcome":"succeeded","ended_ns":-9223372036854775808,"began_by":"anna",)"
                           R"("wall_ns":9223372036854775807,"by":"anna","reason":"old","exported":""})";
  for (const char* number : {"9223372036854775807", "9223372036854775806", "-9223372036854775808", "1000000", "0"}) {
    Terminal terminal(one_service);
    terminal.begin("release");
    const std::string forged =
        "INSERT INTO prunes (seq, run, line, hash) VALUES (" + std::string(number) + ", 'r9', '" + line + "', 'x')";
    journal::sql(terminal.directory() / "state/rollout.db", forged.c_str());
    INFO(number);
    CHECK(terminal.type({"audit", "--verify"}) == 7);
    says(terminal, "what was noted of pruned runs: event 0 was changed");
    says(terminal, "run r9: it is noted as pruned, and there is no run r9 in this state");
    says(terminal, "checked: 1 run,");
    CHECK(terminal.type({"audit", "r1"}) == 0);
  }
}

TEST_CASE("damage: a run with the last number there is does not keep `audit` busy for ever") {
  Terminal terminal(one_service);
  terminal.begin("release");
  journal::sql(terminal.directory() / "state/rollout.db", "UPDATE runs SET run = 'r9223372036854775807'");
  CHECK(terminal.type({"audit", "--verify"}) == 7);
  says(terminal, "r1 to r9223372036854775806 are gone");
}

}  // namespace rollout::cli_test
