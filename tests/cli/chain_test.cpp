// What the files of one command have in common costs once: a chain of imports, of which each file is named.
#include <ctime>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

void write(const Terminal& terminal, const std::string& name, const std::string& text) {
  std::ofstream(terminal.directory() / name) << text;
}

/// `files` of them, of which each imports the next one; the last one has a value of its own.
void write_chain(const Terminal& terminal, int files, const std::string& value_of_last) {
  for (int i = 0; i < files; ++i) {
    std::string import = fmt::format("import \"./f{:04}.rollout\".{{x{}}}\n", i + 1, i + 1);
    std::string value = i + 1 < files ? fmt::format("x{}", i + 1) : value_of_last;
    write(terminal, fmt::format("f{:04}.rollout", i),
          fmt::format("{}let x{} = {}\n", i + 1 < files ? import : "", i, value));
  }
}

double seconds_of(Terminal& terminal, const std::string& command, int code) {
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    std::clock_t start = std::clock();
    CHECK(terminal.type({command, "."}) == code);
    least = std::min(least, double(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return least;
}

}  // namespace

TEST_CASE("four times the files of a chain of imports take less than six times as long") {
  struct Case {
    std::string command, value_of_last;
    int code;
  };
  for (const Case& one : {Case{"check", "1", 0}, Case{"test", "1", 0}, Case{"check", "1 + \"text\"", 1}}) {
    Terminal few("let a = 1\n"), many("let a = 1\n");
    write_chain(few, 220, one.value_of_last), write_chain(many, 880, one.value_of_last);
    double short_one = seconds_of(few, one.command, one.code), long_one = seconds_of(many, one.command, one.code);
    INFO(one.command << ", " << one.value_of_last << ": " << short_one << " s and " << long_one << " s");
    CHECK(long_one < 6 * short_one);
  }
}

TEST_CASE("a file that another one imports is checked for what only it says") {
  Terminal terminal("import \"./shop.rollout\".{a}\nlet b = a\n");
  write(terminal, "shop.rollout", "// allow no-bake: nothing here bakes\nlet a = 1\n");
  CHECK(terminal.type({"check", "release.rollout", "shop.rollout"}) == 0);
  says(terminal, "[unused-allow]");
  says(terminal, "ok: 2 files, 0 rollouts, 0 tests");
  write(terminal, "shop.rollout", "let a = 1\nrollout twice { a }\n");
  CHECK(terminal.type({"check", "release.rollout", "shop.rollout"}) == 1);
  write(terminal, "shop.rollout", "policy nobody_calls { }\nlet a = 1\n");
  int alone = terminal.type({"check", "shop.rollout"});
  std::string said = terminal.said;
  CHECK(terminal.type({"check", "release.rollout", "shop.rollout"}) == alone);
}

TEST_CASE("the mistake of a file that several import is said once, where it stands") {
  Terminal terminal("import \"./shop.rollout\".{a}\nlet b = a + 1s\n");
  write(terminal, "other.rollout", "import \"./shop.rollout\".{a}\nlet c = a\n");
  write(terminal, "shop.rollout", "let a = 1 + \"text\"\n");
  CHECK(terminal.type({"check", "."}) == 1);
  size_t first = terminal.said.find("shop.rollout:1:");
  CHECK(first != std::string::npos);
  CHECK(terminal.said.find("error: ", terminal.said.find("[", first)) == std::string::npos);
}

}  // namespace rollout::cli_test
