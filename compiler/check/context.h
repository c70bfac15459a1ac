// Private to compiler/check: the state of one check run: declarations and statements over the values of values.h. One
// construct a file; each function reports and goes on.
#pragma once

#include <map>

#include <llvm/ADT/DenseMap.h>

#include "compiler/check/lacking.h"
#include "compiler/check/load.h"
#include "compiler/check/values.h"

namespace rollout::check {

/// All that an effect may set.
std::vector<std::string_view> variable_names();

class Checker : private ValueChecker {
 public:
  Checker(ir::Program& program, const Library& library, Diagnostics& diagnostics)
      : ValueChecker(program, library, diagnostics) {}

  /// All modules, in the order in which they were loaded.
  void run(const Loaded& loaded);

 private:
  // declare.cpp: names of all declarations
  void declare(ir::ModuleId module, const std::vector<Imported>& imports);
  void declare_one(const ast::Decl* decl);
  void add_symbol(std::string_view name, Span span, ir::Ref kind, size_t index);
  void import_names(const std::vector<Imported>& imports);

  // check_decl.cpp, check_library.cpp, check_service.cpp, check_gate.cpp, check_statement.cpp, check_test.cpp
  void check_signature(const ast::Decl* decl);
  void check_decl(const ast::Decl* decl);
  void check_input(const ir::Input& input);
  void check_capability(ir::Capability& capability);
  void check_binding(const ast::CapabilityDecl& capability);
  void check_effects(const ir::Action& action);
  void check_effect_value(const ir::Action& action, const ast::Effect& effect, TypeKind wanted);
  const Type* type_of_variable(TypeKind kind);
  void check_limit(const ast::Name& number, int64_t least, int64_t most);
  void check_backend(ir::Backend& backend);  // check_backend.cpp
  void check_bound_once(const ir::Backend& backend);
  void check_observed(ir::Backend& backend, const ast::ObserveItem& item);
  void check_identity(const ir::Backend& backend, ast::List<ast::IdentityPart> parts);
  void check_target(ir::Target& target);
  llvm::SmallVector<ast::Setting> check_quota(ir::Target& target, const ir::Backend& backend);  // check_quota.cpp
  std::vector<ir::Given> check_settings(llvm::ArrayRef<ast::Setting> settings,
                                        const std::vector<ir::Parameter>& declared, Span whole,
                                        std::string_view whose);
  void check_service(ir::Service& service);
  void check_service_setting(ir::Service& service, const ast::Setting& setting);
  void check_apart(const ir::Service& service);
  bool expect_setting(const ast::Name& name, TypeKind subject);
  void report_lacking(const ast::Setting& setting, TypeKind subject, const ir::Target& target);
  const std::vector<BoundAs>& bound_as(TypeKind subject);
  void check_service_signal(ir::Service& service, const ast::SignalItem& signal);
  void add_capability_signals(ir::Service& service);
  // check_compatible.cpp
  void check_compatible(ir::Service& service);
  std::optional<uint32_t> lives_with(const ir::Service& service, const ast::CompatibleItem& item);
  bool is_bound(const ast::Name& bound);
  void check_gate(ir::Gate& gate);
  /// The type, and of a constant the range of the clause.
  void expect_in(const eval::Range& range, const ast::Expr* given, TypeKind wanted);
  void check_condition(const ast::ConditionClause& clause);
  void check_response(const ast::ResponseClause& response);
  void check_certainty(const ast::Expr* proven, const ast::Expr* samples, const ast::Name& noun);
  void check_watch(const ast::WatchStatement* watch);
  void check_live_condition(const ast::Expr* condition, std::string_view whose);
  void check_block(const ast::Block* block, bool parallel = false);
  void check_statement(const ast::Statement* statement, bool in_parallel);
  void check_if(const ast::IfStatement* branch);
  void check_round(const ast::Block* body, bool parallel = false);
  void check_for(const ast::ForStatement* loop);
  void check_during(const ast::DuringStatement* during, bool in_rollout);  // check_during.cpp
  void check_start(const ast::TestItem& item);
  void check_rounds(const ast::ForStatement* loop);
  void check_call_statement(const ast::CallExpr* call);
  void check_action_call(const ast::CallExpr* call, const ast::MemberExpr* member);
  void check_strategy_call(const ast::CallExpr* call, uint32_t strategy);
  // check_approval.cpp
  void check_team(ir::Team& team);
  bool check_given_version(const ast::TestItem& item);
  bool check_service_outcome(const ast::Expr* subject);
  // check_control.cpp
  void only_in_rollout(const ast::Statement* statement, std::string_view word);
  void expect_word(const ast::Name& found, std::string_view word, std::string_view written);
  void check_checkpoint(const ast::CheckpointStatement* checkpoint);
  void check_budget(const ast::BudgetStatement* budget);
  void check_kept(const ast::RollbackStatement* rollback);
  void check_lock(const ast::LockStatement* lock);
  void check_newer(const ast::NewerStatement* newer);
  void check_renamed(const ast::RenamedDecl* renamed);
  void check_person(const ast::TestItem& item);
  void check_retry(const ast::OnFailureStatement* rule);
  void check_order(const ast::ForStatement* loop, const Type* item);
  void check_on_failure(const ast::OnFailureStatement* rule);
  void check_question(const ast::Question& question, std::string_view whose);
  void check_answer(const ast::TestItem& item);
  // check_idle.cpp
  void report_empty(Span span, std::string what);
  void check_not_empty(const ast::Block* block, Span span, std::string_view what);
  void check_marks(const ast::Block* body);
  void check_back_hooks(const ast::Block* body);
  // check_environment.cpp
  void check_environment(ir::Environment& environment);
  std::optional<ir::Rebinding> check_rebinding(const ast::Rebinding& given);
  std::optional<ir::Rebinding> rebind_target(const ast::Rebinding& given, const ir::Symbol& symbol);
  std::optional<ir::Rebinding> rebind_value(const ast::Rebinding& given, const ir::Symbol& symbol);
  void check_run_environment(const ast::TestItem& item);
  void check_stages(const ir::Test& test);
  bool check_reached(const ast::Expr* subject);
  // check_promotion.cpp, check_policy.cpp
  void check_promotion(ir::Promotion& promotion);
  void check_policy(uint32_t index);
  void check_policy_items(const ir::Policy& policy, llvm::ArrayRef<ast::PolicyItem> items);
  void check_policy_item(const ir::Policy& policy, const ast::PolicyItem& item);
  void check_require(const ast::PolicyItem& item);
  void check_policy_call(const ast::PolicyItem& item);
  // check_policy_every.cpp
  void check_every_rollout(const ir::Policy& policy, const ast::PolicyItem& item);
  void check_every(const ir::Policy& policy, const ast::PolicyItem& item);
  void check_domain(const ast::PolicyEvery& every, ir::Owner owner);
  bool stands_outside(const ast::PolicyItem& item, std::string_view what);
  // check_policy_order.cpp
  void check_order_rule(const ast::PolicyItem& item);
  void check_event(const ast::Name& event);
  void check_approval(const ast::CallExpr* call);
  bool is_author(const ast::Expr* expr);
  // check_exception.cpp
  void check_exception(const ast::PolicyItem& item);
  void check_exception_clause(const ast::ExceptionClause& clause);
  // check_notify.cpp
  void check_channel(ir::Team& team, const ast::Setting& setting);
  void check_notify(const ast::NotifyStatement* notify);
  void check_preflight(const ast::PreflightStatement* preflight);  // check_preflight.cpp
  void check_within(const ast::PreflightCheck& check, const Type* type);
  // check_hook.cpp
  void check_hook(const ast::HookStatement* hook, bool in_parallel);
  void check_hook_body(const ast::Block* body, ast::HookWord when);
  bool may_stand_in(const ast::Statement* statement, ast::HookWord when);
  std::string still_open(const ast::Expr* judge) const;
  void check_judge(const ast::Expr* judge);
  void check_test(const ir::Test& test);
  void check_test_name(const ast::Name& name);
  void check_test_item(const ast::TestItem& item);
  // check_test_given.cpp
  void check_noise(const ast::TestItem& item);
  void check_lock_held(const ast::TestItem& item);
  void check_given_once(const ir::Test& test);
  const Type* check_action_of(const ast::Expr* subject);  // check_test_order.cpp
  static bool is_order(const ast::Expr* subject);
  void check_order_of(const ast::CallExpr* call);
  void check_expected_phase(const ast::TestItem& item);
  void check_given(const ast::TestItem& item);
  void check_state(const ast::TestItem& item, TypeKind subject);
  const Type* state_type(TypeKind subject);
  bool check_final_state(const ast::BinaryExpr* binary);
  void check_failure(const ast::TestItem& item);
  void check_run(const ast::TestItem& item);
  void check_expectation(const ast::TestItem& item);
  void expect_notified(const ast::Expr* call);

  std::vector<Call> strategy_calls_, policy_calls_;
  std::map<std::pair<ir::ModuleId, std::string_view>, Span> test_names_;
  std::map<std::string, const ast::Decl*> services_;  ///< of all modules, by their names in small letters
  std::map<TypeKind, std::vector<BoundAs>> bound_as_;  ///< once something was wrong
  std::map<std::pair<const void*, std::string_view>, Span> actionless_;  ///< services, and names in a body
  ir::Called called_;                         ///< by the body that is being checked
  uint32_t strategy_ = UINT32_MAX;            ///< being checked
  uint32_t policy_ = UINT32_MAX;              ///< being checked
  const ast::Block* block_ = nullptr;         ///< the statement at hand stands in it
  const ast::Block* round_body_ = nullptr;    ///< of the loop or `parallel` around it: each of its rounds is a scope
  const ast::Block* rollout_body_ = nullptr;  ///< of the rollout being checked
  llvm::DenseMap<const ast::Decl*, uint32_t> indices_;  ///< where each declaration stands in its vector of Program
};

}  // namespace rollout::check
