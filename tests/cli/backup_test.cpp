// `backup` and `restore` of a state that one machine keeps.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/cli/one_service.h"
#include "tests/cli/terminal.h"
#include "tests/sim/state_directory.h"

namespace rollout::cli_test {

namespace fs = std::filesystem;

TEST_CASE("backup: the copy is whole, replaces nothing, and comes back only where there is nothing") {
  Terminal terminal(one_service);
  std::string run = terminal.begin("release");
  effects::ServiceLock driven = terminal.lock("checkout");  // the run goes on meanwhile
  CHECK(terminal.type({"backup", "one.backup"}) == 0);
  says(terminal, "backup: 1 runs, 0 promotions, 1 events");
  std::string first = bytes_of(terminal.directory() / "one.backup");
  CHECK(terminal.type({"backup", "one.backup"}) == 2);
  says(terminal, "`one.backup` is there already and is not replaced");
  CHECK(bytes_of(terminal.directory() / "one.backup") == first);
  REQUIRE(terminal.store().request(run, {0, journal::Ask::Pause, "anna", "why", 1}));
  CHECK(terminal.type({"restore", "one.backup"}) == 7);
  says(terminal, "has 1 runs and promotions already");

  fs::create_directories(terminal.directory() / "other");
  CHECK(terminal.type({"restore", "one.backup", "--project", "other"}) == 0);
  says(terminal, "all records are whole");
  CHECK(terminal.type({"audit", "--verify", "--project", "other"}) == 0);
  auto other = journal::SqliteStore::open((terminal.directory() / "other/state/rollout.db").string());
  REQUIRE(other);
  CHECK((*other)->chain(run)->head == terminal.store().chain(run)->head);
  CHECK((*other)->requests(run, 0)->empty());  // it came after the backup
  for (const fs::directory_entry& left : fs::recursive_directory_iterator(terminal.directory()))
    CHECK(left.path().extension() != ".part");
}

TEST_CASE("backup: what was changed or cut is not brought back, and a damaged state is not copied") {
  Terminal terminal(one_service);
  terminal.begin("release");
  CHECK(terminal.type({"backup", "whole.backup"}) == 0);
  fs::create_directories(terminal.directory() / "other");
  auto refuses = [&](const std::string& file, std::string_view why) {
    CHECK(terminal.type({"restore", file, "--project", "other"}) != 0);
    says(terminal, why);
    CHECK(terminal.said.find("restore.part") == std::string::npos);
    CHECK_FALSE(fs::exists(terminal.directory() / "other/state/rollout.db"));
  };
  fs::copy_file(terminal.directory() / "whole.backup", terminal.directory() / "edited.backup");
  journal::sql(terminal.directory() / "edited.backup", "UPDATE events SET line = replace(line, 'somebody', 'nobody')");
  refuses("edited.backup", "the record of run r1 is not whole: event 0 was changed");
  says(terminal, "; nothing was restored; take an older backup\n");
  fs::copy_file(terminal.directory() / "whole.backup", terminal.directory() / "cut.backup");
  fs::resize_file(terminal.directory() / "cut.backup", fs::file_size(terminal.directory() / "cut.backup") / 2);
  refuses("cut.backup", "damaged");
  refuses("release.rollout", "is not a rollout state file");
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{100}}) {
    std::ofstream(terminal.directory() / "blank.backup", std::ios::binary) << std::string(bytes, '\0');
    refuses("blank.backup", "`blank.backup` is not a rollout state file");
    CHECK(terminal.type({"restore", "blank.backup", "--project", "other"}) == 7);
  }
  journal::sql(terminal.directory() / "state/rollout.db", "UPDATE plans SET bytes = 'x'");
  CHECK(terminal.type({"backup", "second.backup"}) == 7);
  says(terminal, "the plan is not the one that the run was made from");
  CHECK_FALSE(fs::exists(terminal.directory() / "second.backup"));
}

}  // namespace rollout::cli_test
