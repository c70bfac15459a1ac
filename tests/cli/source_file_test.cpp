// What becomes of the files themselves that commands read and write: their names, links and modes.
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

namespace fs = std::filesystem;

constexpr const char* untidy = "rollout   release { hold 1s }\n";

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file that is laid out keeps its mode, and a link stays one") {
  Terminal terminal(untidy);
  const fs::path file = terminal.directory() / "release.rollout", link = terminal.directory() / "link.rollout";
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  fs::create_symlink("release.rollout", link);
  CHECK(terminal.type({"fmt", "link.rollout"}) == 0);
  CHECK(fs::is_symlink(link));
  CHECK(mode_of(file) == 0600);
  CHECK(terminal.type({"fmt", "--check", "release.rollout"}) == 0);
}

TEST_CASE("below a folder, a link to what is no source is none") {
  Terminal terminal("rollout release { hold 1s }\n");
  std::ofstream(terminal.directory() / "credentials") << "AUTHORIZATION: basic c2VjcmV0\n";
  fs::create_symlink("credentials", terminal.directory() / "other.rollout");
  for (const char* command : {"check", "fmt", "test"}) {
    (void)terminal.type({command, "."});
    CHECK(terminal.said.find("AUTHORIZATION") == std::string::npos);
  }
  CHECK(terminal.type({"check", "."}) == 0);
}

TEST_CASE("a file whose name acts on the terminal or forges a line is not read") {
  Terminal terminal(untidy);
  for (const char* name : {"a\nrelease.rollout:1: ok.rollout", "a\xE2\x80\xAE.rollout", "a\xFF.rollout"}) {
    std::ofstream(terminal.directory() / name) << untidy;
    for (const char* command : {"check", "fmt", "test"}) {
      CHECK(terminal.type({command, name}) == 2);
      says(terminal, "rename the file");
      CHECK(terminal.type({command, "."}) == 2);
      says(terminal, "rename the file");
    }
    fs::remove(terminal.directory() / name);
  }
}

}  // namespace rollout::cli_test
