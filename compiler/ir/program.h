// Program: what the checker found out about the files: which declaration every name means and which type every
// expression has. The syntax trees stay as they are; knowledge stands beside them, by the ids of the expressions.
// Always true of a program without errors: every expression has a type, every name is resolved.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <llvm/ADT/StringMap.h>

#include "compiler/ir/builtin.h"
#include "compiler/ir/type.h"
#include "compiler/syntax/ast.h"

namespace rollout::ir {

/// What a name or a member means.
enum class Ref : uint8_t {
  None, Local, Input, Let, Enum, Func, Target, Team, Environment, Service, Gate, Strategy, Rollout, Promotion, Policy,
  Record, Capability, Backend, Lock,
  Field,       ///< of a record: index
  Role,        ///< s.canary, s.stable: index is plan::Role
  Signal,      ///< of a service
  Past,        ///< a window of the past of a service
  Deviation,   ///< of a signal over such a window
  Rehearsed,   ///< how long ago a rollback of a service was done last, as the record of this project has it
  Open,        ///< whether a calendar is open when the run begins
  Confirm,     ///< a member of a team says that something is so; index 1: that somebody is on call
  Replicas, Traffic,
  Action,      ///< of a service: capability in `index`, action in `index2`
  Method,      ///< of a metric source: capability and method
  Builtin,     ///< index: ir::Builtin
  Case,        ///< of an enum: index; the case: index2
  Property,    ///< of a rollout, in a policy; index: ir::Property
  Observed,    ///< a fact that is read when the plan is made; index 1: version, 0: generation
  Part,        ///< of a plain value: index: ir::Part
  Weekday,     ///< index: 0 is Monday
  Given,       ///< a name that a backend fills in: `${port}`
};

/// When a value is known. A value is as late as the latest of what it is made of.
enum class Time : uint8_t {
  Constant,  ///< from the files alone
  Plan,      ///< from inputs and arguments, when the plan is made
  Observed,  ///< read from the world once, when the plan is made, and recorded in it
  Live,      ///< exists only while the rollout runs
};

struct ExprInfo {
  const Type* type = nullptr;
  Ref ref = Ref::None;
  uint32_t index = 0;
  uint32_t index2 = 0;
  Time time = Time::Constant;
};

struct Symbol {
  Ref kind = Ref::None;
  uint32_t index = 0;   ///< into the vector of Program for that kind
  Span span;            ///< of the name, for "declared here"
};

/// One file and all that is known of its expressions.
struct Module {
  std::string path;       ///< `release.rollout`, `std/strategy/canary.rollout`
  bool library = false;   ///< part of std
  const ast::File* file = nullptr;  ///< of check::ParsedFiles: other programs may have it, too
  llvm::StringMap<Symbol> scope;
  std::vector<ExprInfo> exprs;  ///< by ast::Expr::id
};

using ModuleId = uint32_t;
inline constexpr ModuleId no_module = UINT32_MAX;

struct Parameter {
  ast::Name name;
  const Type* type = nullptr;
  const ast::Expr* default_value = nullptr;
  const ast::Expr* where = nullptr;
  std::vector<std::string_view> given;
  ModuleId module = no_module;  ///< where its default and `where` are read
  ast::Name deprecated;  ///< as in the tree
};
struct Input { ModuleId module; const ast::InputDecl* decl; const Type* type; };
struct Let { ModuleId module; const ast::LetDecl* decl; const Type* type; Time time = Time::Constant; };
struct Enum { ModuleId module; const ast::EnumDecl* decl; };
struct Record { ModuleId module; const ast::RecordDecl* decl; std::vector<Parameter> fields; };
struct Func {
  ModuleId module;
  const ast::FuncDecl* decl;
  std::vector<Parameter> parameters;
  const Type* type = nullptr;
  uint32_t slots = 0;
  Time time = Time::Constant;  ///< of what its body names beside its parameters
  bool checked = false;
};
struct Method { ast::Name name; std::vector<Parameter> parameters; const Type* type; std::string_view evidence; };
struct Action {
  ast::Name name;
  ast::ReversibilityWord reversibility;
  std::vector<Parameter> parameters;  ///< the first is the service
  const ast::ActionItem* item;
};
struct Capability {
  ModuleId module;
  const ast::CapabilityDecl* decl;
  std::vector<Action> actions;
  std::vector<Method> signals;
};
struct Backend {
  ModuleId module;
  const ast::BackendDecl* decl;
  std::vector<uint32_t> capabilities;
  std::vector<Parameter> config, bindings;
  std::vector<uint32_t> observed;  ///< by the numbers of plan::Variable: what it reads back
};
/// A value given to a declared parameter: `socket = "run/haproxy.sock"`.
struct Given { const Parameter* parameter; ModuleId module; const ast::Expr* value; };
/// The places at which a service or a target exists: texts, or records of which one field is the name.
struct Places {
  ModuleId module = no_module;
  const ast::Places* decl = nullptr;  ///< null: there is one, without a place
  const Type* type = nullptr;         ///< of one place: String, or the record
  uint32_t name_field = 0;            ///< of the record
};
struct Target {
  ModuleId module;
  const ast::TargetDecl* decl;
  uint32_t backend;
  std::vector<Given> config;
  const ast::Expr* quota = nullptr;
  Places places;
};
/// Who may approve: `members` is a list of names. `notify` gives the target that reaches them; null: nothing does.
struct Team {
  ModuleId module;
  const ast::TeamDecl* decl;
  const ast::Expr* members = nullptr;
  const ast::Expr* notify = nullptr;
};
/// What a name means in an environment: another target or team (`by`), another value of a `let`, another default of an
/// input.
struct Rebinding { Ref kind; uint32_t index; uint32_t by; const ast::Expr* value; };
struct Environment { ModuleId module; const ast::EnvironmentDecl* decl; std::vector<Rebinding> values; };
/// `named` gives the target, at the service's place where it exists at several.
struct Binding { uint32_t capability; uint32_t target; std::vector<Given> config; const ast::Expr* named; };
struct ServiceSignal { ast::Name name; const Type* type; const ast::Expr* source; uint32_t capability, method; };
/// `with`: a database, or a service, which may be the one that says it: then its other versions are meant.
struct Compatible { const ast::CompatibleItem* decl; uint32_t with; };
struct Service {
  ModuleId module;
  const ast::ServiceDecl* decl;
  std::vector<Binding> bindings;
  std::vector<ServiceSignal> signals;  ///< declared ones, then those of the bound capabilities (source is null)
  const ast::Expr* traffic = nullptr;
  const ast::Expr* depends_on = nullptr;
  std::vector<Compatible> compatible;
  Places places;
};
struct Lock { ModuleId module; const ast::LockDecl* decl; };
/// What the state knows as `decl->was` is the service, flag or database with index `service`.
struct Renamed { const ast::RenamedDecl* decl; uint32_t service; };
struct Gate { ModuleId module; const ast::GateDecl* decl; std::vector<Parameter> parameters; uint32_t slots; };
struct Program;
/// What a body calls, whether or not a plan comes to it.
struct Called {
  bool actions = false;
  std::vector<uint32_t> strategies = {};
};
struct Strategy {
  ModuleId module;
  const ast::StrategyDecl* decl;
  std::vector<Parameter> parameters;
  uint32_t slots;
  Called called = {};
};
struct Rollout { ModuleId module; const ast::RolloutDecl* decl; uint32_t slots; Called called = {}; };
/// Whether some action is called, by the body itself or by a strategy that it runs.
bool calls_actions(const Program& program, const Called& called);
struct Promotion {
  ModuleId module;
  const ast::PromotionDecl* decl;
  uint32_t rollout = UINT32_MAX;
  std::vector<uint32_t> environments;  ///< one for each stage
};
/// With `for every` it holds by itself, without it where another policy calls it.
struct Policy { ModuleId module; const ast::PolicyDecl* decl; std::vector<Parameter> parameters; uint32_t slots = 0; };
struct Test { ModuleId module; const ast::TestDecl* decl; };

struct Program {
  std::vector<std::unique_ptr<Module>> modules;  ///< an imported module stands before the one that imports it
  TypeTable types;
  std::vector<Input> inputs;
  std::vector<Let> lets;
  std::vector<Enum> enums;
  std::vector<Record> records;
  std::vector<Func> funcs;
  std::vector<Capability> capabilities;
  std::vector<Backend> backends;
  std::vector<Target> targets;
  std::vector<Team> teams;
  std::vector<Environment> environments;
  std::vector<Service> services;
  std::vector<Lock> locks;
  std::vector<Renamed> renamed;
  std::vector<Gate> gates;
  std::vector<Strategy> strategies;
  std::vector<Rollout> rollouts;
  std::vector<Promotion> promotions;
  std::vector<Policy> policies;
  std::vector<Test> tests;
  /// The backends of the library, imported or not, whose capability of this name has the action; asked for messages.
  std::function<std::vector<std::string>(std::string_view capability, std::string_view action)> in_library;

  const ExprInfo& info(ModuleId module, const ast::Expr* expr) const { return modules[module]->exprs[expr->id]; }
  TypeNames type_names() const;
  /// Those that the file that was asked for declares or imports, by their names there, in the order of declaration.
  std::vector<std::pair<std::string_view, uint32_t>> visible_environments() const;
};

}  // namespace rollout::ir
