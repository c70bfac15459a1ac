#include "runtime/backend/local_state.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/base/json.h"

namespace rollout::backend {
namespace {

constexpr int format_version = 1;
constexpr size_t max_state_bytes = size_t{4} << 20;
constexpr int64_t lock_wait_ns = 5'000'000'000;  // others hold it for a few writes to the disk
constexpr std::string_view ending = ".json";
constexpr std::string_view targets_file = "targets.json";

constexpr std::pair<Track, std::string_view> track_names[] = {{Track::Stable, "stable"},
                                                              {Track::Canary, "canary"},
                                                              {Track::Control, "control"},
                                                              {Track::Next, "next"},
                                                              {Track::Fresh, "fresh"},
                                                              {Track::Retiring, "retiring"}};

std::optional<Track> track_from(std::string_view text) {
  for (const auto& [track, name] : track_names) {
    if (name == text) return track;
  }
  return std::nullopt;
}

std::string path_of(const std::string& directory, const std::string& key) {
  return directory + "/" + key + std::string(ending);
}

OpError unreadable(const std::string& path, std::string_view why) {
  return OpError{
      fmt::format("the state of the instances in {} cannot be used: {}; nothing was changed. "
                  "Restore the file, or stop its instances and remove it",
                  path, why),
      false, true};
}

Result<LocalState> from_json(const std::string& path, std::string_view text) {
  const Result<json::Node> root = json::parse(text);
  if (!root) return unreadable(path, root.error().message);
  const int64_t format = (*root)["format"].as_int();
  if (format != format_version) {
    return unreadable(path, fmt::format("it has format {}, this rollout reads format {}", format,
                                        format_version));
  }
  LocalState state;
  state.generation = (*root)["generation"].as_int();
  for (const json::Node& node : (*root)["sets"].items) {
    const std::optional<Track> track = track_from(node["track"].as_string());
    if (!track) return unreadable(path, fmt::format("`{}` is no track", node["track"].as_string()));
    state.sets.push_back({std::string(node["name"].as_string()), *track,
                          std::string(node["image"].as_string()), node["count"].as_int(),
                          node["scaled"].as_bool(), std::string(node["restart"].as_string()), node["of"].as_int()});
  }
  for (const json::Node& node : (*root)["instances"].items) {
    Instance instance;
    instance.id = node["id"].as_string();
    instance.set = node["set"].as_string();
    instance.slot = node["slot"].as_int();
    instance.port = int(node["port"].as_int());
    instance.process = {int(node["pid"].as_int()), uint64_t(node["start_ticks"].as_int())};
    instance.log = node["log"].as_string();
    instance.effect = node["effect"].as_string();
    instance.stopped_ns = node["stopped_ns"].as_int();
    instance.settled = node["settled"].as_bool();
    instance.down = node["down"].as_bool();
    instance.restarts = node["restarts"].as_int();
    instance.window_ns = node["window_ns"].as_int();
    instance.restarted_ns = node["restarted_ns"].as_int();
    if (instance.id.empty() || !state.set(instance.set))
      return unreadable(path, "an instance belongs to no set");
    state.instances.push_back(std::move(instance));
  }
  if (const json::Node& node = (*root)["fault"]; node.is(json::Node::Kind::Object)) {
    LocalFault fault{std::string(node["effect"].as_string()), {}, node["killed_ns"].as_int(),
                     node["recovered_ns"].as_int()};
    for (const json::Node& victim : node["victims"].items)
      fault.victims.push_back({int(victim["pid"].as_int()), uint64_t(victim["start_ticks"].as_int())});
    state.fault = std::move(fault);
  }
  return state;
}

std::string to_json(const LocalState& state) {
  json::Writer out;
  out.begin_object().field("format", format_version).field("generation", state.generation);
  out.key("sets").begin_array();
  for (const InstanceSet& set : state.sets) {
    out.begin_object()
        .field("name", set.name)
        .field("track", track_text(set.track))
        .field("image", set.image);
    out.field("count", set.count);
    if (set.scaled) out.field("scaled", true);
    if (!set.restart.empty()) out.field("restart", set.restart);
    if (set.of != 0) out.field("of", set.of);
    out.end_object();
  }
  out.end_array().key("instances").begin_array();
  for (const Instance& instance : state.instances) {
    out.begin_object()
        .field("id", instance.id)
        .field("set", instance.set)
        .field("slot", instance.slot);
    out.field("port", instance.port).field("pid", instance.process.pid);
    out.field("start_ticks", instance.process.start_ticks).field("log", instance.log);
    out.field("effect", instance.effect).field("stopped_ns", instance.stopped_ns);
    out.field("settled", instance.settled).field("down", instance.down);
    out.field("restarts", instance.restarts).field("window_ns", instance.window_ns);
    out.field("restarted_ns", instance.restarted_ns).end_object();
  }
  out.end_array();
  if (const std::optional<LocalFault>& fault = state.fault) {
    out.key("fault").begin_object().field("effect", fault->effect).key("victims").begin_array();
    for (const effects::ProcessId& victim : fault->victims)
      out.begin_object().field("pid", victim.pid).field("start_ticks", victim.start_ticks).end_object();
    out.end_array().field("killed_ns", fault->killed_ns).field("recovered_ns", fault->recovered_ns).end_object();
  }
  out.end_object();
  return out.take() + "\n";
}

}  // namespace

std::string_view track_text(Track track) {
  for (const auto& [known, name] : track_names) {
    if (known == track) return name;
  }
  return "?";
}

InstanceSet* LocalState::find(Track track) {
  return const_cast<InstanceSet*>(std::as_const(*this).find(track));
}

const InstanceSet* LocalState::find(Track track) const {
  for (const InstanceSet& set : sets) {
    if (set.track == track) return &set;
  }
  return nullptr;
}

const InstanceSet* LocalState::set(std::string_view name) const {
  for (const InstanceSet& set : sets) {
    if (set.name == name) return &set;
  }
  return nullptr;
}

std::string LocalState::unused_name(int64_t made_by) const {
  const std::string name = fmt::format("g{}", made_by);
  if (!set(name)) return name;
  char suffix = 'b';
  while (set(name + suffix)) ++suffix;
  return name + suffix;
}

Result<std::string> local_key(const plan::Service& service) {
  // Instances that run already keep the name under which they were started.
  const std::string& name = service.was.empty() ? service.name : service.was;
  const std::string key = service.place.empty() ? name : name + "@" + service.place;
  const bool plain = std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return isalnum(c) || c == '_' || c == '-' || c == '.' || c == '@';
  });
  if (key.empty() || key.front() == '.' || !plain || key + std::string(ending) == targets_file) {
    return OpError{fmt::format(
        "the service `{}` cannot run on a local target: its name is no plain file name", key)};
  }
  return key;
}

