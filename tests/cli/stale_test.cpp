// Plans that the world has left behind: made while somebody else applied, or lying about from an earlier commit.
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* program = R"(import std.backend.{flagd}

target flags: flagd { file = "flags.json" }
input share: Percent example 100%
flag beta { store = flags { key = "beta" } }
rollout release { beta.ramp(share) }
)";

struct Shop : Terminal {
  Shop() : Terminal(program) {
    std::ofstream(directory() / "flags.json") << R"({"flags":{"beta":{"state":"ENABLED",)"
                                                 R"("variants":{"on":true,"off":false},"defaultVariant":"off"}}})";
  }
  int ramp(const std::string& share, const std::vector<std::string>& more = {"--yes"}) {
    std::vector<std::string> words = {"apply", "release.rollout", "--set", "share=" + share};
    words.insert(words.end(), more.begin(), more.end());
    return type(words);
  }
  std::string flags() const {
    std::ostringstream out;
    out << std::ifstream(directory() / "flags.json").rdbuf();
    return out.str();
  }
};

}  // namespace

TEST_CASE("while somebody is asked about a plan nobody else applies another one") {
  Shop shop;
  std::string before = shop.flags();
  shop.asked = [&] {
    shop.asked = nullptr;  // what happens between the question and the answer
    CHECK(shop.ramp("30%") == 7);
    says(shop, "which has begun no");
    CHECK(shop.flags() == before);
    return "yes";
  };
  CHECK(shop.ramp("60%", {}) == 0);
  CHECK(shop.flags() != before);
  CHECK(shop.store().list()->size() == 1);
}

TEST_CASE("a plan of an earlier commit is refused once the world has moved on, and once it was applied") {
  Shop shop;
  for (const char* share : {"20%", "40%"}) {
    std::string file = std::string(share, 2) + ".plan";
    CHECK(shop.type({"plan", "release.rollout", "--set", std::string("share=") + share, "--out", file}) == 0);
  }
  CHECK(shop.type({"apply", "40.plan", "--yes"}) == 0);
  std::string now = shop.flags();
  for (const char* file : {"20.plan", "40.plan"}) {
    CHECK(shop.type({"apply", file, "--yes"}) == 7);
    CHECK(shop.flags() == now);
  }
  CHECK(shop.store().list()->size() == 1);
}

TEST_CASE("a rollout that only waits is carried out as often as somebody asks for it") {
  Terminal terminal("rollout settle { hold 1s }\n");
  for (size_t run = 1; run <= 2; ++run) {
    CHECK(terminal.type({"apply", "release.rollout", "settle", "--yes"}) == 0);
    CHECK(terminal.store().list()->size() == run);
  }
  CHECK(terminal.type({"plan", "release.rollout", "settle", "--out", "third.plan"}) == 0);
  CHECK(terminal.type({"apply", "third.plan", "--yes"}) == 0);
  CHECK(terminal.type({"apply", "third.plan", "--yes"}) == 7);
}

TEST_CASE("a plan that changes nothing makes no run") {
  Shop shop;
  CHECK(shop.ramp("50%") == 0);
  std::string now = shop.flags();
  CHECK(shop.ramp("50%") == 0);
  CHECK(shop.store().list()->size() == 1);
  CHECK(shop.flags() == now);
}

}  // namespace rollout::cli_test
