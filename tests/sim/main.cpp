// Catch2's main with the options of the random campaigns, alone in its file: it takes seconds to compile.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "tests/sim/seeds.h"

namespace rollout::sim_test {

namespace {

Seeds& chosen() {
  static Seeds seeds;
  return seeds;
}

}  // namespace

const Seeds& seeds() { return chosen(); }

int main_with_options(int argc, char** argv) {
  using Catch::clara::Opt;
  bool long_run = false;
  Catch::Session session;
  session.cli(session.cli() | Opt(chosen().count, "number")["--seeds"]("how many random worlds") |
              Opt(chosen().first, "seed")["--first"]("the first of them") |
              Opt(long_run)["--long"]("as many as a night is long"));
  int wrong = session.applyCommandLine(argc, argv);
  if (wrong != 0) return wrong;
  if (long_run) chosen().count = seeds_in_long_runs;
  chosen().all_points = long_run;
  return session.run();
}

}  // namespace rollout::sim_test

int main(int argc, char** argv) { return rollout::sim_test::main_with_options(argc, argv); }
