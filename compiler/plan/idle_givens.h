// What a test gives although the plans that it runs by know nothing of it: a failure of an action that is never called,
// an answer that nobody asks for. For `check`, which reports it where it is written, and for `test`.
#pragma once

#include "compiler/plan/test_case.h"

namespace rollout::plan {

struct Idle {
  Written written;
  std::string why;  ///< `it is never called there`
};

/// `plans`: one for each of stages_of(test), in order.
std::vector<Idle> idle_givens(const TestCase& test, const std::vector<Plan>& plans);

/// Whether what is given in `environment` is so in the plan's.
bool is_given_in(const Plan& plan, std::string_view environment);
/// The name that a test has for a lock; the plan may know it by environment.
bool is_lock(const Lock& lock, std::string_view name);

}  // namespace rollout::plan
