// The syntax tree: what the user wrote, with its places and without meaning. Nodes are immutable, live in the
// arena of their file and are trivially destructible; children are never null unless a comment says so.
#pragma once

#include <llvm/Support/Allocator.h>

#include "compiler/syntax/ast_expr.h"

namespace rollout::ast {

// ---- statements of rollouts and strategies ----

enum class StatementKind {
  Error, Call, Phase, Hold, For, If, Let, Parallel, Watch, Rollback, OnFailure, Hook, During, Approve, Commit,
  Checkpoint, Budget, Lock, Newer, Notify, Preflight
};

struct Statement {
  StatementKind kind;
  Span span;
};
struct Block {
  List<const Statement*> statements;
  Span span;
};
struct CallStatement : Statement {
  const CallExpr* call;
};
struct PhaseStatement : Statement {
  Name name;          ///< an identifier, or a string with its quotes
  const Expr* label;  ///< the string; null for an identifier
  List<Name> after;   ///< of a phase in `parallel`: those that come before it
  const Block* body;
};
struct ParallelStatement : Statement {
  const Block* body;
};
struct HoldStatement : Statement {
  const Expr* duration;
  List<const Expr*> judges;
};
/// How the rounds of a loop follow one another; without a clause one after the other.
struct ForStatement : Statement {
  Name variable;
  const Expr* range;
  const Expr* where;    ///< null: every item
  const Expr* waves;    ///< null: none; a list of sizes, the last may be the name `rest`
  const Expr* batches;  ///< null: none; a number or a share of all items
  const Expr* soak;     ///< null: none; the hold between waves or batches
  const Expr* at_most;  ///< null: no bound; rounds at the same time
  Name at_most_words[2];  ///< `most` and `once`, for the checker to look at
  Name order_words[2];    ///< `dependency` and `order`, for the checker to look at; empty: in the order of the list
  const Block* body;
};
/// The name `rest` at the end of the list of waves: all items that are left.
inline bool is_rest(const Expr* waves, const Expr* size) {
  return size->kind == ExprKind::Name && static_cast<const NameExpr*>(size)->name == "rest" &&
         static_cast<const ListExpr*>(waves)->items.back() == size;
}
struct IfStatement : Statement {
  const Expr* condition;
  const Block* then_block;
  const Block* else_block;  ///< null: none. `else if` is a block of one IfStatement.
};
struct LetStatement : Statement {
  Name name;
  const Type* type;  ///< null: inferred
  const Expr* value;
};
/// `rollback when C held 5m`, `rollback when C proven 99% every 15s` or `rollback when C over 5 samples every 15s`
struct WatchStatement : Statement {
  const Expr* condition;
  const Expr* held;     ///< null: at once
  const Expr* proven;   ///< null: none
  const Expr* samples;  ///< null: none
  Name samples_noun;    ///< `samples`, for the checker to look at
  const Expr* every;    ///< null: as often as is usual
};
struct RollbackStatement : Statement {
  const Expr* within;         ///< null: not given
  const Expr* verify;         ///< null: not given
  const Expr* verify_within;  ///< null: not given
  List<const Expr*> told;     ///< teams
  Name kept_word;             ///< `kept`, for the checker to look at
  const Expr* kept;           ///< null: not given
};
/// `on failure continue at most 2 failures`; the words are for the checker to look at.
struct OnFailureStatement : Statement {
  Name word;              ///< `failure`
  Name then;              ///< `rollback`, `stop` or `continue`; of a retry `park`
  const Expr* at_most;    ///< null: no bound
  Name at_most_words[2];  ///< `most` and `failures`
  Name retry;             ///< `{ retry 3 every 1m then park }`; empty: no retry
  const Expr* times;      ///< null: no retry
  const Expr* every;      ///< null: no retry
};
/// `before phase { … }` and `after phase { … }`: in each phase below it, with a name in those that are called so.
/// `on abort { … }` and `on rollback { … }`: when the run goes back.
enum class HookWord { BeforePhase, AfterPhase, Abort, Rollback };
struct HookStatement : Statement {
  HookWord when;
  Name phase;         ///< an identifier, or a string with its quotes; empty: every phase
  const Expr* label;  ///< the string; null for an identifier, and for none
  const Block* body;
};
enum class ApproveClauseKind { Timeout, OnTimeout, Escalate };
/// `timeout 4h`, `on timeout park` or `escalate to managers after 1h`.
struct ApproveClause {
  ApproveClauseKind kind;
  Name word;          ///< `timeout`, or `to` of Escalate, for the checker to look at
  const Expr* time;   ///< of Timeout and Escalate; else null
  Name then;          ///< of OnTimeout: `park`, `rollback` or `fail`
  const Expr* team;   ///< of Escalate; else null
};
/// Who is asked: `2 of sre { timeout 4h  on timeout park }`
struct Question {
  const Expr* quorum;  ///< null: one
  const Expr* team;
  List<ApproveClause> clauses;
  Span span;
};
/// `approve by QUESTION`
struct ApproveStatement : Statement {
  Question question;
};
/// `commit "the old column is dropped"`: the point of no return.
struct CommitStatement : Statement {
  const Expr* why;  ///< a string
};
/// `checkpoint "the schema is ready"`: a rollback that begins behind it stops at it.
struct CheckpointStatement : Statement {
  const Expr* why;  ///< a string
};
/// `budget exposure <= 5m`
struct BudgetStatement : Statement {
  Name word;  ///< `exposure`, for the checker to look at
  const Expr* bound;
};
/// `lock schema within 10m { … }`
struct LockStatement : Statement {
  Name name;
  const Expr* within;  ///< how long it is waited for; null: the default
  const Block* body;
};
/// `on newer run queue within 2h`; the words are for the checker to look at.
struct NewerStatement : Statement {
  Name word;           ///< `newer`
  Name then;           ///< `reject`, `queue` or `replace`
  const Expr* within;  ///< of `queue` and `replace`; null: the default
};
/// `check "most instances are ready" checkout.unhealthy < 10%`
struct PreflightCheck {
  const Expr* text;  ///< a string
  const Expr* condition;
  const Expr* within;  ///< null: not given; then `condition` is how long ago something was
};
/// What must be so before anything is changed.
struct PreflightStatement : Statement {
  const Expr* sample;  ///< how often live values are read; null: not given
  List<PreflightCheck> checks;
};
/// `notify sre "half of it is done"`; without a text the team is told of all that becomes of the rollout.
struct NotifyStatement : Statement {
  const Expr* team;
  const Expr* text;  ///< a string; null: not given
};

/// `during working_hours { at close park }`
struct DuringStatement : Statement {
  const Expr* calendar;
  Name close_words[2];  ///< `close` and what is done then, for the checker to look at; empty: not given
};

// ---- declarations ----

enum class DeclKind {
  Error, Import, Input, Let, Enum, Record, Func, Target, Team, Environment, Service, Capability, Backend, Gate,
  Strategy, Rollout, Promotion, Policy, Test, Lock, Renamed
};

struct Decl {
  DeclKind kind;
  Span span;
  Name name;              ///< empty for imports
  std::string_view doc;   ///< the `///` lines above it, as written; empty: none
};
struct ImportName {
  Name name;
  Name alias;  ///< the name itself where there is no `as`
};
struct ImportDecl : Decl {
  Name path;  ///< `"./shop.rollout"` with its quotes, or `std.backend`
  bool library;
  List<ImportName> names;
};
struct InputDecl : Decl {
  const Type* type;
  const Expr* default_value;  ///< null: none
  const Expr* example;        ///< null: none
  const Expr* where;          ///< null: none
  Name deprecated;            ///< what to use instead, with its quotes; empty: not deprecated
};
/// `observe checkout.version(stable) within 10% example "shop:1.0"`: read once, when the plan is made.
struct Observation {
  Name recheck;         ///< `exact`, `recorded`, `within`, or the last word of `at run start`
  bool at_run;          ///< written `at run …`
  const Expr* within;   ///< null: not `within`
  const Expr* example;  ///< stands in for it where nothing is looked at; null: none
};
struct LetDecl : Decl {
  const Type* type;  ///< null: inferred
  const Expr* value;
  const Observation* observation;  ///< of `value`; null: it is computed
  bool calendar;                   ///< declared with `calendar` rather than `let`
};
struct EnumDecl : Decl {
  List<Name> cases;
};
struct Field {
  Name name;
  const Type* type;
  const Expr* default_value;  ///< null: required
  const Expr* where;          ///< null: any value
  List<Name> given;           ///< of a backend's binding: names that its strings may mention
  Name deprecated;            ///< as of an input
};
struct RecordDecl : Decl {
  List<Field> fields;
};
struct FuncDecl : Decl {
  List<Field> parameters;
  const Type* type;
  const Expr* body;
};
struct Setting {
  Name name;
  const Expr* value;
  bool has_block;
  List<Setting> block;
  Span span;
};
/// `at r in regions`: one at each of them; `r` is visible in the settings.
struct Places {
  Name variable;
  const Expr* range;
};
struct TargetDecl : Decl {
  const Places* places;  ///< null: there is one
  bool metrics;  ///< declared with `metrics` rather than `target`
  Name backend;
  List<Setting> settings;
};
struct TeamDecl : Decl {
  List<Setting> settings;
};
/// `edge = edge_prod`, in an environment.
struct Rebinding {
  Name name;
  const Expr* value;
  Span span;
};
struct EnvironmentDecl : Decl {
  List<Rebinding> values;
  List<const Statement*> approvals;  ///< each an ApproveStatement
};
struct SignalItem {
  Name name;
  const Type* type;
  const Expr* source;
};
/// `compatible with schema 12..13 of orders from 2.0`. Bounds as they are written, texts with their quotes.
struct CompatibleItem {
  Name word;   ///< `schema`; empty: versions are meant
  Name least;
  Name most;   ///< empty: no upper bound; without `..` and `>=` the same as `least`
  Name of;     ///< empty: not given
  Name from;   ///< the first version that it is about; empty: all
  Span span;
};
/// What actions act on.
enum class SubjectWord { Service, Flag, Database };
struct ServiceDecl : Decl {
  SubjectWord subject;   ///< which word declares it
  const Places* places;  ///< null: it exists once
  List<Setting> settings;
  List<SignalItem> signals;  ///< of a service
  List<CompatibleItem> compatible;  ///< of a service
};
struct Effect {
  Name variable;
  Name service;
  Name role;  ///< empty: not given
  const Expr* value;
  Span span;
};
enum class ReversibilityWord { Reversible, Compensable, Irreversible };
struct ActionItem {
  ReversibilityWord reversibility;
  Name name;
  List<Field> parameters;
  List<Effect> effects;
};
struct ObserveItem {
  Name name;
  List<Field> parameters;
  const Type* type;
};
struct SignalMethod {
  Name name;
  List<Field> parameters;
  const Type* type;
  Name evidence;  ///< counts, buckets or value
};
struct CapabilityDecl : Decl {
  Name setting;         ///< `router`, by which a subject binds it; empty: none does
  SubjectWord subject;  ///< with `setting`: of which
  List<ActionItem> actions;
  List<ObserveItem> observations;
  List<SignalMethod> signals;
};
struct ActionLimits {
  Name name;
  List<Name> needs;    ///< settings that may else be left out
  const Expr* within;  ///< null: not given
  Name attempts;       ///< empty: not given
  bool idempotent;
};
/// `routed as backend`: a setting, or `service` or `cohort`, as a part of what identifies a thing.
struct IdentityPart {
  Name word;
  Name alias;  ///< the word itself where there is no `as`
};
struct BackendDecl : Decl {
  List<Name> capabilities;
  List<Name> lacking;  ///< actions of these that it cannot do
  List<Field> config;
  List<Field> bindings;
  List<List<IdentityPart>> identities;  ///< of each thing that it acts on, from the whole to the part
  List<ObserveItem> observations;  ///< what of the model it reads back
  List<ActionLimits> actions;
  Name weights_from, weights_to;  ///< empty: not given
  Name weights_per;               ///< `server`, for the checker to look at
};
enum class ClauseKind { Reject, Require };
struct ConditionClause {
  ClauseKind kind;
  const Expr* condition;
  const Expr* proven;   ///< null: plain
  const Expr* samples;  ///< null: not given
  Name samples_noun;    ///< empty without `samples`
  Span span;
};
enum class ResponseKind { Fail, Pass, Ask };
struct ResponseClause {
  Name event;  ///< fail, no_data, undecided, error
  const Expr* hold;  ///< null: none
  ResponseKind kind;
  Question question;  ///< of Ask
  Span span;
};
struct GateDecl : Decl {
  List<Field> parameters;
  const Expr* sample;          ///< null: not given
  const Expr* minimum;         ///< null: not given
  Name minimum_noun;           ///< empty without `minimum`
  const Expr* harm;            ///< null: not given
  const Expr* harm_of;         ///< null with `harm`
  List<ConditionClause> conditions;
  List<ResponseClause> responses;
};
struct StrategyDecl : Decl {
  List<Field> parameters;
  const Block* body;
};
struct RolloutDecl : Decl {
  const Block* body;
};

/// `lock schema`
struct LockDecl : Decl {};
/// `renamed shop -> checkout`; it declares nothing, so it has no `name`.
struct RenamedDecl : Decl {
  Name was;
  Name now;
};

/// `staging soak 1h`
struct PromotionStage {
  Name environment;
  const Expr* soak;  ///< null: none; how long it is left alone before the next stage begins
};
struct PromotionDecl : Decl {
  Name rollout;
  List<PromotionStage> stages;
};

enum class PolicyItemKind { Every, Require, Forbid, Call, Except };
/// `because "…"`, `asked by "anna"`, `approved by "ben" of managers`, `until 2026-12-31 in "Europe/Stockholm"`; the
/// words are for the checker to look at.
struct ExceptionClause {
  Name word;
  bool by;            ///< `by` stands behind the word
  const Expr* value;
  const Expr* of;     ///< the team behind `of`, or the zone behind `in`; null: not given
  Span span;
};
/// `for every phase p of r where p.share > 10%`
struct PolicyEvery {
  Name word;                ///< `every`, or `some`, for the checker to look at
  Name element;             ///< `rollout`, `phase`, `action`, `gate` or `approval`, for the checker to look at
  Name variable;
  List<Name> environments;  ///< of a rollout; empty: in all of them, and without one
  Name of;                  ///< a rollout, or a phase; empty: not given
  const Expr* where;        ///< null: all of them
};
struct PolicyItem {
  PolicyItemKind kind;
  Span span;
  PolicyEvery every;        ///< Every
  List<PolicyItem> items;   ///< Every
  const Expr* subject;      ///< Require: the property, or null for a `mark`; Forbid: the calendar; Call: the CallExpr
  const Expr* within;       ///< Require: null: not given
  Name mark;                ///< Require: `gate`, `commit`, `checkpoint` or `preflight` in place of a subject
  Name words[3];            ///< Require: what stands behind `before`, `every` or `some`, and the word `path`;
                            ///< Forbid: the word `start`
  Name rollout;             ///< Except
  List<ExceptionClause> clauses;  ///< Except
};
struct PolicyDecl : Decl {
  List<Field> parameters;
  List<PolicyItem> items;
};

enum class TestItemKind { Signal, Fail, Start, Answer, Noise, Lock, Crash, Run, Abort, Expect };
struct ScriptedValue {
  const Expr* value;
  const Expr* at;  ///< null for the first value: from the start
};
struct TestItem {
  TestItemKind kind;
  Span span;
  const Expr* subject;             ///< Signal, Fail: what is meant; Answer: who; Expect: the condition; Abort: the
                                   ///< time; Start: the calendar whose clock `moment` is read from, null of an instant;
                                   ///< Noise: the seed; Lock: how long
  List<ScriptedValue> values;      ///< Signal
  Name phase;                      ///< Fail, Answer, Crash, Expect: empty when not given
  Name run;                        ///< Run: the rollout
  List<Argument> arguments;        ///< Run
  Name environment;                ///< of all but Start, Noise and Abort; empty: none is named
  Name start;                      ///< Start: the word `start`, for the checker to look at
  Name moment[2];                  ///< Start: an instant, or a date and a time
  const Expr* after;               ///< Answer: how long after the run began to wait
  bool reject;                     ///< Answer: `given reject by …`
  Name then;                       ///< Abort: empty, or the word `resume` or `crash`, for the checker to look at
  Name words[2];                   ///< Noise: `noise` and `seed`; Lock: the lock and `until`; Crash: `crash`
};
struct TestDecl : Decl {
  List<TestItem> items;
};

/// One parsed file. Owns its nodes; the texts belong to the SourceMap.
struct File {
  SourceId source = SourceId::None;
  List<const Decl*> decls;
  uint32_t expr_count = 0;
  llvm::BumpPtrAllocator arena;
};

}  // namespace rollout::ast
