#include "runtime/backend/local_backend.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/backend/local_capacity.h"
#include "runtime/backend/local_chaos.h"
#include "runtime/backend/local_health.h"
#include "runtime/backend/local_launch.h"
#include "runtime/backend/local_targets.h"

namespace rollout::backend {
namespace {

using exec::Observation;
using exec::Seen;

constexpr int64_t change_wait_ns = 5'000'000'000;

OpError taken_over(const plan::Service& service, int64_t by, int64_t generation) {
  return {fmt::format("refused: generation {} of {} has taken over from generation {}, which may not act any more", by,
                      plan::service_text(service), generation),
          false, true};
}

Endpoint endpoint_of(const Instance& instance) {
  return {instance.id, "127.0.0.1", instance.port};
}

/// Whether the instances of a set are those of a role; of `All` every role.
bool plays(Track track, plan::Role role) {
  const bool all = role == plan::Role::All;
  switch (track) {
    case Track::Stable:
    case Track::Fresh: return all || role == plan::Role::Stable;
    case Track::Canary: return all || role == plan::Role::Canary;
    case Track::Control: return all || role == plan::Role::Control;
    case Track::Next:
    case Track::Retiring: break;
  }
  return false;
}

/// An instance of a restart takes part once it was seen ready.
bool takes_part(const InstanceSet& set, const Instance& instance) {
  return instance.slot <= set.count && (set.track != Track::Fresh || instance.settled);
}

bool shrinks(const LocalState& state) {
  return std::any_of(state.instances.begin(), state.instances.end(), [&state](const Instance& instance) {
    const InstanceSet* set = state.set(instance.set);
    return set->track != Track::Retiring && instance.slot > set->count;
  });
}

/// What is worst for progress wins; details of equals are joined.
Observation worse(const Observation& one, const Observation& other) {
  const auto rank = [](Seen seen) {
    switch (seen) {
      case Seen::Present: return 0;
      case Seen::Underway: return 1;
      case Seen::Absent: return 2;
      case Seen::Failed: return 3;
    }
    return 3;
  };
  return rank(other.seen) > rank(one.seen) ? other : one;
}

}  // namespace

Result<LocalBackend::Open> LocalBackend::open(const plan::Plan& plan, uint32_t service) {
  Result<LocalSpec> spec = local_spec(plan, service, target_, root_);
  if (!spec) return spec.error();
  Result<LocalState> state = load_local(effects_.files, spec->directory, spec->key);
  if (!state) return state.error();
  return Open{plan, service, std::move(*spec), std::move(*state), nullptr};
}

Result<LocalBackend::Open> LocalBackend::open_alone(const plan::Plan& plan, uint32_t service, int64_t wait_ns) {
  Result<LocalSpec> spec = local_spec(plan, service, target_, root_);
  if (!spec) return spec.error();
  auto lock = lock_instances(effects_.files, spec->directory, spec->key, wait_ns);
  if (!lock) return lock.error();
  Result<Open> opened = open(plan, service);
  if (opened) opened->lock = std::move(*lock);
  return opened;
}

Status LocalBackend::save(const Open& open) {
  // Whoever writes the shared file last has read everybody's records.
  const auto lock = lock_local(effects_.files, open.spec.directory);
  if (!lock) return lock.error();
  if (Status saved = save_local(effects_.files, open.spec.directory, open.spec.key, open.state);
      !saved)
    return saved;
  return write_targets(effects_, open.spec.directory);
}

Status LocalBackend::admit(const plan::Plan& plan, uint32_t service, int64_t generation) {
  Result<Open> opened = open_alone(plan, service, change_wait_ns);
  if (!opened) return opened.error();
  if (generation == opened->state.generation) return Done{};
  if (generation < opened->state.generation)
    return taken_over(plan.services[service], opened->state.generation, generation);
  opened->state.generation = generation;
  return save_local(effects_.files, opened->spec.directory, opened->spec.key, opened->state);
}

Status LocalBackend::act(const plan::Plan& plan, const plan::Action& action,
                         const exec::EffectKey& key) {
  Result<Open> opened = open_alone(plan, action.service, change_wait_ns);
  if (!opened) return opened.error();
  // Admitted a moment ago, and then stopped for longer than a moment.
  if (key.generation < opened->state.generation)
    return taken_over(plan.services[action.service], opened->state.generation, key.generation);
  const Wanted wanted = wanted_by(action);
  if (wanted.canary.killed) return bring_fault(*opened, *wanted.canary.killed, key);
  if (wanted.stable.restarted) return order_restart(*opened, *wanted.stable.restarted, key);
  const Status ordered = order(*opened, wanted, key);
  if (Status saved = save(*opened); !saved) return ordered ? saved : ordered;
  if (!ordered) return ordered;
  // Who leaves loses its route before it stops, and the others of its version take what it had.
  if (shrinks(opened->state))
    if (Status routed = reroute(*opened); !routed) return routed;
  return settle(*opened);
}

Status LocalBackend::reroute(const Open& open) {
  RouteSource* router = neighbours_.router_of(open.plan.services[open.service]);
  return router ? router->refresh(open.plan, open.service) : Status(Done{});
}

Status LocalBackend::bring_fault(Open& open, int64_t count, const exec::EffectKey& key) {
  const LocalChaos chaos(effects_, open.spec);
  if (count == 0) {
    open.state.fault.reset();
    return save(open);
  }
  if (!open.state.fault || int64_t(open.state.fault->victims.size()) != count) {
    Result<LocalFault> fault = chaos.choose(open.state, count, key.text());
    if (!fault) return fault.error();
    open.state.fault = std::move(*fault);
    if (Status saved = save(open); !saved) return saved;
  }
  return chaos.strike(*open.state.fault);
}

Status LocalBackend::order(Open& open, const Wanted& wanted, const exec::EffectKey& key) {
  if (wanted.stable.gone()) {
    retire(open, Track::Stable);
    retire(open, Track::Next);
  } else if (wanted.stable.version || wanted.stable.instances) {
    if (Status ordered = order_stable(open, wanted.stable, wanted.canary.gone(), key); !ordered)
      return ordered;
  }
  if (wanted.canary.gone()) {
    retire(open, Track::Canary);
  } else if (wanted.canary.version || wanted.canary.instances) {
    InstanceSet* canary = open.state.find(Track::Canary);
    const std::string image = wanted.canary.version ? *wanted.canary.version->image
                              : canary              ? canary->image
                                                    : "";
    if (image.empty())
      return OpError{fmt::format("{} has no canary to give instances to", open.spec.key)};
    if (canary && canary->image != image) retire(open, Track::Canary);
    const int64_t count = wanted.canary.instances.value_or(open.spec.replicas);
    if (Status started = start(open, Track::Canary, image, count, key); !started) return started;
    open.state.find(Track::Canary)->scaled = wanted.canary.scaled();
  }
  return wanted.control.instances ? order_control(open, *wanted.control.instances, key) : Status(Done{});
}

Status LocalBackend::order_control(Open& open, int64_t count, const exec::EffectKey& key) {
  if (count == 0) {
    retire(open, Track::Control);
    return Done{};
  }
  const InstanceSet* stable = open.state.find(Track::Stable);
  if (!stable) return OpError{fmt::format("{} has no stable version that a control could run", open.spec.key)};
  const std::string image = stable->image;
  const InstanceSet* control = open.state.find(Track::Control);
  if (control && control->image != image) retire(open, Track::Control);
  return start(open, Track::Control, image, count, key);
}

Status LocalBackend::order_stable(Open& open, const WantedRole& wanted, bool canary_gone,
                                  const exec::EffectKey& key) {
  retire(open, Track::Fresh);
  InstanceSet* stable = open.state.find(Track::Stable);
  InstanceSet* canary = open.state.find(Track::Canary);
  const std::string image = wanted.version ? *wanted.version->image : stable ? stable->image : "";
  if (image.empty())
    return OpError{fmt::format("{} has no stable version to give instances to", open.spec.key)};
  if (canary && canary->image == image && canary_gone) {
    // The former stable set may be the only one that works; it goes only for one that does.
    for (const Health& health : check_health(effects_, open.spec, open.state, *canary)) {
      if (!health.ready)
        return OpError{fmt::format("the canary cannot become stable: {}", health.detail), true};
    }
    retire(open, Track::Stable);
    canary->track = Track::Stable;
    if (wanted.instances) canary->count = *wanted.instances;
    return Done{};
  }
  const bool keeps = stable && stable->image == image;
  const int64_t count = wanted.instances.value_or(keeps ? stable->count : open.spec.replicas);
  const InstanceSet* next = open.state.find(Track::Next);
  if (next && next->image != image) retire(open, Track::Next);
  const Track track = keeps ? Track::Stable : Track::Next;
  if (Status started = start(open, track, image, count, key); !started) return started;
  open.state.find(track)->scaled = wanted.scaled();
  return Done{};
}

Status LocalBackend::start(Open& open, Track track, const std::string& image, int64_t count,
                           const exec::EffectKey& key) {
  InstanceSet* set = open.state.find(track);
  if (!set) {
    open.state.sets.push_back({open.state.unused_name(key.generation), track, image, count});
    set = &open.state.sets.back();
  }
  set->count = count;
  LocalLaunch launch(effects_, open.spec, root_);
  const InstanceSet wanted = *set;
  return launch.start(open.state, wanted, key.text());
}

void LocalBackend::retire(Open& open, Track track) {
  if (InstanceSet* set = open.state.find(track)) set->track = Track::Retiring;
}

Status LocalBackend::settle(Open& open) {
  InstanceSet* next = open.state.find(Track::Next);
  if (next) {
    const std::vector<Health> health = check_health(effects_, open.spec, open.state, *next);
    const bool ready =
        std::all_of(health.begin(), health.end(), [](const Health& one) { return one.ready; });
    if (ready && int64_t(health.size()) >= next->count) {
      // The version that was stable keeps its traffic until the plan takes it away.
      InstanceSet* stable = open.state.find(Track::Stable);
      if (stable) stable->track = open.state.find(Track::Canary) ? Track::Retiring : Track::Canary;
      next->track = Track::Stable;
      if (Status saved = save(open); !saved) return saved;
    }
  }
  return stop_retiring(open);
}

Status LocalBackend::stop_retiring(Open& open) {
  std::vector<Instance*> leaving;
  std::vector<std::string> addresses;
  for (Instance& instance : open.state.instances) {
    const InstanceSet* set = open.state.set(instance.set);
    if (set->track != Track::Retiring && instance.slot <= set->count) continue;
    leaving.push_back(&instance);
    if (instance.port != 0) addresses.push_back(endpoint_of(instance).address());
  }
  if (!leaving.empty()) {
    std::vector<std::string> busy;
    if (RouteSource* router = neighbours_.router_of(open.plan.services[open.service])) {
      Result<std::vector<std::string>> still = router->release(open.plan, open.service, addresses);
      if (!still)
        return OpError{"no instance was stopped, because its router could not be asked: " +
                           still.error().message,
                       true};
      busy = std::move(*still);
    }
    std::erase_if(leaving, [&busy](const Instance* instance) {
      return std::find(busy.begin(), busy.end(), endpoint_of(*instance).address()) != busy.end();
    });
    if (Status stopped = stop_instances(open, leaving); !stopped) return stopped;
  }
  const size_t sets = open.state.sets.size();
  std::erase_if(open.state.sets, [&open](const InstanceSet& set) {
    return set.track == Track::Retiring &&
           std::none_of(open.state.instances.begin(), open.state.instances.end(),
                        [&set](const Instance& instance) { return instance.set == set.name; });
  });
  return leaving.empty() && sets == open.state.sets.size() ? Status(Done{}) : save(open);
}

Status LocalBackend::stop_instances(Open& open, const std::vector<Instance*>& instances) {
  const int64_t now_ns = effects_.clock.monotonic_ns();
  std::vector<std::string> gone;
  for (Instance* instance : instances) {
    if (instance->process.pid == 0) {
      const std::vector<effects::ProcessId> found =
          effects_.processes.find(instance_variable, marker_of(*instance));
      if (!found.empty()) instance->process = found.front();
    }
    if (!effects_.processes.look(instance->process).alive) {
      gone.push_back(instance->id);
      continue;
    }
    const bool asked = instance->stopped_ns != 0;
    if (asked && now_ns - instance->stopped_ns < open.spec.drain_ns) continue;
    const Status stopped = effects_.processes.stop(
        instance->process, asked ? effects::Stop::Kill : effects::Stop::Ask);
    if (!stopped) return stopped;
    if (!asked) instance->stopped_ns = std::max<int64_t>(1, now_ns);
  }
  std::erase_if(open.state.instances, [&gone](const Instance& instance) {
    return std::find(gone.begin(), gone.end(), instance.id) != gone.end();
  });
  return Done{};
}

Result<Observation> LocalBackend::observe(const plan::Plan& plan, const plan::Action& action,
                                          const exec::EffectKey& key) {
  Result<Open> found = open(plan, action.service);
  const bool ours = found && key.generation == found->state.generation;
  Result<Open> opened = ours ? open_alone(plan, action.service, change_wait_ns) : std::move(found);
  if (!opened) return opened.error();
  if (key.generation == opened->state.generation) {
    if (Status settled = settle(*opened); !settled) return settled.error();
  }
  const Wanted wanted = wanted_by(action);
  if (wanted.canary.killed) return LocalChaos(effects_, opened->spec).see(opened->state, *wanted.canary.killed);
  if (wanted.stable.restarted) return see_restart(*opened, *wanted.stable.restarted, key);
  Observation seen = see(*opened, wanted, key);
  if (seen.seen == Seen::Present && key.generation == opened->state.generation) {
    // What the action did is complete, so from now on a death is not its failure but the supervisor's business.
    if (settle_instances(opened->state)) {
      if (Status saved = save(*opened); !saved) return saved.error();
    }
    // Whoever has joined a version that has traffic is ready now.
    if (wanted.stable.scaled() || wanted.canary.scaled())
      if (Status routed = reroute(*opened); !routed) return Observation{Seen::Underway, routed.error().message};
  }
  return seen;
}

std::vector<std::string> LocalBackend::tend(const plan::Plan& plan, uint32_t service, int64_t generation) {
  Result<Open> opened = open_alone(plan, service, 0);
  if (!opened && opened.error().retryable) return {};  // somebody changes them just now
  if (!opened) return supervisor_.trouble(opened.error().message);
  if (generation != opened->state.generation) return {};
  LocalSupervisor::Round round = supervisor_.round(opened->spec, opened->state);
  if (std::string line = LocalChaos(effects_, opened->spec).note_recovery(opened->state); !line.empty()) {
    round.changed = true;
    round.lines.push_back(std::move(line));
  }
  if (!round.changed) return std::move(round.lines);
  if (Status saved = save(*opened); !saved) {
    for (std::string& line : supervisor_.trouble(saved.error().message)) round.lines.push_back(std::move(line));
  }
  return std::move(round.lines);
}

Observation LocalBackend::see(const Open& open, const Wanted& wanted, const exec::EffectKey& key) {
  Observation seen{Seen::Present, {}};
  if (wanted.stable.version || wanted.stable.instances) {
    seen = worse(seen, see_role(open, Track::Stable, wanted.stable, key));
  }
  if (wanted.canary.version || wanted.canary.instances) {
    seen = worse(seen, see_role(open, Track::Canary, wanted.canary, key));
  }
  if (wanted.control.instances) seen = worse(seen, see_role(open, Track::Control, wanted.control, key));
  const int64_t leaving = std::count_if(
      open.state.instances.begin(), open.state.instances.end(), [&open](const Instance& instance) {
        const InstanceSet* set = open.state.set(instance.set);
        return set->track == Track::Retiring || instance.slot > set->count;
      });
  const bool scaled = wanted.stable.scaled() || wanted.canary.scaled();
  const bool stops = wanted.canary.gone() || wanted.stable.version || scaled;
  if (stops && leaving > 0) {
    seen = worse(seen, {Seen::Underway,
                        fmt::format("{} instances finish their requests and stop", leaving)});
  }
  return seen;
}

Observation LocalBackend::see_role(const Open& open, Track track, const WantedRole& wanted,
                                   const exec::EffectKey& key) {
  const InstanceSet* set = open.state.find(track);
  if (wanted.gone()) {
    if (!set) return {Seen::Present, {}};
    return {Seen::Absent, fmt::format("the {} version {} runs", track_text(track), set->image)};
  }
  const std::string image = wanted.version ? *wanted.version->image : set ? set->image : "";
  const InstanceSet* next = track == Track::Stable ? open.state.find(Track::Next) : nullptr;
  if (next && next->image == image) {
    const Observation seen = see_set(open, *next, key);
    return seen.seen == Seen::Present ? Observation{Seen::Underway, "ready, about to become stable"}
                                      : seen;
  }
  if (!set || set->image != image) {
    return {Seen::Absent, set ? fmt::format("the {} version is {}", track_text(track), set->image)
                              : fmt::format("there is no {} version", track_text(track))};
  }
  if (wanted.instances && set->count != *wanted.instances) {
    return {Seen::Absent,
            fmt::format("the {} version has {} instances", track_text(track), set->count)};
  }
  return see_set(open, *set, key);
}

Observation LocalBackend::see_set(const Open& open, const InstanceSet& set,
                                  const exec::EffectKey& key) {
  const std::vector<Health> health = check_health(effects_, open.spec, open.state, set);
  int64_t ready = 0;
  std::string first;
  Seen seen = Seen::Present;
  for (const Health& one : health) {
    ready += one.ready;
    if (one.ready) continue;
    // What an earlier attempt left dead may be started again; what this one started and lost has
    // failed.
    const bool failed =
        !one.alive && one.instance->process.pid != 0 && one.instance->effect == key.text();
    const Seen this_one = failed ? Seen::Failed : one.alive ? Seen::Underway : Seen::Absent;
    const Observation worst = worse({seen, first}, {this_one, one.detail});
    if (seen == Seen::Present || worst.seen != seen) first = one.detail;
    seen = worst.seen;
  }
  if (int64_t(health.size()) < set.count && seen != Seen::Failed) seen = Seen::Absent;
  std::string text = fmt::format("{} of {} instances of {} ready", ready, set.count, set.image);
  if (!first.empty()) text += ": " + first;
  return {seen, std::move(text)};
}

Result<ServiceState> LocalBackend::state(const plan::Plan& plan, uint32_t service) {
  const Result<Open> opened = open(plan, service);
  if (!opened) return opened.error();
  ServiceState out;
  out.generation = opened->state.generation;
  const auto count_ready = [this, &opened](const InstanceSet& set) {
    const std::vector<Health> health = check_health(effects_, opened->spec, opened->state, set);
    return int64_t(
        std::count_if(health.begin(), health.end(), [](const Health& one) { return one.ready; }));
  };
  if (const InstanceSet* stable = opened->state.find(Track::Stable)) {
    out.stable_image = stable->image;
    out.stable_instances = count_ready(*stable);
    if (stable->scaled) out.scaled = stable->count;
  }
  if (const InstanceSet* canary = opened->state.find(Track::Canary)) {
    out.canary_image = canary->image;
    out.canary_instances = count_ready(*canary);
  }
  return out;
}

Result<std::vector<Endpoint>> LocalBackend::endpoints(const plan::Plan& plan, uint32_t service,
                                                      plan::Role role) {
  const Result<Open> opened = open(plan, service);
  if (!opened) return opened.error();
  std::vector<Endpoint> out;
  for (const Instance& instance : opened->state.instances) {
    const InstanceSet* set = opened->state.set(instance.set);
    if (!plays(set->track, role) || !takes_part(*set, instance) || instance.port == 0) continue;
    out.push_back(endpoint_of(instance));
    out.back().serves = !instance.down && effects_.processes.look(instance.process).alive;
    out.back().set = set_label(*set);
  }
  return out;
}

exec::Reading LocalBackend::read_capacity(const LocalState& state) {
  const Result<std::optional<int64_t>> capacity = local_capacity(effects_.files, effects_.processes, state);
  if (!capacity) return {exec::Reading::Status::Error, capacity.error().message};
  if (!*capacity) return {exec::Reading::Status::NoData, "no instance runs, so nobody knows what one needs"};
  exec::Reading reading{exec::Reading::Status::Ok, ""};
  reading.value = double(**capacity);
  return reading;
}

exec::Reading LocalBackend::read(const plan::Plan& plan, const plan::Term& term) {
  const plan::Signal& signal = plan.signals[term.signal];
  const bool recovery = signal.method == "recovery";
  if (signal.method != "unhealthy" && signal.method != "capacity" && !recovery) return Backend::read(plan, term);
  exec::Reading reading;
  const Result<Open> opened = open(plan, signal.service);
  if (!opened) {
    reading.status = exec::Reading::Status::Error;
    reading.detail = opened.error().message;
    return reading;
  }
  if (signal.method == "capacity") return read_capacity(opened->state);
  if (recovery) return LocalChaos(effects_, opened->spec).recovery(opened->state);
  for (const InstanceSet& set : opened->state.sets) {
    if (!plays(set.track, term.role)) continue;
    int64_t ready = 0, joining = 0;
    for (const Health& health : check_health(effects_, opened->spec, opened->state, set)) {
      if (!takes_part(set, *health.instance)) {
        ++joining;
        continue;
      }
      ready += health.ready;
      if (!health.ready) reading.detail = health.detail;
    }
    if (set.track != Track::Fresh) joining = 0;
    reading.total += set.count - joining;
    reading.bad += std::max<int64_t>(0, set.count - joining - ready);
  }
  if (reading.total == 0) {
    reading.detail = "no instance of that role runs";
    return reading;
  }
  reading.status = exec::Reading::Status::Ok;
  reading.value = double(reading.bad) / double(reading.total) * double(eval::percent_all);
  return reading;
}

}  // namespace rollout::backend
