#include "tests/bench/step.h"

#include <fmt/format.h>

#include "runtime/effects/clock.h"
#include "runtime/exec/drive.h"
#include "runtime/journal/sqlite_store.h"
#include "tests/bench/figures.h"
#include "tests/bench/http_world.h"
#include "tests/bench/measure.h"
#include "tests/bench/raw_steps.h"

namespace rollout::bench {

namespace {

namespace fs = std::filesystem;

constexpr double most_of_step = 1.3, least_of_pipeline = 0.6, most_of_wave = 1.5, most_wave_us = 1000,
                 most_of_way_back = 1.5;
constexpr int waves_back = 10;

/// Everything that the contestants share: one disk, one server.
struct Ring {
  Ring(std::unique_ptr<journal::SqliteStore> opened, LaneServer started, const fs::path& raw)
      : store(std::move(opened)), server(std::move(started)), journal(raw), lanes(server) {}
  std::unique_ptr<journal::SqliteStore> store;
  LaneServer server;
  RawJournal journal;
  RawLanes lanes;
  int runs = 0;
};

Result<std::unique_ptr<Ring>> make_ring(const fs::path& scratch) {
  fs::path state = scratch / "steps.db";
  for (const char* end : {"", "-journal", "-wal", "-shm", "-lock"}) fs::remove(state.string() + end);
  auto server = LaneServer::start();
  if (!server) return server.error();
  auto store = journal::SqliteStore::open(state.string());
  if (!store) return store.error();
  return std::make_unique<Ring>(std::move(*store), std::move(*server), scratch / "steps.raw");
}

/// One run by the real engine, with the real clock and store.
Status run(Ring& ring, const plan::Plan& plan, HttpWorld& world, journal::Outcome expected) {
  struct Quiet : exec::Listener {
    void on_event(const journal::Event&, const exec::State&) override {}
  } quiet;
  std::unique_ptr<effects::Clock> clock = effects::real_clock(nullptr);
  journal::NewRun made{"release", "{}", fmt::format("steps{}", ring.runs++), {}, "bench", 0};
  for (const plan::Service& service : plan.services) made.services.push_back(service.name);
  auto info = ring.store->create(made);
  if (!info) return info.error();
  auto driven = exec::drive(plan, info->run, {*clock, *ring.store, world, quiet, [] { return 0; }, "bench"});
  if (!driven) return driven.error();
  bool good = driven->state.ended && driven->state.ended->outcome == expected;
  if (good) return Done{};
  return OpError{"the measured run did not end as planned: " + driven->state.cause_detail};
}

/// Microseconds between one batch of actions and the next.
std::vector<double> between(const std::vector<int64_t>& acted_ns) {
  std::vector<double> out;
  for (size_t i = 1; i < acted_ns.size(); ++i)
    if (acted_ns[i] != acted_ns[i - 1]) out.push_back(double(acted_ns[i] - acted_ns[i - 1]) / 1e3);
  return out;
}

const OpError raw_failed{"the raw loop could not write or was not answered"};

}  // namespace

Result<bool> print_steps(const Setting& setting) {
  const int rounds = setting.quick ? 2 : 15, steps = setting.quick ? 20 : 200, waves = setting.quick ? 5 : 50;
  auto made = make_ring(setting.scratch);
  if (!made) return made.error();
  Ring& ring = **made;
  std::vector<double> ours, raw, once, merged, rate, raw_rate;
  for (int round = 0; round < rounds; ++round) {
    HttpWorld one(ring.server, 1), many(ring.server, lane_count);
    if (Status done = run(ring, regions_plan(1, steps, true, false), one, journal::Outcome::Succeeded); !done)
      return done.error();
    ours.push_back(median(between(one.acted_ns())));
    for (auto [to, requests, commits] : {std::tuple(&raw, requests_of_step, Commits::Two),
                                         std::tuple(&once, 1, Commits::Two),
                                         std::tuple(&merged, requests_of_step, Commits::One)}) {
      std::vector<double> times = raw_chain(ring.journal, ring.lanes, steps, requests, commits);
      if (times.empty()) return raw_failed;
      to->push_back(median(times));
    }
    int64_t begin = now_ns();
    plan::Plan apart = regions_plan(lane_count, waves, false, false);
    if (Status done = run(ring, apart, many, journal::Outcome::Succeeded); !done) return done.error();
    rate.push_back(double(lane_count * waves) * 1e9 / double(now_ns() - begin));
    CurlLanes over_curl(ring.server);  // new connections, as ours has
    raw_rate.push_back(over_curl.pipeline(ring.journal, lane_count * waves, requests_of_step));
    if (raw_rate.back() == 0) return raw_failed;
  }
  std::string as_many = fmt::format("a raw loop of {} requests", requests_of_step);
  return print_figures({compared("durable step over HTTP, chain, p50", "us", ours, as_many, raw, most_of_step),
                        compared("  the same", "us", ours, "a raw loop of 1 request", once),
                        compared("  the same", "us", ours, as_many + " and one sync", merged),
                        compared("20 lanes, group commit", "steps/s", rate, as_many + " over libcurl", raw_rate,
                                 least_of_pipeline, true)},
                       fmt::format("{} rounds", rounds));
}

Result<bool> print_waves(const Setting& setting) {
  const int rounds = setting.quick ? 2 : 15, waves = setting.quick ? 5 : 50;
  auto made = make_ring(setting.scratch);
  if (!made) return made.error();
  Ring& ring = **made;
  std::vector<double> ours, raw, over_curl, back, raw_back;
  for (int round = 0; round < rounds; ++round) {
    HttpWorld world(ring.server, lane_count), again(ring.server, lane_count);
    plan::Plan together = regions_plan(lane_count, waves, true, false);
    if (Status done = run(ring, together, world, journal::Outcome::Succeeded); !done) return done.error();
    ours.push_back(median(between(world.acted_ns())));
    std::vector<double> times = raw_waves(ring.journal, ring.lanes, waves, requests_of_step);
    if (times.empty()) return raw_failed;
    raw.push_back(median(times));
    CurlLanes curl_lanes(ring.server);
    times = raw_waves(ring.journal, curl_lanes, waves, requests_of_step);
    if (times.empty()) return raw_failed;
    over_curl.push_back(median(times));
    plan::Plan plan = regions_plan(lane_count, waves_back, false, true);
    if (Status done = run(ring, plan, again, journal::Outcome::RolledBack); !done) return done.error();
    back.push_back(double(now_ns() - again.failed_ns()) / 1e6);
    times = raw_waves(ring.journal, ring.lanes, waves_back, requests_of_step);
    if (times.empty()) return raw_failed;
    double sum = 0;
    for (double one : times) sum += one;
    raw_back.push_back(sum / 1e3);
  }
  std::string as_many = fmt::format("a raw wave of {} requests each", requests_of_step);
  return print_figures({compared("wave over 20 regions, p50", "us", ours, as_many, raw, most_of_wave),
                        alone("  the same", "us", median(ours), most_wave_us),
                        compared("  the same", "us", ours, as_many + " over libcurl", over_curl),
                        compared("  that raw wave over libcurl", "us", over_curl, as_many, raw),
                        compared("20 regions x 10 phases rolled back", "ms", back, "ten raw waves", raw_back,
                                 most_of_way_back)},
                       fmt::format("{} rounds", rounds));
}

}  // namespace rollout::bench
