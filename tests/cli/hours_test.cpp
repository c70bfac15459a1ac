// Commands while the calendar of a plan is closed, and when it opens.
#include <catch2/catch.hpp>

#include "compiler/eval/literal.h"
#include "tests/cli/terminal.h"

namespace rollout::cli_test {

namespace {

constexpr const char* shop = R"(import std.backend.{local}
import std.calendar.{office_hours}

target hosts: local { directory = "run" }

service checkout {
  workload = hosts { command = ["bin/checkout"]  ready = http("/")  replicas = 2  ports_from = 19400 }
}

calendar office = office_hours(zone: "Europe/Stockholm", days: mon..fri, from: 09:00, to: 16:00)

rollout parks {
  during office except 2026-12-24..2026-12-25
  checkout.install("checkout:1")
}
rollout waits {
  during office { at close wait }
  checkout.install("checkout:1")
}
)";

constexpr std::string_view opens = "it opens mon 2026-11-23 09:00 in Europe/Stockholm (2026-11-23T08:00Z)";

void set_clock(Terminal& terminal, std::string_view instant) {
  auto value = eval::parse_value(eval::Value::Kind::Instant, instant);
  REQUIRE(value);
  terminal.clock_ns = value->number;
}

}  // namespace

TEST_CASE("a plan that parks is not started while its calendar is closed") {
  Terminal terminal(shop);
  set_clock(terminal, "2026-11-20T15:20Z");
  CHECK(terminal.type({"apply", "release.rollout", "parks", "--yes"}) == 7);
  says(terminal, "`office except 2026-12-24..2026-12-25` is closed now, fri 2026-11-20 16:20 in Europe/Stockholm "
                 "(2026-11-20T15:20Z); it opens mon 2026-11-23 09:00 in Europe/Stockholm (2026-11-23T08:00Z); "
                 "apply the plan then; nothing was changed\n");
  CHECK(terminal.store().list()->empty());
  set_clock(terminal, "2026-12-23T20:00Z");
  CHECK(terminal.type({"apply", "release.rollout", "parks", "--yes"}) == 7);
  says(terminal, "it opens mon 2026-12-28 09:00 in Europe/Stockholm");
}

TEST_CASE("a plan that waits is started, and waits for the opening to the minute") {
  Terminal terminal(shop);
  set_clock(terminal, "2026-11-20T15:20Z");
  constexpr int64_t until_opening_ns = (64 * 60 + 40) * 60'000'000'000;
  int64_t slept_ns = 0;
  terminal.while_asleep = [&] {
    slept_ns = terminal.slept_ns;
    bool begun = false;
    auto events = terminal.store().read("r1");
    REQUIRE(events);
    for (const journal::Event& event : *events)
      begun |= std::holds_alternative<journal::StepStarted>(event.what);
    if (begun) terminal.interrupts = 2;
  };
  terminal.type({"apply", "release.rollout", "waits", "--yes"});
  says(terminal, "closed: `office` is closed; it opens mon 2026-11-23 09:00 in Europe/Stockholm (2026-11-23T08:00Z); "
                 "no step begins before that\n");
  CHECK(slept_ns >= until_opening_ns);
  CHECK(slept_ns < until_opening_ns + 1'000'000'000);
}

TEST_CASE("an abort comes through while a run waits for its calendar") {
  Terminal terminal(shop);
  set_clock(terminal, "2026-11-21T12:00Z");
  terminal.while_asleep = [&] {
    if (terminal.sleeps == 3) REQUIRE(terminal.store().request("r1", {0, journal::Ask::Abort, "me", "enough", 1}));
  };
  CHECK(terminal.type({"apply", "release.rollout", "waits", "--yes"}) == 4);
  CHECK(terminal.sleeps == 3);
}

TEST_CASE("a run that is parked at close says so, is resumed within the hours or taken back") {
  Terminal terminal(shop);
  std::string run = terminal.begin("parks");
  set_clock(terminal, "2026-11-21T12:00Z");
  CHECK(terminal.type({"apply", "--resume", run}) == 5);
  says(terminal, "parks (r1) parked at close after 0ms\n");
  says(terminal, opens);
  says(terminal, "rollout apply --resume r1   goes on");
  CHECK(terminal.type({"status", run}) == 0);
  says(terminal, "parked at close");
  says(terminal, "(2026-11-23T08:00Z)");
  // Nothing had begun: taking it back ends it at any hour.
  CHECK(terminal.type({"abort", run, "--reason", "next week"}) == 4);
}

}  // namespace rollout::cli_test
