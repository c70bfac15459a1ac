// The `ssh` backend: hosts by the ssh client of this machine, each with an agent of the user's. Keeps no state of its
// own: what runs on a host, and for which generation, the agent says. docs/hosts.md has what it is asked.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/json.h"
#include "runtime/backend/backend.h"
#include "runtime/backend/ssh_line.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

class SshBackend : public Backend, public EndpointSource {
 public:
  /// `target`: index into Plan::targets. `root`: the project root, absolute.
  SshBackend(uint32_t target, std::string root, const effects::Effects& effects, Neighbours&)
      : target_(target), root_(std::move(root)), effects_(effects) {}

  Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) override;
  Result<ServiceState> state(const plan::Plan& plan, uint32_t service) override;
  /// What the agent says of it when it is asked for its state; an agent need not say anything.
  Result<std::string> cannot_start(const plan::Plan& plan, uint32_t service, std::string_view image) override;
  bool apart() const override { return true; }  // by host
  EndpointSource* endpoints() override { return this; }
  Result<std::vector<Endpoint>> endpoints(const plan::Plan& plan, uint32_t service, plan::Role role) override;

 private:
  Result<SshHost> host_of(const plan::Plan& plan, uint32_t service) const;
  /// How the agent is asked; `words`: its verb and what comes behind the service.
  Result<effects::CommandLine> line_for(const plan::Plan& plan, uint32_t service, const SshHost& host,
                                        const std::vector<std::string>& words) const;
  /// What the agent answers: an object whose fields have the kinds that they must have.
  Result<json::Node> run(const SshHost& host, const effects::CommandLine& line, const std::string& verb);
  Result<json::Node> ask(const plan::Plan& plan, uint32_t service, const std::vector<std::string>& words);

  uint32_t target_;
  std::string root_;
  effects::Effects effects_;
};

}  // namespace rollout::backend
