#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/judge/evidence.h"
#include "runtime/metrics/prometheus_api.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Reading;

namespace {

/// A real Prometheus that scrapes two instances, whose numbers the test writes.
struct Monitored : Rig {
  Monitored() : port(free_ports()), instances(free_ports(2)) {
    plan.targets.push_back(
        {"prom",
         "prometheus",
         {{"url",
           eval::Value::of(eval::Value::Kind::Url, fmt::format("http://127.0.0.1:{}", port))},
          {"fresh", eval::Value::of(eval::Value::Kind::Duration, 3 * second_ns)}}});
    const std::pair<std::string, eval::Value> by{"by", text("track")};
    plan.signals.push_back({0,
                            "error_rate",
                            2,
                            "ratio",
                            {{"part", text("errors_total")}, {"of", text("requests_total")}, by},
                            plan::Evidence::Counts,
                            eval::Value::Kind::Percent});
    plan.signals.push_back({0,
                            "latency",
                            2,
                            "histogram",
                            {{"name", text("seconds")}, by},
                            plan::Evidence::Buckets,
                            eval::Value::Kind::Duration});
    plan.signals.push_back({0,
                            "saturation",
                            2,
                            "gauge",
                            {{"name", text("saturation")}, by},
                            plan::Evidence::Value,
                            eval::Value::Kind::Percent});
    plan.signals.push_back({0,
                            "wrong",
                            2,
                            "gauge",
                            {{"name", text("no_such_metric")}, by},
                            plan::Evidence::Value,
                            eval::Value::Kind::Percent});
    plan.signals.push_back({0,
                            "doubled",
                            2,
                            "gauge",
                            {{"name", text("doubled")}, by},
                            plan::Evidence::Value,
                            eval::Value::Kind::Percent});
    plan.signals.push_back({0,
                            "not_a_number",
                            2,
                            "gauge",
                            {{"name", text("odd")}, by},
                            plan::Evidence::Value,
                            eval::Value::Kind::Percent});
    stable(0, 0);
    canary(0, 0);
    for (const char* track : {"stable", "canary"}) {
      const int at = instances + (track[0] == 'c');
      services.push_back(std::make_unique<Server>(
          effects,
          std::vector<std::string>{SERVICE_PROGRAM, "--port", std::to_string(at), "--version", "1",
                                   "--metrics", fmt::format("{}/{}.txt", directory.path, track)},
          directory));
    }
    directory.write(
        "targets.json",
        fmt::format(
            R"([{{"targets":["127.0.0.1:{}"],"labels":{{"service":"checkout","track":"stable"}}}},
      {{"targets":["127.0.0.1:{}"],"labels":{{"service":"checkout","track":"canary"}}}}])",
            instances, instances + 1));
    directory.write("prometheus.yml",
                    fmt::format("global:\n  scrape_interval: 250ms\n  scrape_timeout: "
                                "200ms\nscrape_configs:\n  - job_name: shop\n"
                                "    file_sd_configs:\n      - files: [{}/targets.json]\n",
                                directory.path));
    server = std::make_unique<Server>(
        effects,
        std::vector<std::string>{"/usr/bin/prometheus",
                                 "--config.file=" + directory.path + "/prometheus.yml",
                                 "--storage.tsdb.path=" + directory.path + "/tsdb",
                                 fmt::format("--web.listen-address=127.0.0.1:{}", port)},
        directory);
  }
  static std::string numbers(int64_t requests, int64_t errors, double saturation) {
    // One request in ten takes between 0.1 s and 0.5 s, the others less than 0.1 s.
    return fmt::format(
        "requests_total {0}\nerrors_total {1}\nseconds_bucket{{le=\"0.1\"}} "
        "{2}\nseconds_bucket{{le=\"0.5\"}} {0}\n"
        "seconds_bucket{{le=\"+Inf\"}} {0}\nsaturation {3}\ndoubled{{a=\"1\"}} "
        "1\ndoubled{{a=\"2\"}} 2\nodd NaN\n",
        requests, errors, requests * 9 / 10, saturation);
  }
  void stable(int64_t requests, int64_t errors) {
    directory.write("stable.txt", numbers(requests, errors, 0.5));
  }
  void canary(int64_t requests, int64_t errors) {
    directory.write("canary.txt", numbers(requests, errors, 0.25));
  }
  /// Reads until the reading of the first term is Ok; all readings of that moment.
  std::vector<Reading> read_until_ok(exec::World& world, const std::vector<plan::Term>& terms) {
    std::vector<Reading> readings;
    eventually(effects, 20 * second_ns, [&] {
      readings = world.sample(plan, terms);
      return readings[0].status == Reading::Status::Ok;
    });
    return readings;
  }
  int port, instances;
  std::vector<std::unique_ptr<Server>> services;
  std::unique_ptr<Server> server;
};

