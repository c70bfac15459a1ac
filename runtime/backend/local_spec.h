// LocalSpec: how the instances of one service are run on a `local` target, read from the service's
// binding.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "compiler/plan/plan.h"

namespace rollout::backend {

inline constexpr int shared_ports_from = 20000;  ///< from where services get ports that name none

struct LocalSpec {
  std::string key;                   ///< `checkout@eu`
  std::string directory;             ///< of the target, absolute
  std::vector<std::string> others;   ///< directories of the other local targets: they take ports of this machine, too
  std::vector<std::string> command;  ///< with `${port}` and the like still in it
  std::string ready_path;            ///< `/healthz`; empty: ready as soon as it runs
  std::string live_path;             ///< empty: live as long as it runs
  int64_t replicas = 1;
  int ports_from = 0;
  int64_t drain_ns = 0;
};

Result<LocalSpec> local_spec(const plan::Plan& plan, uint32_t service, uint32_t target,
                             const std::string& root);

/// The values of the names that a command may hold.
struct CommandValues {
  std::string port, version, image, instance, directory;
};

/// `text` with its `${…}` replaced; an unknown name is an error that lists the known ones.
Result<std::string> fill_in(const std::string& text, const CommandValues& values);

/// The file that an instance of that image is started from, absolute; empty: PATH is searched for it, or it is another
/// one for each instance.
std::string program_of(const LocalSpec& spec, const std::string& root, const std::string& image);

}  // namespace rollout::backend
