#include "compiler/shared_things.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

namespace rollout {

namespace {

using eval::Value;
using plan::Binding;
using plan::NamedValues;

/// Capabilities whose backends act on something that two services could share by mistake.
struct Shared {
  std::string_view capability;
  std::string_view what;  ///< that both would act on
  bool by_name;           ///< the backend keeps services apart by their names
  bool by_binding;        ///< and by the settings that the service gives it
};
constexpr Shared shared[] = {
    {"Workload", "instances", true, false},     {"HostFleet", "host", true, true},
    {"TrafficRouter", "traffic", false, true},  {"Entrance", "traffic", false, true},
    {"FlagStore", "flag", false, true},         {"Migrator", "schema", false, false},
};

/// Of the library's backends: the settings that say which system it is. The others say who asks, and how.
struct System {
  std::string_view backend;
  std::string_view family;  ///< two backends of one family act on the same systems
  std::vector<std::string_view> settings;
};
const System systems[] = {
    {"local", "local", {"directory"}},          {"haproxy", "haproxy", {"socket"}},
    {"haproxy_entrance", "haproxy", {"socket"}}, {"flagd", "flagd", {"file"}},
    {"postgresql", "postgresql", {"host", "port", "database"}}, {"ssh", "ssh", {}},
};

const Value* find(const NamedValues& values, std::string_view name) {
  auto found = std::find_if(values.begin(), values.end(), [&](const auto& one) { return one.first == name; });
  return found == values.end() || found->second.is(Value::Kind::None) ? nullptr : &found->second;
}

const System* known(const plan::Target& target) {
  auto fits = [&](const System& one) {
    return one.backend == target.backend &&
           std::all_of(one.settings.begin(), one.settings.end(),
                       [&](std::string_view name) { return find(target.config, name) != nullptr; });
  };
  const auto* found = std::find_if(std::begin(systems), std::end(systems), fits);
  return found == std::end(systems) ? nullptr : found;
}

/// Names of machines are the same in any case, and this machine has several.
std::string host_text(llvm::StringRef written) {
  if (written.startswith("/")) return written.str();  // the directory of a socket
  std::string text = written.lower();
  return text == "localhost" || text == "::1" ? "127.0.0.1" : text;
}

std::string text_of(std::string_view name, const Value& value, const std::string& root) {
  if (value.is(Value::Kind::Path)) return clean_path(value.text, root);
  return name == "host" ? host_text(eval::to_text(value)) : eval::to_text(value);
}

/// The part of it that a service names. What has a default is how it is used, not which part it is.
std::string part_of(const ir::Program& program, const plan::Target& target, const Binding& binding) {
  std::string out;
  for (const ir::Backend& backend : program.backends) {
    if (backend.decl->name.text != target.backend) continue;
    for (const ir::Parameter& parameter : backend.bindings)
      for (const auto& [name, value] : binding.config)
        if (!parameter.default_value && parameter.name.text == name)
          out += fmt::format("{} = {}\n", name, text_of(name, value, {}));
    return out;
  }
  return out;
}

/// A cohort is led to one section by a map; who routes it somewhere else takes it away.
void add_cohorts(const plan::Plan& plan, const plan::Service& service, const std::string& map,
                 std::vector<Thing>& things) {
  for (const plan::Step& step : plan.steps) {
    if (step.kind != plan::StepKind::Act || &plan.services[step.action.service] != &service) continue;
    for (const plan::Setting& set : step.action.sets)
      if (set.variable == plan::Variable::Cohorts)
        for (const Value& cohort : set.value.items)
          things.push_back({fmt::format("{}cohort {}", map, cohort.text), fmt::format("cohort `{}`", cohort.text)});
  }
}

/// Sections, and in one that an entrance divides among places the server of each.
std::vector<Thing> sections_of(const plan::Plan& plan, const plan::Service& service, const Binding& binding,
                               const std::string& system, const std::string& root) {
  std::vector<Thing> things;
  const Value* server = find(binding.config, "server");
  for (std::string_view name : {"backend", "routed"})
    if (const Value* section = find(binding.config, name)) {
      std::string key = fmt::format("{}section {}", system, section->text);
      things.push_back({key, "traffic", server != nullptr});
      if (server) things.push_back({fmt::format("{}\nserver {}", key, server->text), "traffic"});
    }
  if (const Value* map = find(binding.config, "cohorts"))
    add_cohorts(plan, service, fmt::format("{}map {}\n", system, clean_path(map->text, root)), things);
  return things;
}

}  // namespace

std::string clean_path(std::string_view written, const std::string& root) {
  bool absolute = !written.empty() && written.front() == '/';
  std::string whole = absolute || root.empty() ? std::string(written) : fmt::format("{}/{}", root, written);
  llvm::StringRef text = whole;
  llvm::SmallVector<llvm::StringRef, 8> parts, kept;
  text.split(parts, '/', -1, false);
  for (llvm::StringRef part : parts) {
    if (part == ".." && !kept.empty() && kept.back() != "..") kept.pop_back();
    else if (part != ".") kept.push_back(part);
  }
  return (text.startswith("/") ? "/" : "") + llvm::join(kept, "/");
}

std::string system_of(const plan::Target& target, const std::string& root) {
  const System* system = known(target);
  std::string out = fmt::format("{}\n", system ? system->family : target.backend);
  for (const auto& [name, value] : target.config) {
    bool tells = system ? std::count(system->settings.begin(), system->settings.end(), name) > 0
                        : !value.is(Value::Kind::Duration) && !value.is(Value::Kind::Secret);
    if (tells) out += fmt::format("{} = {}\n", name, text_of(name, value, root));
  }
  return out;
}

std::vector<Thing> things_of(const ir::Program& program, const plan::Plan& plan, const plan::Service& service,
                             const Binding& binding, const std::string& root) {
  const auto* row = std::find_if(std::begin(shared), std::end(shared),
                                 [&](const Shared& one) { return one.capability == binding.capability; });
  if (row == std::end(shared)) return {};
  const plan::Target& target = plan.targets[binding.target];
  const System* system = known(target);
  std::string key = system_of(target, root);
  if (system && system->family == "haproxy") return sections_of(plan, service, binding, key, root);
  key = fmt::format("{}\n{}", row->capability, key);
  if (row->by_name) key += plan::known_text(service) + "\n";
  if (row->by_binding) key += part_of(program, target, binding);
  if (system && target.backend == "ssh")
    if (const Value* port = find(binding.config, "port")) key += fmt::format("port {}\n", eval::to_text(*port));
  return {{std::move(key), std::string(row->what)}};
}

}  // namespace rollout