const plan::Term stable_errors{0, plan::Role::Stable, 0}, canary_errors{0, plan::Role::Canary, 0},
    all_errors{0, plan::Role::All, 0};
const plan::Term canary_p95{1, plan::Role::Canary, 950'000'000};

}  // namespace

TEST_CASE("counts are what happened since the previous reading, in both arms", "[prometheus]") {
  Monitored rig;
  const auto world = rig.world();
  const std::vector<plan::Term> terms{canary_errors, stable_errors, all_errors, canary_p95};
  // Until everything is scraped there is no data, and the first reading is only a starting point.
  std::vector<bool> started(terms.size(), false);
  REQUIRE(eventually(rig.effects, 30 * second_ns, [&] {
    const std::vector<Reading> readings = world->sample(rig.plan, terms);
    for (size_t i = 0; i < terms.size(); ++i) {
      CHECK(readings[i].total == 0);
      if (readings[i].detail.find("counted no") != std::string::npos) started[i] = true;
    }
    return std::count(started.begin(), started.end(), true) == int64_t(terms.size());
  }));
  rig.stable(1000, 3);
  rig.canary(200, 8);
  int64_t canary_total = 0, canary_bad = 0, stable_total = 0, stable_bad = 0, all_total = 0;
  double p95 = 0;
  CHECK(eventually(rig.effects, 20 * second_ns, [&] {
    const std::vector<Reading> readings = world->sample(rig.plan, terms);
    canary_total += readings[0].total, canary_bad += readings[0].bad;
    stable_total += readings[1].total, stable_bad += readings[1].bad;
    all_total += readings[2].total;
    if (readings[3].status == Reading::Status::Ok) p95 = readings[3].value;
    return canary_total >= 200 && stable_total >= 1000 && all_total >= 1200 && p95 > 0;
  }));
  CHECK(canary_total == 200);
  CHECK(canary_bad == 8);
  CHECK(stable_total == 1000);
  CHECK(stable_bad == 3);
  CHECK(all_total == 1200);
  CHECK(p95 == Approx(0.3e9).margin(1e6));

  // A restart: the counters begin again, and what they show now is what happened since.
  rig.canary(50, 1);
  Reading restarted;
  CHECK(eventually(rig.effects, 20 * second_ns, [&] {
    restarted = world->sample(rig.plan, {canary_errors})[0];
    return restarted.total > 0;
  }));
  CHECK(restarted.total == 50);
  CHECK(restarted.bad == 1);
}

