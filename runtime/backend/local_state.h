// What the `local` backend remembers of one service at one place: a small JSON file in the target's
// directory, `checkout.json` or `checkout@eu.json`. It is written before anything that it foretells
// is done, so that after a crash every process can be found again. Whoever holds the service's lock
// is its only writer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"
#include "runtime/effects/files.h"
#include "runtime/effects/process.h"

namespace rollout::backend {

/// Control: of the stable version, as fresh as the canary. Next: started to become stable as soon as it is ready.
/// Fresh: the instances of a restart, which take over from the stable ones one by one. Retiring: being stopped.
enum class Track { Stable, Canary, Control, Next, Fresh, Retiring };
std::string_view track_text(Track track);

/// Instances of one image that live and die together.
struct InstanceSet {
  std::string name;  ///< `g3`; `g3b` when generation 3 starts a second one
  Track track = Track::Canary;
  std::string image;
  int64_t count = 0;
  bool scaled = false;   ///< `count` was set by itself, not with the version
  std::string restart = {};  ///< the effect, of whichever attempt, that started them again; empty: none did
  int64_t of = 0;        ///< of Fresh: how many it and the stable set are together
};

struct Instance {
  std::string id;    ///< `checkout-g3-1`, computed from service, place, generation and slot
  std::string set;   ///< name of its set
  int64_t slot = 0;  ///< from 1
  int port = 0;
  effects::ProcessId process;  ///< pid 0: recorded, not known to be started
  std::string log;
  std::string effect;      ///< key of the effect that started it
  int64_t stopped_ns = 0;  ///< monotonic time of its SIGTERM; 0: not asked to stop
  // For the supervisor; see local_supervisor.h. Times are monotonic.
  bool settled = false;       ///< an action saw it ready: from then on it is looked after
  bool down = false;          ///< not ready since
  int64_t restarts = 0;       ///< since `window_ns`
  int64_t window_ns = 0;      ///< when the first of them was
  int64_t restarted_ns = 0;   ///< when the last of them was
};

/// A fault that an action has brought upon the canary. Written before anything is killed: after a crash the same
/// processes are killed, and no others.
struct LocalFault {
  std::string effect;                        ///< key of the effect
  std::vector<effects::ProcessId> victims;   ///< as they were chosen; started again, they are other processes
  int64_t killed_ns = 0;     ///< monotonic
  int64_t recovered_ns = 0;  ///< when all instances were seen ready again; 0: not yet
};

struct LocalState {
  int64_t generation = 0;  ///< highest generation that was admitted
  std::vector<InstanceSet> sets;
  std::vector<Instance> instances;
  std::optional<LocalFault> fault;

  InstanceSet* find(Track track);
  const InstanceSet* find(Track track) const;
  const InstanceSet* set(std::string_view name) const;
  /// `g3`, or `g3b` where generation 3 has such a set already.
  std::string unused_name(int64_t generation) const;
};

/// `checkout`, `checkout@eu`: the name in files and instance ids. Refuses names that are no file
/// names.
Result<std::string> local_key(const plan::Service& service);

Result<LocalState> load_local(effects::Files& files, const std::string& directory,
                              const std::string& key);
Status save_local(effects::Files& files, const std::string& directory, const std::string& key,
                  const LocalState& state);

/// Held while files that services of one directory share are read and written again, and while ports are chosen.
Result<std::unique_ptr<effects::FileLock>> lock_local(effects::Files& files, const std::string& directory);

/// Held while the instances of one service are changed, from reading their record to the last write of it: whoever is
/// stopped in between keeps its successor out, instead of waking up to start or forget what that one has begun. Taken
/// before the lock of the directory.
Result<std::unique_ptr<effects::FileLock>> lock_instances(effects::Files& files, const std::string& directory,
                                                          const std::string& key, int64_t wait_ns);

/// Keys of all services that have a state file in the directory.
Result<std::vector<std::string>> local_keys(effects::Files& files, const std::string& directory);

}  // namespace rollout::backend
