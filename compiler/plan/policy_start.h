// Private to compiler/plan: rules of policies that only the world can answer, and only when a run begins. They become
// checks of its preflight, so that they are read, recorded and simulated as those are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/program.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

/// Rehearsed: a rollback of each service was done at most so long ago. Capacity: its target could run so many times the
/// instances that it has at once in this rollout.
enum class StartProperty { Rehearsed, Capacity };

/// `require r.rollback.rehearsed within BOUND`, `require r.capacity.margin >= BOUND`
struct StartRule {
  StartProperty property = StartProperty::Rehearsed;
  Comparison comparison = Comparison::LessEqual;
  const ast::Expr* bound = nullptr;
};

/// Nothing where the rule has another form.
std::optional<StartRule> start_rule(const ir::Program& program, ir::ModuleId module, const ast::PolicyItem& item);
/// Whether any policy of the program has such a rule.
bool has_start_rules(const ir::Program& program);

/// One of them, for one service, flag or database that the rollout changes.
struct StartCondition {
  StartProperty property = StartProperty::Rehearsed;
  Comparison comparison = Comparison::LessEqual;
  eval::Value subject;
  double bound = 0;  ///< of Rehearsed a time, of Capacity instances
  std::string text;  ///< of the condition
};

struct AtStart {
  std::vector<StartCondition> conditions;
  bool own_preflight = false;  ///< the rollout has checks of its own, and they join those
};

}  // namespace rollout::plan
