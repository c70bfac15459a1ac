#include "runtime/backend/haproxy_entrance.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "runtime/backend/config.h"

namespace rollout::backend {
namespace {

using exec::Observation;
using exec::Seen;

constexpr int64_t default_timeout_ns = 5'000'000'000;
constexpr int64_t lock_wait_ns = 2'000'000'000;
constexpr int64_t default_weight = 100;
constexpr size_t max_generation_bytes = 64;

std::optional<int64_t> wanted_share(const plan::Action& action) {
  for (const plan::Setting& setting : action.sets)
    if (setting.variable == plan::Variable::Flag) return setting.value.number;
  return std::nullopt;
}

OpError sets_no_share(const plan::Action& action) {
  return settled_error(fmt::format("`{}` lets nothing in, and that is all that an entrance can do", action.text));
}

/// A place that is let in a little gets a little: only nothing is a weight of 0.
int64_t weight_for(int64_t share_ppb, int64_t full) {
  const int64_t nearest = (share_ppb * full + eval::percent_all / 2) / eval::percent_all;
  return share_ppb > 0 ? std::max<int64_t>(1, nearest) : 0;
}

int64_t share_for(int64_t weight, int64_t full) { return weight * (eval::percent_all / full); }

}  // namespace

Result<HaproxyEntrance::Door> HaproxyEntrance::open(const plan::Plan& plan, uint32_t flag) {
  const plan::Target& target = plan.targets[target_];
  const std::string owner = plan::service_text(plan.services[flag]);
  const plan::Binding* binding = binding_of(plan.services[flag], target_);
  if (!binding) return settled_error(fmt::format("{} is no entrance of {}", owner, target.name));
  std::string socket, directory, section, server;
  for (const auto& [config, name, text] :
       {std::tuple(&target.config, "socket", &socket), {&target.config, "directory", &directory},
        {&binding->config, "backend", &section}, {&binding->config, "server", &server}}) {
    Result<std::string> given = text_of(*config, name, owner);
    if (!given) return given.error();
    *text = std::move(*given);
  }
  HaproxyApi api(effects_.unix_socket, resolve(root_, socket),
                 number_of(target.config, "timeout", default_timeout_ns));
  const Result<SlotTable> table = api.read(section);
  if (!table) return table.error();
  std::string known;
  for (const Slot& slot : table->slots) {
    const std::string name = fmt::format("{}/{}", section, slot.name);
    if (slot.name == server)
      return Door{std::move(api), name, fmt::format("{}/{}.{}", resolve(root_, directory), section, server),
                  number_of(binding->config, "weight", default_weight), slot};
    known += (known.empty() ? "" : ", ") + slot.name;
  }
  return settled_error(fmt::format("the backend {} of HAProxy has no server `{}` for {}, it has {}; correct `server`",
                                   section, server, owner, known.empty() ? "none" : known));
}

Result<Observation> HaproxyEntrance::observe(const plan::Plan& plan, const plan::Action& action,
                                             const exec::EffectKey&) {
  const std::optional<int64_t> share = wanted_share(action);
  if (!share) return sets_no_share(action);
  const Result<Door> door = open(plan, action.service);
  if (!door) return door.error();
  const int64_t wanted = weight_for(*share, door->full);
  if (door->slot.weight != wanted)
    return Observation{Seen::Absent,
                       fmt::format("{} has the weight {}, not {}", door->name, door->slot.weight, wanted)};
  if (wanted > 0 && !door->slot.accepts())
    return Observation{Seen::Absent, fmt::format("{} is in maintenance or drained by hand; enable it", door->name)};
  if (wanted > 0 && !door->slot.running)
    return Observation{Seen::Underway, fmt::format("HAProxy's own check finds {} down", door->name)};
  return Observation{Seen::Present, fmt::format("{} has the weight {}", door->name, wanted)};
}

Status HaproxyEntrance::act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) {
  const std::optional<int64_t> share = wanted_share(action);
  if (!share) return sets_no_share(action);
  return enter(plan, action.service, key.generation, &*share);
}

Status HaproxyEntrance::admit(const plan::Plan& plan, uint32_t flag, int64_t generation) {
  return enter(plan, flag, generation, nullptr);
}

Result<int64_t> HaproxyEntrance::generation_of(const Door& door) const {
  const Result<std::optional<std::string>> text = effects_.files.read(door.file, max_generation_bytes);
  if (!text) return text.error();
  if (!*text) return int64_t{0};
  int64_t generation = 0;
  const auto [end, error] = std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), generation);
  if (error != std::errc() || end == (*text)->data())
    return settled_error(fmt::format("{} holds no generation; look who wrote it, and remove it", door.file));
  return generation;
}

Status HaproxyEntrance::enter(const plan::Plan& plan, uint32_t flag, int64_t generation, const int64_t* share_ppb) {
  Result<Door> door = open(plan, flag);
  if (!door) return door.error();
  if (Status made = effects_.files.make_directory(door->file.substr(0, door->file.rfind('/'))); !made) return made;
  const Result<std::unique_ptr<effects::FileLock>> lock = effects_.files.lock(door->file + ".lock", lock_wait_ns);
  if (!lock) return lock.error();
  const Result<int64_t> last = generation_of(*door);
  if (!last) return last.error();
  if (*last > generation)
    return OpError{fmt::format("{} was changed by a later run (generation {}, this is {}): nothing was done",
                               plan::service_text(plan.services[flag]), *last, generation),
                   false, true};
  if (*last < generation)
    if (Status kept = effects_.files.write(door->file, fmt::format("{}\n", generation)); !kept) return kept;
  if (!share_ppb) return Done{};
  return door->api.set({fmt::format("set weight {} {}", door->name, weight_for(*share_ppb, door->full))});
}

Result<ServiceState> HaproxyEntrance::state(const plan::Plan& plan, uint32_t flag) {
  const Result<Door> door = open(plan, flag);
  if (!door) return door.error();
  const Result<int64_t> generation = generation_of(*door);
  if (!generation) return generation.error();
  ServiceState state;
  state.generation = *generation;
  state.state = eval::Value::of(eval::Value::Kind::Percent, share_for(door->slot.weight, door->full));
  return state;
}

}  // namespace rollout::backend
