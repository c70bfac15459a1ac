// What a real Prometheus cannot be made to say: answers of proxies, of wrong servers, of broken
// ones. None of them may ever become a number.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "compiler/base/json.h"
#include "runtime/metrics/bucket_quantile.h"
#include "runtime/metrics/counter_window.h"
#include "runtime/metrics/prometheus.h"
#include "tests/conformance/rig.h"

namespace rollout::test {

using exec::Reading;

namespace {

const std::string time_answer =
    R"({"status":"success","data":{"resultType":"scalar","result":[100,"100"]}})";

std::string matrix(const std::string& series) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}";
}

/// Answers the question for the time truthfully and everything else with one body.
class FakeHttp : public effects::Http {
 public:
  Result<effects::HttpResponse> send(const effects::HttpRequest& request) override {
    if (request.url.ends_with("query=time()"))
      return effects::HttpResponse{200, "application/json", time_answer};
    return effects::HttpResponse{status, type, body};
  }
  int status = 200;
  std::string type = "application/json", body;
};

Reading read_gauge(FakeHttp& http) {
  plan::Plan plan;
  plan.services.emplace_back();
  plan.services[0].name = "checkout";
  plan.signals.push_back({0,
                          "s",
                          0,
                          "gauge",
                          {{"name", text("m")}, {"by", text("track")}},
                          plan::Evidence::Value,
                          eval::Value::Kind::Percent});
  metrics::PrometheusSource source(metrics::PrometheusApi(http, "http://prom", second_ns),
                                   5 * second_ns);
  return source.read(plan, {{0, plan::Role::Canary, 0}}, {std::nullopt})[0];
}

}  // namespace

TEST_CASE("hostile answers never become a number", "[hostile]") {
  FakeHttp http;
  http.body = matrix(R"({"metric":{"instance":"a"},"values":[[99,"0.5"]]})");
  REQUIRE(read_gauge(http).status == Reading::Status::Ok);
  REQUIRE(read_gauge(http).value == 5e8);
  const std::string good = http.body;

  const std::string bodies[] = {
      "",
      "<html><body>502 Bad Gateway</body></html>",
      "null",
      "[]",
      "{}",
      "{",
      "\xff\xfe",
      "\"success\"",
      good.substr(0, good.size() - 1),
      good + "x",
      R"({"status":"error","errorType":"timeout","error":"query timed out"})",
      R"({"status":"success","warnings":["partial response"],"data":{"resultType":"matrix",)"
      R"("result":[{"metric":{},"values":[[99,"1"]]}]}})",
      R"({"status":"success","data":{"resultType":"string","result":[99,"1"]}})",
      R"({"status":"success","data":{"resultType":"matrix"}})",
      R"({"status":"success","data":{"resultType":"matrix","result":{}}})",
      R"({"status":"success","data":null})",
      R"({"status":"success"})",
      R"({"status":200,"data":{}})",
      matrix(""),
      matrix("1"),
      matrix("null"),
      matrix("[]"),
      matrix("{}"),
      matrix(R"({"metric":{}})"),
      matrix(R"({"metric":{},"values":[]})"),
      matrix(R"({"metric":[],"values":[[99,"1"]]})"),
      matrix(R"({"metric":{"a":1},"values":[[99,"1"]]})"),
      matrix(R"({"metric":{},"values":[[99,1]]})"),
      matrix(R"({"metric":{},"values":[["99","1"]]})"),
      matrix(R"({"metric":{},"values":[[99]]})"),
      matrix(R"({"metric":{},"values":[[99,"1",2]]})"),
      matrix(R"({"metric":{},"values":[99,"1"]})"),
      matrix(R"({"metric":{},"values":"1"})"),
      matrix(R"({"metric":{},"values":[[99,""]]})"),
      matrix(R"({"metric":{},"values":[[99," 1"]]})"),
      matrix(R"({"metric":{},"values":[[99,"1 "]]})"),
      matrix(R"({"metric":{},"values":[[99,"0x1p3"]]})"),
      matrix(R"({"metric":{},"values":[[99,"1e400"]]})"),
      matrix(R"({"metric":{},"values":[[99,"1,5"]]})"),
      matrix(R"({"metric":{},"values":[[99,"NaN"]]})"),
      matrix(R"({"metric":{},"values":[[99,"+Inf"]]})"),
      matrix(R"({"metric":{},"values":[[99,"-Inf"]]})"),
      matrix(R"({"metric":{},"values":[[99,"nan"]]})"),
      matrix(R"({"metric":{},"values":[[99,"infinity"]]})"),
      matrix(R"({"metric":{},"values":[[99,"--1"]]})"),
      matrix(R"({"metric":{},"values":[[99,"1"],[98,"2"]]})"),
      matrix(R"({"metric":{},"values":[[99,"1"],[99,"2"]]})"),
      matrix(
          R"({"metric":{"instance":"a"},"values":[[99,"1"]]},{"metric":{"instance":"a","x":"y"},"values":[[99,"1"]]})"),
      std::string(100, '['),
      std::string(5000, '['),
      R"({"status":"success","data":)" + std::string(2000, '{')};
  for (const std::string& body : bodies) {
    CAPTURE(body);
    http.body = body;
    const Reading reading = read_gauge(http);
    CHECK(reading.status != Reading::Status::Ok);
    CHECK(!reading.detail.empty());
  }
}

