#include "tests/bench/generate.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>

#include <fmt/format.h>

extern char** environ;

namespace rollout::bench {

namespace {

constexpr const char* targets[] = {"us_east_1",  "us_west_2",      "eu_west_1", "eu_central_1",
                                   "ap_south_1", "ap_northeast_1", "sa_east_1", "af_south_1"};

constexpr const char* head = R"(import std.backend.{local, haproxy, prometheus}

input image: Image example "shop:2.0.0"

target hosts: local { directory = "run/shop" }
target edge: haproxy { socket = "run/haproxy.sock" }
metrics prom: prometheus { url = "http://127.0.0.1:9090" }
)";
constexpr const char* gates = R"(
gate errors(s: Service, most: Percent) {
  sample every 15s
  require s.canary.error_rate < most
}

gate slowness(s: Service, most: Duration) {
  sample every 15s
  require s.canary.latency(99%) < most
}
)";

/// With a harm that is proven, at up to half of the traffic: nothing is left beside all of it.
constexpr const char* proving_gates = R"(
gate errors(s: Service, most: Percent) {
  sample every 15s
  harm +2% of s.canary.error_rate
  reject when s.canary.error_rate > s.stable.error_rate + 0.1% proven 99%
  require s.canary.error_rate < most
}

gate slowness(s: Service, most: Duration) {
  sample every 15s
  require s.canary.latency(99%) < most
}
)";
constexpr int half = 49, whole = 100;  // percent that the shares grow by

std::string service(const char* name, int port) {
  return fmt::format(R"(
service {0} {{
  workload = hosts {{
    command    = ["bin/shop", "--port", "${{port}}"]
    ready      = http("/healthz")
    replicas   = 4
    ports_from = {1}
  }}
  router   = edge {{ backend = "{0}" }}
  traffic  = 5000/s
  signal error_rate: Percent = prom.ratio("errors_total", of: "requests_total", by: "track")
  signal latency: Duration   = prom.histogram("request_seconds", by: "track")
}}
)",
                     name, port);
}

/// Row `i` of so many, with the numbers of perf/gen.py, but for the shares: they grow.
std::string phase(int i, int phases, int grows) {
  return fmt::format(R"(  phase p{0} {{
    {1}.shift({2}%)
    hold {3}s judged by errors({1}, {4}%), slowness({1}, {5}ms)
  }}
)",
                     i, targets[i % 8],
                     1 + int(grows * int64_t(i) / phases), 60 + (i * 7) % 600, 1 + i % 9, 100 + i % 400);
}

}  // namespace

std::string rollout_source(int phases, bool harm) {
  std::string text = std::string(head) + (harm ? proving_gates : gates);
  for (int i = 0; i < 8; ++i) text += service(targets[i], 20000 + 100 * i);
  text += "\nrollout bench {\n";
  for (const char* target : targets) text += fmt::format("  {}.deploy(image)\n", target);
  for (int i = 0; i < phases; ++i) text += phase(i, phases, harm ? half : whole);
  text += "}\n";
  return text;
}

std::string chain_source(int count) {
  std::string text = "let a0 = 1\n";
  for (int i = 1; i < count; ++i) text += fmt::format("let a{} = a{} + 1\n", i, i - 1);
  return text;
}

std::string fan_source(int count) {
  std::string text = "let a0 = 1\n";
  for (int i = 1; i < count; ++i) text += fmt::format("let a{} = a0 + {}\n", i, i);
  return text;
}

std::string branches_source(int count) {
  std::string text = "import std.backend.{local}\n\ninput image: Image example \"shop:2.0.0\"\n\n"
                     "target hosts: local { directory = \"run\" }\n";
  for (int i = 0; i < count; ++i)
    text += fmt::format("service s{0} {{ workload = hosts {{ command = [\"bin/s{0}\"]  ready = http(\"/\")  "
                        "replicas = 1  ports_from = {1} }} }}\n",
                        i, 1024 + i % 60000);
  text += "\nrollout bench {\n  parallel {\n";
  for (int i = 0; i < count; ++i) text += fmt::format("    phase p{0} {{ s{0}.install(image) }}\n", i);
  text += "  }\n}\n";
  return text;
}

std::string tests_source(std::string_view program, int count) {
  std::string text(program);
  for (int i = 0; i < count; ++i) {
    bool good = i % 2 == 0;
    text += fmt::format("\ntest \"number {}\" {{\n", i);
    text += fmt::format("  given checkout.canary.error_rate = {}%\n", good ? 0 : 9);
    if (i % 3 == 0) text += fmt::format("  given noise seed {}\n", i);
    text += fmt::format("  run release(image: \"shop:1.{}\")\n", i % 10);
    if (i % 5 == 0) text += "  at 3s crash\n";
    text += fmt::format("  expect {}\n}}\n", good ? "succeeded" : "rolled_back");
  }
  return text;
}

Status write_peer_source(const std::filesystem::path& generator, const std::string& language, int phases,
                         const std::filesystem::path& path) {
  std::string script = generator.string(), count = std::to_string(phases), python = "python3", name = language;
  char* arguments[] = {python.data(), script.data(), name.data(), count.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t pid = 0;
  int error = posix_spawnp(&pid, "python3", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error) return OpError{fmt::format("cannot start python3 for {}: {}", script, std::strerror(error))};
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0)
    return OpError{fmt::format("python3 {} {} {} ended with status {}", script, name, count, status)};
  return Done{};
}

}  // namespace rollout::bench
