// What a run says of its metrics sources while it holds.
#include <catch2/catch.hpp>

#include "runtime/cli/run_log.h"

namespace rollout::cli {

TEST_CASE("a metrics source that fails in a hold is said once, and once that it is back") {
  plan::Plan plan;
  plan.targets = {{"prom", "prometheus", {}}};
  plan.signals = {{0, "errors", 0, "ratio", {}, plan::Evidence::Counts, eval::Value::Kind::Percent}};
  RunLog log(plan);
  const auto sample = [&log](int64_t second, journal::ReadingStatus status, const std::string& detail) {
    journal::Sampled sampled;
    sampled.readings = {{{0, plan::Role::Canary, 0}, status, detail, 10, 0, 0}};
    journal::Event event;
    event.run_ns = second * 1'000'000'000;
    event.what = sampled;
    log.add(event);
    return log.news;
  };
  using journal::ReadingStatus;
  using Lines = std::vector<std::string>;
  CHECK(sample(1, ReadingStatus::Ok, "").empty());
  CHECK(sample(2, ReadingStatus::Error, "connection refused") ==
        Lines{"samples of prom do not count: connection refused"});
  CHECK(sample(3, ReadingStatus::Error, "connection refused").empty());
  REQUIRE(log.outages.size() == 1);
  CHECK(log.outages[0].since_ns == 2'000'000'000);
  CHECK(sample(27, ReadingStatus::NoData, "no scrape") == Lines{"samples of prom count again, after 25.0s"});
  CHECK(log.outages.empty());
  CHECK(sample(28, ReadingStatus::Ok, "").empty());
}

}  // namespace rollout::cli
