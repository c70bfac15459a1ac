#include "runtime/backend/ssh_backend.h"

#include <optional>

#include <fmt/format.h>

#include "runtime/backend/config.h"

namespace rollout::backend {
namespace {

using exec::Observation;
using exec::Seen;

constexpr int client_failed = 255;  // the client's own code: the host was not reached, or refused
constexpr int agent_refused = 3;    // the agent's: a later generation has acted
constexpr size_t max_shown_bytes = 300;

/// What an action wants of a host.
struct HostWish {
  std::optional<eval::Value> version;  ///< None: nothing shall run
  std::optional<bool> drained;
};

HostWish wish_of(const plan::Action& action) {
  HostWish wish;
  for (const plan::Setting& setting : action.sets) {
    if (setting.variable == plan::Variable::Version && setting.role == plan::Role::Stable) wish.version = setting.value;
    if (setting.variable == plan::Variable::Drained) wish.drained = setting.value.number != 0;
  }
  return wish;
}

/// The last line that says something.
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const size_t line = text.find_last_of('\n');
  if (line != std::string_view::npos) text.remove_prefix(line + 1);
  return std::string(text.substr(0, max_shown_bytes));
}

bool is_for_good(std::string_view errors) {
  return errors.find("Host key verification failed") != std::string_view::npos ||
         errors.find("Permission denied") != std::string_view::npos;
}

/// What an agent answers. A field of another kind must not be read as nothing: `version: 5` is not "nothing runs".
struct Field {
  std::string_view name;
  json::Node::Kind kind;
  bool may_be_absent;  ///< or null
};
constexpr Field fields[] = {{"generation", json::Node::Kind::Int, false}, {"version", json::Node::Kind::String, true},
                            {"ready", json::Node::Kind::Bool, false},     {"drained", json::Node::Kind::Bool, false},
                            {"busy", json::Node::Kind::Bool, false},      {"effect", json::Node::Kind::String, true},
                            {"failed", json::Node::Kind::String, true},   {"detail", json::Node::Kind::String, true},
                            {"has", json::Node::Kind::Bool, true}};

/// Empty: nothing.
std::string wrong_in(const json::Node& answer) {
  if (json::has_twice(answer)) return "a field twice";
  for (const Field& field : fields) {
    const json::Node& value = answer[field.name];
    if (value.is(json::Node::Kind::Null) && field.may_be_absent) continue;
    if (!value.is(field.kind))
      return value.is(json::Node::Kind::Null) ? fmt::format("no `{}`", field.name)
                                              : fmt::format("a `{}` of the wrong kind", field.name);
  }
  if (answer["generation"].as_int() < 0) return "a `generation` below zero";
  return {};
}

std::string version_text(const json::Node& now) {
  const std::string version(now["version"].as_string());
  return version.empty() ? "runs nothing" : "runs " + version;
}

}  // namespace

Result<SshHost> SshBackend::host_of(const plan::Plan& plan, uint32_t service) const {
  const plan::Target& target = plan.targets[target_];
  const std::string owner = plan::service_text(plan.services[service]);
  const plan::Binding* binding = binding_of(plan.services[service], target_);
  if (!binding) return settled_error(fmt::format("{} is on no host of {}", owner, target.name));
  SshHost host;
  for (const auto& [name, text] : {std::pair("user", &host.user), {"identity", &host.identity},
                                   {"known_hosts", &host.known_hosts}, {"agent", &host.agent}}) {
    Result<std::string> given = text_of(target.config, name, target.name);
    if (!given) return given.error();
    *text = std::move(*given);
  }
  host.identity = resolve(root_, host.identity);
  host.known_hosts = resolve(root_, host.known_hosts);
  Result<std::string> name = text_of(binding->config, "host", owner);
  if (!name) return name.error();
  host.host = std::move(*name);
  host.port = number_of(binding->config, "port", 22);
  host.timeout_ns = number_of(target.config, "timeout", 5 * eval::ns_per_s);
  return host;
}

Result<json::Node> SshBackend::ask(const plan::Plan& plan, uint32_t service, const std::vector<std::string>& words) {
  const Result<SshHost> host = host_of(plan, service);
  if (!host) return host.error();
  const Result<effects::CommandLine> line = line_for(plan, service, *host, words);
  if (!line) return line.error();
  return run(*host, *line, words[0]);
}

Result<effects::CommandLine> SshBackend::line_for(const plan::Plan& plan, uint32_t service, const SshHost& host,
                                                  const std::vector<std::string>& words) const {
  std::vector<std::string> all = {words[0], plan::service_text(plan.services[service])};
  all.insert(all.end(), words.begin() + 1, words.end());
  return ssh_line(host, all);
}

