// Private to compiler/plan: what the words of an effect of a capability mean, `sets share(s, canary) = …`.
#pragma once

#include <string_view>

#include "compiler/ir/program.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

Variable variable_of(const ast::Effect& effect);
/// Without a name: the only one that a flag or a database has.
Role role_of(std::string_view name);

}  // namespace rollout::plan
