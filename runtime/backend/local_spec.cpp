#include "runtime/backend/local_spec.h"

#include <fmt/format.h>

#include "runtime/backend/config.h"
#include "runtime/backend/local_state.h"

namespace rollout::backend {
namespace {

constexpr int64_t default_drain_ns = 10'000'000'000;
constexpr int64_t max_replicas = 1000;
constexpr int highest_port = 65535;

Result<std::string> http_path(const eval::Value* call, std::string_view field,
                              const std::string& owner) {
  const bool is_call = call && call->is(eval::Value::Kind::Call);
  if (!call || (is_call && call->text == "running")) return std::string();
  const bool ok = is_call && call->text == "http" &&
                  !call->items.empty() && call->items[0].text.starts_with('/');
  if (!ok)
    return OpError{fmt::format("`{}` of {} is neither http(\"/path\") nor running()", field, owner)};
  return call->items[0].text;
}

}  // namespace

Result<LocalSpec> local_spec(const plan::Plan& plan, uint32_t service, uint32_t target,
                             const std::string& root) {
  const plan::Service& declared = plan.services[service];
  const std::string owner = plan::service_text(declared);
  const plan::Binding* binding = binding_of(declared, target);
  if (!binding)
    return OpError{fmt::format("{} does not use the target {}", owner, plan.targets[target].name)};
  LocalSpec spec;
  const Result<std::string> key = local_key(declared);
  if (!key) return key.error();
  spec.key = *key;
  const Result<std::string> directory =
      text_of(plan.targets[target].config, "directory", plan.targets[target].name);
  if (!directory) return directory.error();
  spec.directory = resolve(root, *directory);
  for (const plan::Target& other : plan.targets) {
    const bool local = other.backend == plan.targets[target].backend;
    const eval::Value* named = local ? find(other.config, "directory") : nullptr;
    if (named && resolve(root, named->text) != spec.directory) spec.others.push_back(resolve(root, named->text));
  }
  const eval::Value* command = find(binding->config, "command");
  if (!command || command->items.empty())
    return OpError{fmt::format("the workload of {} has no `command`", owner)};
  for (const eval::Value& item : command->items) spec.command.push_back(item.text);
  const eval::Value* probe = find(binding->config, "ready");
  const Result<std::string> ready = http_path(probe, "ready", owner);
  if (!ready) return ready.error();
  if (!probe)
    return OpError{
        fmt::format("the workload of {} has no `ready`: add ready = http(\"/healthz\")", owner)};
  spec.ready_path = *ready;
  const Result<std::string> live = http_path(find(binding->config, "live"), "live", owner);
  if (!live) return live.error();
  spec.live_path = *live;
  spec.replicas =
      number_of(binding->config, "replicas", declared.replicas > 0 ? declared.replicas : 1);
  if (spec.replicas < 1 || spec.replicas > max_replicas) {
    return OpError{fmt::format("{} wants {} replicas; a local target runs 1 to {}", owner,
                               spec.replicas, max_replicas)};
  }
  const int64_t ports_from = number_of(binding->config, "ports_from", shared_ports_from);
  if (ports_from < 1 || ports_from > highest_port) {
    return OpError{fmt::format("`ports_from` of {} is {}, which is no port; ports are 1 to {}",
                               owner, ports_from, highest_port)};
  }
  spec.ports_from = int(ports_from);
  spec.drain_ns = number_of(binding->config, "drain", default_drain_ns);
  return spec;
}

Result<std::string> fill_in(const std::string& text, const CommandValues& values) {
  const std::pair<std::string_view, const std::string*> known[] = {
      {"port", &values.port},
      {"version", &values.version},
      {"image", &values.image},
      {"instance", &values.instance},
      {"directory", &values.directory}};
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find("${", at);
    const size_t close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) return out + text.substr(at);
    out += text.substr(at, open - at);
    const std::string name = text.substr(open + 2, close - open - 2);
    const std::string* value = nullptr;
    for (const auto& [key, text_value] : known) {
      if (key == name) value = text_value;
    }
    if (!value) {
      return OpError{fmt::format(
          "the command holds ${{{}}}, which is not known; the names are port, version, image, "
          "instance and directory",
          name)};
    }
    out += *value;
    at = close + 1;
  }
  return out;
}

std::string program_of(const LocalSpec& spec, const std::string& root, const std::string& image) {
  const std::string& word = spec.command.front();
  if (word.find("${port}") != std::string::npos || word.find("${instance}") != std::string::npos) return {};
  const Result<std::string> program = fill_in(word, {"", version_of(image), image, "", spec.directory});
  return program && program->find('/') != std::string::npos ? resolve(root, *program) : std::string();
}

}  // namespace rollout::backend
