// Commands where the file has environments, a promotion through them, and a policy.
#include <catch2/catch.hpp>

#include "compiler/eval/literal.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}
import std.policy.{no_friday_afternoon}

target hosts: local { directory = "run/dev" }
target hosts_prod: local { directory = "run/prod" }
team managers { members = ["anna"] }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19420 }
}

environment dev { approve by managers }
environment production { hosts = hosts_prod  approve by managers }

policy calm { for every rollout r in production { no_friday_afternoon(zone: "Europe/Stockholm") } }

rollout release { checkout.install("checkout:1") }
promotion ship = release { dev soak 1h then production }
)";

constexpr std::string_view monday = "2026-11-23T10:00Z", friday = "2026-11-20T13:00Z";

void set_clock(Terminal& terminal, std::string_view instant) {
  auto value = eval::parse_value(eval::Value::Kind::Instant, instant);
  REQUIRE(value);
  terminal.clock_ns = value->number;
}

}  // namespace

TEST_CASE("a file with environments is planned in one of them") {
  Terminal terminal(shop);
  CHECK(terminal.type({"plan", "release.rollout", "--offline"}) == 2);
  says(terminal, "`release.rollout` has environments; say which one is meant: `--env dev`, `--env production`\n");
  CHECK(terminal.type({"apply", "release.rollout", "--env", "prodution", "--yes"}) == 2);
  says(terminal, "has no environment `prodution`, it has `dev` and `production`; did you mean `production`?\n");
  CHECK(terminal.type({"plan", "release.rollout", "--env", "dev", "--out", "dev.plan"}) == 0);
  CHECK(terminal.type({"apply", "dev.plan", "--env", "production"}) == 2);
  says(terminal, "a saved plan has its rollout, inputs and environment already; name the file alone\n");
}

TEST_CASE("a run in one environment does not stand in the way of another") {
  Terminal terminal(shop);
  set_clock(terminal, monday);
  REQUIRE(terminal.begin("release", "dev") == "r1");
  CHECK(terminal.type({"apply", "release.rollout", "--env", "dev", "--yes"}) == 7);
  says(terminal, "run r1 of release has not ended");
  // In production it begins, and waits for the approval there.
  terminal.while_asleep = [&] { terminal.interrupts = 2; };
  terminal.type({"apply", "release.rollout", "--env", "production", "--yes"});
  says(terminal, "rollout release in production");
  says(terminal, "run r2\n");
  terminal.interrupts = 0;
  CHECK(terminal.type({"status"}) == 0);
  says(terminal, "dev/checkout\n");
  says(terminal, "production/checkout\n");
  // Each counts for itself.
  auto dev = terminal.store().next_generation("dev/checkout"), none = terminal.store().next_generation("checkout");
  REQUIRE((dev && none));
  CHECK(*dev == 2);
  CHECK(*none == 1);
}

TEST_CASE("a service is locked in its environment") {
  Terminal terminal(shop);
  set_clock(terminal, monday);
  effects::ServiceLock lock = terminal.lock("production/checkout");
  CHECK(terminal.type({"apply", "release.rollout", "--env", "production", "--yes"}) == 7);
  says(terminal, "production/checkout");
  terminal.while_asleep = [&] { terminal.interrupts = 2; };
  terminal.type({"apply", "release.rollout", "--env", "dev", "--yes"});
  says(terminal, "run r1\n");
}

TEST_CASE("a policy forbids to begin, where it holds and when it does") {
  Terminal terminal(shop);
  set_clock(terminal, friday);
  CHECK(terminal.type({"apply", "release.rollout", "--env", "production", "--yes"}) == 7);
  says(terminal, "policy `calm` forbids to begin during fri 12:00..24:00 in Europe/Stockholm, and it is fri 2026-11-20 "
                 "14:00 in Europe/Stockholm (2026-11-20T13:00Z); it may begin sat 2026-11-21 00:00 in Europe/Stockholm "
                 "(2026-11-20T23:00Z); apply the plan then; nothing was changed\n");
  CHECK(terminal.store().list()->empty());
  terminal.while_asleep = [&] { terminal.interrupts = 2; };
  terminal.type({"apply", "release.rollout", "--env", "dev", "--yes"});
  says(terminal, "run r1\n");
}

TEST_CASE("a promotion is previewed as a whole and saved one environment at a time") {
  Terminal terminal(shop);
  CHECK(terminal.type({"plan", "release.rollout", "ship", "--offline"}) == 0);
  says(terminal, "release: dev soak 1h then production\n");
  says(terminal, "2 of 2: production\n");
  CHECK(terminal.type({"plan", "release.rollout", "ship", "--offline", "--verbose"}) == 0);
  says(terminal, "rollout release in production");
  CHECK(terminal.type({"plan", "release.rollout", "ship", "--out", "a.plan"}) == 2);
  says(terminal, "rollout plan release.rollout release --env dev --out dev.plan\n");
  CHECK(terminal.type({"plan", "release.rollout", "ship", "--env", "dev"}) == 2);
  says(terminal, "leave out `--env`\n");
  CHECK(terminal.store().list()->empty());
}

}  // namespace rollout::cli_test
