// Proof 3, harm, against enumeration: random releases, of which every step takes its least or its longest, in every
// combination; a regression begins at many moments of each of these runs. Evidence is added up block by block, at the
// rate that the recheck knows, and once it is enough the share is taken back as slowly as it may be. No regression is
// met for longer than was proven.
#include <cmath>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.h"
#include "compiler/plan/pace.h"
#include "compiler/verify/proofs.h"
#include "compiler/verify/recheck.h"
#include "compiler/verify/recheck_gates.h"
#include "runtime/sim/random.h"
#include "tests/sim/plans.h"

namespace rollout::verify {

namespace {

using plan::Plan;
using plan::StepKind;
using sim_test::second;

constexpr uint64_t releases = 40;
constexpr int moments = 7;  // of each step, at which a regression begins

constexpr std::string_view shop = R"(
import std.backend.{{local, haproxy, prometheus}}
target hosts: local {{ directory = "run/shop" }}
target edge: haproxy {{ socket = "run/haproxy.sock" }}
metrics prom: prometheus {{ url = "http://127.0.0.1:9090" }}
service front {{
  workload = hosts {{ command = ["bin/front"]  ready = http("/healthz")  replicas = 4  ports_from = 8100 }}
  router = edge {{ backend = "front" }}
  traffic = {}/s
  signal error_rate: Percent = prom.ratio("front_errors_total", of: "front_requests_total", by: "track")
}}
gate proves(s: Service) {{
  sample every 15s
  harm +3% of s.canary.error_rate
  reject when s.canary.error_rate > s.stable.error_rate + 0.1% proven 99%
}}
rollout release {{
  front.deploy("front:1.1")
{}  front.shift(100%)
  front.promote()
}}
)";

std::string release(uint64_t seed) {
  sim::Random random(seed * 31 + 5);
  std::string body;
  for (int64_t i = 0, phases = 1 + random.below(3); i < phases; ++i) {
    body += fmt::format("  front.shift({}%)\n", i == 0 ? 2 + random.below(20) : 20 + random.below(70));
    bool judged = i == 0 || random.chance(0.7);
    body += fmt::format("  hold {}s{}\n", 60 + random.below(12) * 45, judged ? " judged by proves(front)" : "");
  }
  if (random.chance(0.4))
    body += "  rollback when front.canary.error_rate > front.stable.error_rate + 0.1% proven 99% every 5s\n";
  return fmt::format(shop, 40 + random.below(300), body);
}

struct Range {
  int64_t least = 0, most = 0;
};

class Oracle {
 public:
  explicit Oracle(const Plan& plan) : plan_(plan) {
    for (const plan::Step& step : plan.steps) {
      shares_.push_back(shares_.empty() ? Shares{} : shares_.back());
      if (step.kind == StepKind::Act) follow(step.action, shares_.back());
      lasts_.push_back(lasts_of(step));
      backs_.push_back(backs_.empty() ? 0 : backs_.back());
      if (step.kind != StepKind::Act) continue;
      int64_t all = 0;  // until the share is gone, which its first action takes away
      for (uint32_t undo : step.rollback) {
        all += brief_of(plan.undo[undo]).all;
        if (change_of(plan.undo[undo]).any()) break;
      }
      backs_.back() = all;
    }
    for (const plan::Watch& watch : plan.watches) watched_ = &watch;
  }

  double most() {
    double most = 0;
    for (uint32_t slow = 0; slow < 1u << lasts_.size(); ++slow) {
      std::vector<int64_t> ends = {0};
      for (size_t i = 0; i < lasts_.size(); ++i)
        ends.push_back(ends.back() + (slow >> i & 1 ? lasts_[i].most : lasts_[i].least));
      for (size_t i = 0; i < lasts_.size(); ++i)
        for (int k = 0; k < moments; ++k)
          most = std::max(most, met(ends, ends[i] + (ends[i + 1] - ends[i]) * k / moments));
    }
    return most;
  }

 private:
  Range lasts_of(const plan::Step& step) const {
    if (step.kind == StepKind::Act) return {0, brief_of(step.action).all};
    int64_t more = 0;
    for (uint32_t gate : step.gates)
      more = plan::max_look_ns + std::max({plan_.gates[gate].no_data.hold_ns, plan_.gates[gate].undecided.hold_ns,
                                           plan_.gates[gate].error.hold_ns, plan::settle_ns});
    return {step.hold_ns, step.hold_ns + more};
  }

  /// In the course of a step it may be what it was, or what it becomes.
  double share(size_t step) const {
    double before = step == 0 ? 0 : shares_[step - 1].canary;
    return plan_.steps[step].kind == StepKind::Act ? std::max(before, shares_[step].canary) : before;
  }