TEST_CASE("gauges are the last fresh value; what is odd is no evidence", "[prometheus]") {
  Monitored rig;
  const auto world = rig.world();
  const std::vector<plan::Term> terms = {{2, plan::Role::Canary, 0},
                                         {2, plan::Role::All, 0},
                                         {3, plan::Role::Canary, 0},
                                         {4, plan::Role::Canary, 0},
                                         {5, plan::Role::Canary, 0}};
  std::vector<Reading> readings;
  eventually(rig.effects, 20 * second_ns, [&] {
    readings = world->sample(rig.plan, terms);
    return readings[0].status == Reading::Status::Ok && readings[3].status == Reading::Status::Error;
  });
  CHECK(readings[0].value == 2.5e8);
  CHECK(readings[2].status == Reading::Status::NoData);
  CHECK(readings[2].detail ==
        "no sample of no_such_metric{service=\"checkout\",track=\"canary\",instance_set=~\"\"} within "
        "the last 3s");
  CHECK(readings[3].status == Reading::Status::Error);
  CHECK(readings[3].detail.find("several series for the instance") != std::string::npos);
  CHECK(readings[4].status == Reading::Status::NoData);
  CHECK(readings[4].detail.find("odd is nan") != std::string::npos);
  // Scraping stops: the last value gets old and then counts for nothing.
  rig.services.clear();
  REQUIRE(eventually(rig.effects, 10 * second_ns, [&] {
    return world->sample(rig.plan, {{2, plan::Role::Canary, 0}})[0].status ==
           Reading::Status::NoData;
  }));
  rig.server->stop();
  const std::vector<Reading> down =
      world->sample(rig.plan, {{2, plan::Role::Canary, 0}, canary_errors});
  CHECK(down[0].status == Reading::Status::Error);
  CHECK(down[1].status == Reading::Status::Error);
  CHECK(down[1].detail.find("cannot be asked") != std::string::npos);
}

TEST_CASE("until Prometheus knows who listens where, nobody's numbers are taken for another's",
          "[prometheus]") {
  Monitored rig;
  rig.set_workload("command",
                   eval::Value::list({text(SERVICE_PROGRAM), text("--port"), text("${port}"),
                                      text("--version"), text("${version}"), text("--metrics"),
                                      text(rig.directory.path + "/${version}.txt")}));
  const auto version = [&rig](const std::string& name, int64_t requests, int64_t errors) {
    rig.directory.write(name + ".txt", Monitored::numbers(requests, errors, 0.5));
  };
  // What Prometheus is told, and when, is in the test's hands: it reads the backend's file as late
  // as a loaded machine would.
  const auto tell_prometheus = [&rig] {
    rig.directory.write("targets.json", rig.directory.read("run/targets.json"));
  };
  version("1.0", 5000, 0), version("1.1", 2000, 0), version("1.2", 10, 1);
  const auto world = rig.world();
  using exec::Seen;
  REQUIRE(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(1)).seen == Seen::Present);
  REQUIRE(rig.carry_out(*world, rig.deploy("shop:1.1", 1), rig.key(2)).seen == Seen::Present);
  tell_prometheus();
  const std::vector<plan::Term> terms{canary_errors, stable_errors, all_errors, canary_p95};
  REQUIRE(eventually(rig.effects, 30 * second_ns, [&] {
    return world->sample(rig.plan, terms)[0].detail.find("counted no") != std::string::npos;
  }));

  // 1.1 becomes stable, 1.0 ends, and 1.2 begins where 1.0 listened.
  REQUIRE(rig.carry_out(*world, rig.promote("shop:1.1"), rig.key(2)).seen == Seen::Present);
  REQUIRE(rig.carry_out(*world, rig.deploy("shop:1.2", 1), rig.key(3)).seen == Seen::Present);
  const auto later = rig.world();  // a second run begins with nothing remembered
  for (int64_t step = 1; step <= 12; ++step) {
    version("1.1", 2000 + step * 100, 0), version("1.2", 10 + step * 100, 1 + step * 5);
    for (const Reading& reading : later->sample(rig.plan, terms)) {
      INFO(reading.detail);
      CHECK(reading.status == Reading::Status::NoData);
    }
    rig.effects.clock.sleep_until(rig.effects.clock.monotonic_ns() + second_ns / 4);  // a scrape
  }

  tell_prometheus();
  REQUIRE(eventually(rig.effects, 30 * second_ns, [&] {
    return later->sample(rig.plan, terms)[0].detail.find("counted no") != std::string::npos;
  }));
  version("1.1", 5000, 0), version("1.2", 2210, 111);
  int64_t canary_total = 0, canary_bad = 0, stable_total = 0, stable_bad = 0;
  CHECK(eventually(rig.effects, 20 * second_ns, [&] {
    const std::vector<Reading> readings = later->sample(rig.plan, terms);
    canary_total += readings[0].total, canary_bad += readings[0].bad;
    stable_total += readings[1].total, stable_bad += readings[1].bad;
    return canary_total >= 1000 && stable_total >= 1800;
  }));
  CHECK(canary_total == 1000);
  CHECK(canary_bad == 50);
  CHECK(stable_total == 1800);
  CHECK(stable_bad == 0);
}

