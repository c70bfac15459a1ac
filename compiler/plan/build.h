// Private to compiler/plan: the state of one planning.
#pragma once

#include <map>
#include <set>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringMap.h>

#include "compiler/eval/evaluator.h"
#include "compiler/eval/range.h"
#include "compiler/plan/divided.h"
#include "compiler/plan/linear.h"
#include "compiler/plan/model.h"
#include "compiler/plan/open_scope.h"
#include "compiler/plan/policy_start.h"
#include "compiler/plan/planner.h"

namespace rollout::plan {

enum class Order { Sequence, Parallel };
struct Branches;
struct PolicyRule;
struct Finding;
class Quantified;
struct RoundScopes;
struct WaveOrder;

/// Why nothing more is planned for a service: it runs what is asked for, or a mistake was reported.
enum class Settled { No, Runs, Wrong };

class Planner {
 public:
  /// `at_start` is what another planner of the same request said that policies want.
  Planner(const ir::Program& program, const Request& request, const SourceMap& sources, Diagnostics& diagnostics,
          AtStart at_start = {})
      : program_(program),
        request_(request),
        sources_(sources),
        diagnostics_(diagnostics),
        at_start_(std::move(at_start)) {}

  std::optional<Plan> run();
  /// After `run`: what the policies of the plan ask of the world when a run begins.
  AtStart wanted() const { return {wanted_, own_preflight_}; }
  /// What that took, in statements and calls of functions.
  size_t effort() const;

 private:
  struct Scope {
    ir::ModuleId module;
    eval::Frame frame;
    uint32_t locals;  ///< alive: parameters, then `let` and `for`, given slots in this order as the checker does
  };
  /// A hook, with what its names meant where it stands.
  struct OpenHook {
    const ast::HookStatement* written;
    Scope scope;
    std::string phase = {};  ///< the only one that it is for; empty: all of them
    size_t above = 0;        ///< phases that were planned before it opened
    size_t phases = 0;       ///< that it was for
  };

  struct OpenWatch {
    Span span;
    bool evidence = false;  ///< it asks for samples or a proof
  };

