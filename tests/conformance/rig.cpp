#include "tests/conformance/rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/base/json.h"

namespace rollout::test {
namespace {

std::string make_temp() {
  char name[] = "/tmp/rollout-conformance-XXXXXX";
  ROLLOUT_CHECK(mkdtemp(name), "a temporary directory can be made");
  return name;
}

plan::Setting setting(plan::Variable variable, plan::Role role, eval::Value value) {
  return {variable, role, std::move(value)};
}

}  // namespace

TempDir::TempDir() : path(make_temp()) {}
TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}
void TempDir::write(const std::string& name, const std::string& text) const {
  // Whole or not at all: servers read these files while the test goes on.
  const std::string temporary = path + "/" + name + ".new";
  std::ofstream(temporary) << text;
  std::filesystem::rename(temporary, path + "/" + name);
}
std::string TempDir::read(const std::string& name) const {
  std::ifstream in(path + "/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int free_ports(int count) {
  const std::unique_ptr<effects::Ports> ports = effects::posix_ports();
  // Below the range from which the kernel takes ports for outgoing connections; apart for tests
  // side by side.
  static int next = 21000 + int(getpid() % 400) * 20;
  for (int from = next; from < 32000; from += count) {
    bool all = true;
    for (int i = 0; i < count; ++i) all &= ports->is_free(from + i);
    if (!all) continue;
    next = from + count;
    return from;
  }
  ROLLOUT_CHECK(false, "some ports are free");
}

Server::Server(effects::Effects& effects, std::vector<std::string> command,
               const TempDir& directory)
    : effects_(effects) {
  effects::Launch launch;
  launch.program = command.front();
  launch.arguments.assign(command.begin() + 1, command.end());
  launch.directory = directory.path;
  launch.log =
      directory.path + "/" + std::filesystem::path(command.front()).filename().string() + ".log";
  Result<effects::ProcessId> started = effects.processes.start(launch);
  ROLLOUT_CHECK(started, "the server can be started");
  process = *started;
}

Server::~Server() {
  stop();
}

void Server::stop() {
  (void)effects_.processes.stop(process, effects::Stop::Kill);
  eventually(effects_, 5 * second_ns, [this] { return !effects_.processes.look(process).alive; });
}

bool eventually(effects::Effects& effects, int64_t within_ns, const std::function<bool()>& holds) {
  const int64_t end_ns = effects.clock.monotonic_ns() + within_ns;
  while (!holds()) {
    if (effects.clock.monotonic_ns() >= end_ns) return false;
    effects.clock.sleep_until(effects.clock.monotonic_ns() + second_ns / 50);
  }
  return true;
}

eval::Value text(std::string value) {
  return eval::Value::of(eval::Value::Kind::String, std::move(value));
}
eval::Value image(std::string value) {
  return eval::Value::of(eval::Value::Kind::Image, std::move(value));
}
eval::Value share(double percent) {
  return eval::Value::of(eval::Value::Kind::Percent, int64_t(percent * eval::percent_one));
}

Rig::Rig(const std::string& name) : real(nullptr), effects(real.all()), ports(free_ports(16)) {
  plan.targets.push_back(
      {"hosts",
       "local",
       {{"directory", eval::Value::of(eval::Value::Kind::Path, std::string("run"))}}});
  plan.targets.push_back(
      {"edge",
       "haproxy",
       {{"socket", eval::Value::of(eval::Value::Kind::Path, std::string("haproxy.sock"))}}});
  plan::Service service;
  service.name = name;
  service.replicas = 2;
  eval::Value ready = eval::Value::of(eval::Value::Kind::Call, std::string("http"));
  ready.items.push_back(text("/healthz"));
  service.bindings.push_back(
      {"Workload",
       0,
       {{"command", eval::Value::list({text(SERVICE_PROGRAM), text("--port"), text("${port}"),
                                       text("--version"), text("${version}")})},
        {"ready", ready},
        {"replicas", eval::Value::of(eval::Value::Kind::Int, 2)},
        {"ports_from", eval::Value::of(eval::Value::Kind::Int, ports)},
        {"drain", eval::Value::of(eval::Value::Kind::Duration, second_ns)}}});
  plan.services.push_back(std::move(service));
}

Rig::~Rig() {
  // Ends exactly what the state files of this test name.
  for (uint32_t i = 0; i < plan.services.size(); ++i) {
    const Result<json::Node> state = json::parse(directory.read(state_file(i)));
    if (!state) continue;
    for (const json::Node& instance : (*state)["instances"].items) {
      const effects::ProcessId process{int(instance["pid"].as_int()),
                                       uint64_t(instance["start_ticks"].as_int())};
      (void)effects.processes.stop(process, effects::Stop::Kill);
    }
  }
}

std::string Rig::state_file(uint32_t service) const {
  const plan::Service& declared = plan.services[service];
  const std::string& folder = plan.targets[declared.bindings[0].target].config[0].second.text;
  return folder + "/" + declared.name + (declared.place.empty() ? "" : "@" + declared.place) + ".json";
}

plan::Action Rig::deploy(const std::string& tag, int64_t instances) {
  plan::Action action;
  action.service = 0;
  action.target = 0;
  action.text = "deploy " + tag;
  action.sets = {setting(plan::Variable::Version, plan::Role::Canary, image(tag)),
                 setting(plan::Variable::Instances, plan::Role::Canary,
                         eval::Value::of(eval::Value::Kind::Int, instances))};
  return action;
}

plan::Action Rig::promote(const std::string& tag) {
  plan::Action action = deploy(tag, 0);
  action.text = "promote " + tag;
  action.sets = {setting(plan::Variable::Version, plan::Role::Stable, image(tag)),
                 setting(plan::Variable::Version, plan::Role::Canary, {}),
                 setting(plan::Variable::Instances, plan::Role::Canary,
                         eval::Value::of(eval::Value::Kind::Int, 0))};
  return action;
}

plan::Action Rig::retire() {
  plan::Action action = promote("");
  action.text = "retire";
  action.sets.erase(action.sets.begin());
  return action;
}

plan::Action Rig::install(const std::string& tag, int64_t instances) {
  plan::Action action = deploy(tag, instances);
  for (plan::Setting& one : action.sets) one.role = plan::Role::Stable;
  action.text = "install " + tag;
  return action;
}

plan::Action Rig::shift(double percent) {
  plan::Action action;
  action.service = 0;
  action.target = 1;
  action.text = "shift";
  action.sets = {setting(plan::Variable::Share, plan::Role::Canary, share(percent))};
  return action;
}

exec::EffectKey Rig::key(int64_t generation, int attempt) const {
  return {"run", generation, 0, false, attempt};
}

std::unique_ptr<backend::LiveWorld> Rig::world() {
  Result<std::unique_ptr<backend::LiveWorld>> world =
      backend::LiveWorld::open(plan, directory.path, effects);
  ROLLOUT_CHECK(world, "the rig's plan names known backends");
  return std::move(*world);
}

exec::Observation Rig::carry_out(exec::World& world, const plan::Action& action,
                                 const exec::EffectKey& key, int64_t within_ns) {
  const Status acted = world.act(action, key);
  if (!acted) return {exec::Seen::Failed, acted.error().message};
  exec::Observation last;
  eventually(effects, within_ns, [&] {
    const Result<exec::Observation> seen = world.observe(action, key);
    last = seen ? *seen : exec::Observation{exec::Seen::Absent, seen.error().message};
    return last.seen == exec::Seen::Present || last.seen == exec::Seen::Failed;
  });
  return last;
}

void Rig::set_workload(const std::string& name, eval::Value value) {
  for (auto& [key, old] : plan.services[0].bindings[0].config) {
    if (key != name) continue;
    old = std::move(value);
    return;
  }
  plan.services[0].bindings[0].config.emplace_back(name, std::move(value));
}

}  // namespace rollout::test
