// How many instances of a service this machine could run: those that run, and what its memory allows beside them.
#pragma once

#include "compiler/base/result.h"
#include "runtime/backend/local_state.h"
#include "runtime/effects/effects.h"

namespace rollout::backend {

/// Nothing while no instance runs: then nobody knows what one needs.
Result<std::optional<int64_t>> local_capacity(effects::Files& files, effects::Processes& processes,
                                              const LocalState& state);

/// The kibibytes behind `name` in a text of /proc, such as `MemAvailable:   12345 kB`; nothing: none are there.
std::optional<int64_t> kib_of(std::string_view text, std::string_view name);

}  // namespace rollout::backend
