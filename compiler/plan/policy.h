// Private to compiler/plan: the rules of policies, and what they find in a finished plan. One property a file; each
// gives the value and says where it comes from.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/eval/evaluator.h"
#include "compiler/ir/property.h"
#include "compiler/plan/plan.h"

namespace rollout::plan {

/// One rule that holds for a rollout, with what its names stand for. The rollout is a record of its properties.
struct PolicyRule {
  const ir::Policy* policy;      ///< the one with `for every rollout`
  const ast::PolicyItem* item;   ///< one with Every asks something of elements of the plan
  ir::ModuleId module;           ///< in which the rule stands
  eval::Frame frame;
  uint32_t locals;               ///< that are alive: the next one gets this slot
  Span at;                       ///< where the user asks for it: the rule, or the call that leads to it
};

/// The rules of all policies of the program that hold in an environment; `everywhere`: of all environments.
/// `environment` null: without one.
std::vector<PolicyRule> rules_of(const ir::Program& program, eval::Evaluator& evaluator,
                                 const ir::Environment* environment, bool everywhere, const eval::Value& rollout);

/// What of a rollout an expression reads.
struct Mentions {
  std::vector<ir::Property> properties;
  size_t others = 0;  ///< a rollout or an element of it as a whole, as the argument of a function
};
void find_mentions(const ir::Program& program, ir::ModuleId module, const ast::Expr* expr, Mentions& mentions);

/// What a plan says of itself, and from where: `deploy checkout (release.rollout:12)`. None: not decided yet.
struct Finding {
  eval::Value value;
  std::string from;
  uint32_t step = none;
};
Finding first_phase_share(const Plan& plan);  // policy_first_phase.cpp
Finding monitored(const Plan& plan);          // policy_monitored.cpp
Finding rollback_total(const Plan& plan);     // policy_rollback.cpp

/// The share of the new version of a service, cohorts and all; without a router that of its instances.
struct StepShare {
  int64_t left_ppb = 0;   ///< that it has once the step is done
  int64_t given_ppb = 0;  ///< the same where the step gives it some, else 0
};
std::vector<StepShare> shares_by_step(const Plan& plan);  // policy_first_phase.cpp; of actions

/// It passes although nothing has decided, where its answer to that says so.
bool may_pass_unproven(const Gate& gate);  // policy_elements.cpp

/// `first_phase.share is 10%, not <= 5%`, as far as a condition that does not hold has that form.
std::string broken_text(const ir::Program& program, eval::Evaluator& evaluator, const SourceMap& sources,
                        ir::ModuleId module, const ast::Expr* subject, const eval::Frame& frame);  // policy_text.cpp

/// `promote checkout (release.rollout:12)`
std::string step_text(const Step& step);

}  // namespace rollout::plan