  const ir::Rollout* choose_rollout();
  bool has_work(const ir::Rollout& rollout) const;
  void count_runs();
  bool read_inputs();
  bool choose_environment();
  const ast::Expr* environment_default(uint32_t input) const;
  void plan_entry(Span rollout);
  void read_observed();  // plan_observed.cpp
  void read_observed(uint32_t let);
  eval::Value pinned(const eval::Value& image) const;
  void observe_image(uint32_t service, const eval::Value& image);
  // plan_beside.cpp
  using Running = std::set<std::string>;
  void meet_neighbours();
  void meet(uint32_t declared, const eval::Value& service, const std::map<uint32_t, Running>& brought);
  std::vector<eval::Value> entities_of(uint32_t declared);
  std::vector<eval::Value> partners_of(const eval::Value& service, uint32_t with);
  void declare_beside(uint32_t service, const std::map<uint32_t, Running>& brought);
  std::vector<std::pair<uint32_t, Range>> labelled(uint32_t service, const ObservedLabel& label);
  void count_quotas();  // plan_quota.cpp
  int64_t others_on(uint32_t target);
  void add_sources();
  std::string place_text(Span span) const;
  uint32_t service_index(const eval::Value& entity);  // plan_entities.cpp
  uint32_t target_index(const eval::Value& entity);
  void add_bindings(uint32_t index, const ir::Service& service);
  void check_route(uint32_t index, const Binding& binding, const ir::Service& declared);
  void observe(uint32_t index);
  NamedValues settings(const std::vector<ir::Parameter>& declared, ir::ModuleId declared_in,
                       const std::vector<ir::Given>& given, const eval::Frame& frame);
  // plan_policy.cpp, plan_exception.cpp
  void enforce_policies(const ast::RolloutDecl& rollout);
  void enforce(const PolicyRule& rule, const std::vector<Finding>& findings, Quantified& quantified);
  bool is_excepted(const ir::Policy& policy);
  bool except(const ir::Policy& policy, const ast::PolicyItem& item);
  // plan_policy_start.cpp
  std::string want_at_start(const PolicyRule& rule, const StartRule& asked);
  std::vector<int64_t> most_instances() const;
  void add_start_conditions(Gate& gate);
  void plan_block(const ast::Block* block, Scope& scope, Order order = Order::Sequence);
  void plan_statement(const ast::Statement* statement, Scope& scope);
  void plan_branches(const ast::Block* block, Scope& scope);  // plan_parallel.cpp
  bool start_after(const ast::PhaseStatement* phase, Branches& branches);
  void end_branch(Branches& branches, uint32_t first_step);
  void join_branches(const Branches& branches);
  void plan_phase(const ast::PhaseStatement* phase, Scope& scope);
  void plan_hold(const ast::HoldStatement* hold, Scope& scope);
  std::vector<uint32_t> phase_services() const;  // plan_phases.cpp
  void name_phases();
  void plan_for(const ast::ForStatement* loop, Scope& scope);  // plan_for.cpp
  void report_idle_loops();
  void report_against_dependencies(Span rollout);  // plan_depends.cpp
  std::vector<size_t> wave_sizes(const ast::ForStatement* loop, size_t rounds, Scope& scope);
  void plan_wave(const ast::ForStatement* loop, Scope& scope, llvm::MutableArrayRef<eval::Value> items,
                 const WaveOrder& order, RoundScopes& scopes);
  void plan_round(const ast::ForStatement* loop, Scope& scope, RoundScopes& scopes);
  void plan_soak(const ast::Expr* soak, Scope& scope);
  int64_t count(const ast::Expr* expr, Scope& scope, std::string_view whose);
  void plan_watch(const ast::WatchStatement* watch, Scope& scope);  // plan_watch.cpp
  void close_watches(size_t first_watch, uint32_t first_step);
  void check_looks(const Watch& watch, const OpenWatch& written);
  void report_decided(const Condition& condition, Span written);
  void plan_during(const ast::DuringStatement* during, Scope& scope);
  During as_during(const eval::Value& calendar, Span written) const;
  void plan_rollback(const ast::RollbackStatement* rollback, Scope& scope, Rollback& into);
  // plan_scopes.cpp
  uint32_t open_scope(const ScopeRules& rules, uint32_t& group);
  void close_scope(uint32_t scope, uint32_t& group);
  void plan_on_failure(const ast::OnFailureStatement* rule, Scope& scope, UndoScope& into);
  bool may_change(const Action& action, Span span);
  void enter_scopes(uint32_t service);
  void derive_scope_rollbacks(Step& step, uint32_t own_undo, Span span);
  // plan_notify.cpp
  void plan_notify(const ast::NotifyStatement* notify, Scope& scope);
  std::optional<std::string> message_of(const ast::NotifyStatement* notify, Scope& scope);
  uint32_t told_channel(const ast::Expr* team, Scope& scope);
  uint32_t channel_of(const ir::Team& team);
  // plan_preflight.cpp
  void plan_preflight(const ast::PreflightStatement* preflight, Scope& scope);
  struct OpenPreflight;
  Gate preflight_gate() const;
  void add_preflight_hold(Gate gate, Span span);
  bool plan_check(const ast::PreflightCheck& check, Scope& scope, OpenPreflight& open);
  bool is_new_check(OpenPreflight& open, const std::string& what, const ast::PreflightCheck& check);
  void report_twice(Span span, Span first);
  std::optional<Condition> within_condition(const ast::PreflightCheck& check, const ast::Expr* ago, Scope& scope,
                                            Scope& written);
  Approval confirm(const ast::Expr* expr, const ast::MemberExpr* member, Scope& scope);
  void report_preflight(const ast::Expr* condition, const std::string& text, Scope& scope);
  // plan_hooks.cpp
  void open_hook(const ast::HookStatement* hook, Scope& scope);
  void close_hooks(size_t first);
  void report_idle_hook(const OpenHook& hook);
  void plan_around_phase(ast::HookWord when);
  void drop_hook_steps(size_t first_step, std::vector<uint32_t> ends);
  void plan_back_hooks();
  void plan_back_hook(const ast::Block* body, Scope& scope, Hook& into);
  void plan_back_action(const ast::CallExpr* call, Scope& scope, Hook& into);
  bool hooks_agree(const Action& action, Span span);
  // plan_approval.cpp
  void plan_approve(const ast::ApproveStatement* approve, Scope& scope);
  std::optional<Approval> make_approval(const ast::Question& question, Scope& scope);
  std::vector<std::string> members_of(const ir::Team& team);
  std::optional<Response> make_response(const ast::ResponseClause& clause, Scope& scope);
  void forget_approvals();
  // plan_control.cpp
  void plan_checkpoint(const ast::CheckpointStatement* checkpoint, Scope& scope);
  void end_checkpoint();
  Rollback& rollback_here();
  void plan_budget(const ast::BudgetStatement* budget, Scope& scope);
  void plan_lock(const ast::LockStatement* lock, Scope& scope);
  void check_lock_order(uint32_t lock, Span span);
  void plan_newer(const ast::NewerStatement* newer, Scope& scope);
  int64_t wait(const ast::Expr* expr, Scope& scope, std::string_view whose);  ///< `duration` that a run may wait
  void plan_commit(const ast::CommitStatement* commit, Scope& scope);  // plan_commit.cpp
  void plan_retry(const ast::OnFailureStatement* rule, Scope& scope);
  void report_not_retried();
  void plan_call(const ast::CallExpr* call, Scope& scope);
  int64_t duration(const ast::Expr* expr, Scope& scope, std::string_view whose, int64_t least_ns);  ///< `whose` clause
  eval::Value within(const eval::Range& range, const ast::Expr* expr, Scope& scope);
  bool has_budget(Span span);
  void plan_strategy(const ast::CallExpr* call, uint32_t strategy, Scope& scope);
  uint32_t add_step(Step step, Span span);
  // plan_actions.cpp
  std::optional<Action> called_action(const ast::CallExpr* call, Scope& scope);
  void plan_action(const ast::CallExpr* call, Scope& scope);
  // plan_faults.cpp
  bool fault_possible(const Action& action, const Setting& setting, Span span);
  bool faults_lifted(Span span, std::string_view when);
  void forget_way_back(uint32_t service);
  std::optional<Action> make_action(uint32_t capability, uint32_t action, uint32_t service,
                                    std::vector<eval::Value> arguments);
  std::vector<Setting> effects(const ir::Capability& capability, const ir::Action& action, uint32_t service,
                               const std::vector<eval::Value>& arguments);
  bool allowed(const Action& action, Span span);
  // plan_lacking.cpp
  const ir::Backend& backend_of(const ir::Binding& binding, uint32_t service);
  bool lacks(const ir::Capability& capability, const ir::Action& action, const ir::Backend& backend) const;
  bool observes(uint32_t service, Variable variable) const;
  void advise_backends(Diagnostic& diagnostic, const ir::Capability& capability, const ir::Action& action,
                       std::string_view setting, std::vector<std::string_view> backends);
  bool can(uint32_t capability, const ir::Action& action, uint32_t service, Span span);
  bool has_settings(const ir::Binding& binding, const ir::Action& action, uint32_t service, Span span);
  // plan_scale.cpp
  bool changes_nothing(const Action& action) const;
  bool scalable(const Action& action, Span span);
  void bring_back_instances(const Model& model, Action& action) const;
  // plan_shares.cpp
  bool share_possible(const Action& action, Span span);
  bool way_back_divides(const Step& step, Span span);
  bool divides(uint32_t service, const Divided& now, std::string_view back_by, Span span);
  Divided divided(uint32_t service) const;
  // plan_routes.cpp
  void settle_routes(std::vector<Setting>& settings) const;
  bool routable(const Action& action, Span span);
  bool unrouted(const Action& action, Span span);
  int64_t load_of(uint32_t service) const;
  // plan_control_role.cpp
  void settle_control(uint32_t service, std::vector<Setting>& settings) const;
  void bring_back_control(const Model& model, Action& action) const;
  bool control_ended(Span span);
  bool control_there(const Condition& condition, std::string_view reader, Span span);
  // plan_subjects.cpp: flags and databases
  void observe_state(uint32_t index);
  bool observe_migrations(const Action& action, Span span);
  Action undo_of(const Action& action) const;
  bool restorable(const Action& action, Span span);
  bool version_there(const Action& action, const Setting& setting, Span span);
  bool replaceable(uint32_t service, bool by_canary, Span span);
  bool routed(uint32_t service) const;
  bool counts_instances(uint32_t service, std::string_view capability) const;
  bool brings_change(const Action& action) const;
  bool drained(const Action& action, const Setting& setting, Span span);
  bool judges_settled(const Gate& gate) const;
  std::vector<uint32_t> derive_rollback(const Model& model, Derived& derived, uint32_t service, Span span);
  std::optional<Action> inverse(const Model& model, const Model::Cell& cell);
  std::optional<Action> inverse_in(const Model& model, const ir::Binding& binding, const Model::Cell& cell);
  uint32_t add_undo(Action action);
  uint32_t gate_index(const eval::Value& gate, Span used_at);  // plan_gates.cpp
  uint32_t condition_index(Condition condition);
  std::optional<Condition> make_condition(const ast::Expr* expr, Scope& scope, Span used_at);
  std::optional<Linear> linear(const ast::Expr* expr, Scope& scope, Span used_at);
  double product_scale(const ast::BinaryExpr* product, const ast::Expr* by, const Scope& scope) const;
  // plan_live_call.cpp: functions that give live values
  const ir::Func* live_func(const ast::Expr* expr, const Scope& scope) const;
  std::optional<Scope> enter_func(const ast::CallExpr* call, const ir::Func& func, Scope& scope);
  const ast::MemberExpr* confirmation(const ast::Expr* expr, const Scope& scope) const;
  uint32_t rehearsed_index(uint32_t service, Span used_at);
  bool reads_past(const ast::Expr* expr, const Scope& scope) const;
  std::optional<Linear> past_of(const ast::Expr* expr, Scope& scope, Span used_at);  // plan_baseline.cpp
  uint32_t baseline_index(const ast::CallExpr* window, Baseline baseline, Scope& scope);
  std::optional<int64_t> quantile_of(const ast::CallExpr* call, Scope& scope);
  bool has_past(const Signal& signal) const;
  bool bound_by(Condition& condition, const Linear& sum, Span span);
  std::optional<Linear> linear_binary(const ast::BinaryExpr* binary, Scope& scope, Span used_at);
  std::optional<Term> term_of(const ast::MemberExpr* member, Scope& scope, Span used_at);
  uint32_t signal_index(uint32_t service, std::string_view name, Span span, Span used_at);
  bool set_proof(Condition& condition, const ast::Expr* written, const ast::Expr* proven, const ast::Expr* samples,
                 Scope& scope);
  void check_roles(const Gate& gate, Span span);
  void check_verify(const Gate& gate, Span span);
  void check_samples(const eval::Value& gate, const Gate& bound, int64_t time_ns, Span span);
  bool signal_fits(const ast::MemberExpr* member, const Scope& scope, const Signal& signal, Span used_at);
  void read_limits(Gate& gate, const ast::GateDecl* decl, Scope& scope);
  std::string term_text(const Term& term) const;
  std::string condition_text(const Condition& condition) const;

