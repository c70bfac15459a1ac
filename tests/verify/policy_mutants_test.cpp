// Mutants of programs that are held to policies: in each one thing is changed that a policy asks for, and the policy
// refuses it. The program that they are made of keeps all of them.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"

namespace rollout::verify {

namespace {

constexpr std::string_view program = R"(
import std.backend.{local, haproxy, prometheus}
target hosts: local { directory = "run/shop" }
target edge: haproxy { socket = "run/haproxy.sock" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }
team sre { members = ["anna", "ben", "carla"] }
team boss { members = ["mia"] }
service front {
  workload = hosts { command = ["bin/front"]  ready = http("/healthz")  replicas = 4  ports_from = 8100 }
  router = edge { backend = "front" }
  traffic = 500/s
  signal error_rate: Percent = prom.ratio("front_errors_total", of: "front_requests_total", by: "track")
}
gate well(s: Service) {
  sample every 15s
  harm +2% of s.canary.error_rate
  reject when s.canary.error_rate > s.stable.error_rate + 0.1% proven 97%
  on undecided { fail }
}
policy careful {
  for every rollout r {
    require r.first_phase.share <= 5%
    require r.monitored
    require r.duration.worst <= 3h
    require approval(by: not r.author) before promote on every path
    require gate before promote on every path
    require preflight before deploy on every path
    for every phase p of r where p.share > 10% {
      require p.hold >= 15m
      require p.judged
      for some gate g of p { require g.window >= 10m  require not g.unproven }
    }
    for every gate g of r { require g.proven >= 95%  require g.harm <= 2% }
    for every approval a of r { require a.timeout <= 4h  require a.quorum <= a.members }
    for every action a of r { require a.attempts <= 5 }
    for every phase p of r {
      for every phase q of r where q.number > p.number and q.share > 0% { require q.share >= p.share }
    }
  }
}
rollout release {
  preflight { check "it is well" front.unhealthy < 10% }
  front.deploy("front:1.1")
  phase few { front.shift(5%)  hold 10m judged by well(front) }
  phase half { front.shift(50%)  hold 20m judged by well(front) }
  approve by sre { timeout 2h }
  phase full { front.shift(100%)  hold 20m }
  front.promote()
}
)";
// The last phase has no gate that could compare: of all traffic nothing is left beside it.
constexpr std::string_view judged_last = "hold 20m judged by whole(front) }";

struct Mutant {
  std::string what, from, to;
};

std::vector<Mutant> mutants() {
  std::vector<Mutant> all;
  auto add = [&](std::string from, std::string to) { all.push_back({fmt::format("{} → {}", from, to), from, to}); };
  for (int share = 6; share <= 45; ++share) add("shift(5%)", fmt::format("shift({}%)", share));
  for (int seconds = 60; seconds < 15 * 60; seconds += 15)
    add("shift(50%)  hold 20m", fmt::format("shift(50%)  hold {}s", seconds));
  for (int proven = 160; proven < 190; ++proven)
    add("proven 97%", fmt::format("proven {}.{}%", proven / 2, proven % 2 * 5));
  for (int harm = 21; harm <= 99; ++harm) add("harm +2%", fmt::format("harm +{}.{}%", harm / 10, harm % 10));
  for (int minutes = 245; minutes <= 600; minutes += 5) add("timeout 2h", fmt::format("timeout {}m", minutes));
  for (int minutes = 180; minutes <= 720; minutes += 30)
    add("shift(5%)  hold 10m", fmt::format("shift(5%)  hold {}m", minutes));
  for (int share = 1; share <= 4; ++share) add("shift(50%)", fmt::format("shift({}%)", share));
  add("  approve by sre { timeout 2h }\n", "");
  add("approve by sre", "approve by boss");  // one alone, who may be the author
  add("  approve by sre { timeout 2h }\n  phase full { front.shift(100%)  hold 20m }\n  front.promote()\n",
      "  phase full { front.shift(100%)  hold 20m }\n  front.promote()\n  approve by sre { timeout 2h }\n");
  add("hold 10m judged by well(front)", "hold 10m");
  add("hold 20m judged by well(front)", "hold 20m");
  add("on undecided { fail }", "on undecided { pass unproven }");
  add("  preflight { check \"it is well\" front.unhealthy < 10% }\n", "");
  return all;
}

/// What policies refuse, and everything else that is wrong.
std::pair<int, int> refused(std::string source) {
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  check_plans(*compiled, {});
  int policies = 0, others = 0;
  for (const Diagnostic* one : compiled->diagnostics.sorted()) {
    bool policy = one->name == diag::PolicyBroken.name;
    policies += policy, others += !policy && one->severity == Severity::Error;
    UNSCOPED_INFO(one->name << ": " << one->message);
  }
  return {policies, others};
}

std::string base() {
  std::string source(program);
  size_t at = source.find("hold 20m }");
  source.replace(at, 10, judged_last);
  constexpr std::string_view whole = R"(gate whole(s: Service) {
  sample every 15s
  harm +2% of s.error_rate
  reject when s.error_rate > s.baseline(1h).error_rate + 0.1% proven 97%
}
)";
  source.insert(source.find("policy careful"), whole);
  return source;
}

}  // namespace

TEST_CASE("every mutant of what a policy asks for is refused by it") {
  std::string correct = base();
  auto [none, wrong] = refused(correct);
  CHECK(none == 0);
  CHECK(wrong == 0);
  int caught = 0, all = 0;
  for (const Mutant& mutant : mutants()) {
    std::string source = correct, from = mutant.from;
    size_t tail = from.find("phase full { front.shift(100%)  hold 20m }");
    std::string to = mutant.to;
    if (tail != std::string::npos)
      for (std::string* text : {&from, &to}) text->replace(text->find("hold 20m }"), 10, judged_last);
    size_t at = source.find(from);
    INFO(mutant.what);
    REQUIRE(at != std::string::npos);
    source.replace(at, from.size(), to);
    auto [policies, others] = refused(source);
    CHECK(policies > 0);
    CHECK(others == 0);
    caught += policies > 0, ++all;
  }
  CHECK(all >= 300);
  WARN(fmt::format("{} of {} mutants of a program are refused by its policies", caught, all));
}

}  // namespace rollout::verify