TEST_CASE("what is said twice, or of another time, never becomes a number", "[hostile]") {
  FakeHttp http;
  const std::string bodies[] = {
      R"({"status":"success","status":"error","data":{"resultType":"matrix",)"
      R"("result":[{"metric":{},"values":[[99,"1"]]}]}})",
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[99,"1"]]}]},"data":null})",
      matrix(R"({"metric":{},"values":[[99,"0.1"]],"values":[[99,"0.99"]]})"),
      matrix(R"({"metric":{"instance":"a","instance":"b"},"values":[[99,"1"]]})"),
      matrix(R"({"metric":{},"value":[98,"1"],"values":[[99,"1"]]})"),
      matrix(R"({"metric":{},"value":[99,"1"]})"),
      matrix(R"({"metric":{},"values":[[1,"1"]]})"),
      matrix(R"({"metric":{},"values":[[88,"1"]]})"),
      matrix(R"({"metric":{},"values":[[88,"1"],[99,"1"]]})"),
      matrix(R"({"metric":{},"values":[[106,"1"]]})"),
      matrix(R"({"metric":{},"values":[[9e9,"1"]]})"),
      matrix(R"({"metric":{},"values":[[1e308,"1"]]})"),
      matrix(R"({"metric":{},"values":[[-1e308,"1"]]})"),
      matrix(R"({"metric":{},"values":[[99,"-5"]]})"),
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}})"};
  for (const std::string& body : bodies) {
    CAPTURE(body);
    http.body = body;
    CHECK(read_gauge(http).status == Reading::Status::Error);
  }
}

TEST_CASE("what an answer is about is what was asked, give or take what clocks and caches round", "[hostile]") {
  FakeHttp http;
  // Asked at 100, by a source whose samples are fresh for 5 s.
  for (const char* time : {"94", "95", "99", "100", "100.999", "104"}) {
    CAPTURE(time);
    http.body = matrix(fmt::format(R"({{"metric":{{}},"values":[[{},"0.5"]]}})", time));
    CHECK(read_gauge(http).value == 5e8);
  }
  http.body = matrix(R"({"metric":{},"values":[[1,"0.5"]]})");
  CHECK(read_gauge(http).status == Reading::Status::Error);
  CHECK(read_gauge(http).detail.find("a sample is of 1, and what was asked for lies between 95.000 and 100.000") !=
        std::string::npos);

  // A cache in front of Prometheus moves a range to whole steps.
  metrics::PrometheusApi api(http, "http://prom", second_ns);
  http.body = matrix(R"({"metric":{},"values":[[940,"1"],[1000,"1"],[1060,"1"]]})");
  CHECK(api.range("m", 1000, 1060, 60));
  http.body = matrix(R"({"metric":{},"values":[[900,"1"],[960,"1"]]})");
  CHECK(!api.range("m", 1000, 1060, 60));
}

TEST_CASE("what is quoted of an answer is short, whatever it says", "[hostile]") {
  FakeHttp http;
  const std::string huge(3'000'000, 'x');
  const std::string bodies[] = {
      matrix(R"({"metric":{"instance":")" + huge + R"("},"values":[[99,"NaN"]]})"),
      matrix(R"({"metric":{"instance":")" + huge + R"("},"values":[[99,"-5"]]})"),
      R"({"status":"error","errorType":")" + huge + R"(","error":")" + huge + "\"}",
      R"({"status":"success","data":{"resultType":")" + huge + R"(","result":[]}})",
      R"({"status":"success","warnings":[")" + huge + R"("],"data":{}})",
      huge};
  for (const std::string& body : bodies) {
    http.body = body;
    CHECK(read_gauge(http).detail.size() < 1000);
  }
  http.type = huge;
  CHECK(read_gauge(http).detail.size() < 1000);
}

TEST_CASE("an answer of nothing but numbers is refused before it fills the memory", "[hostile]") {
  FakeHttp http;
  http.body = "[0";
  while (http.body.size() < size_t{8} << 20) http.body += ",0";
  http.body += "]";
  const Reading reading = read_gauge(http);
  CHECK(reading.status == Reading::Status::Error);
  CHECK(reading.detail.size() < 1000);
  const Result<json::Node> tree = json::parse(http.body);
  REQUIRE(!tree);
  CHECK(tree.error().message == "the JSON text holds up to 4194306 values; at most 2048576 are read");
}