  eval::Value eval(const ast::Expr* expr, Scope& scope) { return eval_->eval(scope.module, expr, scope.frame); }

  const ir::Program& program_;
  const Request& request_;
  const SourceMap& sources_;
  Diagnostics& diagnostics_;
  std::optional<eval::Evaluator> eval_;
  const ir::Environment* environment_ = nullptr;
  Plan plan_;
  Model model_;
  std::vector<eval::Value> entities_;       ///< Plan::services → Program::services, each with its place
  std::vector<uint32_t> declared_targets_;   ///< Plan::targets → Program::targets
  llvm::StringMap<uint32_t> gates_, conditions_, undo_;    ///< by text: index
  llvm::StringMap<uint32_t> services_, targets_, routes_;  ///< by entity, for routes by their settings: index
  llvm::StringMap<int64_t> service_names_;                 ///< → Program::services
  std::vector<Settled> settled_;  ///< by service
  std::vector<bool> ailing_;      ///< by service: it runs its version, but not as declared, so installing it mends it
  uint32_t phase_ = none;
  std::vector<OpenWatch> open_watches_;  ///< by watch
  std::vector<Span> phase_spans_;  ///< by phase; empty where no step is left
  std::vector<uint32_t> ends_;  ///< the steps that the next one comes after
  std::vector<Derived> derived_;  ///< by service
  std::vector<OpenHook> hooks_;       ///< for the phases that are planned now, of the blocks around, outermost first
  llvm::StringMap<std::vector<size_t>> hooks_of_;  ///< `hooks_` by the only phase that each is for
  std::vector<OpenHook> back_hooks_;  ///< `on abort`, `on rollback`
  llvm::StringMap<std::pair<eval::Value, Span>> hook_settings_;  ///< by variable_text(): what `back_hooks_` set, where
  bool beside_services_ = false;  ///< a flag or a database takes part: services that stay as they are may be judged
  std::vector<OpenScope> open_scopes_;  ///< around what is being planned, the innermost last
  llvm::DenseMap<uint32_t, uint32_t> left_behind_;  ///< service → the scope that may have taken it back on its own
  uint32_t checkpoint_ = none;  ///< the scope behind the last one, while it is open
  std::vector<uint32_t> open_locks_;  ///< Program::locks around what is being planned
  llvm::DenseMap<std::pair<uint32_t, uint32_t>, Span> lock_orders_;  ///< outer and inner lock: where
  bool newer_ = false;      ///< `on newer run` was said
  AtStart at_start_;
  std::vector<StartCondition> wanted_;
  size_t entry_steps_ = 0;      ///< those that the environment puts in front
  bool own_preflight_ = false;  ///< the rollout has one
  bool guarded_ = false;    ///< a gate or an approval stands above
  Span called_at_;            ///< the outermost call of a strategy of the library around what is being planned
  uint32_t last_commit_ = 0;  ///< its step, once there is one
  Span retry_at_;             ///< of the `retry`, where there is one
  bool committed_ = false;  ///< a commit stands above
  size_t statements_ = 0, step_limit_ = 0;  ///< planned so far, and how many steps may be
  llvm::DenseMap<const ast::ForStatement*, size_t> rounds_;  ///< of each loop of the user that was come to
};

}  // namespace rollout::plan
