// What came of tests, for people, for programs and for CI servers. For `test`.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/cli/run_test.h"

namespace rollout::cli {

/// A line of a test that passed; of one that failed all that one needs to see why.
void print_test(const Context& context, const Tested& tested);
std::string tests_junit(const std::vector<Tested>& all);

/// A file that has errors, each a line of `messages`.
struct Broken {
  std::string file, messages;
};
/// The same where files have errors: a suite for each file, and an `<error>` in that of each that is broken.
std::string broken_junit(const std::vector<Tested>& all, const std::vector<Broken>& broken);

/// The object of docs/schemas/tests.json; `coverage` null: it was not asked for.
std::string tests_json(const std::vector<Tested>& all, const Coverage* coverage);

size_t failed_of(const std::vector<Tested>& all);

}  // namespace rollout::cli
