#include <fmt/format.h>

#include "runtime/exec/world.h"

namespace rollout::exec {

std::string EffectKey::text() const {
  return fmt::format("{}/g{}/{}{}/a{}", run, generation, undo ? "undo" : "step", step, attempt);
}

}  // namespace rollout::exec