TEST_CASE("a gate compares the canary with the control, by what Prometheus counted of both", "[prometheus]") {
  Monitored rig;
  rig.set_workload("command", eval::Value::list({text(SERVICE_PROGRAM), text("--port"), text("${port}"),
                                                 text("--version"), text("${version}"), text("--metrics"),
                                                 text(rig.directory.path + "/${instance}.txt")}));
  const auto counted = [&rig](const char* instance, int64_t requests, int64_t errors) {
    rig.directory.write(fmt::format("checkout-{}.txt", instance), Monitored::numbers(requests, errors, 0.5));
  };
  // What has run for long errs less than what has just been started: the control is as young as the canary.
  counted("g1-1", 0, 0), counted("g2b-1", 0, 0), counted("g2-1", 0, 0);
  const auto world = rig.world();
  using exec::Seen;
  REQUIRE(rig.carry_out(*world, rig.install("shop:1.0", 1), rig.key(1)).seen == Seen::Present);
  plan::Action deploy = rig.deploy("shop:1.1", 1);
  deploy.sets.push_back({plan::Variable::Instances, plan::Role::Control, eval::Value::of(eval::Value::Kind::Int, 1)});
  REQUIRE(rig.carry_out(*world, deploy, rig.key(2)).seen == Seen::Present);
  rig.directory.write("targets.json", rig.directory.read("run/targets.json"));
  const std::vector<plan::Term> terms{canary_errors, {0, plan::Role::Control, 0}, stable_errors};
  std::vector<bool> started(terms.size(), false);
  REQUIRE(eventually(rig.effects, 30 * second_ns, [&] {
    const std::vector<Reading> readings = world->sample(rig.plan, terms);
    for (size_t i = 0; i < terms.size(); ++i)
      if (readings[i].detail.find("counted no") != std::string::npos) started[i] = true;
    return std::count(started.begin(), started.end(), true) == int64_t(terms.size());
  }));

  // Both young ones fail 4% of their requests, the old one none: beside the stable version the canary would look bad.
  judge::Evidence beside_control({1, 0.001, true}, {20}), beside_stable({1, 0.001, true}, {20});
  int64_t control_total = 0, control_bad = 0, stable_bad = 0;
  for (int64_t block = 1; block <= 4; ++block) {
    counted("g2-1", block * 1000, block * 40), counted("g2b-1", block * 1000, block * 40);
    counted("g1-1", block * 8000, 0);
    Reading of[3] = {};
    REQUIRE(eventually(rig.effects, 20 * second_ns, [&] {
      const std::vector<Reading> readings = world->sample(rig.plan, terms);
      for (size_t i = 0; i < terms.size(); ++i) of[i].total += readings[i].total, of[i].bad += readings[i].bad;
      return of[0].total >= 1000 && of[1].total >= 1000 && of[2].total >= 8000;
    }));
    control_total += of[1].total, control_bad += of[1].bad, stable_bad += of[2].bad;
    beside_control.add({of[0].total, of[0].bad, of[1].total, of[1].bad});
    beside_stable.add({of[0].total, of[0].bad, of[2].total, of[2].bad});
  }
  CHECK(control_total == 4000);
  CHECK(control_bad == 160);
  CHECK(stable_bad == 0);
  CHECK_FALSE(beside_control.proven(0.99));
  CHECK(beside_stable.proven(0.99));
}

