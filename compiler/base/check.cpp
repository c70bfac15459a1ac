#include "compiler/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace rollout {

namespace {
constexpr int exit_code_bug = 70;
}

void check_failed(const char* condition, const char* assumption, const char* file, int line) {
  std::fprintf(stderr,
               "rollout: this is a bug in rollout, not in your files: %s\n"
               "  at %s:%d: `%s` does not hold\n"
               "  please report it with the command line and the files that led here\n",
               assumption, file, line, condition);
  std::_Exit(exit_code_bug);
}

}  // namespace rollout
