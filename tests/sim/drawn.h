// Drawn: random programs that do with their services what the plans made by hand do not: they declare what versions
// live beside, keep a quota, scale, restart, route cohorts, send copies and migrate, one after another or side by side.
// For campaigns; the same seed gives the same program.
#pragma once

#include <optional>
#include <string>

#include "compiler/plan/plan.h"

namespace rollout::sim_test {

std::string drawn_program(uint64_t seed);

/// With its facts, of a world that was looked at; nothing: this program is refused before it is proven.
std::optional<plan::Plan> drawn_plan(uint64_t seed);

}  // namespace rollout::sim_test
