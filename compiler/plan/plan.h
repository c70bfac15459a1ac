// Plan: everything that a rollout will do, as one printable value; the only thing that the runtime executes.
// Always true of a plan that the planner made: steps are in an order in which they may run, `after` names
// earlier steps only; every step that changes something carries its rollback; nothing in it needs the sources.
// Units: shares and percentages in parts per billion (`_ppb`), durations in nanoseconds (`_ns`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/eval/value.h"
#include "compiler/plan/approval.h"
#include "compiler/plan/baseline.h"
#include "compiler/plan/beside.h"
#include "compiler/plan/control.h"
#include "compiler/plan/during.h"
#include "compiler/plan/hook.h"
#include "compiler/plan/held.h"
#include "compiler/plan/facts.h"
#include "compiler/plan/undo_scope.h"

namespace rollout::plan {

inline constexpr int format_version = 1;

using NamedValues = std::vector<std::pair<std::string, eval::Value>>;

/// Who serves. `All`: every instance of the service; `Stable`: the version at run start; `Canary`: the version
/// that this rollout brings, from deploy until promote or rollback; `Control`: as long as that, instances of the stable
/// version as fresh as the canary's, to compare it with.
enum class Role { All, Stable, Canary, Control };
inline constexpr size_t role_count = 4;
/// `all`, `stable`, `canary`, `control`: as the language and all formats write it.
std::string_view role_word(Role role);
/// For messages: `service`, `stable version`, `canary`, `control`.
std::string_view role_text(Role role);

/// The closed set of model variables that actions set; proofs, simulation and rollback read these, nothing else.
/// In the order of ir::variable_rows().
enum class Variable {
  Version, Instances, Share, Flag, Schema, Killed, Delay, Drained, Restarted, Mirrored, Cohorts, Routed
};

/// `variable(service, role) = value`. Version: an Image, or None for "no such version"; Instances: an Int;
/// Share: a Percent of the service's traffic; Flag: a Percent of the users who have the flag on, of Role::All; Schema:
/// the name of the migration that a database was brought to, or None, of Role::All. Killed: how many instances a fault
/// has killed; Delay: how long a fault lets each request wait; None for no fault. Drained: whether a host
/// gets no traffic, a Bool of Role::All. Restarted: that the instances were started again, a Bool, or None where no
/// restart is under way. Mirrored: a Percent of the traffic of which the canary gets copies. Cohorts: a list of names
/// whose requests the canary gets, whatever its share; Routed: what Percent of the traffic they are at most.
struct Setting {
  Variable variable = Variable::Version;
  Role role = Role::Canary;
  eval::Value value;
};

enum class Reversibility { Reversible, Compensable, Irreversible };

/// One call of a capability's action on one subject. What it sets can be observed.
struct Action {
  std::string capability;  ///< `TrafficRouter`
  std::string name;        ///< `shift`
  uint32_t service = none; ///< index into Plan::services
  bool takes_back = false; ///< undoes what the compensable action of this name and these arguments did
  uint32_t target = none;  ///< index into Plan::targets: the backend that does it
  std::vector<std::pair<std::string, eval::Value>> args;  ///< all but the service, in declared order
  std::vector<Setting> sets;
  Reversibility reversibility = Reversibility::Reversible;
  int64_t within_ns = 0;  ///< time for one attempt, until its effect is observed
  int attempts = 1;       ///< at least 1
  bool once = false;      ///< not idempotent: called once for an effect, with 1 attempt
  std::string text;       ///< `shift checkout to 10%`
};

/// A configured system: `target edge: haproxy { … }` or `metrics prom: prometheus { … }`.
struct Target {
  std::string name;
  std::string backend;  ///< name of the backend declaration: `haproxy`
  std::vector<std::pair<std::string, eval::Value>> config;
  int64_t quota = 0;    ///< how many instances it may hold; 0: nobody has said it
  int64_t others = 0;   ///< with `quota`: instances of services that are declared there and take no part in the plan
};

/// How a service uses a target for one capability: `workload = hosts { … }`.
struct Binding {
  std::string capability;
  uint32_t target = none;
  std::vector<std::pair<std::string, eval::Value>> config;
  bool shares = false, holds = false;  ///< of a capability that is not the library's: what `divides` and `runs` say
  /// It divides the traffic of the service: its capability sets `share`.
  bool divides() const { return shares || capability == "TrafficRouter"; }
  /// It runs the instances of the service: its capability sets `instances`.
  bool runs() const { return holds || capability == "Workload"; }
};

/// What an action acts on.
enum class Subject { Service, Flag, Database };

/// A subject: a service, a flag or a database, at a place. Locks, generations, exposure and history belong to it;
/// only services have versions, traffic and signals.
struct Service {
  std::string name;
  std::string place;  ///< empty: the only one
  std::vector<Binding> bindings;
  int64_t traffic_uhz = 0;  ///< declared requests per second, in millionths; 0: not declared
  int64_t replicas = 0;
  Subject subject = Subject::Service;
  std::string was = {};  ///< the name by which the state knows it, where that is another one
  /// Why it could not be reached when the plan was made; empty: it was. Its steps have no way back, and fail without
  /// being tried: what was there is not known.
  std::string unreached = {};
};

/// What kind of evidence a signal gives. Counts: good and bad requests; Buckets: a histogram; Value: a number.
enum class Evidence { Counts, Buckets, Value };

struct Signal {
  uint32_t service = none;
  std::string name;         ///< `error_rate`
  uint32_t target = none;   ///< the metrics source, or a workload for signals such as `unhealthy`
  std::string method;       ///< `ratio`, `histogram`, `gauge`, …
  std::vector<std::pair<std::string, eval::Value>> args;
  Evidence evidence = Evidence::Value;
  eval::Value::Kind unit = eval::Value::Kind::Percent;  ///< unit of its value: Percent, Duration, Rate, Int, Float
};

/// A live value: a signal seen for one role, for histograms at a quantile.
struct Term {
  uint32_t signal = none;
  Role role = Role::All;
  int64_t quantile_ppb = 0;  ///< of a Buckets signal: 990'000'000 for latency(99%); else 0
};

enum class Comparison { Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual };
enum class ConditionKind { Reject, Require, Watch };

/// `left  comparison  factor * right + offset`; without `right` just the offset. With a `baseline` its mean stands in
/// for `right`, which is empty then: `left  comparison  factor * mean + deviations * deviation + offset`. Units: those
/// of left's signal (Percent in ppb, Duration in ns, otherwise the plain number); the factors are plain numbers.
struct Condition {
  ConditionKind kind = ConditionKind::Require;
  Term left;
  Comparison comparison = Comparison::LessEqual;
  std::optional<Term> right;
  uint32_t baseline = none;  ///< index into Plan::baselines
  double factor = 1;
  double deviations = 0;     ///< of the baseline
  double offset = 0;
  int64_t proven_ppb = 0;   ///< 990'000'000 for `proven 99%`; 0: a plain condition
  int samples = 1;          ///< of a plain condition: how many samples in a row decide
  int64_t planned_blocks = 1;  ///< samples that the plan foresees over all holds it judges: the start-time mixture
  std::string text;         ///< as written
};

/// What to do when a gate has no verdict at the end of its hold: keep sampling up to `hold_ns`, then.
/// Ask: people decide, by an approval.
enum class Fallback { Fail, PassUnproven, Ask };
struct Response {
  int64_t hold_ns = 0;
  Fallback then = Fallback::Fail;
  uint32_t approval = none;  ///< of Ask: index into Plan::approvals
};

/// A gate with its arguments bound. Conditions are shared: equal ones are the same index, so that evidence
/// gathered in one phase counts in the next.
struct Gate {
  std::string text;  ///< `healthy(checkout, 99.9%)`
  int64_t sample_ns = 0;
  int64_t minimum_requests = 0;  ///< per role judged, before a pass
  std::vector<uint32_t> conditions;
  int64_t harm_ppb = 0;  ///< smallest regression that must not survive; 0: not declared
  Response no_data, undecided, error;
  Response fail = {};  ///< to a verdict against it; never PassUnproven
  std::optional<Term> harm_of = {};  ///< with `harm_ppb`: what must not rise by so much
};

/// `rollback when C held D`, or with samples or a proof in place of the time, over the steps [first, last]. A condition
/// with samples or a proof is that of this watch alone: its evidence gathers over the steps [first, last].
struct Watch {
  uint32_t condition = none;
  int64_t held_ns = 0;
  int64_t sample_ns = 0;
  uint32_t first_step = 0, last_step = 0;
  std::string text;
  std::string place = {};  ///< `release.rollout:12`, where it was written
};

struct Phase {
  std::string name;
};

/// Act: an action. Hold: waits while gates judge. Approval: waits for people. Commit: the point of no return; it comes
/// after every step above it, and every step below it after it.
/// Notify: a message; it passes at once, however its delivery ends.
/// Preflight: a hold before anything is changed, judged by one gate.
/// Checkpoint: a safe state; it stands between steps as a commit does. Lock, Unlock: the ends of a Plan::locks entry.
enum class StepKind { Act, Hold, Approval, Commit, Notify, Preflight, Checkpoint, Lock, Unlock };

/// A team that messages reach, and by which target.
struct Channel {
  std::string team;
  uint32_t target = none;
};

struct Step {
  StepKind kind = StepKind::Act;
  uint32_t phase = none;         ///< index into Plan::phases
  std::vector<uint32_t> after;   ///< earlier steps that must be done before this one starts
  Action action;                 ///< of Act
  int64_t hold_ns = 0;           ///< of Hold and Preflight
  std::vector<uint32_t> gates;   ///< of Hold and Preflight: indices into Plan::gates; all must pass
  uint32_t approval = none;      ///< of Approval: index into Plan::approvals
  uint32_t channel = none;       ///< of Notify: index into Plan::channels
  std::string message;           ///< of Notify
  uint32_t lock = none;          ///< of Lock and Unlock: index into Plan::locks
  /// Of Act: what undoes its service if the run stops once this step has begun: indices into Plan::undo, in order.
  /// Where other services have changed, too, way_back() says how the lists come together.
  std::vector<uint32_t> rollback;
  std::vector<ScopeUndo> scope_rollback;  ///< of Act: outer scopes first; left out where `rollback` is the same
  std::string text;
  std::string place;             ///< `release.rollout:12`, where it was written
  std::string reason;            ///< why it is in the plan
};

/// A value read from the world when the plan was made; checked again before the first effect.
/// Exact: still the same. Within: a number that differs by at most `within_ppb` of it. Recorded: not looked at again.
/// AtRunStart: read again when the run starts, and that value is taken.
enum class Recheck { Exact, Recorded, AtRunStart, Within };
struct Observed {
  std::string what;    ///< `version(checkout, stable)`, `generation(checkout)`
  eval::Value value;
  std::string source;  ///< `target hosts`, `state`
  Recheck recheck = Recheck::Exact;
  int64_t within_ppb = 0;  ///< of Within
};

struct Source {
  std::string path;
  std::string sha256;
};

/// A policy forbids to begin while its calendar is open; a check of the preflight, while it is not.
struct Forbidden {
  std::string policy;  ///< its name, or the text of the check
  During during;
  bool unless_open = false;  ///< of a check
};

struct Plan {
  std::string tool_version;
  std::string rollout;            ///< name of the rollout declaration
  std::string environment;        ///< the world it is for; empty: the file knows only one
  bool offline = false;           ///< made without looking at the world: for review only, never applied
  std::vector<Source> sources;
  std::vector<std::pair<std::string, eval::Value>> inputs;
  std::vector<Observed> observed;
  std::vector<Target> targets;
  std::vector<Service> services;
  std::vector<Signal> signals;
  std::vector<Baseline> baselines;
  std::vector<Condition> conditions;
  std::vector<Gate> gates;
  std::vector<Watch> watches;
  std::vector<Phase> phases;
  std::vector<Step> steps;
  std::vector<Action> undo;
  std::vector<Approval> approvals;
  std::vector<Channel> channels;
  std::vector<uint32_t> told;      ///< channels that hear of all that becomes of the run
  Rollback rollback;               ///< of the whole run
  Retry retry;
  std::vector<Hook> hooks;         ///< what is done when the run goes back
  Newer newer;
  std::vector<Lock> locks;
  std::optional<int64_t> budget_exposure_ns;  ///< how long full traffic may be on what nothing has judged
  std::vector<UndoScope> scopes;   ///< one around others stands before them
  std::optional<During> during;
  std::vector<std::string> policies;  ///< those that this plan was held to
  std::vector<Forbidden> forbidden;
  std::vector<OrderRule> order_rules;        ///< of its policies: each holds
  std::vector<PolicyException> exceptions;   ///< policies that it is not held to
  std::vector<Breach> breaches;              ///< what policies refuse in it; never in a plan that is written
  std::vector<Beside> beside;      ///< what the versions declare, of whatever the plan changes
  std::string declared;            ///< declared_text(): all of the above in words; empty: an earlier one made it
  std::optional<Facts> facts;      ///< what was proven of all of the above; nothing: nobody has looked
};

/// Whether `wanted` means this phase: its whole name or, where the name tells services or places apart
/// (`pilot[search]`, `pilot[eu]`), what stands before that; then only that of `service`, a service_text() or empty.
bool is_phase(const Phase& phase, std::string_view wanted, std::string_view service = {});

/// A part of the preflight: what is read, or what people confirm.
bool in_preflight(const Plan& plan, const Step& step);

/// `2 of sre within 4h, else park`.
std::string approval_text(const Approval& approval);
/// Where a gate does not fail: `on no_data: pass unproven`, `on fail: hold 5m, then ask 1 of sre within 1h, else park`.
std::vector<std::string> response_texts(const Plan& plan, const Gate& gate);

/// `release`, or `release in production`.
std::string rollout_text(const Plan& plan);
/// What locks, generations and history know the service by: two environments are two worlds, `production/checkout[eu]`.
std::string identity_of(const Plan& plan, const Service& service);
/// `checkout`, or `checkout[eu]` where the service has a place.
std::string service_text(const Service& service);
/// The same by the name that the state and the backends know.
std::string known_text(const Service& service);
/// The same as a file writes it: `checkout["eu"]`.
std::string written_text(const Service& service);

/// `share(checkout, canary)`, `flag(read_currency)`: a variable of the model, as a capability writes it.
std::string variable_text(const Service& service, Variable variable, Role role);

/// The variable of which a flag or a database has one; nothing for services.
std::optional<Variable> state_variable(Subject subject);

}  // namespace rollout::plan
