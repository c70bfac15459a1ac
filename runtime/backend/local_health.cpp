#include "runtime/backend/local_health.h"

#include <fmt/format.h>

namespace rollout::backend {
namespace {

constexpr int64_t probe_timeout_ns = 1'000'000'000;
constexpr size_t max_probe_body = size_t{1} << 20;
constexpr size_t max_last_words = 300;

effects::HttpRequest probe(const Instance& instance, const std::string& path) {
  effects::HttpRequest request;
  request.url = fmt::format("http://127.0.0.1:{}{}", instance.port, path);
  request.timeout_ns = probe_timeout_ns;
  request.max_body = max_probe_body;
  return request;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

std::string dead_text(effects::Files& files, const Instance& instance, const effects::Life& life) {
  const std::string words = last_words(files, instance);
  const std::string end = life.end.empty() ? "is not running any more" : life.end;
  return fmt::format("{} {}; its log {} {}", instance.id, end, instance.log,
                     words.empty() ? "is empty" : "ends: " + words);
}

}  // namespace

std::vector<Health> check_health(const effects::Effects& effects, const LocalSpec& spec,
                                 const LocalState& state, const InstanceSet& set) {
  std::vector<Health> all;
  std::vector<effects::HttpRequest> requests;
  struct Asked {
    size_t health;  // index into `all`
    bool is_live;
  };
  std::vector<Asked> asked;  // of each request
  for (const Instance& instance : state.instances) {
    if (instance.set != set.name) continue;
    const effects::Life life = effects.processes.look(instance.process);
    Health health{&instance, life.alive, life.alive, life.alive, {}};
    if (instance.process.pid == 0)
      health.detail = fmt::format("{} is not started yet", instance.id);
    else if (!life.alive) health.detail = dead_text(effects.files, instance, life);
    if (life.alive) {
      for (const std::string* path : {&spec.ready_path, &spec.live_path}) {
        if (path->empty()) continue;
        requests.push_back(probe(instance, *path));
        asked.push_back({all.size(), path == &spec.live_path});
      }
    }
    all.push_back(std::move(health));
  }
  const std::vector<Result<effects::HttpResponse>> answers = effects.http.send_all(requests);
  for (size_t i = 0; i < answers.size(); ++i) {
    Health& health = all[asked[i].health];
    if (answers[i] && is_success(answers[i]->status)) continue;
    health.ready = false;
    if (asked[i].is_live) health.live = false;
    health.detail = answers[i] ? fmt::format("{} answers {} at {}", health.instance->id,
                                             answers[i]->status, requests[i].url)
                               : fmt::format("{} is not ready: {}", health.instance->id,
                                             answers[i].error().message);
  }
  for (Health& health : all) {
    const int64_t restarts = health.instance->restarts;
    if (!health.ready && restarts > 0)
      health.detail += fmt::format("; started again {} {} so far", restarts, restarts == 1 ? "time" : "times");
  }
  return all;
}

std::string last_words(effects::Files& files, const Instance& instance) {
  std::string text = files.tail(instance.log, max_last_words);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += " | ";
    else if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out;
}

}  // namespace rollout::backend