Result<json::Node> SshBackend::run(const SshHost& host, const effects::CommandLine& line, const std::string& verb) {
  const std::string whom = fmt::format("{} at port {}", host.host, host.port);
  const Result<effects::CommandEnd> end = effects_.commands.run(line);
  if (!end) return OpError{fmt::format("{} was asked for `{}` by ssh: {}", whom, verb, end.error().message), true};
  if (end->code == client_failed) {
    const bool for_good = is_for_good(end->errors);
    std::string_view next = for_good ? "; look at `identity` and `known_hosts` of the target" : "";
    return OpError{fmt::format("{} cannot be reached by ssh: {}{}", whom, last_line(end->errors), next), !for_good,
                   false, for_good};
  }
  if (end->code == agent_refused)
    return OpError{fmt::format("{} refused `{}`, because a later run has taken over: {}", whom, verb,
                               last_line(end->errors)),
                   false, true};
  if (end->code != 0)
    return OpError{fmt::format("the agent {} on {} ended with code {} at `{}`: {}", host.agent, whom, end->code, verb,
                               last_line(end->errors)),
                   true};
  Result<json::Node> answer = json::parse(end->output);
  if (!answer || !answer->is(json::Node::Kind::Object))
    return OpError{fmt::format("the agent {} on {} answered no JSON object to `{}`: {}", host.agent, whom, verb,
                               last_line(end->output)),
                   true};
  if (const std::string wrong = wrong_in(*answer); !wrong.empty())
    return OpError{fmt::format("the agent {} on {} answered `{}` with {}; docs/hosts.md has what each field is",
                               host.agent, whom, verb, wrong),
                   true};
  return answer;
}

Result<Observation> SshBackend::observe(const plan::Plan& plan, const plan::Action& action,
                                        const exec::EffectKey& key) {
  const HostWish wish = wish_of(action);
  const Result<json::Node> now = ask(plan, action.service, {"state"});
  if (!now) return now.error();
  const std::string detail((*now)["detail"].as_string());
  if ((*now)["busy"].as_bool()) return Observation{Seen::Underway, detail.empty() ? "the agent is at work" : detail};
  const bool own = (*now)["effect"].as_string() == key.text();
  if (const std::string failed((*now)["failed"].as_string()); own && !failed.empty())
    return Observation{Seen::Failed, failed};
  if (wish.version) {
    const bool same = (*now)["version"].as_string() == wish.version->text;
    if (!same) return Observation{Seen::Absent, version_text(*now)};
    if (!wish.version->text.empty() && !(*now)["ready"].as_bool())
      return Observation{Seen::Underway, version_text(*now) + " and is not ready"};
  }
  const bool drained = (*now)["drained"].as_bool();
  if (wish.drained && *wish.drained != drained)
    return Observation{Seen::Absent, drained ? "it is drained" : "it has traffic"};
  return Observation{Seen::Present, version_text(*now)};
}

Status SshBackend::act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) {
  const HostWish wish = wish_of(action);
  std::vector<std::string> words;
  if (wish.version) words = {wish.version->text.empty() ? "clear" : "replace"};
  else if (wish.drained) words = {*wish.drained ? "drain" : "undrain"};
  else return settled_error(fmt::format("`{}` sets nothing that a host has", action.text));
  if (wish.version && !wish.version->text.empty()) words.push_back(wish.version->text);
  words.push_back(std::to_string(key.generation));
  words.push_back(key.text());
  const Result<json::Node> answer = ask(plan, action.service, words);
  if (!answer) return answer.error();
  return Done{};
}

Result<std::string> SshBackend::cannot_start(const plan::Plan& plan, uint32_t service, std::string_view image) {
  const Result<SshHost> host = host_of(plan, service);
  if (!host) return host.error();
  const Result<json::Node> now = ask(plan, service, {"state", std::string(image)});
  if (!now) return now.error();
  const bool lacks = (*now)["has"].is(json::Node::Kind::Bool) && !(*now)["has"].as_bool();
  return lacks ? fmt::format("host {} does not have it any more", host->host) : std::string();
}

/// A host that gives no answer is out of reach, whatever the reason: the rollout says what follows from that.
Result<ServiceState> SshBackend::state(const plan::Plan& plan, uint32_t service) {
  const Result<SshHost> host = host_of(plan, service);
  if (!host) return host.error();
  const Result<effects::CommandLine> line = line_for(plan, service, *host, {"state"});
  if (!line) return line.error();
  const Result<json::Node> now = run(*host, *line, "state");
  ServiceState state;
  if (!now) {
    state.unreached = now.error().message;
    return state;
  }
  state.generation = (*now)["generation"].as_int();
  const std::string version((*now)["version"].as_string());
  if (!version.empty()) state.stable_image = version;
  state.stable_instances = (*now)["ready"].as_bool() ? 1 : 0;
  state.state = eval::Value::boolean((*now)["drained"].as_bool());
  return state;
}

/// Where the host answers its users is not known here: what scrapes it knows it by its own labels.
Result<std::vector<Endpoint>> SshBackend::endpoints(const plan::Plan& plan, uint32_t service, plan::Role role) {
  const Result<SshHost> host = host_of(plan, service);
  if (!host) return host.error();
  if (role == plan::Role::Canary || role == plan::Role::Control) return std::vector<Endpoint>();
  return std::vector<Endpoint>{{plan::service_text(plan.services[service]), host->host, 0, true, ""}};
}

}  // namespace rollout::backend
