// Private to compiler/plan: the rules of policies, and what they find in a finished plan. One property a file; each
// gives the value and says where it comes from.
#pragma once

#include <string>
#include <vector>

#include "compiler/eval/evaluator.h"
#include "compiler/ir/property.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

/// One rule that holds for a rollout, with what its names stand for. The rollout is a record of its properties.
struct PolicyRule {
  const ir::Policy* policy;      ///< the one with `for every`
  const ast::PolicyItem* item;
  ir::ModuleId module;           ///< in which the rule stands
  eval::Frame frame;
  Span at;                       ///< where the user asks for it: the rule, or the call that leads to it
};

/// The rules of all policies of the program that hold in an environment; `everywhere`: of all environments.
/// `environment` null: without one.
std::vector<PolicyRule> rules_of(const ir::Program& program, eval::Evaluator& evaluator,
                                 const ir::Environment* environment, bool everywhere, const eval::Value& rollout);

/// What of a rollout an expression reads.
struct Mentions {
  std::vector<ir::Property> properties;
  size_t others = 0;  ///< the rollout as a whole, as the argument of a function
};
void find_mentions(const ir::Program& program, ir::ModuleId module, const ast::Expr* expr, Mentions& mentions);

/// What a plan says of itself, and from where: `deploy checkout (release.rollout:12)`. None: not decided yet.
struct Finding {
  eval::Value value;
  std::string from;
};
Finding first_phase_share(const Plan& plan);  // policy_first_phase.cpp
Finding monitored(const Plan& plan);          // policy_monitored.cpp
Finding rollback_total(const Plan& plan);     // policy_rollback.cpp

/// Who must have approved. Empty team: anybody. `not_author`: somebody else than who wrote it, whoever that is.
struct WantedApproval {
  std::string_view action;
  std::string team;
  bool not_author = false;
};
/// A text: why an action may come without that approval; None: it cannot. policy_approval.cpp
Finding without_approval(const Plan& plan, const WantedApproval& wanted);

/// `promote checkout (release.rollout:12)`
std::string step_text(const Step& step);

}  // namespace rollout::plan
