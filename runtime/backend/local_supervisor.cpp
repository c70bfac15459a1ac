#include "runtime/backend/local_supervisor.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/backend/local_launch.h"

namespace rollout::backend {
namespace {

bool stays(const InstanceSet& set, const Instance& instance) {
  return set.track != Track::Retiring && instance.slot <= set.count;
}

int64_t pause_before(int64_t restart) {
  if (restart <= 1) return 0;
  int64_t pause_ns = first_restart_pause_ns;
  for (int64_t i = 2; i < restart && pause_ns < max_restart_pause_ns; ++i) pause_ns *= 2;
  return std::min(pause_ns, max_restart_pause_ns);
}

std::string restart_text(const Instance& instance) {
  return fmt::format("restart {} of {} within {}m", instance.restarts, max_restarts,
                     restart_window_ns / 60'000'000'000);
}

}  // namespace

bool settle_instances(LocalState& state) {
  bool changed = false;
  for (Instance& instance : state.instances) {
    const InstanceSet* set = state.set(instance.set);
    if (instance.settled || instance.process.pid == 0 || !stays(*set, instance)) continue;
    instance.settled = true;
    changed = true;
  }
  return changed;
}

LocalSupervisor::Round LocalSupervisor::round(const LocalSpec& spec, LocalState& state) {
  Round round;
  for (const InstanceSet& set : state.sets) {
    if (set.track == Track::Retiring) continue;
    Look look{spec, state, set, round};
    for (const Health& health : check_health(effects_, spec, state, set)) {
      for (Instance& instance : state.instances) {
        if (&instance == health.instance && instance.settled && stays(set, instance))
          look_after(look, instance, health);
      }
    }
  }
  return round;
}

void LocalSupervisor::look_after(Look& look, Instance& instance, const Health& health) {
  if (!health.alive) return on_dead(look, instance);
  if (instance.stopped_ns != 0) {
    const int64_t now_ns = effects_.clock.monotonic_ns();
    if (now_ns - instance.stopped_ns < look.spec.drain_ns) return;
    if (Status killed = effects_.processes.stop(instance.process, effects::Stop::Kill); !killed)
      tell(look, instance, killed.error().message);
    return;
  }
  if (!health.live) return on_not_live(look, instance, health.detail);
  misses_.erase(instance.process);
  if (health.ready && instance.down && instance.restarts > 0)
    tell(look, instance, fmt::format("{} is ready again", instance.id));
  mark(look, instance, !health.ready);
}

void LocalSupervisor::mark(Look& look, Instance& instance, bool down) {
  look.round.changed |= instance.down != down;
  instance.down = down;
}

void LocalSupervisor::on_not_live(Look& look, Instance& instance, const std::string& why) {
  const int64_t now_ns = effects_.clock.monotonic_ns();
  const bool starting = instance.down && instance.restarts > 0 &&
                        now_ns - instance.restarted_ns < start_grace_ns && !misses_.contains(instance.process);
  mark(look, instance, true);
  if (starting) return;
  if (++misses_[instance.process] < max_live_misses) return;
  if (instance.restarts >= max_restarts) {
    (void)may_restart(look, instance, why);
    return;
  }
  if (Status asked = effects_.processes.stop(instance.process, effects::Stop::Ask); !asked)
    return tell(look, instance, asked.error().message);
  misses_.erase(instance.process);
  instance.stopped_ns = std::max<int64_t>(1, now_ns);
  look.round.changed = true;
  tell(look, instance,
       fmt::format("{} failed its liveness probe {} times in a row and is replaced: {}", instance.id,
                   max_live_misses, why));
}

void LocalSupervisor::on_dead(Look& look, Instance& instance) {
  const std::string end = effects_.processes.look(instance.process).end;
  const std::string why = fmt::format("{} {}", instance.id, end.empty() ? "is not running any more" : end);
  mark(look, instance, true);
  misses_.erase(instance.process);
  if (adopt(look, instance) || !may_restart(look, instance, why)) return;
  const int64_t now_ns = effects_.clock.monotonic_ns();
  if (instance.restarts == 0) instance.window_ns = now_ns;
  ++instance.restarts;
  instance.restarted_ns = now_ns;
  look.round.changed = true;
  LocalLaunch launch(effects_, look.spec, root_);
  const Status started = launch.start_again(look.state, look.set, instance);
  if (!started) {
    return tell(look, instance,
                fmt::format("{} cannot be started again ({}): {}", instance.id, restart_text(instance),
                            started.error().message));
  }
  tell(look, instance,
       fmt::format("{}; it is started again as process {} on port {} ({})", why, instance.process.pid,
                   instance.port, restart_text(instance)));
}

bool LocalSupervisor::adopt(Look& look, Instance& instance) {
  if (instance.process.pid != 0) return false;
  // Recorded, and then nobody could write down what came of it.
  const std::vector<effects::ProcessId> running =
      effects_.processes.find(instance_variable, marker_of(instance));
  if (running.empty()) return false;
  instance.process = running.front();
  look.round.changed = true;
  return true;
}

bool LocalSupervisor::may_restart(Look& look, Instance& instance, const std::string& why) {
  const int64_t now_ns = effects_.clock.monotonic_ns();
  if (instance.restarts >= max_restarts) {
    if (given_up_.insert(instance.id).second) {
      tell(look, instance,
           fmt::format("{} stays down, after {} restarts within {}m: {}; abort the run, or mend the cause and "
                       "release again",
                       instance.id, max_restarts, restart_window_ns / 60'000'000'000, why));
    }
    return false;
  }
  // A time from before the machine started anew is no time of this clock.
  if (now_ns - instance.window_ns > restart_window_ns || now_ns < instance.restarted_ns) instance.restarts = 0;
  return instance.restarts == 0 || now_ns - instance.restarted_ns >= pause_before(instance.restarts + 1);
}

void LocalSupervisor::tell(Look& look, const Instance& instance, std::string line) {
  // A log that cannot be written is no reason to leave the instance down.
  (void)!effects_.files.append(instance.log, "rollout: " + line + "\n");
  look.round.lines.push_back(std::move(line));
}

std::vector<std::string> LocalSupervisor::trouble(const std::string& text) {
  if (text == last_trouble_) return {};
  last_trouble_ = text;
  return {"the instances cannot be looked after: " + text};
}

}  // namespace rollout::backend
