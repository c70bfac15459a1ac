// Rig: what the conformance tests share: a directory of their own, free ports, servers that end
// with the test, and plans with one service.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/plan/plan.h"
#include "runtime/backend/live_world.h"
#include "runtime/effects/effects.h"

namespace rollout::test {

constexpr int64_t second_ns = 1'000'000'000;

/// Removed with everything in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string path;
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
};

/// The first of `count` ports in a row that nobody uses now.
int free_ports(int count = 1);

/// A real server; exactly this process is ended with the object.
class Server {
 public:
  Server(effects::Effects& effects, std::vector<std::string> command, const TempDir& directory);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  void stop();
  effects::ProcessId process;

 private:
  effects::Effects& effects_;
};

/// Asks again every few milliseconds; false when the time is over.
bool eventually(effects::Effects& effects, int64_t within_ns, const std::function<bool()>& holds);

eval::Value text(std::string value);
eval::Value image(std::string value);
eval::Value share(double percent);

/// A plan with the targets hosts (local), edge (haproxy) and prom, and the service checkout.
struct Rig {
  explicit Rig(const std::string& name = "checkout");
  ~Rig();

  plan::Action deploy(const std::string& image, int64_t instances);
  plan::Action promote(const std::string& image);
  plan::Action retire();
  plan::Action install(const std::string& image, int64_t instances);
  plan::Action shift(double percent);
  exec::EffectKey key(int64_t generation, int attempt = 1) const;

  /// The world as a process that starts now would see it.
  std::unique_ptr<backend::LiveWorld> world();
  /// Acts once and waits until the effect shows; the last observation.
  exec::Observation carry_out(exec::World& world, const plan::Action& action,
                              const exec::EffectKey& key, int64_t within_ns = 20 * second_ns);
  /// A setting of the service's workload binding.
  void set_workload(const std::string& name, eval::Value value);

  /// Where the local target remembers the instances of a service.
  std::string state_file(uint32_t service) const;

  TempDir directory;
  effects::RealEffects real;
  effects::Effects effects;
  plan::Plan plan;
  int ports = 0;
};

}  // namespace rollout::test