TEST_CASE("a reading without a new scrape counts nothing and takes nothing away", "[hostile]") {
  FakeHttp http;
  plan::Plan plan;
  plan.services.emplace_back();
  plan.signals.push_back({0,
                          "s",
                          0,
                          "ratio",
                          {{"part", text("m")}, {"of", text("m")}},
                          plan::Evidence::Counts,
                          eval::Value::Kind::Percent});
  metrics::PrometheusSource source(metrics::PrometheusApi(http, "http://prom", second_ns),
                                   5 * second_ns);
  const auto read = [&](const std::string& values) {
    http.body = matrix(R"({"metric":{"instance":"a"},"values":[)" + values + "]}");
    return source.read(plan, {{0, plan::Role::Canary, 0}}, {std::nullopt})[0];
  };
  CHECK(read(R"([97,"100"])").status == Reading::Status::NoData);
  CHECK(read(R"([97,"100"],[98,"130"])").total == 30);
  const Reading again = read(R"([97,"100"],[98,"130"])");
  CHECK(again.status == Reading::Status::Ok);
  CHECK(again.total == 0);
  CHECK(again.detail == "no scrape since the previous reading");
  CHECK(read(R"([98,"130"],[99,"150"])").total == 20);
}

TEST_CASE("a good body with a bad status is an error", "[hostile]") {
  FakeHttp http;
  http.body = matrix(R"({"metric":{"instance":"a"},"values":[[99,"0.5"]]})");
  for (const int status : {0, 199, 301, 302, 400, 401, 403, 404, 422, 429, 500, 502, 503}) {
    http.status = status;
    CHECK(read_gauge(http).status == Reading::Status::Error);
  }
}

TEST_CASE("cut and flipped answers never become another number", "[hostile]") {
  FakeHttp http;
  const std::string good =
      matrix(R"({"metric":{"instance":"a"},"values":[[98,"0.25"],[99,"0.5"]]})");
  for (size_t at = 0; at < good.size(); ++at) {
    http.body = good.substr(0, at);
    CHECK(read_gauge(http).status != Reading::Status::Ok);
    for (const char c : {'\0', '"', '}', ']', ',', '\\', '\x80'}) {
      http.body = good;
      http.body[at] = c;
      const Reading reading = read_gauge(http);
      if (reading.status == Reading::Status::Ok)
        CHECK((reading.value == 5e8 || reading.detail.empty()));
    }
  }
}

TEST_CASE("counters: resets, new series, vanished ones", "[hostile]") {
  using metrics::CounterWindow;
  using metrics::Series;
  const std::vector<std::string> labels{"instance"};
  const auto series = [](const std::string& instance, std::vector<metrics::Sample> samples,
                         const std::string& code = "") {
    return Series{{{"instance", instance}, {"code", code}}, std::move(samples)};
  };
  CounterWindow window;
  CHECK(window.take({series("a", {{1, 100}})}, labels, nullptr)->first);
  Result<CounterWindow::Taken> taken =
      window.take({series("a", {{1, 100}, {2, 130}, {3, 10}, {4, 15}})}, labels, nullptr);
  REQUIRE(taken);
  CHECK(taken->increases[0].events == 45);
  // No newer sample: nothing happened that could be counted.
  taken = window.take({series("a", {{3, 10}, {4, 15}})}, labels, nullptr);
  CHECK(!taken->advanced);
  // An error code that appears on a known instance began at zero; a new instance gives only a
  // starting point.
  taken =
      window.take({series("a", {{5, 15}}), series("a", {{5, 3}}, "500"), series("b", {{5, 1000}})},
                  labels, nullptr);
  REQUIRE(taken->increases.size() == 2);
  CHECK(taken->increases[0].events + taken->increases[1].events == 3);
  // What vanished and comes back starts anew.
  CHECK(window.take({series("b", {{6, 1001}})}, labels, nullptr)->increases[0].events == 1);
  taken = window.take({series("a", {{9, 500}}), series("b", {{9, 1001}})}, labels, nullptr);
  REQUIRE(taken->increases.size() == 1);
  CHECK(!window.take({series("b", {{10, -1}})}, labels, nullptr));
  CHECK(!window.take({series("b", {{11, std::nan("")}})}, labels, nullptr));
  CHECK(!window.take({series("b", {{11, 1}}), series("b", {{11, 1}})}, labels, nullptr));
}

TEST_CASE("quantiles of buckets", "[hostile]") {
  const double inf = INFINITY;
  CHECK(metrics::quantile_of({{0.1, 90}, {0.5, 100}, {inf, 100}}, 0.95)->value == Approx(0.3));
  CHECK(metrics::quantile_of({{0.1, 90}, {0.5, 100}, {inf, 100}}, 0.45)->value == Approx(0.05));
  const Result<metrics::Quantile> beyond =
      metrics::quantile_of({{0.1, 1}, {0.5, 2}, {inf, 100}}, 0.99);
  REQUIRE(beyond);
  CHECK(beyond->beyond);
  CHECK(beyond->value == 0.5);
  CHECK(!metrics::quantile_of({{0.1, 90}, {0.5, 80}, {inf, 100}}, 0.95));
  CHECK(!metrics::quantile_of({{0.1, 90}}, 0.95));
  CHECK(!metrics::quantile_of({{0.1, 0}, {inf, 0}}, 0.95));
  CHECK(!metrics::quantile_of({}, 0.95));
}

}  // namespace rollout::test
