// A file that is too large is refused by its size, before a byte of it is read; of a long argument the beginning is
// shown.
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

TEST_CASE("a message is short, however long what was typed is") {
  Terminal terminal("rollout r {}\n");
  std::string word(100'000, 'x');
  std::string umlauts;
  for (int i = 0; i < 50'000; ++i) umlauts += "ü";
  const std::vector<std::vector<std::string>> typed = {
      {word},
      {"check", word},
      {"check", umlauts},
      {"explain", word},
      {"check", "--" + word},
      {"plan", "release.rollout", "--env", word},
      {"simulate", "release.rollout", "--start", word},
      {"status", "--state", word},
  };
  for (const std::vector<std::string>& words : typed) {
    CHECK(terminal.type(words) == 2);
    CHECK(terminal.said.size() < 3000);
  }
  CHECK(terminal.type({word}) == 2);
  says(terminal, "there is no command `xxx");
  says(terminal, "`rollout help` lists them");
}

}  // namespace rollout::cli_test
