// Test cases: the `test` blocks of a file with their expressions evaluated, as data. For `check`, which looks whether
// the phases that they name are there, and for `test`, which makes scenarios of them.
#pragma once

#include "compiler/plan/planner.h"

namespace rollout::plan {

/// What a `test` block says, with its expressions evaluated. Shares in ppb and durations in ns as in Plan.
struct Scripted {
  eval::Value value;
  int64_t at_ns = 0;
  std::string text;               ///< `5% at 90s`
};
/// An item of a test, as its reader knows it.
struct Written {
  std::string text;               ///< `given fail checkout.shift in phase pilot`; of a long one the beginning
  std::string place;              ///< `shop.rollout:74`
  Span span;
};
struct GivenSignal {
  std::string service;
  Role role = Role::All;
  std::string signal;             ///< `traffic` for the load itself
  bool past = false;              ///< of the baseline
  bool deviation = false;         ///< the baseline's deviation rather than its mean
  std::vector<Scripted> values;   ///< ascending in time, the first at 0
  std::string environment;        ///< of a promotion; here and below: empty: in all of them
  Written written;
};
struct GivenFailure {
  std::string service;
  std::string action;
  std::string phase;              ///< empty: anywhere
  Span phase_span;
  std::string environment;
  Written written;
};
/// `given approve by "anna" after 10m`: the answer to every approval that she may give, so long after it was asked for.
struct GivenAnswer {
  std::string person;
  int64_t after_ns = 0;
  bool reject = false;
  std::string phase;              ///< empty: anywhere
  Span phase_span;
  std::string environment;
  Written written;
};
/// `given checkout.version = "shop:1.0" in production`; each says one thing of the service.
struct GivenService {
  std::string environment;
  ObservedService service;
  bool generation = false;        ///< that alone is given; else the version, or the state
  Written written;
};
/// `given fail sre.notify`: no message reaches the team.
struct GivenMute {
  std::string team;
  std::string environment;
  Written written;
};
/// `given lock schema held until 5m`: by another run, from the start.
struct GivenLock {
  std::string name;
  int64_t until_ns = 0;
  std::string environment;
  Written written;
};
/// `given crash in phase canary`: the process that drives the run dies there.
struct GivenCrash {
  std::string phase;
  Span phase_span;
  std::string environment;
  Written written;
};
/// `at 10m resume`
struct Moment {
  int64_t at_ns = 0;
  Written written;
};
/// `ServiceSucceeded`, `ServiceRolledBack`: what became of one service, whatever became of the others.
/// `State`: of a flag or a database, in the end. `Reached`: an environment of a promotion. `Order`, `RollbackOrder`:
/// what was done first, and what only then.
enum class Expected {
  Succeeded, RolledBack, Parked, ServiceSucceeded, ServiceRolledBack, Duration, RollbackDuration, Exposure, Notified,
  State, Reached, NotReached, Order, RollbackOrder
};
/// `stock.deploy`
struct ActionOf {
  std::string service, action;
};
/// A part of an expectation that is not written as its value: `limit` is `5s`.
struct Part {
  std::string text, value;
};
struct Expectation {
  Expected what = Expected::Succeeded;
  std::string phase;              ///< of an outcome; empty: any
  Span phase_span;
  std::string service;            ///< of Exposure, State and what became of one service; of Notified the team
  std::string environment;        ///< of a promotion, and of Reached; empty: the promotion as a whole
  eval::Value state;              ///< of State: what it is compared with
  Comparison comparison = Comparison::LessEqual;
  int64_t limit_ns = 0;           ///< of Notified: how many messages
  std::vector<ActionOf> order;    ///< of Order and RollbackOrder
  std::string text;               ///< as written
  std::string place;              ///< `shop.rollout:81`
  std::string measure;            ///< what is measured: `exposure(checkout)`; empty: `text` is not a comparison
  std::vector<Part> parts;        ///< of what it is compared with, outer ones first
};
struct TestCase {
  std::string name;
  std::string place;
  Request request;
  std::vector<Stage> stages;      ///< of a promotion, which is run then; `request` has what holds for all of them
  std::vector<GivenService> services;
  std::vector<GivenSignal> signals;
  std::vector<GivenFailure> failures;
  std::vector<GivenAnswer> answers;
  std::vector<GivenMute> unreachable;
  std::vector<GivenLock> locks;
  std::vector<GivenCrash> crashes;
  std::optional<Moment> abort;
  std::vector<Moment> resumes;           ///< when a person goes on with the run, if it is parked then
  std::vector<Moment> dies;              ///< when the process that drives the run dies
  std::optional<int64_t> noise_seed;     ///< counts and values vary by chance; nothing: they are exact
  bool drifts = false;                   ///< what is true wanders, too
  std::optional<int64_t> start_wall_ns;  ///< what the clock shows when the run starts
  std::vector<Expectation> expectations;
};

/// The environments of the promotion that it runs; of a rollout there is one.
std::vector<Stage> stages_of(const TestCase& test);
/// What the run in one of them is planned by.
Request request_of(const TestCase& test, const Stage& stage);

TestCase read_test(const ir::Program& program, const ir::Test& test, const SourceMap& sources,
                   Diagnostics& diagnostics);

/// The `test` blocks of the last module, ready to be planned and simulated.
std::vector<TestCase> test_cases(const ir::Program& program, const SourceMap& sources, Diagnostics& diagnostics);

}  // namespace rollout::plan
