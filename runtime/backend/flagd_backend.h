// The `flagd` backend: a flag's share as a `fractional` rule in a flag definition file, which flagd watches. Keeps no
// state of its own: share and generation stand in the file and are read from it every time.
// Always true: the file is read and written under a lock beside it, and written whole or not at all; a share that a
// later generation set is never overwritten by an earlier one.
#pragma once

#include <string>

#include "runtime/backend/backend.h"
#include "runtime/backend/flagd_file.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

inline constexpr size_t max_flag_file_bytes = size_t{4} << 20;

class FlagdBackend : public Backend {
 public:
  /// `target`: index into Plan::targets. `root`: the project root, absolute.
  FlagdBackend(uint32_t target, std::string root, const effects::Effects& effects, Neighbours&)
      : target_(target), root_(std::move(root)), effects_(effects) {}

  Result<exec::Observation> observe(const plan::Plan& plan, const plan::Action& action,
                                    const exec::EffectKey& key) override;
  Status act(const plan::Plan& plan, const plan::Action& action, const exec::EffectKey& key) override;
  Status admit(const plan::Plan& plan, uint32_t flag, int64_t generation) override;
  Result<ServiceState> state(const plan::Plan& plan, uint32_t flag) override;

 private:
  Result<FlagdNames> names_of(const plan::Plan& plan, uint32_t flag) const;
  Result<FlagdFile> read(const plan::Plan& plan, uint32_t flag) const;
  /// Sets the share, or leaves it where none is given.
  Status write(const plan::Plan& plan, uint32_t flag, const int64_t* share_ppb, int64_t generation);

  uint32_t target_;
  std::string root_;
  effects::Effects effects_;
};

}  // namespace rollout::backend