  /// Users that meet a regression from `from` on, in nanoseconds of full traffic.
  double met(const std::vector<int64_t>& ends, int64_t from) const {
    double soonest = -1;
    std::vector<std::pair<const plan::Condition*, int64_t>> lookers = {{nullptr, 0}};
    if (watched_ != nullptr) lookers.push_back({&plan_.conditions[watched_->condition], watched_->sample_ns});
    for (auto [watch, sample_ns] : lookers) {
      double seen = met_until_seen(ends, from, watch, sample_ns);
      soonest = soonest < 0 ? seen : std::min(soonest, seen);
    }
    return soonest;
  }
  double met_until_seen(const std::vector<int64_t>& ends, int64_t from, const plan::Condition* watch,
                        int64_t sample_ns) const {
    double met = 0, mean = 0, spread = 0;
    for (size_t i = 0; i < lasts_.size(); ++i) {
      int64_t at = std::max(ends[i], from);
      if (at >= ends[i + 1] && ends[i + 1] <= from) continue;
      const plan::Step& step = plan_.steps[i];
      const plan::Gate* gate = step.gates.empty() ? nullptr : &plan_.gates[step.gates[0]];
      bool looks = step.kind == StepKind::Hold && (watch != nullptr || gate != nullptr);
      const plan::Condition* condition = watch;
      if (watch == nullptr && gate != nullptr) condition = &plan_.conditions[gate->conditions[0]];
      int64_t every = watch != nullptr ? sample_ns : gate != nullptr ? gate->sample_ns : 0;
      if (looks) {
        judge::Sight sight = sight_of(plan_, *condition, every, every, shares_[i]);
        judge::Growth growth = growth_of(sight, 0.03);
        // Only blocks that lie behind the beginning bring anything.
        for (int64_t end = ends[i] + every; end <= ends[i + 1]; end += every) {
          if (end - every < at) continue;
          mean += growth.mean, spread += growth.variance;
          if (mean - judge::normal_quantile(sight.power) * std::sqrt(spread) < sight.needed) continue;
          int64_t until = std::min(end + plan::max_look_ns, ends[i + 1]);
          return met + share(i) * double(until - at + backs_[i]);
        }
      }
      met += share(i) * double(ends[i + 1] - at);
    }
    return met;
  }

  const Plan& plan_;
  std::vector<Range> lasts_;
  std::vector<Shares> shares_;   ///< after each step
  std::vector<int64_t> backs_;   ///< after each step
  const plan::Watch* watched_ = nullptr;
};

Plan plan_of(uint64_t seed) {
  std::string source = release(seed);
  auto load = [&](const std::string&) -> Result<std::string> { return source; };
  std::unique_ptr<Compilation> compiled = compile("release.rollout", load);
  INFO(source);
  REQUIRE(!compiled->diagnostics.has_errors());
  auto plan = plan::make_plan(*compiled->program, {}, compiled->sources, compiled->diagnostics);
  REQUIRE(plan);
  return std::move(*plan);
}

}  // namespace

TEST_CASE("whatever each step takes and whenever it begins, a regression is met for no longer than was proven") {
  double closest = 0, sum = 0, least = 1;
  int64_t bounded = 0;
  for (uint64_t seed = 1; seed <= releases; ++seed) {
    Plan plan = plan_of(seed);
    plan.facts = prove(plan).facts;
    REQUIRE(plan.facts->exposure.size() == 1);
    const plan::ExposureFacts& says = plan.facts->exposure[0];
    REQUIRE(says.harm_ns);
    double most = Oracle(plan).most(), near = most / double(*says.harm_ns);
    INFO("seed " << seed << release(seed));
    CHECK(most <= double(*says.harm_ns));
    closest = std::max(closest, near), sum += near, bounded += *says.harm_ns < says.unseen_ns;
    std::vector<std::string> broken = recheck(plan);
    INFO((broken.empty() ? "" : broken[0]));
    CHECK(broken.empty());
    Plan less = plan;  // the least that the recheck lets through holds, too
    int64_t low = -1, high = *says.harm_ns;
    for (plan::PhaseFacts& phase : less.facts->phases) phase.harm_ns = phase.harm_ns ? says.unseen_ns : phase.harm_ns;
    while (high - low > 1) {
      int64_t middle = low + (high - low) / 2;
      less.facts->exposure[0].harm_ns = middle;
      (recheck(less).empty() ? high : low) = middle;
    }
    CHECK(most <= double(high));
    least = std::min(least, double(high) / double(*says.harm_ns));
  }
  CHECK(bounded > int64_t(releases) / 3);
  CHECK(sum / double(releases) > 0.5);
  CHECK(least == 1);
  WARN(fmt::format("{} releases, {} bounded by who looks: none is met for longer; {:.0f}% of the bound at most, "
                   "{:.0f}% on average; the recheck lets no less than {:.0f}% of a bound through",
                   releases, bounded, 100 * closest, 100 * sum / double(releases), 100 * least));
}

}  // namespace rollout::verify
