// Restarting the stable version: a new set of the same image takes over instance by instance. Each new one is ready and
// has a route before the one that it replaces loses its own, so that never fewer serve than before. Every step is
// recorded before it is taken; after a crash the restart goes on where it was.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/backend/local_backend.h"
#include "runtime/backend/local_health.h"

namespace rollout::backend {
namespace {

using exec::Observation;
using exec::Seen;

/// The same for all attempts of one action.
std::string restart_of(exec::EffectKey key) {
  key.attempt = 0;
  return key.text();
}

int64_t settled_in(const LocalState& state, const InstanceSet& set) {
  return std::count_if(state.instances.begin(), state.instances.end(), [&set](const Instance& instance) {
    return instance.set == set.name && instance.slot <= set.count && instance.settled;
  });
}

bool is_left(const LocalState& state, const InstanceSet& set) {
  return std::any_of(state.instances.begin(), state.instances.end(), [&set](const Instance& instance) {
    return instance.set == set.name && instance.slot > set.count;
  });
}

}  // namespace

Status LocalBackend::order_restart(Open& open, bool wanted, const exec::EffectKey& key) {
  if (!wanted) {
    if (InstanceSet* fresh = open.state.find(Track::Fresh)) fresh->restart.clear();
    if (Status saved = save(open); !saved) return saved;
    return end_restart(open);
  }
  const std::string restart = restart_of(key);
  InstanceSet* fresh = open.state.find(Track::Fresh);
  if (fresh && fresh->restart != restart) {
    if (Status ended = end_restart(open); !ended) return ended;
    if (open.state.find(Track::Fresh))
      return OpError{fmt::format("an earlier restart of {} has not ended yet", open.spec.key), true};
    fresh = nullptr;
  }
  const InstanceSet* stable = open.state.find(Track::Stable);
  if (!stable) return OpError{fmt::format("{} has no stable version to restart", open.spec.key)};
  if (!fresh) {
    InstanceSet made{open.state.unused_name(key.generation), Track::Fresh, stable->image, 0,
                     stable->scaled, restart, stable->count};
    open.state.sets.push_back(std::move(made));
    if (Status saved = save(open); !saved) return saved;
  } else if (fresh->count > 0) {
    // What an earlier attempt has lost is started again.
    if (Status started = start(open, Track::Fresh, fresh->image, fresh->count, key); !started) return started;
  }
  return go_on_restarting(open, key);
}

Status LocalBackend::go_on_restarting(Open& open, const exec::EffectKey& key) {
  InstanceSet* fresh = open.state.find(Track::Fresh);
  InstanceSet* stable = open.state.find(Track::Stable);
  if (!fresh || !stable) return Done{};
  if (is_left(open.state, *stable)) return stop_retiring(open);
  if (settled_in(open.state, *fresh) < fresh->count) {
    for (const Health& health : check_health(effects_, open.spec, open.state, *fresh))
      if (!health.ready) return Done{};
    for (Instance& instance : open.state.instances)
      if (instance.set == fresh->name) instance.settled = true;
    if (Status saved = save(open); !saved) return saved;
  }
  if (stable->count + fresh->count > fresh->of) {
    if (Status routed = reroute(open); !routed) return routed;
    stable->count = fresh->of - fresh->count;
    if (Status saved = save(open); !saved) return saved;
    if (Status routed = reroute(open); !routed) return routed;
    return stop_retiring(open);
  }
  if (fresh->count < fresh->of) return start(open, Track::Fresh, fresh->image, fresh->count + 1, key);
  stable->track = Track::Retiring;
  fresh->track = Track::Stable;
  fresh->of = 0;
  if (Status saved = save(open); !saved) return saved;
  return stop_retiring(open);
}

Status LocalBackend::end_restart(Open& open) {
  InstanceSet* fresh = open.state.find(Track::Fresh);
  InstanceSet* stable = open.state.find(Track::Stable);
  if (!fresh || !stable) return Done{};
  fresh->count = settled_in(open.state, *fresh);
  stable->count = std::min(stable->count, fresh->of - fresh->count);
  if (Status saved = save(open); !saved) return saved;
  if (Status routed = reroute(open); !routed) return routed;
  if (Status stopped = stop_retiring(open); !stopped) return stopped;
  if (is_left(open.state, *fresh) || is_left(open.state, *stable)) return Done{};
  // One set again: each takes the place of the one that it replaced.
  int64_t slot = stable->count;
  for (Instance& instance : open.state.instances) {
    if (instance.set != fresh->name) continue;
    instance.set = stable->name;
    instance.slot = ++slot;
  }
  stable->count = fresh->of;
  std::erase_if(open.state.sets, [](const InstanceSet& set) { return set.track == Track::Fresh; });
  return save(open);
}

Result<Observation> LocalBackend::see_restart(Open& open, bool wanted, const exec::EffectKey& key) {
  const bool ours = key.generation == open.state.generation;
  const InstanceSet* fresh = open.state.find(Track::Fresh);
  const std::string restart = wanted ? restart_of(key) : "";
  if (fresh && fresh->restart != restart)
    return Observation{Seen::Absent, wanted ? "another restart is under way" : "a restart is under way"};
  if (fresh && ours) {
    if (Status gone_on = wanted ? go_on_restarting(open, key) : end_restart(open); !gone_on)
      return Observation{Seen::Underway, gone_on.error().message};
    fresh = open.state.find(Track::Fresh);
  }
  if (!wanted)
    return fresh ? Observation{Seen::Underway, "what a restart has begun ends"}
                 : Observation{Seen::Present, "no restart is under way"};
  if (fresh) {
    const Observation newest = see_set(open, *fresh, key);
    if (newest.seen == Seen::Failed) return newest;
    return Observation{Seen::Underway, fmt::format("{} of {} instances restarted", settled_in(open.state, *fresh),
                                                   fresh->of)};
  }
  const InstanceSet* stable = open.state.find(Track::Stable);
  if (!stable) return Observation{Seen::Absent, "there is no stable version"};
  if (stable->restart != restart) return Observation{Seen::Absent, "its instances were not started again"};
  return see_set(open, *stable, key);
}

}  // namespace rollout::backend
