#include "runtime/backend/local_launch.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "runtime/backend/config.h"

namespace rollout::backend {
namespace {

constexpr int tries_per_replica = 4;
constexpr int shared_tries = 1000;  // of the ports that services get for which none are named

Instance* find_slot(LocalState& state, const InstanceSet& set, int64_t slot) {
  for (Instance& instance : state.instances) {
    if (instance.set == set.name && instance.slot == slot) return &instance;
  }
  return nullptr;
}

}  // namespace

Status LocalLaunch::start(LocalState& state, const InstanceSet& set, const std::string& effect) {
  {
    const auto lock = lock_local(effects_.files, spec_.directory);
    if (!lock) return lock.error();
    if (Status recorded = record(state, set, effect); !recorded) return recorded;
    // Everything that is about to exist is on the disk now, for us after a crash and for others who choose ports.
    if (Status saved = save_local(effects_.files, spec_.directory, spec_.key, state); !saved)
      return saved;
  }
  Status launched = Done{};
  for (Instance& instance : state.instances) {
    if (instance.set != set.name || instance.process.pid != 0 || !launched) continue;
    launched = launch(instance, set);
  }
  const Status saved = save_local(effects_.files, spec_.directory, spec_.key, state);
  return launched ? saved : launched;
}

Status LocalLaunch::record(LocalState& state, const InstanceSet& set, const std::string& effect) {
  for (int64_t slot = 1; slot <= set.count; ++slot) {
    Instance* known = find_slot(state, set, slot);
    if (known && known->process.pid != 0 && effects_.processes.look(known->process).alive) continue;
    if (!known) {
      Instance made;
      made.id = fmt::format("{}-{}-{}", spec_.key, set.name, slot);
      made.set = set.name;
      made.slot = slot;
      made.log = fmt::format("{}/{}{}", spec_.directory, made.id, log_ending);
      state.instances.push_back(std::move(made));
      known = &state.instances.back();
    }
    Instance fresh;
    fresh.id = known->id;
    fresh.set = known->set;
    fresh.slot = known->slot;
    fresh.port = known->port;
    fresh.log = known->log;
    fresh.effect = effect;
    *known = std::move(fresh);
    const std::vector<effects::ProcessId> running =
        effects_.processes.find(instance_variable, marker_of(*known));
    if (!running.empty() && known->port != 0) {
      known->process = running.front();
      continue;
    }
    known->port = 0;
    const Result<int> port = free_port(state, std::max(spec_.replicas, set.count));
    if (!port) return port.error();
    known->port = *port;
  }
  return Done{};
}

Status LocalLaunch::start_again(LocalState& state, const InstanceSet& set, Instance& instance) {
  instance.process = {};
  instance.stopped_ns = 0;
  {
    const auto lock = lock_local(effects_.files, spec_.directory);
    if (!lock) return lock.error();
    if (Status chosen = choose_port_again(state, set, instance); !chosen) return chosen;
    if (Status saved = save_local(effects_.files, spec_.directory, spec_.key, state); !saved) return saved;
  }
  return launch(instance, set);
}

Status LocalLaunch::choose_port_again(const LocalState& state, const InstanceSet& set, Instance& instance) {
  if (effects_.ports.is_free(instance.port)) return Done{};
  const Result<int> port = free_port(state, std::max(spec_.replicas, set.count));
  if (!port) return port.error();
  instance.port = *port;
  return Done{};
}

Status LocalLaunch::launch(Instance& instance, const InstanceSet& set) {
  const CommandValues values{std::to_string(instance.port), version_of(set.image), set.image,
                             instance.id, spec_.directory};
  effects::Launch launch;
  for (const std::string& word : spec_.command) {
    Result<std::string> filled = fill_in(word, values);
    if (!filled) return filled.error();
    launch.arguments.push_back(std::move(*filled));
  }
  launch.program = std::move(launch.arguments.front());
  launch.arguments.erase(launch.arguments.begin());
  if (launch.program.find('/') != std::string::npos)
    launch.program = resolve(root_, launch.program);
  launch.environment = {{std::string(instance_variable), marker_of(instance)}};
  launch.directory = root_;
  launch.log = instance.log;
  const Result<effects::ProcessId> process = effects_.processes.start(launch);
  if (!process) return process.error();
  instance.process = *process;
  return Done{};
}

Status LocalLaunch::add_ports(const std::string& directory, std::string_view but, std::set<int>& taken) {
  const Result<std::vector<std::string>> keys = local_keys(effects_.files, directory);
  if (!keys) return keys.error();
  for (const std::string& key : *keys) {
    if (key == but) continue;
    const Result<LocalState> other = load_local(effects_.files, directory, key);
    if (!other) return other.error();
    for (const Instance& instance : other->instances) taken.insert(instance.port);
  }
  return Done{};
}

Result<int> LocalLaunch::free_port(const LocalState& state, int64_t replicas) {
  std::set<int> taken;
  for (const Instance& instance : state.instances) taken.insert(instance.port);
  // A port that was chosen a moment ago is not listened at yet.
  if (Status known = add_ports(spec_.directory, spec_.key, taken); !known) return known.error();
  for (const std::string& directory : spec_.others)
    if (Status known = add_ports(directory, {}, taken); !known) return known.error();
  const int tries = spec_.ports_from == shared_ports_from ? shared_tries : int(replicas) * tries_per_replica;
  for (int port = spec_.ports_from; port < spec_.ports_from + tries; ++port) {
    if (!taken.contains(port) && effects_.ports.is_free(port)) return port;
  }
  return OpError{fmt::format(
      "no port is free for {}: {} to {} are all in use; stop what listens there or choose "
      "another `ports_from`",
      spec_.key, spec_.ports_from, spec_.ports_from + tries - 1)};
}

}  // namespace rollout::backend
