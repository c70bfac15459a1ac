// A file that is too large is refused by its size, before a byte of it is read.
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/cli/terminal.h"

namespace rollout::cli_test {

TEST_CASE("a file of more than 32 MiB is too large, named or imported") {
  Terminal terminal("import \"./large.rollout\".{image}\n");
  std::ofstream(terminal.directory() / "large.rollout").put('\n');
  std::filesystem::resize_file(terminal.directory() / "large.rollout", (uint64_t{32} << 20) + 1);
  CHECK(terminal.type({"check", "large.rollout"}) == 1);
  says(terminal, "large.rollout:1:1: error: ");
  says(terminal, "33554433 bytes");
  says(terminal, "[too-large]");
  CHECK(terminal.type({"check", "release.rollout"}) == 1);
  says(terminal, "[too-large]");
  says(terminal, "imported here");
  std::filesystem::resize_file(terminal.directory() / "large.rollout", 1);
  CHECK(terminal.type({"check", "large.rollout"}) == 0);
}

}  // namespace rollout::cli_test
