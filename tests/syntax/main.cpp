// Catch2's main with `--long`, alone in its file: it takes seconds to compile.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "tests/syntax/effort.h"

namespace rollout::syntax_test {

namespace {

Effort& chosen() {
  static Effort effort;
  return effort;
}

}  // namespace

const Effort& effort() { return chosen(); }

int main_with_options(int argc, char** argv) {
  bool long_run = false;
  Catch::Session session;
  session.cli(session.cli() | Catch::clara::Opt(long_run)["--long"]("as many texts as some minutes are long"));
  int wrong = session.applyCommandLine(argc, argv);
  if (wrong != 0) return wrong;
  if (long_run) chosen() = long_effort;
  return session.run();
}

}  // namespace rollout::syntax_test

int main(int argc, char** argv) { return rollout::syntax_test::main_with_options(argc, argv); }