TEST_CASE("a range query gives the past of a series", "[prometheus]") {
  Monitored rig;
  metrics::PrometheusApi api(rig.effects.http, fmt::format("http://127.0.0.1:{}", rig.port),
                             second_ns);
  REQUIRE(eventually(rig.effects, 30 * second_ns, [&] {
    const Result<double> now_s = api.now_s();
    if (!now_s) return false;
    const Result<std::vector<metrics::Series>> past =
        api.range("saturation{track=\"stable\"}", *now_s - 5, *now_s, 0.5);
    return past && past->size() == 1 && (*past)[0].samples.size() >= 3 &&
           (*past)[0].samples[0].value == 0.5;
  }));
  const Result<std::vector<metrics::Series>> refused = api.range("saturation{", 0, 1, 1);
  REQUIRE(!refused);
  CHECK(refused.error().message.find("bad_data") != std::string::npos);
}

TEST_CASE("a window of the past is what was counted in it, by all instances", "[prometheus]") {
  Monitored rig;
  // Windows of seconds, which a scrape every quarter of a second fills.
  rig.plan.baselines = {{0, 0, 6 * second_ns, 2 * second_ns, "baseline(6s) error_rate"},
                        {1, 950'000'000, 6 * second_ns, 2 * second_ns, "baseline(6s) latency(95%)"},
                        {2, 0, 6 * second_ns, second_ns, "baseline(6s) saturation"}};
  const auto world = rig.world();
  int64_t requests = 0;
  std::optional<journal::Captured> captured;
  std::string why;
  // 3% of the requests go wrong, in both instances together.
  REQUIRE(eventually(rig.effects, 40 * second_ns, [&] {
    requests += 100;
    rig.stable(requests, requests * 2 / 100);
    rig.canary(requests, requests * 4 / 100);
    Result<journal::Captured> answer = world->capture(rig.plan);
    if (answer) captured = *answer;
    else why = answer.error().message;
    return captured && captured->baselines[0].parts == 3;
  }));
  CAPTURE(why);
  const journal::PastReading& errors = captured->baselines[0];
  CHECK(errors.mean == Approx(3e7).epsilon(0.15));
  CHECK(errors.total > 100);
  CHECK(double(errors.bad) == Approx(double(errors.total) * errors.mean / 1e9).margin(1));
  CHECK(errors.deviation >= 0);
  CHECK(errors.deviation < 1e7);
  CHECK(captured->baselines[1].mean == Approx(0.3e9).margin(2e6));
  CHECK(captured->baselines[2].mean == 5e8);  // the worst instance
  CHECK(captured->baselines[2].deviation == 0);
  CHECK(captured->baselines[2].parts >= 5);  // the first second may not have been scraped yet

  // Most of an hour was not seen; of another metric nothing was.
  rig.plan.baselines = {{0, 0, 3600 * second_ns, 60 * second_ns, "baseline(1h) error_rate"}};
  const Result<journal::Captured> young = world->capture(rig.plan);
  REQUIRE(!young);
  CHECK(young.error().message.find("baseline(1h) error_rate has data in ") == 0);
  CHECK(young.error().message.find("30 are needed") != std::string::npos);
  rig.plan.baselines = {{3, 0, 6 * second_ns, second_ns, "baseline(6s) wrong"}};
  const Result<journal::Captured> unknown = world->capture(rig.plan);
  REQUIRE(!unknown);
  CHECK(unknown.error().message.find("Prometheus has no sample of it") != std::string::npos);
  rig.server->stop();
  const Result<journal::Captured> down = world->capture(rig.plan);
  REQUIRE(!down);
  CHECK(down.error().message.find("cannot be asked") != std::string::npos);
}

}  // namespace rollout::test
