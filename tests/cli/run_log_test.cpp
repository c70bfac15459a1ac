// What a run says of its metrics sources while it holds, and how much each line of a log is worth somebody's attention.
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "runtime/cli/command.h"
#include "runtime/cli/log_file.h"
#include "runtime/cli/run_log.h"
#include "runtime/journal/crew_state.h"
#include "tests/sim/state_directory.h"

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

namespace {

struct NoCrew : journal::CrewState {
  Result<std::unique_ptr<journal::SqlStore>> store() override { return OpError{"none", false}; }
  Status tend() override { return Done{}; }
  int64_t tend_ns() const override { return 1; }
  Result<std::vector<std::string>> waiting() override { return std::vector<std::string>(); }
  void wake_all() override {}
};

}  // namespace

TEST_CASE("a worker that another one was faster than needs no hand, and whatever else fails does") {
  journal::Directory directory;
  effects::RealEffects real(nullptr);
  Env env;
  env.err = [](std::string_view) {};
  Arguments args;
  NoCrew crew;
  struct Case {
    journal::CrewState* crew;
    int code;
    std::string_view level;
  };
  int number = 0;
  for (const Case& one : {Case{&crew, Refused, "info"}, Case{&crew, NeedsHand, "error"}, Case{&crew, Ok, "warn"},
                          Case{&crew, Environment, "error"}, Case{nullptr, Refused, "error"}}) {
    std::string path = (directory.path / std::to_string(number++)).string();
    LogFile log(real.all(), path, "worker");
    Context context{env, args, {}, {}, "text", false, false, &log, {}, one.crew};
    CHECK(context.fail(one.code, "checkout is being changed by them") == one.code);
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    INFO(text.str());
    CHECK(text.str().find("\"level\":\"" + std::string(one.level) + "\"") != std::string::npos);
    CHECK(text.str().find("\"kind\":\"failed\"") != std::string::npos);
  }
}

}  // namespace rollout::cli