Result<LocalState> load_local(effects::Files& files, const std::string& directory,
                              const std::string& key) {
  const std::string path = path_of(directory, key);
  const Result<std::optional<std::string>> text = files.read(path, max_state_bytes);
  if (!text) return text.error();
  if (!*text) return LocalState{};
  return from_json(path, **text);
}

Status save_local(effects::Files& files, const std::string& directory, const std::string& key,
                  const LocalState& state) {
  if (Status made = files.make_directory(directory); !made) return made;
  return files.write(path_of(directory, key), to_json(state));
}

Result<std::unique_ptr<effects::FileLock>> lock_local(effects::Files& files, const std::string& directory) {
  if (Status made = files.make_directory(directory); !made) return made.error();
  return files.lock(directory + "/.lock", lock_wait_ns);
}

Result<std::unique_ptr<effects::FileLock>> lock_instances(effects::Files& files, const std::string& directory,
                                                          const std::string& key, int64_t wait_ns) {
  if (Status made = files.make_directory(directory); !made) return made.error();
  return files.lock(fmt::format("{}/.{}.lock", directory, key), wait_ns);
}

Result<std::vector<std::string>> local_keys(effects::Files& files, const std::string& directory) {
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names) return names.error();
  std::vector<std::string> keys;
  for (const std::string& name : *names) {
    if (name.ends_with(ending) && name != targets_file)
      keys.push_back(name.substr(0, name.size() - ending.size()));
  }
  return keys;
}

}  // namespace rollout::backend
