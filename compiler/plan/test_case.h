// Test cases: the `test` blocks of a file with their expressions evaluated, as data. For `check`, which looks whether
// the phases that they name are there, and for `test`, which makes scenarios of them.
#pragma once

#include "compiler/plan/planner.h"

namespace rollout::plan {

/// What a `test` block says, with its expressions evaluated. Shares in ppb and durations in ns as in Plan.
struct Scripted {
  eval::Value value;
  int64_t at_ns = 0;
};
struct GivenSignal {
  std::string service;
  Role role = Role::All;
  std::string signal;             ///< `traffic` for the load itself
  bool past = false;              ///< of the baseline
  bool deviation = false;         ///< the baseline's deviation rather than its mean
  std::vector<Scripted> values;   ///< ascending in time, the first at 0
  std::string environment;        ///< of a promotion; here and below: empty: in all of them
};
struct GivenFailure {
  std::string service;
  std::string action;
  std::string phase;              ///< empty: anywhere
  Span phase_span;
  std::string environment;
};
/// `given approve by "anna" after 10m`: the answer to every approval that she may give, so long after it was asked for.
struct GivenAnswer {
  std::string person;
  int64_t after_ns = 0;
  bool reject = false;
  std::string phase;              ///< empty: anywhere
  Span phase_span;
  std::string environment;
};
/// `given checkout.version = "shop:1.0" in production`
struct GivenService {
  std::string environment;
  ObservedService service;
};
/// `ServiceSucceeded`, `ServiceRolledBack`: what became of one service, whatever became of the others.
/// `State`: of a flag or a database, in the end. `Reached`: an environment of a promotion.
enum class Expected {
  Succeeded, RolledBack, Parked, ServiceSucceeded, ServiceRolledBack, Duration, RollbackDuration, Exposure, Notified,
  State, Reached, NotReached
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
  std::string text;               ///< as written
  std::string place;              ///< `shop.rollout:81`
};
struct TestCase {
  std::string name;
  std::string place;
  Request request;
  std::vector<Stage> stages;      ///< of a promotion, which is run then; `request` has what holds for all of them
  std::vector<GivenService> services;  ///< in one of them
  std::vector<GivenSignal> signals;
  std::vector<GivenFailure> failures;
  std::vector<GivenAnswer> answers;
  std::vector<std::string> unreachable;  ///< teams: `given fail sre.notify`
  std::optional<int64_t> abort_at_ns;
  std::vector<int64_t> resume_at_ns;     ///< when a person goes on with the run, if it is parked then
  std::optional<int64_t> start_wall_ns;  ///< what the clock shows when the run starts
  std::vector<Expectation> expectations;
};

/// What one environment of a promotion is planned by.
Request request_of(const TestCase& test, const Stage& stage);

TestCase read_test(const ir::Program& program, const ir::Test& test, const SourceMap& sources,
                   Diagnostics& diagnostics);

/// The `test` blocks of the last module, ready to be planned and simulated.
std::vector<TestCase> test_cases(const ir::Program& program, const SourceMap& sources, Diagnostics& diagnostics);

}  // namespace rollout::plan
