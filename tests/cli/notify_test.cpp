// Messages of a real run: to a receiver that is there, and to one that is not.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <fstream>

#include "tests/cli/terminal.h"
#include "tests/conformance/receiver.h"

namespace rollout::cli_test {

namespace {

std::string shop(const std::string& url) {
  return fmt::format(R"(import std.backend.{{local, webhook}}

target hosts: local {{ directory = "run" }}
target oncall: webhook {{ url = "{}"  token = secret(file: "token")  most_attempts = 2 }}
team sre {{ members = ["anna", "ben"]  notify = oncall }}

service checkout {{
  workload = hosts {{ command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19500 }}
}}

rollout gated {{
  notify sre
  notify sre "it is about to be asked"
  approve by 2 of sre {{ timeout 1m }}
  checkout.install("checkout:1")
}}
)", url);
}

void write_token(const Terminal& terminal) { std::ofstream(terminal.directory() / "token") << "s3cret\n"; }

}  // namespace

TEST_CASE("a team is told what becomes of a run, once") {
  test::Receiver receiver;
  Terminal terminal(shop(receiver.url()));
  write_token(terminal);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  std::vector<test::Received> received = receiver.received();
  REQUIRE(received.size() == 4);
  std::string all;
  for (const test::Received& one : received) all += one.body + "\n";
  CHECK(all.find("\"transition\":\"started\"") != std::string::npos);
  CHECK(all.find("it is about to be asked") != std::string::npos);
  CHECK(all.find("rollout approve r1 --as NAME") != std::string::npos);
  CHECK(all.find("\"transition\":\"parked\"") != std::string::npos);
  CHECK(all.find("s3cret") == std::string::npos);
  CHECK(terminal.said.find("s3cret") == std::string::npos);
  CHECK(terminal.said.find("could not be told") == std::string::npos);
  // Gone on with, it tells only what is new: it waits for nothing else before it is parked again.
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  CHECK(receiver.received().size() == 5);
}

TEST_CASE("a receiver that is down, or a token that is gone, stops no run and no abort") {
  std::string url;
  { url = test::Receiver().url(); }
  Terminal terminal(shop(url));
  write_token(terminal);
  std::string run = terminal.begin("gated");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  says(terminal, "could not be told: sre, after 2 attempts");
  std::filesystem::remove(terminal.directory() / "token");
  CHECK(terminal.type({"abort", run}) == 4);
  says(terminal, "could not be told: sre, after 0 attempts: target oncall has no token: the file token of a secret");
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "messages  6 messages did not reach sre: target oncall has no");
}

TEST_CASE("before the first change, a way to people that cannot work is said, and nothing begins") {
  test::Receiver receiver;
  Terminal terminal(shop(receiver.url()));
  CHECK(terminal.type({"apply", "release.rollout", "--yes"}) == 6);
  says(terminal, "target oncall has no token");
  says(terminal, "nothing was changed");
  CHECK(receiver.received().empty());
}

}  // namespace rollout::cli_test
