// RF-34 of docs/failures.md: the bytes that a metrics source answers with. The engine runs in the simulated world, and
// its samples come through the real client of Prometheus.
#include <fmt/format.h>

#include "runtime/metrics/prometheus.h"
#include "tests/sim/scenarios/scenario.h"

namespace rollout::sim_test {

using journal::Outcome;

namespace {

/// Says what time it is, and to every other question the answer that it was given.
class Answering : public effects::Http {
 public:
  Answering(const effects::Clock& clock, std::string answer) : clock_(clock), answer_(std::move(answer)) {}
  Result<effects::HttpResponse> send(const effects::HttpRequest& request) override {
    int64_t now_s = clock_.wall_ns() / second;
    if (request.url.ends_with("query=time()"))
      return effects::HttpResponse{200, "application/json",
                                   fmt::format(R"({{"status":"success","data":{{"resultType":"scalar","result":)"
                                               R"([{0},"{0}"]}}}})",
                                               now_s)};
    ++asked;
    std::string text = answer_;
    for (size_t at = text.find("NOW"); at != std::string::npos; at = text.find("NOW", at))
      text.replace(at, 3, std::to_string(now_s - 1));
    return effects::HttpResponse{200, "application/json", std::move(text)};
  }
  int64_t asked = 0;

 private:
  const effects::Clock& clock_;
  std::string answer_;
};

/// The simulated world, whose metrics come from such answers.
class Measured : public exec::World {
 public:
  Measured(exec::World& world, effects::Http& http)
      : world_(world), source_(metrics::PrometheusApi(http, "http://prom", second), 5 * second) {}
  Result<exec::Observation> observe(const plan::Action& action, const exec::EffectKey& key) override {
    return world_.observe(action, key);
  }
  Status act(const plan::Action& action, const exec::EffectKey& key) override { return world_.act(action, key); }
  std::vector<exec::Reading> sample(const plan::Plan& plan, const std::vector<plan::Term>& terms) override {
    return source_.read(plan, terms, std::vector<std::optional<metrics::Subject>>(terms.size()));
  }
  Result<journal::Captured> capture(const plan::Plan& plan) override { return world_.capture(plan); }

 private:
  exec::World& world_;
  metrics::PrometheusSource source_;
};

/// canary_plan() whose gate asks for a gauge below 1%.
plan::Plan gauged_plan() {
  plan::Plan plan = canary_plan(minute, false);
  auto text = [](const char* what) { return eval::Value::of(eval::Value::Kind::String, std::string(what)); };
  plan.signals[error_rate] = {0, "error_rate", 2, "gauge", {{"name", text("m")}, {"by", text("track")}},
                              plan::Evidence::Value, eval::Value::Kind::Percent};
  plan.gates[0].conditions = {2};
  plan.gates[0].minimum_requests = 0;
  plan.watches.clear();
  return plan;
}

std::string matrix(const std::string& series, const std::string& more = {}) {
  return R"({"status":"success",)" + more + R"("data":{"resultType":"matrix","result":[)" + series + "]}}";
}

exec::State drive_with(const std::string& answer) {
  Rig rig(gauged_plan());
  Answering http(*rig.clock, answer);
  Measured measured(rig.world, http);
  Rig::Run& run = **rig.begin("h");
  auto driven = rig.drive(run, measured, "process 1");
  REQUIRE(driven);
  CHECK(http.asked > 0);
  rig.judge(run);
  return std::move(driven->state);
}

}  // namespace

TEST_CASE("RF-34 many series, warnings, and errors with code 200 are no evidence") {
  const std::string one = R"({"metric":{"instance":"a"},"values":[[NOW,"0.001"]]})";
  REQUIRE(drive_with(matrix(one)).ended->outcome == Outcome::Succeeded);
  std::string many;
  for (int i = 0; i < 20'001; ++i)
    many += fmt::format(R"({}{{"metric":{{"instance":"{}"}},"values":[[NOW,"0.001"]]}})", i == 0 ? "" : ",", i);
  for (const std::string& answer :
       {matrix(many), matrix(one + "," + R"({"metric":{"instance":"a","x":"y"},"values":[[NOW,"0.001"]]})"),
        matrix(one, R"("warnings":["partial response"],)"),
        std::string(R"({"status":"error","errorType":"timeout","error":"query timed out"})"),
        std::string(R"(<html>502 Bad Gateway</html>)"), matrix(one).substr(0, 60)}) {
    INFO(answer.substr(0, 200));
    exec::State state = drive_with(answer);
    CHECK(state.ended->outcome == Outcome::RolledBack);
    CHECK(state.cause == journal::Cause::NoEvidence);
    CHECK_FALSE(state.cause_detail.empty());
  }
}

}  // namespace rollout::sim_test
